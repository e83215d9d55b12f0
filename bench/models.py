#!/usr/bin/env python3
"""Whole models beside their peers, on this machine, in one run.

    bench/models.py decode  [--dtype f32|f16|bf16] [--rounds 3]     Qwen3-0.6B shape, random weights; peer: llama.cpp
    bench/models.py minilm  --model FOLDER [--rounds 5]             all-MiniLM-L6-v2; peer: PyTorch
    bench/models.py memory  [--dtype bf16] [-- options of generate] the same shape: the most anonymous memory of a text; no peer
    bench/models.py quantized [--dtype bf16] [--rounds 3]           the same shape, packed by `emily quantize`, beside itself dense; no peer
    bench/models.py batch   [--dtype bf16] [--texts 1,2,4,8,16]     the same shape: new tokens a second of many texts together; no peer

Peers come from PyPI (llama-cpp-python and gguf; torch and transformers); the first needs to be built with native instructions
(CMAKE_ARGS=-DGGML_NATIVE=ON). emily and its peer run in turn, A B A B; medians and their ratio are printed. The checkpoint of the first is made once, from a
fixed seed, in --cache (default .cache/bench; 2.4 GB in f32).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

SHAPE = dict(layers=28, hidden=1024, heads=16, kv_heads=8, head_dim=128, ffn=3072, vocab=151936)
PROMPT, NEW = 128, 32


def tensors():
    s = SHAPE
    q, kv = s["heads"] * s["head_dim"], s["kv_heads"] * s["head_dim"]
    yield "model.embed_tokens.weight", "token_embd.weight", (s["vocab"], s["hidden"])
    yield "model.norm.weight", "output_norm.weight", (s["hidden"],)
    for i in range(s["layers"]):
        a, b = f"model.layers.{i}.", f"blk.{i}."
        yield a + "input_layernorm.weight", b + "attn_norm.weight", (s["hidden"],)
        yield a + "post_attention_layernorm.weight", b + "ffn_norm.weight", (s["hidden"],)
        yield a + "self_attn.q_proj.weight", b + "attn_q.weight", (q, s["hidden"])
        yield a + "self_attn.k_proj.weight", b + "attn_k.weight", (kv, s["hidden"])
        yield a + "self_attn.v_proj.weight", b + "attn_v.weight", (kv, s["hidden"])
        yield a + "self_attn.o_proj.weight", b + "attn_output.weight", (s["hidden"], q)
        yield a + "self_attn.q_norm.weight", b + "attn_q_norm.weight", (s["head_dim"],)
        yield a + "self_attn.k_norm.weight", b + "attn_k_norm.weight", (s["head_dim"],)
        yield a + "mlp.gate_proj.weight", b + "ffn_gate.weight", (s["ffn"], s["hidden"])
        yield a + "mlp.up_proj.weight", b + "ffn_up.weight", (s["ffn"], s["hidden"])
        yield a + "mlp.down_proj.weight", b + "ffn_down.weight", (s["hidden"], s["ffn"])


def values(shape, rng):
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)


def bf16_bits(x):
    bits = x.view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def encode(x, dtype):
    return {"f32": lambda: x, "f16": lambda: x.astype(np.float16), "bf16": lambda: bf16_bits(x)}[dtype]()


def make_checkpoint(folder, dtype):
    """A folder in Hugging Face layout, written tensor by tensor."""
    if os.path.exists(folder + "/config.json"):
        return
    os.makedirs(folder, exist_ok=True)
    size, code = {"f32": (4, "F32"), "f16": (2, "F16"), "bf16": (2, "BF16")}[dtype]
    header, at = {}, 0
    for name, _, shape in tensors():
        n = int(np.prod(shape)) * size
        header[name] = {"dtype": code, "shape": list(shape), "data_offsets": [at, at + n]}
        at += n
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(1)
    with open(folder + "/model.safetensors", "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text)
        for _, _, shape in tensors():
            f.write(encode(values(shape, rng), dtype).tobytes())
    s = SHAPE
    config = dict(architectures=["Qwen3ForCausalLM"], model_type="qwen3", attention_bias=False, bos_token_id=1, eos_token_id=2,
                  head_dim=s["head_dim"], hidden_act="silu", hidden_size=s["hidden"], intermediate_size=s["ffn"],
                  max_position_embeddings=4096, num_attention_heads=s["heads"], num_hidden_layers=s["layers"],
                  num_key_value_heads=s["kv_heads"], rms_norm_eps=1e-6, rope_theta=1e6, sliding_window=None,
                  tie_word_embeddings=True, use_cache=True, use_sliding_window=False, vocab_size=s["vocab"])
    with open(folder + "/config.json", "w") as f:
        json.dump(config, f)


def make_gguf(path, dtype):
    """The same weights for llama.cpp."""
    if os.path.exists(path):
        return
    import gguf

    s = SHAPE
    w = gguf.GGUFWriter(path + ".part", "qwen3")
    w.add_context_length(4096)
    w.add_embedding_length(s["hidden"])
    w.add_block_count(s["layers"])
    w.add_feed_forward_length(s["ffn"])
    w.add_head_count(s["heads"])
    w.add_head_count_kv(s["kv_heads"])
    w.add_key_length(s["head_dim"])
    w.add_value_length(s["head_dim"])
    w.add_rope_freq_base(1e6)
    w.add_layer_norm_rms_eps(1e-6)
    w.add_vocab_size(s["vocab"])
    w.add_tokenizer_model("none")
    kinds = {"f16": gguf.GGMLQuantizationType.F16, "bf16": gguf.GGMLQuantizationType.BF16}
    rng = np.random.default_rng(1)
    for _, name, shape in tensors():
        x = values(shape, rng)
        if len(shape) == 1 or dtype == "f32":
            w.add_tensor(name, x)
        else:
            w.add_tensor(name, encode(x, dtype).view(np.uint8) if dtype == "bf16" else encode(x, dtype), raw_dtype=kinds[dtype])
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    os.rename(path + ".part", path)


class Llama:
    """llama.cpp through its C interface: prompt and decode speed of one sequence."""

    def __init__(self, path, threads):
        import llama_cpp as L

        self.L = L
        quiet = L.llama_log_callback(lambda level, text, data: None)
        L.llama_log_set(quiet, None)
        self.quiet = quiet
        L.llama_backend_init()
        model_params = L.llama_model_default_params()
        model_params.use_mmap = True
        self.model = L.llama_model_load_from_file(path.encode(), model_params)
        params = L.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 1024, 512, 512
        params.n_threads = params.n_threads_batch = threads
        self.context = L.llama_init_from_model(self.model, params)
        if not self.model or not self.context:
            sys.exit("llama.cpp does not load the model")

    def step(self, ids):
        tokens = (self.L.llama_token * len(ids))(*ids)
        if self.L.llama_decode(self.context, self.L.llama_batch_get_one(tokens, len(ids))) != 0:
            sys.exit("llama.cpp failed to decode")
        self.L.llama_get_logits_ith(self.context, -1)

    def run(self, prompt, new):
        self.L.llama_memory_clear(self.L.llama_get_memory(self.context), True)
        t0 = time.perf_counter()
        self.step(prompt)
        t1 = time.perf_counter()
        for i in range(new):
            self.step([(i * 7919 + 11) % SHAPE["vocab"]])
        t2 = time.perf_counter()
        return len(prompt) / (t1 - t0), new / (t2 - t1)


def emily_generate(binary, folder, prompt, new, threads):
    command = [binary, "generate", folder, "--tokens", ",".join(map(str, prompt)), "--max-new-tokens", str(new),
               "--ignore-eos", "--temperature", "0", "--json", "--threads", str(threads)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    last = json.loads(out.strip().split("\n")[-1])
    return last["prompt_tokens_per_second"], last["decode_tokens_per_second"]


def report(name, ours, theirs, unit):
    a, b = statistics.median(ours), statistics.median(theirs)
    print(f"{name:28} emily {a:9.2f} {unit}   peer {b:9.2f} {unit}   ratio {a / b:.2f}", flush=True)


def decode(args):
    cache = args.cache
    os.makedirs(cache, exist_ok=True)
    folder, path = f"{cache}/qwen3-0.6b-{args.dtype}", f"{cache}/qwen3-0.6b-{args.dtype}.gguf"
    make_checkpoint(folder, args.dtype)
    make_gguf(path, args.dtype)
    prompt = [(i * 104729 + 7) % SHAPE["vocab"] for i in range(args.prompt)]
    peer = Llama(path, args.threads)
    peer.run(prompt, 2)
    emily_generate(args.emily, folder, prompt, 3, args.threads)
    ours, theirs = [], []
    for _ in range(args.rounds):
        ours.append(emily_generate(args.emily, folder, prompt, args.new, args.threads))
        theirs.append(peer.run(prompt, args.new))
    report(f"prefill {args.prompt}, {args.dtype}", [x[0] for x in ours], [x[0] for x in theirs], "tok/s")
    report(f"decode at {args.prompt}, {args.dtype}", [x[1] for x in ours], [x[1] for x in theirs], "tok/s")


def anonymous(pid):
    """Heap, cache and activations, and not the mapped file."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:")), 0)
    except OSError:  # it has ended
        return 0


