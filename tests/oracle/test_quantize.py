#!/usr/bin/env python3
"""`emily quantize` beside MLX: the bits of mlx.core.quantize under MLX's names, files that mx.load reads, and checkpoints that MLX wrote.

    python3 tests/oracle/test_quantize.py [--seed N]
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import mlx.core as mx

MODES = [("affine", g, b) for b in (2, 3, 4, 5, 6, 8) for g in (32, 64, 128)] + [("mxfp4", 32, 4), ("mxfp8", 32, 8), ("nvfp4", 16, 4)]
HIDDEN, INNER, HEADS, KV, DIM, VOCAB, LAYERS, EXPERTS = 128, 384, 4, 2, 32, 320, 2, 12
CONFIG = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": HIDDEN, "intermediate_size": INNER,
          "num_attention_heads": HEADS, "num_key_value_heads": KV, "head_dim": DIM, "vocab_size": VOCAB, "num_hidden_layers": LAYERS,
          "max_position_embeddings": 64, "tie_word_embeddings": True, "rms_norm_eps": 1e-6}
MOE = {"architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe", "num_experts": EXPERTS, "num_experts_per_tok": 3,
       "moe_intermediate_size": HIDDEN, "decoder_sparse_step": 1, "norm_topk_prob": True, "mlp_only_layers": []}
FAILED = []
PASSED = 0


def check(ok, what):
    global PASSED
    if ok:
        PASSED += 1
    else:
        FAILED.append(what)
        print("    " + what)


def emily(build, *args, code=0):
    run = subprocess.run([os.path.join(build, "emily"), *args], capture_output=True, text=True)
    if run.returncode != code:
        raise SystemExit(f"emily {' '.join(args)}: {run.returncode} {run.stderr}")
    return run.stdout


def weights(dtype, moe):
    """A checkpoint in Transformers' layout."""
    def normal(*shape):
        return (mx.random.normal(shape) / shape[-1] ** 0.5).astype(dtype)
    out = {"model.embed_tokens.weight": normal(VOCAB, HIDDEN), "model.norm.weight": mx.ones(HIDDEN).astype(dtype)}
    for i in range(LAYERS):
        at = f"model.layers.{i}."
        for name in ("input_layernorm", "post_attention_layernorm"):
            out[f"{at}{name}.weight"] = 1 + normal(HIDDEN)
        for name in ("q_norm", "k_norm"):
            out[f"{at}self_attn.{name}.weight"] = 1 + normal(DIM)
        for name, rows, columns in (("q", HEADS * DIM, HIDDEN), ("k", KV * DIM, HIDDEN), ("v", KV * DIM, HIDDEN), ("o", HIDDEN, HEADS * DIM)):
            out[f"{at}self_attn.{name}_proj.weight"] = normal(rows, columns)
        inner = HIDDEN if moe else INNER
        for e in [f"experts.{e}." for e in range(EXPERTS)] if moe else [""]:
            for name, rows, columns in (("gate", inner, HIDDEN), ("up", inner, HIDDEN), ("down", HIDDEN, inner)):
                out[f"{at}mlp.{e}{name}_proj.weight"] = normal(rows, columns)
        if moe:
            out[f"{at}mlp.gate.weight"] = normal(EXPERTS, HIDDEN)
    return out


def write(folder, config, tensors):
    os.makedirs(folder)
    mx.save_safetensors(os.path.join(folder, "model.safetensors"), tensors, {"format": "mlx"})
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(config, file)


def load(folder):
    """All shards, by MLX's own loader."""
    out = {}
    for path in sorted(glob.glob(os.path.join(folder, "model*.safetensors"))):
        out.update(mx.load(path))
    return out


def in_mlx_layout(tensors):
    """Experts stacked, as mlx-lm has them."""
    out = {}
    for name, x in tensors.items():
        if ".experts.0." in name:
            out[name.replace("experts.0", "switch_mlp")] = mx.stack([tensors[name.replace("experts.0", f"experts.{e}")] for e in range(EXPERTS)])
        elif ".experts." not in name:
            out[name] = x
    return out


def settings_of(name, mode, group, bits):
    return ("affine", 64, 8) if name.endswith("mlp.gate") else (mode, group, bits)


