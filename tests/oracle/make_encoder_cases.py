#!/usr/bin/env python3
"""Write the cases of encoder families under tests/data/models/: see make_model_cases.py, whose scheme they follow.

    python tests/oracle/make_encoder_cases.py tests/data/models

The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU. Checkpoints are written by save_pretrained, so that tensors
have the names that files of the hub have. config_<variant>.json is what a user would find: only the keys that matter, in both spellings where a
family has two.
"""
import copy
import json
import pathlib
import sys
import tempfile

import numpy as np
import torch
import transformers
from safetensors.numpy import save_file

from make_model_cases import VOCAB, inputs, randomize

OUTPUTS = ("logits", "start_logits", "end_logits", "last_hidden_state", "pooler_output")
NAMES = {str(i): n for i, n in enumerate(("a", "b", "c"))}


def run(model, given):
    with torch.no_grad():
        out = model.double().eval()(**{k: torch.tensor(np.ascontiguousarray(v)) for k, v in given.items()})
    return {k: out[k].numpy() for k in OUTPUTS if k in out and out[k] is not None}


def case(root, name, klass, config, variants, seed):
    """variants: name -> (the keys of its config.json, the keys for transformers, inputs by prefix); all share the weights."""
    kind = getattr(transformers, klass)
    model = kind(kind.config_class(**copy.deepcopy(config)))
    randomize(model, seed)
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model.float().save_pretrained(scratch)
        (folder / "model.safetensors").write_bytes((pathlib.Path(scratch) / "model.safetensors").read_bytes())
    for variant, (written, read, given) in variants.items():
        other = kind(kind.config_class(**copy.deepcopy(read)))
        other.load_state_dict(model.state_dict(), strict=True)
        written = dict(written, architectures=[klass], model_type=kind.config_class.model_type)
        (folder / f"config_{variant}.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
        ref = {}
        for prefix, values in given.items():
            ref.update({f"{prefix}.{k}": np.ascontiguousarray(v.astype(np.int32)) for k, v in values.items()})
            ref.update({f"{prefix}.{k}": np.ascontiguousarray(v) for k, v in run(other, values).items()})
        save_file(ref, str(folder / f"ref_{variant}.safetensors"))


def heads(root, family, klass, config, given, seed, tasks, **extra):
    """One case a head, each with one variant."""
    for task, tail, more in (
        ("body", "Model", {}),
        ("masked", "ForMaskedLM", {}),
        ("sequence", "ForSequenceClassification", {"id2label": NAMES}),
        ("token", "ForTokenClassification", {"id2label": NAMES}),
        ("question", "ForQuestionAnswering", {}),
    ):
        if task in tasks:
            this = dict(config, **more)
            case(root, f"{family}_{task}", klass + tail, this, {"a": (this, this, {"a": given}), **extra.get(task, {})}, seed)


def types_of(given):
    return (np.arange(given["input_ids"].shape[1])[None, :] > 5).astype(np.int64) * given["attention_mask"]


def bert_like(root):
    base = dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                max_position_embeddings=32, layer_norm_eps=1e-6)
    given = inputs(21, rows=3, length=14)
    heads(root, "bert", "Bert", base, dict(given, token_type_ids=types_of(given)), 22, ("question",))

    # roberta: padding's id is 1, and its position too; other ids say where counting begins. One row is padded at the left.
    def padded(pad):
        ids, mask = given["input_ids"].copy(), given["attention_mask"].copy()
        ids[2], mask[2] = ids[2][::-1].copy(), mask[2][::-1].copy()
        ids[ids == pad] = pad + 1
        ids[mask == 0] = pad
        return {"input_ids": ids, "attention_mask": mask}
    base = dict(base, type_vocab_size=1, pad_token_id=1)
    placed = dict(padded(1), position_ids=np.broadcast_to(np.arange(14)[::-1] + 3, (3, 14)))
    moved = dict(base, pad_token_id=4)
    untied = dict(base, tie_word_embeddings=False, hidden_act="relu")
    heads(root, "roberta", "Roberta", base, padded(1), 23, ("body", "masked", "sequence", "token", "question"),
          body={"placed": (base, base, {"a": placed}), "pad": (moved, moved, {"a": padded(4)})})
    case(root, "roberta_masked_untied", "RobertaForMaskedLM", untied, {"a": (untied, untied, {"a": padded(1)})}, 24)
    case(root, "xlm_roberta_masked", "XLMRobertaForMaskedLM", base, {"a": (base, base, {"a": padded(1)})}, 25)
    three = dict(base, id2label=NAMES)
    case(root, "camembert_token", "CamembertForTokenClassification", three, {"a": (three, three, {"a": padded(1)})}, 26)


