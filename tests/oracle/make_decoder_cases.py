#!/usr/bin/env python3
"""Write the cases of decoder families under tests/data/models/: see make_model_cases.py, whose scheme they follow.

    python tests/oracle/make_decoder_cases.py tests/data/models [CASE…]

The committed files were made with transformers 5.23.0 and torch 2.15.0 on a CPU. Checkpoints are written by save_pretrained, so that tensors
have the names that files of the hub have.

A family's main case has config.json as Transformers 5 writes it, config_hub.json with the keys that files of the hub have, and ref.safetensors:
a.* one row, b.* rows padded at the right, c.* the same rows padded at the left, each computed in float64; step_* is one more
token through the cache, greedy 16 tokens after the prompt. Other cases have variants, as in make_model_cases.py.
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

NAMES = {str(i): n for i, n in enumerate(("a", "b", "c"))}
LENGTH, NEW = 20, 16


def made(kind, config):
    model = kind(kind.config_class(**copy.deepcopy(config)))
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")  # the only one that computes in float64
    return model


def build(klass, config, seed):
    kind = getattr(transformers, klass)
    model = made(kind, config)
    randomize(model, seed)
    for name, p in model.named_parameters():  # routers that choose clearly; norms that multiply by 1 + weight
        if name.endswith("mlp.gate.weight"):
            p.data *= 4
        if kind.config_class.model_type == "gemma3_text" and "norm" in name:
            p.data -= 1
    return model


def save(folder, model):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        model.float().save_pretrained(scratch)
        (folder / "model.safetensors").write_bytes((pathlib.Path(scratch) / "model.safetensors").read_bytes())


def tensors(given):
    return {k: torch.tensor(np.ascontiguousarray(v)) for k, v in given.items()}


def write_json(path, config):
    path.write_text(json.dumps(config, indent=1, sort_keys=True) + "\n")


def rows(left):
    """Three rows of 20, 13 and 7 tokens."""
    rng = np.random.default_rng(11)
    ids, mask = np.zeros((3, LENGTH), np.int64), np.zeros((3, LENGTH), np.int64)
    for r, n in enumerate((20, 13, 7)):
        at = slice(LENGTH - n, LENGTH) if left else slice(0, n)
        ids[r, at], mask[r, at] = rng.integers(3, VOCAB, n), 1
    given = {"input_ids": ids, "attention_mask": mask}
    if left:
        given["position_ids"] = np.maximum(mask.cumsum(1) - 1, 0)
    return given


def greedy(model, given):
    """NEW tokens after the prompt, each by a pass over all: no cache to trust. The logits of the first step, and the tokens."""
    ids, mask, first = given["input_ids"], given.get("attention_mask", torch.ones_like(given["input_ids"])), None
    for _ in range(NEW + 1):
        out = model(input_ids=ids, attention_mask=mask, position_ids=torch.clamp(mask.cumsum(1) - 1, min=0)).logits[:, -1:]
        if ids.shape[1] == LENGTH + 1:
            first = out
        ids = torch.cat([ids, out.argmax(-1)], 1)
        mask = torch.cat([mask, torch.ones_like(mask[:, :1])], 1)
    return first, ids[:, LENGTH:LENGTH + NEW]


def reference(model):
    ref = {}
    a = {"input_ids": rows(False)["input_ids"][:1]}
    with torch.no_grad():
        for prefix, given in (("a", a), ("b", rows(False)), ("c", rows(True))):
            given = tensors(given)
            out = model(**given, output_hidden_states=True)
            ref.update({f"{prefix}.{k}": v.numpy().astype(np.int32) for k, v in given.items()})
            ref[f"{prefix}.logits" if prefix == "c" else f"{prefix}.logits_f64"] = out.logits.numpy()
            if prefix != "c":
                ref[f"{prefix}.last_hidden_state"] = out.hidden_states[-1].numpy()
            if prefix == "a":
                ref["a.hidden_states"] = torch.stack(out.hidden_states).numpy()
            if prefix != "b":
                step, chosen = greedy(model, given)
                ref[f"{prefix}.step_input_ids"] = chosen[:, :1].numpy().astype(np.int32)
                ref["a.step_logits_f64" if prefix == "a" else "c.step_logits"] = step.numpy()
                ref[f"{prefix}.greedy"] = chosen.numpy().astype(np.int32)
    return {k: np.ascontiguousarray(v) for k, v in ref.items()}


def hub(config):
    """The keys that files of the hub have, of a config as Transformers 5 writes it."""
    rope = config.pop("rope_parameters", None)
    config["torch_dtype"] = config.pop("dtype", None) or "float32"
    config["transformers_version"] = "4.51.0"
    if rope and "full_attention" in rope:
        full = dict(rope["full_attention"])
        config["rope_theta"], config["rope_local_base_freq"] = full.pop("rope_theta"), rope["sliding_attention"]["rope_theta"]
        config["rope_scaling"] = None if full["rope_type"] == "default" else full
        config["sliding_window_pattern"] = config.pop("_sliding_window_pattern")
        del config["layer_types"]
    elif rope:
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    if "num_local_experts" in config:
        config["num_experts"] = config.pop("num_local_experts")
    return config


def main_case(root, name, klass, config, seed):
    config = dict(config, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    model = build(klass, config, seed)
    folder = root / name
    save(folder, model)
    write_json(folder / "config.json", dict(model.config.to_dict(), architectures=[klass]))
    write_json(folder / "config_hub.json", hub(dict(copy.deepcopy(model.config.to_dict()), architectures=[klass])))
    save_file(reference(model.double().eval()), str(folder / "ref.safetensors"))


def case(root, name, klass, config, seed, variants=None):
    """variants: name -> (the keys of its config.json, inputs by prefix); all share the weights."""
    model = build(klass, config, seed)
    folder, kind = root / name, type(model)
    save(folder, model)
    for variant, (read, given) in (variants or {"a": (config, both())}).items():
        other = made(kind, read)
        other.load_state_dict(model.state_dict(), strict=True)
        write_json(folder / f"config_{variant}.json", dict(read, architectures=[klass], model_type=kind.config_class.model_type))
        ref, other = {}, other.double().eval()
        for prefix, values in given.items():
            with torch.no_grad():
                out = other(**tensors(values))
            ref.update({f"{prefix}.{k}": np.ascontiguousarray(v.astype(np.int32)) for k, v in values.items()})
            ref.update({f"{prefix}.{k}": out[k].numpy() for k in ("logits", "last_hidden_state", "start_logits", "end_logits") if k in out})
        save_file(ref, str(folder / f"ref_{variant}.safetensors"))


def both():
    return {"a": inputs(3), "c": inputs(4, left=True)}


def one():
    return {"a": inputs(3)}


BASE = dict(vocab_size=VOCAB, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2, intermediate_size=40,
            max_position_embeddings=64, rms_norm_eps=1e-5)


def heads(root, family, stem, config, seed, tasks=("Sequence", "Token")):
    extra = {"Sequence": dict(pad_token_id=0, id2label=NAMES), "Token": dict(id2label=NAMES), "Body": {}}
    for task in tasks:
        klass = f"{stem}Model" if task == "Body" else f"{stem}For{task}Classification"
        layers = "n_layer" if "n_layer" in config else "num_hidden_layers"
        case(root, f"{family}_{task.lower()}", klass, dict(config, **{layers: 1}, **extra[task]), seed)


def llama(root):
    rope = lambda **kw: (dict(BASE, rope_parameters=dict(rope_theta=500.0, **kw)), one())
    old = lambda **kw: (dict(BASE, rope_theta=500.0, rope_scaling=kw), one())
    case(root, "llama_causal", "LlamaForCausalLM", BASE, 21, {
        "plain": (dict(BASE, pretraining_tp=2), both()),
        "linear": old(type="linear", factor=3.0),
        "dynamic": (dict(BASE, max_position_embeddings=12, rope_scaling=dict(type="dynamic", factor=2.0)), both()),
        "yarn": rope(rope_type="yarn", factor=4.0, original_max_position_embeddings=16),
        "llama3": old(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32),
    })
    case(root, "llama_biased", "LlamaForCausalLM", dict(BASE, attention_bias=True, mlp_bias=True, head_dim=12, tie_word_embeddings=True,
                                                        num_key_value_heads=None, num_hidden_layers=1), 22)
    heads(root, "llama", "Llama", BASE, 23, ("Sequence", "Token", "Body"))


def mistral(root):
    config = dict(BASE, sliding_window=6, head_dim=12)
    main_case(root, "mistral", "MistralForCausalLM", config, 31)
    case(root, "mistral_causal", "MistralForCausalLM", BASE, 32, {
        "full": (dict(BASE, sliding_window=None), one()),
        "window": (dict(BASE, sliding_window=3), both()),
    })
    heads(root, "mistral", "Mistral", config, 33)


def qwen2(root):
    config = dict(BASE, use_sliding_window=True, sliding_window=7, max_window_layers=1, tie_word_embeddings=True)
    main_case(root, "qwen2", "Qwen2ForCausalLM", config, 41)
    case(root, "qwen2_causal", "Qwen2ForCausalLM", BASE, 42, {
        "plain": (dict(BASE, use_mrope=False), one()),
        "types": (dict(BASE, use_sliding_window=True, sliding_window=4,
                       layer_types=["full_attention", "sliding_attention", "full_attention"]), both()),
    })
    heads(root, "qwen2", "Qwen2", BASE, 43)


def smollm3(root):
    base = dict(BASE, num_hidden_layers=4, pad_token_id=0)
    case(root, "smollm3_causal", "SmolLM3ForCausalLM", base, 51, {
        "plain": (base, one()),
        "every_second": (dict(base, no_rope_layer_interval=2), both()),
        "listed": (dict(base, no_rope_layers=[0, 1, 1, 0]), one()),
        "sliding": (dict(base, use_sliding_window=True, sliding_window=4, no_rope_layers=[0, 1, 1, 0]), both()),
        "theta": (dict(base, rope_theta=500.0), one()),
    })
    case(root, "smollm3_biased", "SmolLM3ForCausalLM", dict(base, attention_bias=True, mlp_bias=True, tie_word_embeddings=False, num_hidden_layers=2), 52)
    heads(root, "smollm3", "SmolLM3", base, 53)


def gemma3(root):
    base = dict(BASE, head_dim=12, query_pre_attn_scalar=20, sliding_window=6)
    main_case(root, "gemma3_text", "Gemma3ForCausalLM", dict(base, num_hidden_layers=4, sliding_window_pattern=3, rope_parameters={
        "full_attention": dict(rope_type="linear", factor=4.0, rope_theta=20000.0),
        "sliding_attention": dict(rope_type="default", rope_theta=300.0)}), 61)
    case(root, "gemma3_causal", "Gemma3ForCausalLM", base, 62, {
        "capped": (dict(base, final_logit_softcapping=2.5), one()),
        "types": (dict(base, layer_types=["full_attention", "sliding_attention", "full_attention"]), both()),
        "hub": (dict(base, sliding_window_pattern=2, rope_theta=700.0, rope_local_base_freq=90.0, hidden_activation="silu"), one()),
    })
    case(root, "gemma3_biased", "Gemma3ForCausalLM", dict(base, attention_bias=True, tie_word_embeddings=False, num_hidden_layers=1), 63)
    case(root, "gemma3_body", "Gemma3TextModel", dict(base, num_hidden_layers=1), 64)
    case(root, "gemma3_sequence", "Gemma3TextForSequenceClassification", dict(base, num_hidden_layers=1, pad_token_id=0, id2label=NAMES), 65)


def gpt2(root):
    base = dict(vocab_size=VOCAB, n_embd=32, n_layer=3, n_head=4, n_positions=64, layer_norm_epsilon=1e-6)
    main_case(root, "gpt2", "GPT2LMHeadModel", base, 71)
    typed = inputs(3)
    typed["token_type_ids"] = (np.arange(20)[None, :] > 8).astype(np.int64) * np.ones((2, 1), np.int64)
    case(root, "gpt2_causal", "GPT2LMHeadModel", dict(base, n_inner=48), 72, {
        "plain": (dict(base, n_inner=48), both()),
        "typed": (dict(base, n_inner=48), {"a": typed}),
        "unscaled": (dict(base, n_inner=48, scale_attn_weights=False, activation_function="relu"), one()),
        "by_layer": (dict(base, n_inner=48, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True), one()),
    })
    case(root, "gpt2_untied", "GPT2LMHeadModel", dict(base, tie_word_embeddings=False, n_layer=1), 73)
    heads(root, "gpt2", "GPT2", base, 74, ("Sequence", "Token", "Body"))


def qwen3_moe(root):
    base = dict(BASE, num_experts=12, num_experts_per_tok=3, moe_intermediate_size=8, head_dim=12)
    main_case(root, "qwen3_moe", "Qwen3MoeForCausalLM", dict(base, norm_topk_prob=True), 81)
    mixed = dict(base, num_hidden_layers=5, decoder_sparse_step=2, mlp_only_layers=[3], tie_word_embeddings=True)
    case(root, "qwen3_moe_mixed", "Qwen3MoeForCausalLM", mixed, 82, {
        "plain": (mixed, one()),
        "sliding": (dict(mixed, use_sliding_window=True, sliding_window=5, max_window_layers=5), both()),
        "one": (dict(mixed, num_experts_per_tok=1, norm_topk_prob=True), one()),
    })
    case(root, "qwen3_moe_biased", "Qwen3MoeForCausalLM", dict(base, attention_bias=True, num_hidden_layers=1), 83)
    heads(root, "qwen3_moe", "Qwen3Moe", base, 84)


if __name__ == "__main__":
    families = {f.__name__: f for f in (llama, mistral, qwen2, smollm3, gemma3, gpt2, qwen3_moe)}
    for name in sys.argv[2:] or families:
        families[name](pathlib.Path(sys.argv[1]))