def packed(tensors, mode, group, bits):
    """What mlx.core.quantize makes of each matrix; what that stands for, in float32; the config's section."""
    out, dense, section = {}, {}, {"group_size": group, "bits": bits, "mode": mode}
    for name, x in in_mlx_layout(tensors).items():
        layer, own = name[:-len(".weight")], settings_of(name[:-len(".weight")], mode, group, bits)
        if x.ndim < 2 or x.shape[-1] % own[1]:
            out[name], dense[name] = x, x.astype(mx.float32)
            continue
        parts = mx.quantize(x, group_size=own[1], bits=own[2], mode=own[0])
        out.update(zip((f"{layer}.weight", f"{layer}.scales", f"{layer}.biases"), parts))
        wide = [p.astype(mx.float32) if own[0] == "affine" and i else p for i, p in enumerate(parts)]
        dense[name] = mx.dequantize(*wide, group_size=own[1], bits=own[2], mode=own[0], dtype=mx.float32)
        if own != (mode, group, bits):
            section[layer] = {"group_size": own[1], "bits": own[2], "mode": own[0]}
    return out, dense, section


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and mx.array_equal(a.view(mx.uint8), b.view(mx.uint8)).item()


def same_bits(build, folder, config, tensors, mode, group, bits, shard):
    """What `emily quantize` writes is what MLX makes of the same weights."""
    source, out, what = os.path.join(folder, "in"), os.path.join(folder, "out"), f"{config['model_type']} {mode} {group} {bits}"
    if not os.path.exists(source):
        write(source, config, tensors)
    extra = ["--shard-size", "1"] if shard else []
    emily(build, "quantize", source, out, "--mode", mode, "--group-size", str(group), "--bits", str(bits), *extra)
    got, (want, _, section) = load(out), packed(tensors, mode, group, bits)
    check(set(got) == set(want), f"{what}: names differ: {sorted(set(got) ^ set(want))[:5]}")
    for name in set(got) & set(want):
        check(same(got[name], want[name]), f"{what}: {name} differs")
    with open(os.path.join(out, "config.json")) as file:
        written = json.load(file)
    check(written["quantization"] == section and written["quantization_config"] == section, f"{what}: config {written['quantization']}")
    subprocess.run(["rm", "-r", out], check=True)


def logits(build, folder, ids):
    emily(build, "forward", folder, ids, os.path.join(folder, "out.safetensors"))
    return mx.load(os.path.join(folder, "out.safetensors"))["logits"]


def reads_mlx(build, folder, config, tensors, mode, group, bits):
    """A checkpoint written by MLX gives what the dense one with the dequantized weights gives."""
    what, ids = f"{config['model_type']} {mode} {group} {bits} from MLX", os.path.join(folder, "ids.safetensors")
    few, dense, section = packed(tensors, mode, group, bits)
    if mode == "affine" and "model.layers.0.mlp.down_proj.weight" in tensors:  # mixed: one layer of 6 bits, one left alone
        one, two = "model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj"
        parts = mx.quantize(tensors[one + ".weight"], group_size=64, bits=6)
        few.update(zip((one + ".weight", one + ".scales", one + ".biases"), parts))
        dense[one + ".weight"] = mx.dequantize(parts[0], *(p.astype(mx.float32) for p in parts[1:]), group_size=64, bits=6)
        section[one], section[two] = {"bits": 6}, False
        few.pop(two + ".scales"), few.pop(two + ".biases")
        few[two + ".weight"] = tensors[two + ".weight"]
        dense[two + ".weight"] = tensors[two + ".weight"].astype(mx.float32)
    packed_folder, dense_folder = os.path.join(folder, "packed"), os.path.join(folder, "dense")
    write(packed_folder, {**config, "quantization": section, "quantization_config": section}, few)
    write(dense_folder, config, dense)
    mx.save_safetensors(ids, {"input_ids": mx.random.randint(0, VOCAB, (2, 17)).astype(mx.int32)})
    a, b = logits(build, packed_folder, ids), logits(build, dense_folder, ids)
    error = (mx.linalg.norm(a - b) / mx.linalg.norm(b)).item()
    check(error <= 1e-4, f"{what}: logits are {error:.1e} apart")
    subprocess.run(["rm", "-r", packed_folder, dense_folder], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", time.time())))
    args = parser.parse_args()
    build = os.environ.get("EMILY_TEST_BUILD", "build")
    print(f"seed {args.seed}")
    mx.random.seed(args.seed)
    mx.set_default_device(mx.cpu)
    for i, (config, dtype) in enumerate(((CONFIG, mx.bfloat16), ({**CONFIG, **MOE}, mx.float16), (CONFIG, mx.float32))):
        moe = config["model_type"] == "qwen3_moe"
        tensors = weights(dtype, moe)
        with tempfile.TemporaryDirectory() as folder:
            for j, (mode, group, bits) in enumerate(MODES if i == 0 else MODES[3 * (i - 1)::5] + MODES[-3:]):
                same_bits(build, folder, config, tensors, mode, group, bits, j == 0)
                reads_mlx(build, folder, config, tensors, mode, group, bits)
    print(f"{PASSED} passed, {len(FAILED)} failed")
    return 1 if FAILED else 0


sys.exit(main())