def distilbert(root):
    base = dict(vocab_size=VOCAB, dim=24, n_layers=2, n_heads=3, hidden_dim=40, max_position_embeddings=32)
    hub = dict(base, dropout=0.1, qa_dropout=0.1, seq_classif_dropout=0.2, sinusoidal_pos_embds=False, tie_weights_=True,
               activation="gelu")
    relu = dict(base, activation="relu")
    given = inputs(31, rows=3, length=14)
    heads(root, "distilbert", "DistilBert", base, given, 32, ("body", "masked", "sequence", "token", "question"),
          masked={"relu": (relu, relu, {"a": given}), "hub": (hub, base, {"a": given})})


def modernbert(root):
    base = dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=4, num_attention_heads=3, intermediate_size=20, pad_token_id=0,
                bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2, max_position_embeddings=64, local_attention=6)
    given = inputs(41, rows=3, length=20)
    hub = dict(base, global_attn_every_n_layers=2, global_rope_theta=2000.0, local_rope_theta=50.0, layer_norm_eps=1e-5,
               position_embedding_type="absolute", reference_compile=False, repad_logits_with_grad=False)
    rope = {k: {"rope_type": "default", "rope_theta": t} for k, t in (("full_attention", 2000.0), ("sliding_attention", 50.0))}
    new = dict(base, layer_types=["full_attention", "sliding_attention"] * 2, rope_parameters=rope)
    placed = dict(given, position_ids=np.broadcast_to(np.arange(20)[::-1] + 3, (3, 20)))
    mean = dict(base, classifier_pooling="mean", classifier_activation="relu", id2label=NAMES)
    biased = dict(base, attention_bias=True, mlp_bias=True, norm_bias=True, classifier_bias=True, decoder_bias=False,
                  tie_word_embeddings=False, hidden_activation="silu")
    heads(root, "modernbert", "ModernBert", base, given, 42, ("body", "masked", "sequence", "token", "question"),
          body={"hub": (hub, new, {"a": given}), "new": (new, new, {"a": given}), "placed": (base, base, {"a": placed})},
          sequence={"mean": (mean, mean, {"a": given})})
    case(root, "modernbert_biased", "ModernBertForMaskedLM", biased, {"a": (biased, biased, {"a": given})}, 43)


def nomic_bert(root):
    base = dict(vocab_size=VOCAB, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
                max_position_embeddings=64)
    first = dict(vocab_size=VOCAB, n_embd=24, n_layer=2, n_head=3, n_inner=40, n_positions=64, rotary_emb_base=500,
                 rotary_emb_fraction=1.0, activation_function="swiglu", layer_norm_epsilon=1e-12, qkv_proj_bias=False,
                 rotary_scaling_factor=None, causal=False, prenorm=False, use_flash_attn=True, max_trained_positions=64)
    theta = dict(base, rope_parameters=dict(rope_type="default", rope_theta=500.0))
    linear = dict(base, rope_parameters=dict(rope_type="linear", rope_theta=1000.0, factor=4.0))
    given = inputs(51, rows=3, length=20)
    given["token_type_ids"] = types_of(given)
    placed = dict(given, position_ids=np.broadcast_to(np.arange(20)[::-1] + 3, (3, 20)))
    heads(root, "nomic_bert", "NomicBert", base, given, 52, ("body", "masked", "sequence", "token"),
          body={"first": (first, theta, {"a": given}), "linear": (linear, linear, {"a": given}), "placed": (base, base, {"a": placed})})


if __name__ == "__main__":
    for make in (bert_like, distilbert, modernbert, nomic_bert):
        make(pathlib.Path(sys.argv[1]))