def watch(command, text):
    """The command's lines, how long it took, the most anonymous memory that was seen."""
    begin, most = time.perf_counter(), 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        process.stdin.write(text)
        process.stdin.close()
        while process.poll() is None:
            most = max(most, anonymous(process.pid))
            time.sleep(0.01)
        lines = [json.loads(line) for line in process.stdout]
    if process.returncode:
        sys.exit(f"{' '.join(command[:3])} failed: {process.returncode}")
    return lines, time.perf_counter() - begin, most


def random_shape(args):
    folder = f"{args.cache}/qwen3-0.6b-{args.dtype}"
    make_checkpoint(folder, args.dtype)
    return folder, os.path.getsize(folder + "/model.safetensors")


def ids(seed, count):
    return [(seed * 7919 + i * 104729 + 7) % SHAPE["vocab"] for i in range(count)]


def memory(args):
    folder, size = random_shape(args)
    command = [args.emily, "generate", folder, "--tokens", ",".join(map(str, ids(0, args.prompt))), "--max-new-tokens", str(args.new),
               "--ignore-eos", "--json", "--threads", str(args.threads)] + args.options
    _, _, most = watch(command, "")
    per_token = 2 * SHAPE["layers"] * SHAPE["kv_heads"] * SHAPE["head_dim"] * 4
    print(f"{args.dtype} of {size / 1e6:.0f} MB, {args.prompt} + {args.new} tokens {' '.join(args.options)}: at most {most / 1e6:.0f} MB "
          f"anonymous, {most / size:.3f} of the file (float32 keys and values: {(args.prompt + args.new) * per_token / 1e6:.0f} MB)")


