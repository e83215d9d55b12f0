#!/usr/bin/env python3
"""GGUF files beside the `gguf` package (from PyPI) and MLX, both ways.

    python3 tests/oracle/test_gguf.py [--seed N] [--rounds N]

Files with random blocks of every type that emily reads are written by `gguf`. What emily loads of them must have the bits of MLX's
packing (Q4_0, Q4_1, Q8_0), or of gguf's float32 values rounded to float16 (the other quantized types), or of the data. What emily
saves, gguf and MLX must read, and what MLX saves, emily. NaN equals NaN.
"""
import argparse
import json
import os
import subprocess
import tempfile

import gguf
import mlx.core as peer
import numpy as np
from native import build_package

build_package(os.environ.get("EMILY_TEST_BUILD", "build"))
import emily.core as mx  # noqa: E402

TYPES = gguf.GGMLQuantizationType
PACKED = ["Q4_0", "Q4_1", "Q8_0"]
DEQUANTIZED = ["Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "Q8_K"]
DIRECT = {"F32": "float32", "F16": "float16", "F64": "float64", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64"}
MLX_LACKS = ("F64", "I64")


def bits(x):
    """Data as bytes, every NaN the same."""
    x = np.array(x)
    if x.dtype.kind == "f":
        x = np.where(np.isnan(x), np.array(np.nan, x.dtype), x)
    return np.ascontiguousarray(x).view(np.uint8).tobytes(), x.shape, str(x.dtype)


def equal(got, want, what):
    if bits(got) != bits(want):
        raise AssertionError(f"{what}: {np.array(got).ravel()[:8]} of {got.shape}, not {np.array(want).ravel()[:8]} of {np.array(want).shape}")


def write(path, tensors, more=lambda writer: None):
    """tensors: name: (data, type or None)."""
    writer = gguf.GGUFWriter(path, "tiny")
    more(writer)
    for name, (data, kind) in tensors.items():
        writer.add_tensor(name, data, raw_dtype=None if kind is None else TYPES[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def random_blocks(rng, kind):
    """Bytes of random blocks, and the shape of the bytes: rows of one to four blocks, one to three axes."""
    size = gguf.GGML_QUANT_SIZES[TYPES[kind]][1]
    shape = [int(n) for n in rng.integers(1, 5, rng.integers(0, 3))] + [size * int(rng.integers(1, 5))]
    return rng.integers(0, 256, shape, dtype=np.uint8)


def float32_of(data, kind):
    with np.errstate(all="ignore"):
        if kind != "Q8_K":  # gguf has no function for it: a float32 scale, 256 int8, sums
            return gguf.quants.dequantize(data, TYPES[kind])
        blocks = data.reshape(-1, 292)
        values = blocks[:, :4].copy().view(np.float32) * blocks[:, 4:260].view(np.int8).astype(np.float32)
        return values.reshape(*data.shape[:-1], -1)


def random_values(rng, dtype):
    shape = [int(n) for n in rng.integers(0 if rng.random() < 0.1 else 1, 9, rng.integers(1, 5))]
    with np.errstate(all="ignore"):
        return rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), dtype=np.uint8).view(dtype)[..., 0].copy()


def dequantized(rng, path):
    for kind in DEQUANTIZED:
        data = random_blocks(rng, kind)
        write(path, {"x": (data, kind)})  # over the last: what was loaded of it is gone
        with np.errstate(all="ignore"):
            equal(mx.load(path)["x"], float32_of(data, kind).astype(np.float16), kind)


def blocks(rng, path):
    """The numbers of each format, in float32, to the bit: what products with blocks work with."""
    for kind in PACKED + DEQUANTIZED:
        data = random_blocks(rng, kind)
        with np.errstate(all="ignore"):
            equal(mx.block_dequantize(mx.array(data), format=kind), float32_of(data, kind), f"blocks of {kind}")


def packed(rng, path):
    for kind in PACKED:
        data = random_blocks(rng, kind)
        write(path, {"a.weight": (data, kind), "b.weight": (data, kind)})
        got, want = mx.load(path), peer.load(path)
        if set(got) != set(want):
            raise AssertionError(f"{kind}: {sorted(got)}, not {sorted(want)}")
        for name in want:
            equal(got[name], want[name], f"{kind} {name}")
    # The numbers that are packed are those of the format: q times the scale, plus the bias, with scales that lose nothing in float16.
    values = rng.standard_normal((4, 64)).astype(np.float32)
    data = gguf.quants.quantize(values, TYPES.Q8_0)
    write(path + ".gguf", {"a.weight": (data, "Q8_0")})
    got = mx.load(path + ".gguf")
    out = mx.dequantize(got["a.weight"], got["a.scales"], got["a.biases"], group_size=32, bits=8)
    if np.abs(np.array(out, np.float32) - float32_of(data, "Q8_0")).max() > 2e-2:  # float16 sums of up to 128 scales
        raise AssertionError("Q8_0: the packed arrays are not the format's numbers")


def direct(rng, path):
    tensors = {kind: (random_values(rng, dtype), None) for kind, dtype in DIRECT.items()}
    write(path, {k: v for k, v in tensors.items() if v[0].size})
    got = mx.load(path)
    for kind, (data, _) in tensors.items():
        if data.size:
            equal(got[kind], data, kind)
    other = path + ".mlx.gguf"  # not over the first: emily's arrays lie in it
    write(other, {k: v for k, v in tensors.items() if v[0].size and k not in MLX_LACKS})
    for name, want in peer.load(other).items():
        equal(got[name], want, name)
    short = rng.integers(0, 2**16, (2, 6), dtype=np.uint16)
    write(other, {"BF16": (short.view(np.uint8), "BF16")})
    equal(mx.load(other)["BF16"].view(mx.uint16), short, "BF16")


METADATA = {"a.text": "naïve", "a.words": ["x", "", "日本"], "a.list": np.array([1, 2, 3], np.int32), "a.floats": np.array([1.5, -2], np.float32),
            "a.number": np.array(7, np.uint32), "a.yes": np.array(True), "a.long": np.array(-(2**40), np.int64)}


def compare_metadata(got, want, what):
    for key, value in want.items():
        if isinstance(value, (str, list)):
            assert got[key] == value, f"{what} {key}: {got[key]!r}"
        else:
            equal(got[key], value, f"{what} {key}")


def saved_by_emily(rng, path):
    arrays = {kind: random_values(rng, dtype) for kind, dtype in DIRECT.items()}
    arrays = {k: v for k, v in arrays.items() if v.size}
    native = {k: mx.array(v, dtype=getattr(mx, str(v.dtype))) for k, v in arrays.items()}
    metadata = {k: mx.array(v, dtype=getattr(mx, str(v.dtype).replace("bool", "bool_"))) if isinstance(v, np.ndarray) else v
                for k, v in METADATA.items()}
    mx.save_gguf(path, native, metadata)
    for tensor in gguf.GGUFReader(path).tensors:
        equal(np.array(tensor.data).reshape(arrays[tensor.name].shape), arrays[tensor.name], tensor.name)
    again, said = mx.load(path, return_metadata=True)
    compare_metadata(said, METADATA, "emily")
    for name, want in arrays.items():
        equal(again[name], want, name)
    mx.save_gguf(path, {k: v for k, v in native.items() if k not in MLX_LACKS}, metadata)
    loaded, said = peer.load(path, return_metadata=True)
    compare_metadata(said, METADATA, "MLX")
    for name, want in loaded.items():
        equal(want, arrays[name], name)


def saved_by_mlx(rng, path):
    arrays = {kind: random_values(rng, dtype) for kind, dtype in DIRECT.items() if kind not in MLX_LACKS}
    arrays = {k: v for k, v in arrays.items() if v.size}
    peer.save_gguf(path, {k: peer.array(v) for k, v in arrays.items()},
                   {k: peer.array(v) if isinstance(v, np.ndarray) else v for k, v in METADATA.items()})
    loaded, said = mx.load(path, return_metadata=True)
    compare_metadata(said, METADATA, "saved by MLX")
    for name, want in arrays.items():
        equal(loaded[name], want, name)


def folder_of_model(rng, folder, tokenizer):
    """A Qwen3 of one layer in Hugging Face's form, with a tokenizer of the test data."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join("tests", "data", "tokenizers", tokenizer, "tokenizer.json"), encoding="utf-8") as file:
        document = json.load(file)
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(document, file)
    added = {a["id"]: a for a in document["added_tokens"]}
    tokens = {i: t for t, i in document["model"]["vocab"].items()} | {i: a["content"] for i, a in added.items()}
    rows = max(tokens) + 3
    config = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
              "num_key_value_heads": 1, "head_dim": 16, "intermediate_size": 32, "max_position_embeddings": 64, "rms_norm_eps": 1e-6, "rope_theta": 1e6,
              "vocab_size": rows, "tie_word_embeddings": True, "eos_token_id": max(tokens)}
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    shapes = {"embed_tokens": (rows, 32), "norm": (32,), "layers.0.input_layernorm": (32,), "layers.0.post_attention_layernorm": (32,),
              "layers.0.self_attn.q_proj": (32, 32), "layers.0.self_attn.k_proj": (16, 32), "layers.0.self_attn.v_proj": (16, 32),
              "layers.0.self_attn.o_proj": (32, 32), "layers.0.self_attn.q_norm": (16,), "layers.0.self_attn.k_norm": (16,),
              "layers.0.mlp.gate_proj": (32, 32), "layers.0.mlp.up_proj": (32, 32), "layers.0.mlp.down_proj": (32, 32)}
    weights = {f"model.{k}.weight": rng.standard_normal(v).astype(np.float32) for k, v in shapes.items()}
    peer.save_safetensors(os.path.join(folder, "model.safetensors"), {k: peer.array(v) for k, v in weights.items()}, {"format": "pt"})
    return config, document, tokens, added, weights


def converted(rng, path):
    """What `emily convert` writes, as the package reads it: names by its own map, tokens, types and merges as llama.cpp's converter has them."""
    folder = path + ".folder"
    for tokenizer, pre in (("bpe_qwen", "qwen2"), ("bpe_llama3", "llama-bpe")):
        config, document, tokens, added, weights = folder_of_model(rng, folder, tokenizer)
        subprocess.run([os.path.join(os.environ.get("EMILY_TEST_BUILD", "build"), "emily"), "convert", folder, path], check=True, capture_output=True)
        reader = gguf.GGUFReader(path)
        said = {k: f.contents() for k, f in reader.fields.items()}
        kinds = gguf.TokenType
        texts = [tokens.get(i, f"[PAD{i}]") for i in range(config["vocab_size"])]
        types = [kinds.UNUSED if i not in tokens else kinds.NORMAL if i not in added else kinds.CONTROL if added[i]["special"] else kinds.USER_DEFINED
                 for i in range(config["vocab_size"])]
        want = {"general.architecture": "qwen3", "qwen3.embedding_length": 32, "qwen3.block_count": 1, "qwen3.attention.head_count": 2,
                "qwen3.attention.head_count_kv": 1, "qwen3.attention.key_length": 16, "qwen3.context_length": 64, "qwen3.rope.freq_base": 1e6,
                "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": texts, "tokenizer.ggml.token_type": [int(t) for t in types],
                "tokenizer.ggml.merges": [m if isinstance(m, str) else " ".join(m) for m in document["model"]["merges"]],
                "tokenizer.ggml.eos_token_id": config["eos_token_id"], "tokenizer.ggml.add_bos_token": tokenizer == "bpe_llama3"}
        for key, value in want.items():
            assert said.get(key) == value, f"{key}: {str(said.get(key))[:80]}, not {str(value)[:80]}"
        names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, 1)
        tensors = {t.name: t for t in reader.tensors}
        assert len(tensors) == len(weights), sorted(tensors)
        for name, value in weights.items():
            equal(np.array(tensors[names.get_name(name, (".weight",))].data).reshape(value.shape), value, name)
        os.unlink(path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", "1")))
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    failed, cases = 0, [dequantized, blocks, packed, direct, saved_by_emily, saved_by_mlx, converted]
    print(f"seed {options.seed}, gguf and mlx {peer.__version__}")
    with tempfile.TemporaryDirectory() as folder:
        for case in cases:
            rng = np.random.default_rng(options.seed)
            try:
                for i in range(options.rounds):
                    case(rng, os.path.join(folder, f"{case.__name__}{i}.gguf"))
                print(f"ok: {case.__name__}")
            except Exception as error:  # noqa: BLE001: whatever it is, the others run
                failed += 1
                print(f"FAILED: {case.__name__}: {type(error).__name__}: {error}")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return failed > 0


raise SystemExit(main())
