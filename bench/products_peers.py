"""products_peers.py: the shapes of products.c in NumPy (its own OpenBLAS) and PyTorch, weights rotated over 640 MiB.

Usage: python products_peers.py [threads [pattern]]; set OPENBLAS_NUM_THREADS too. Peers that are not installed are left out.
"""
import os
import sys
import time

threads = int(sys.argv[1]) if len(sys.argv) > 1 else 2
pattern = sys.argv[2] if len(sys.argv) > 2 else ""
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))
import numpy as np  # noqa: E402

try:
    import torch
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
except ImportError:
    torch = None


def measure(fn, seconds=0.5):
    fn(0)
    times, begin, i = [], time.perf_counter(), 1
    while len(times) < 5 or (time.perf_counter() - begin < seconds and len(times) < 1000):
        t = time.perf_counter()
        fn(i)
        times.append(time.perf_counter() - t)
        i += 1
    times.sort()
    return times[0], times[len(times) // 2]


def report(name, flops, size, fn):
    if pattern in name:
        best, median = measure(fn)
        print(f"{name:58s} best {best * 1e6:9.1f} us {flops / best * 1e-9:7.1f} GFLOP/s {size / best * 1e-9:6.1f} GB/s"
              f"   median {median * 1e6:9.1f} us", flush=True)


def weights(dtype):
    n, k, itemsize = 3072, 1024, torch.finfo(dtype).bits // 8 if torch else 4
    return [torch.randn(n, k).to(dtype) for _ in range((640 << 20) // (n * k * itemsize))]


def cold_torch(dtype, label):
    ws = weights(dtype)
    for m in (1, 2, 4, 8, 12, 16, 32, 64, 128, 512):
        x = torch.randn(m, 1024).to(dtype)
        report(f"torch {label}, cold W^T [{m}, 1024] . [1024, 3072]", 2 * m * 1024 * 3072, ws[0].nbytes,
               lambda i: torch.nn.functional.linear(x, ws[i % len(ws)]))


def cold_numpy():
    ws = [np.random.rand(3072, 1024).astype(np.float32) for _ in range(53)]
    for m in (1, 2, 4, 8, 12, 16, 32, 64, 128, 512):
        x = np.random.rand(m, 1024).astype(np.float32)
        report(f"numpy float32, cold W^T [{m}, 1024] . [1024, 3072]", 2 * m * 1024 * 3072, ws[0].nbytes,
               lambda i: x @ ws[i % len(ws)].T)


def warm(label, rand, matmul):
    for n in (64, 128, 256, 512, 1024):
        a, b = rand(n, n), rand(n, n)
        report(f"{label} float32, warm {n}^3", 2 * n**3, 4 * n * n, lambda i: matmul(a, b))
    for batch, m, k, n in ((16, 128, 64, 128), (16, 128, 128, 64), (192, 13, 32, 13), (16, 1, 128, 512), (16, 1, 512, 128),
                           (1, 1, 64, 64)):
        a, b = rand(batch, m, k), rand(batch, k, n)
        report(f"{label} float32, warm {batch} x [{m}, {k}] . [{k}, {n}]", 2 * batch * m * n * k, 4 * batch * k * n,
               lambda i: matmul(a, b))


cold_numpy()
warm("numpy", lambda *shape: np.random.rand(*shape).astype(np.float32), np.matmul)
if torch:
    cold_torch(torch.float32, "float32")
    cold_torch(torch.bfloat16, "bfloat16")
    warm("torch", torch.randn, torch.matmul)
