#!/usr/bin/env python3
"""Tokenizers beside Hugging Face `tokenizers` (from PyPI): megabytes a second, and seconds to load.

    python bench/tokenizers_peers.py [--build build] [--megabytes 1] [--runs 3]

Each design in tests/data/tokenizers encodes prose (this repository's docs, over and over) and the same without a space
or a line feed, which designs without a pre-tokenizer see as one word. Ids are compared. Then a Unigram and a BPE file of
262,144 tokens, drawn at random, are loaded. One thread on both sides, and its time on the cpu: neighbours on the machine count
little. The best of the runs counts.
"""
import argparse
import ctypes
import glob
import json
import os
import random
import tempfile
import time

from tokenizers import Tokenizer, __version__

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


class Emily:
    def __init__(self, build, path):
        self.lib = ctypes.CDLL(os.path.join(build, "libemily.so"))
        self.lib.emily_encoding_count.restype = ctypes.c_size_t
        self.lib.emily_encoding_ids.restype = ctypes.POINTER(ctypes.c_int32)
        self.model = ctypes.c_void_p()
        if self.lib.emily_tokenizer_load(path.encode(), ctypes.byref(self.model)):
            raise RuntimeError(f"emily does not load {path}")

    def encode(self, data):
        out = ctypes.c_void_p()
        if self.lib.emily_tokenizer_encode(self.model, data, ctypes.c_size_t(len(data)), None, ctypes.c_size_t(0), None,
                                           ctypes.byref(out)):
            raise RuntimeError("emily does not encode")
        return out

    def ids(self, out):
        return self.lib.emily_encoding_ids(out)[:self.lib.emily_encoding_count(out)]

    def free(self, out):
        self.lib.emily_encoding_free(out)

    def close(self):
        self.lib.emily_tokenizer_release(self.model)


def prose(megabytes):
    text = "".join(open(p).read() for p in sorted(glob.glob(os.path.join(ROOT, "docs/*.md"))) if not p.endswith("API.md"))
    return (text * (int(megabytes * 1e6) // len(text) + 1))[:int(megabytes * 1e6)]


def best(runs, call):
    times = []
    for _ in range(runs):
        started = time.process_time()
        result = call()
        times.append(time.process_time() - started)
    return min(times), result


def compare(name, emily, theirs, text, runs):
    data = text.encode()
    mine, out = best(runs, lambda: emily.encode(data))
    other, encoding = best(runs, lambda: theirs.encode(text))
    same = "" if emily.ids(out) == encoding.ids else "   IDS DIFFER"
    emily.free(out)
    size = len(data) / 1e6
    print(f"{name:44} {size / mine:8.2f} MB/s {size / other:8.2f} MB/s {other / mine:6.1f}x{same}", flush=True)


def large_vocabulary(rng, count):
    letters = "abcdefghijklmnopqrstuvwxyz▁"
    tokens = list(letters)
    known, merges = set(tokens), []
    while len(tokens) < count:
        left, right = rng.choice(tokens[:2000]), rng.choice(tokens)
        if left + right not in known and len(left + right) < 24:
            known.add(left + right)
            tokens.append(left + right)
            merges.append([left, right])
    return tokens, merges


def large_files(count=262144):
    rng = random.Random(1)
    tokens, merges = large_vocabulary(rng, count)
    base = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Metaspace", "replacement": "▁"}}
    yield "Unigram", {**base, "model": {"type": "Unigram", "unk_id": 0, "vocab": [[t, -rng.random() * 15] for t in tokens]}}
    yield "BPE", {**base, "model": {"type": "BPE", "vocab": {t: i for i, t in enumerate(tokens)}, "merges": merges}}


def compare_loading(build, runs):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in large_files():
            path = os.path.join(folder, "tokenizer.json")
            with open(path, "w") as file:
                json.dump(content, file)
            mine, emily = best(runs, lambda: Emily(build, path))
            other, theirs = best(runs, lambda: Tokenizer.from_file(path))
            print(f"{'load ' + name + ', 262144 tokens':44} {mine:8.2f} s    {other:8.2f} s    {other / mine:6.1f}x", flush=True)
            compare(name + ", 262144 tokens: prose", emily, theirs, prose(1), runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--megabytes", type=float, default=1)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'':44} {'emily':>8}      {'tokenizers ' + __version__:>13}")
    text = prose(arguments.megabytes)
    for path in sorted(glob.glob(os.path.join(ROOT, "tests/data/tokenizers/*/tokenizer.json"))):
        name = os.path.basename(os.path.dirname(path))
        emily, theirs = Emily(arguments.build, path), Tokenizer.from_file(path)
        compare(name + ": prose", emily, theirs, text, arguments.runs)
        compare(name + ": no spaces", emily, theirs, text.replace(" ", "").replace("\n", ""), arguments.runs)
        emily.close()
    compare_loading(arguments.build, arguments.runs)


main()
