"""Speed and memory of `emily generate` on a checkpoint: tokens a second, the share of the memory's bandwidth, the most anonymous memory.

    python bench/decode.py build/emily MODEL [--prompt 64] [--new 64] [--gb-per-second 33] [-- options of emily generate]

Anonymous memory is what /proc/PID/smaps_rollup says while the command runs: heap, cache and activations, and not the mapped file. A token reads
all weights once (but for the rows of an untied embedding); that over the time of a token, beside what `build/bench/limits` measures.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import time


def anonymous(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Anonymous:")), 0)
    except (OSError, StopIteration):
        return 0


def main():
    own, rest = sys.argv[1:], []
    if "--" in own:
        at = own.index("--")
        own, rest = own[:at], own[at + 1:]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("emily")
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--new", type=int, default=64)
    parser.add_argument("--texts", type=int, default=1, help="more: a batch of so many prompts")
    parser.add_argument("--gb-per-second", type=float, default=0)
    args = parser.parse_args(own)
    rng = random.Random(0)
    prompts = [[rng.randrange(100000) for _ in range(args.prompt)] for _ in range(args.texts)]
    command = [args.emily, "generate", str(args.model), "--ignore-eos", "-n", str(args.new)]
    if args.texts == 1:
        command += ["--tokens", ",".join(map(str, prompts[0])), "--json"]
    else:
        command += ["--jsonl", "-", "--batch", str(min(args.texts, 32))]
    begin = time.monotonic()
    process = subprocess.Popen(command + rest, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    process.stdin.write("".join(json.dumps({"tokens": p}) + "\n" for p in prompts))
    process.stdin.close()
    most = 0
    while process.poll() is None:
        most = max(most, anonymous(process.pid))
        time.sleep(0.02)
    seconds = time.monotonic() - begin
    if process.returncode:
        sys.exit(f"exit code {process.returncode}")
    lines = [json.loads(line) for line in process.stdout]
    size = sum(f.stat().st_size for f in args.model.glob("*.safetensors"))
    print(f"anonymous memory at most {most / 1e6:.0f} MB: {most / size:.3f} of the checkpoint's {size / 1e9:.2f} GB")
    if args.texts > 1:
        print(f"{args.texts} texts: {sum(len(l['tokens']) for l in lines) / seconds:.1f} new tokens/s, prompts and start included ({seconds:.1f} s)")
        return
    one = lines[0]
    rate = one["decode_tokens_per_second"] * size / 1e9
    share = f", {rate / args.gb_per_second:.2f} of {args.gb_per_second:g} GB/s" if args.gb_per_second else ""
    print(f"prompt {one['prompt_tokens_per_second']:.1f} tokens/s, decode {one['decode_tokens_per_second']:.2f} tokens/s: {rate:.1f} GB/s{share}")


if __name__ == "__main__":
    main()
