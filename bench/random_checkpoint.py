"""A checkpoint with random weights in the shape of a real one, for measuring speed and memory where the real file is not at hand.

    python bench/random_checkpoint.py FOLDER [--layers 28] [--dtype bf16|f32]

Without options it has the shape of Qwen3-0.6B: hidden 1024, 28 layers, 16 heads over 8 of 128, intermediate 3072, vocabulary 151936, tied, bf16:
1.19 GB. There is no tokenizer: prompts are ids.
"""
import argparse
import json
import pathlib

import numpy as np

HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INNER, VOCAB = 1024, 16, 8, 128, 3072, 151936


def shapes(layers):
    yield "model.embed_tokens.weight", (VOCAB, HIDDEN)
    for i in range(layers):
        base = f"model.layers.{i}."
        yield base + "input_layernorm.weight", (HIDDEN,)
        yield base + "self_attn.q_proj.weight", (HEADS * HEAD_DIM, HIDDEN)
        yield base + "self_attn.k_proj.weight", (KV_HEADS * HEAD_DIM, HIDDEN)
        yield base + "self_attn.v_proj.weight", (KV_HEADS * HEAD_DIM, HIDDEN)
        yield base + "self_attn.o_proj.weight", (HIDDEN, HEADS * HEAD_DIM)
        yield base + "self_attn.q_norm.weight", (HEAD_DIM,)
        yield base + "self_attn.k_norm.weight", (HEAD_DIM,)
        yield base + "post_attention_layernorm.weight", (HIDDEN,)
        yield base + "mlp.gate_proj.weight", (INNER, HIDDEN)
        yield base + "mlp.up_proj.weight", (INNER, HIDDEN)
        yield base + "mlp.down_proj.weight", (HIDDEN, INNER)
    yield "model.norm.weight", (HIDDEN,)


def values(rng, shape):
    """Norms of 1, matrices that keep the size of what they multiply."""
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(shape[1] ** -0.5)


def as_bf16(x):
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def write_tensors(path, layers, dtype):
    size = 2 if dtype == "bf16" else 4
    header, at = {}, 0
    for name, shape in shapes(layers):
        end = at + int(np.prod(shape)) * size
        header[name] = {"dtype": dtype.upper(), "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(0)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, shape in shapes(layers):
            x = values(rng, shape)
            file.write((as_bf16(x) if dtype == "bf16" else x).tobytes())
    return at


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--layers", type=int, default=28)
    parser.add_argument("--dtype", choices=["bf16", "f32"], default="bf16")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    config = dict(architectures=["Qwen3ForCausalLM"], model_type="qwen3", hidden_size=HIDDEN, num_hidden_layers=args.layers,
                  num_attention_heads=HEADS, num_key_value_heads=KV_HEADS, head_dim=HEAD_DIM, intermediate_size=INNER, vocab_size=VOCAB,
                  max_position_embeddings=40960, rms_norm_eps=1e-6, rope_theta=1000000, tie_word_embeddings=True, hidden_act="silu",
                  attention_bias=False, eos_token_id=151645)
    (args.folder / "config.json").write_text(json.dumps(config, indent=1))
    print(f"{write_tensors(args.folder / 'model.safetensors', args.layers, args.dtype) / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
