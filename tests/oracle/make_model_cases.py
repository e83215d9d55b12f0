#!/usr/bin/env python3
"""Write tests/data/models/<case>/: small random checkpoints with what Hugging Face Transformers computes for them.

Needs numpy, safetensors, torch and transformers. The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU:

    python tests/oracle/make_model_cases.py tests/data/models

A case is one set of weights (model.safetensors) with one or several configs: config_<variant>.json beside ref_<variant>.safetensors,
which holds inputs (int32) and outputs computed in float64. The cases bert, qwen3 and qwen3_bf16 are older and are not written here.
"""
import copy
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch
from transformers import BertConfig, Qwen3Config
from transformers.models.bert import modeling_bert as bert
from transformers.models.qwen3 import modeling_qwen3 as qwen3

VOCAB = 64
HUB = {"transformers_version": "4.51.0"}


def randomize(model, seed):
    """Weights large enough that every switch shows in the outputs."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in model.named_parameters():
        if "norm" in name.lower() and name.endswith("weight"):
            p.data = 1 + 0.2 * torch.randn(p.shape, generator=generator)
        else:
            p.data = torch.randn(p.shape, generator=generator) * (0.5 if "embed" in name else 0.25)


def inputs(seed, rows=2, length=20, left=False):
    rng = np.random.default_rng(seed)
    ids = rng.integers(3, VOCAB, (rows, length))
    mask = np.ones((rows, length), dtype=np.int64)
    for r in range(1, rows):
        pad = 5 * r
        part = slice(0, pad) if left else slice(length - pad, length)
        ids[r, part], mask[r, part] = 0, 0
    return {"input_ids": ids, "attention_mask": mask}


def run(model, given):
    with torch.no_grad():
        out = model.double().eval()(**{k: torch.tensor(v) for k, v in given.items()}, output_hidden_states=True)
    return {k: out[k].numpy() for k in ("logits", "last_hidden_state", "pooler_output") if k in out and out[k] is not None}


def write(folder, model, variants):
    """variants: name -> (config as a dict, the model with that config, inputs by prefix)."""
    folder.mkdir(parents=True, exist_ok=True)
    model = model.float()
    tied = model.config.tie_word_embeddings
    names = {k: v.contiguous() for k, v in model.state_dict().items()}
    if tied:
        for key in ("lm_head.weight", "cls.predictions.decoder.weight", "cls.predictions.decoder.bias"):
            names.pop(key, None)
    save_torch(names, str(folder / "model.safetensors"), metadata={"format": "pt"})
    for variant, (config, given) in variants.items():
        klass = type(model)
        other = klass(type(model.config)(**copy.deepcopy(config)))
        other.load_state_dict(model.state_dict(), strict=True)
        config = dict(config, architectures=[klass.__name__], model_type=model.config.model_type)
        (folder / f"config_{variant}.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")
        ref = {}
        for prefix, values in given.items():
            ref.update({f"{prefix}.{k}": np.ascontiguousarray(v.astype(np.int32)) for k, v in values.items()})
            ref.update({f"{prefix}.{k}": np.ascontiguousarray(v) for k, v in run(other, values).items()})
        save_file(ref, str(folder / f"ref_{variant}.safetensors"))


def bert_cases(root):
    base = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=40,
                max_position_embeddings=32, layer_norm_eps=1e-6)
    given = inputs(1, length=14)
    given["token_type_ids"] = (np.arange(14)[None, :] > 5).astype(np.int64) * given["attention_mask"]
    placed = dict(given, position_ids=np.broadcast_to(np.arange(14)[::-1] + 3, (2, 14)))
    acts = {a: (dict(base, hidden_act=a), {"a": given})
            for a in ("gelu_new", "relu", "silu", "quick_gelu", "mish", "hardswish", "leaky_relu", "relu2", "relu6",
                      "gelu_10", "tanh", "sigmoid", "linear", "gelu_fast")}
    for name, klass, config, variants in (
        ("bert_masked", bert.BertForMaskedLM, base, dict(acts, placed=(base, {"a": placed}))),
        ("bert_masked_untied", bert.BertForMaskedLM, dict(base, tie_word_embeddings=False), None),
        ("bert_sequence", bert.BertForSequenceClassification, dict(base, id2label={"0": "a", "1": "b", "2": "c"}), None),
        ("bert_token", bert.BertForTokenClassification, dict(base, id2label={str(i): f"l{i}" for i in range(5)}), None),
    ):
        model = klass(BertConfig(**copy.deepcopy(config)))
        randomize(model, 2)
        write(root / name, model, variants or {"a": (config, {"a": given})})


def qwen3_cases(root):
    base = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
                intermediate_size=40, max_position_embeddings=64, rms_norm_eps=1e-5, tie_word_embeddings=True)
    given = {"a": inputs(3), "c": inputs(4, left=True)}
    rope = lambda **kw: dict(base, rope_parameters=dict(rope_theta=500.0, **kw))
    hub = lambda **kw: dict(base, rope_theta=500.0, rope_scaling=kw)
    variants = {
        "plain": base,
        "gelu": dict(base, hidden_act="gelu_pytorch_tanh"),
        "sliding": dict(base, use_sliding_window=True, sliding_window=4, layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
        "sliding_hub": dict(base, use_sliding_window=True, sliding_window=5, max_window_layers=1),
        "sliding_off": dict(base, use_sliding_window=False, sliding_window=5, max_window_layers=1),
        "linear": rope(rope_type="linear", factor=4.0),
        "linear_hub": hub(type="linear", factor=2.5),
        "dynamic": dict(rope(rope_type="dynamic", factor=2.0), max_position_embeddings=12),
        "dynamic_short": rope(rope_type="dynamic", factor=2.0),
        "yarn": rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16),
        "yarn_hub": hub(type="yarn", factor=2.0, original_max_position_embeddings=32, attention_factor=1.3, beta_fast=8.0, beta_slow=2.0),
        "yarn_mscale": rope(rope_type="yarn", factor=8.0, original_max_position_embeddings=8, mscale=0.7, mscale_all_dim=1.4, truncate=False),
        "llama3": rope(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32),
    }
    model = qwen3.Qwen3ForCausalLM(Qwen3Config(**copy.deepcopy(base)))
    randomize(model, 5)
    both = ("plain", "sliding", "dynamic")
    write(root / "qwen3_causal", model, {k: (v, given if k in both else {"a": given["a"]}) for k, v in variants.items()})
    for name, klass, config in (
        ("qwen3_bias", qwen3.Qwen3ForCausalLM, dict(base, attention_bias=True, tie_word_embeddings=False)),
        ("qwen3_body", qwen3.Qwen3Model, base),
        ("qwen3_sequence", qwen3.Qwen3ForSequenceClassification, dict(base, pad_token_id=0, id2label={"0": "a", "1": "b", "2": "c"})),
        ("qwen3_token", qwen3.Qwen3ForTokenClassification, dict(base, id2label={"0": "a", "1": "b", "2": "c"})),
    ):
        model = klass(Qwen3Config(**copy.deepcopy(config)))
        randomize(model, 6)
        write(root / name, model, {"a": (config, given)})


if __name__ == "__main__":
    bert_cases(pathlib.Path(sys.argv[1]))
    qwen3_cases(pathlib.Path(sys.argv[1]))
