"""The shapes of bench/rows.c in PyTorch. Usage: rows_peers.py [threads]. Outputs are reused where PyTorch lets one."""
import sys
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads())
torch.set_grad_enabled(False)


def measure(name, fn, seconds=0.5):
    fn()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - begin < seconds and len(times) < 1000):
        t = time.perf_counter()
        fn()
        times.append(time.perf_counter() - t)
    times.sort()
    print(f"{name:52s} best {times[0] * 1e6:9.1f} us   median {times[len(times) // 2] * 1e6:9.1f} us", flush=True)


print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
x, y, out = torch.rand(4096, 4096) - 0.5, torch.rand(4096, 4096), torch.empty(4096, 4096)
measure("add 16M", lambda: torch.add(x, y, out=out))
measure("exp 16M", lambda: torch.exp(x, out=out))
measure("gelu 16M", lambda: torch._C._nn.gelu(x, out=out))
g, gout = torch.rand(128, 3072) - 0.5, torch.empty(128, 3072)
measure("gelu 128 x 3072", lambda: torch._C._nn.gelu(g, out=gout))
s, sout = torch.rand(512, 3072) - 0.5, torch.empty(512, 3072)
measure("silu 512 x 3072", lambda: torch._C._nn.silu(s, out=sout))
measure("softmax 4096 x 4096", lambda: torch.softmax(x, -1, out=out))
m, mout = torch.rand(1536, 128), torch.empty(1536, 128)
measure("softmax 1536 x 128", lambda: torch.softmax(m, -1, out=mout))
h, w = torch.rand(512, 1024) - 0.5, torch.rand(1024)
measure("rms_norm 512 x 1024", lambda: F.rms_norm(h, (1024,), w, 1e-6))
measure("rms_norm 1 x 1024", lambda: F.rms_norm(h[:1], (1024,), w, 1e-6))
l, lw, lb = torch.rand(512, 768) - 0.5, torch.rand(768), torch.rand(768)
measure("layer_norm 512 x 768", lambda: F.layer_norm(l, (768,), lw, lb, 1e-6))
shapes = [(1, 16, 16, 512, 512, 128, True), (1, 16, 8, 512, 512, 128, True), (1, 16, 8, 2048, 2048, 128, True),
          (1, 12, 12, 128, 128, 64, False), (32, 12, 12, 32, 32, 32, False), (1, 16, 8, 1, 128, 128, False),
          (1, 16, 8, 1, 2048, 128, False), (1, 16, 8, 1, 16384, 128, False), (8, 16, 8, 1, 2048, 128, False)]
for dtype in torch.float32, torch.bfloat16, torch.float16:
    for b, heads, kv, tq, tk, d, causal in shapes:
        q, k, v = (torch.rand(b, n, t, d).to(dtype) - 0.5 for n, t in ((heads, tq), (kv, tk), (kv, tk)))
        name = f"attention {str(dtype)[6:]}{' causal' if causal or tq == 1 else ''} {b}x{heads}/{kv} x {tq} x {tk} x {d}"
        measure(name, lambda: F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=heads != kv))