def batch(args):
    """Prompts of one token, so that nearly all is decoding."""
    folder, _ = random_shape(args)
    for count in map(int, args.texts.split(",")):
        lines = "".join(json.dumps({"tokens": ids(i, 1)}) + "\n" for i in range(count))
        out, _, most = watch([args.emily, "generate", folder, "--jsonl", "-", "--batch", str(min(count, 32)), "--max-new-tokens",
                              str(args.new), "--ignore-eos", "--threads", str(args.threads)] + args.options, lines)
        last = out[-1]  # it joined last: all the others stepped beside it
        print(f"{count:3} texts: {count * (last['new_tokens'] - 1) / last['decode_seconds']:.1f} new tokens/s, {most / 1e6:.0f} MB", flush=True)


PACKED = {"8 bits": ["--bits", "8"], "4 bits": ["--bits", "4"], "mxfp4": ["--mode", "mxfp4"]}


def quantized(args):
    folder, size = random_shape(args)
    folders = {args.dtype: folder}
    for name, options in PACKED.items():
        folders[name] = f"{folder}-{name.replace(' ', '')}"
        if not os.path.exists(folders[name]):
            begin = time.perf_counter()
            subprocess.run([args.emily, "quantize", folder, folders[name]] + options, check=True, stdout=subprocess.DEVNULL)
            print(f"{name}: quantized in {time.perf_counter() - begin:.1f} s", flush=True)
    speeds = {name: [] for name in folders}
    for _ in range(args.rounds):
        for name, path in folders.items():
            speeds[name].append(emily_generate(args.emily, path, ids(0, args.prompt), args.new, args.threads))
    dense = statistics.median(s[1] for s in speeds[args.dtype])
    for name, path in folders.items():
        prefill, decode = (statistics.median(s[i] for s in speeds[name]) for i in (0, 1))
        print(f"{name:8} {os.path.getsize(path + '/model.safetensors') / 1e6:6.0f} MB   prefill {prefill:7.1f} tok/s   decode {decode:6.2f} tok/s   "
              f"{decode / dense:.2f} of the dense speed", flush=True)


def minilm(args):
    import torch
    from transformers import AutoModel

    torch.set_num_threads(args.threads)
    model = AutoModel.from_pretrained(args.model).eval()
    for batch, length in ((1, 128), (1, 32), (32, 32)):
        ids = torch.randint(1000, 20000, (batch, length))
        mask = torch.ones_like(ids)

        def run():
            with torch.inference_mode():
                model(input_ids=ids, attention_mask=mask)

        theirs, ours = [], []
        for _ in range(3):
            run()
        for _ in range(args.rounds):
            out = subprocess.run([args.forward, args.model, str(batch), str(length), "10", str(args.threads)],
                                 capture_output=True, text=True, check=True).stdout
            ours.append(float(out))
            times = []
            for _ in range(10):
                t = time.perf_counter()
                run()
                times.append(time.perf_counter() - t)
            theirs.append(1e3 * statistics.median(times))
        a, b = statistics.median(ours), statistics.median(theirs)
        print(f"MiniLM {batch} x {length:<4} emily {a:8.2f} ms   torch {b:8.2f} ms   torch / emily {b / a:.2f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["decode", "minilm", "memory", "batch", "quantized"])
    parser.add_argument("--dtype", choices=["f32", "f16", "bf16"], default="bf16")
    parser.add_argument("--model", help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--emily", default="build/emily")
    parser.add_argument("--forward", default="build/bench/forward")
    parser.add_argument("--cache", default=".cache/bench")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--prompt", type=int, default=PROMPT)
    parser.add_argument("--new", type=int, default=NEW)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--texts", default="1,2,4,8,16")
    own, rest = sys.argv[1:], []
    if "--" in own:
        own, rest = own[: own.index("--")], own[own.index("--") + 1 :]
    args = parser.parse_args(own)
    args.options = rest
    {"decode": decode, "minilm": minilm, "memory": memory, "batch": batch, "quantized": quantized}[args.what](args)


if __name__ == "__main__":
    main()
