"""Families of ops, with every form of their arguments, printed. Floats are rounded where the last bits may differ."""
import mlx.core as mx

mx.set_printoptions(precision=3)
f = mx.arange(12, dtype=mx.float32).reshape(3, 4) / 5 - 1
g = mx.sin(mx.arange(24, dtype=mx.float32)).reshape(2, 3, 4)


def refused(*calls):
    for call in calls:
        try:
            call()
            print("taken")
        except (ValueError, RuntimeError, TypeError):
            print("refused")


# einsum
print(mx.einsum("ij,kj->ik", f, f), mx.einsum("ij->j", f), mx.einsum("bij->bji", g).shape, mx.einsum("...j,j->...", g, f[0]), mx.einsum("ii", mx.eye(3)))
print(mx.einsum("ij,jk,kl->il", f, f.T, f), mx.einsum_path("ij,jk,kl->il", f, f.T, f)[0], mx.einsum_path("ij,jk->ik", f, f.T))
print(mx.einsum_path("ij,jk,kl->il", mx.ones((3, 4)), mx.ones((4, 5)), mx.ones((5, 2)))[1])
refused(lambda: mx.einsum("ij,jk->ik", f), lambda: mx.einsum("ij->k", f))

# chosen, segmented and masked products
a, b = mx.sin(mx.arange(120.0)).reshape(4, 5, 6), mx.cos(mx.arange(144.0)).reshape(4, 6, 6)
at = mx.array([2, 0], dtype=mx.uint32)
print(mx.gather_mm(a, b, at, at)[:, 0], mx.gather_mm(a, b[:2], rhs_indices=at[1:], lhs_indices=at)[:, 1], mx.gather_mm(a, b, sorted_indices=False)[0, 0])
print(mx.segmented_mm(a[0], b[0, :, :2], mx.array([[0, 2], [2, 6]], dtype=mx.uint32)))
m = mx.sin(mx.arange(64.0 * 64)).reshape(64, 64)
print(mx.block_masked_mm(m, m, 32, mx.array([[True, False], [False, True]]))[::20, ::20])
print(mx.block_masked_mm(m, m, block_size=32, mask_lhs=mx.array([[1.0, 0.5], [0.0, 2.0]]), mask_rhs=mx.array([[True, True], [False, True]]))[::20, ::20])
print(mx.addmm(m[:2, :2], m[:2], m[:, :2], 0.5, beta=2.0), mx.inner(a[0], a[1]))

# fast
q, gate = mx.random.normal((1, 4, 2, 32), key=mx.random.key(0)), mx.sigmoid(mx.random.normal((1, 4, 2), key=mx.random.key(1)))
out = mx.fast.gated_delta_update(q, q, q, gate, gate)
print(type(out), [part.shape for part in out], out[0][0, 1, 0, :4], mx.fast.gated_delta_update(q, q, q, gate, gate, out[1])[1][0, 0, 0, :4])

# quantization
w = mx.random.normal((8, 128), key=mx.random.key(3))
for kwargs in ({}, {"group_size": 32, "bits": 8}, {"mode": "mxfp4"}, {"mode": "nvfp4"}, {"mode": "mxfp8"}, {"group_size": None, "bits": None}):
    parts = mx.quantize(w, **kwargs)
    print(kwargs, type(parts).__name__, [(p.shape, p[1, :2]) for p in parts])
    back = mx.dequantize(*parts, **kwargs)
    print(back[0, :6])
packed, scales, biases = mx.quantize(w, 64, 4)
print(mx.dequantize(packed, scales, biases, 64, 4, "affine", None, mx.float16)[1, :4], mx.dequantize(packed, scales=scales, biases=biases)[1, :4])
x = mx.random.normal((3, 128), key=mx.random.key(4))
print(mx.quantized_matmul(x, packed, scales, biases), mx.quantized_matmul(x, packed, scales=scales, biases=biases, transpose=True, group_size=64, bits=4)[0])
print(mx.quantized_matmul(x[:, :8], packed, scales, biases, False)[:, :5], mx.quantized_matmul(x, packed, scales, biases, group_size=None, bits=None, mode="affine")[0])
p4, s4 = mx.quantize(w, mode="mxfp4")
print(mx.quantized_matmul(x, p4, s4, mode="mxfp4"), mx.quantized_matmul(x, p4, s4, None, True, None, None, "mxfp4")[0])
x3, at = mx.random.normal((4, 2, 128), key=mx.random.key(6)), mx.array([1, 3], dtype=mx.uint32)
p8, s8, b8 = mx.quantize(mx.random.normal((4, 8, 128), key=mx.random.key(5)), 32, 8)
print(mx.gather_qmm(x3, p8, s8, b8, group_size=32, bits=8)[:, 0], mx.gather_qmm(x3, p8, s8, b8, at, at, True, 32, 8, "affine", None, sorted_indices=True)[:, 0])
n4, ns4 = mx.quantize(w, mode="nvfp4", global_scale=mx.array(2.0))
print(ns4[0, :4], mx.dequantize(n4, ns4, None, None, None, "nvfp4", mx.array(2.0), mx.float32)[0, :4])

# convolutions
x1, x2, x3 = [mx.random.normal(shape, key=mx.random.key(i)) for i, shape in enumerate([(2, 9, 4), (1, 6, 7, 4), (1, 4, 5, 4, 2)])]
w1, w2, w3 = [mx.random.normal(shape, key=mx.random.key(9 + i)) for i, shape in enumerate([(6, 3, 4), (6, 2, 3, 4), (3, 2, 2, 2, 2)])]
print(mx.conv1d(x1, w1)[0, 0], mx.conv1d(x1, w1, 2, 1)[1, 0], mx.conv1d(x1, w1[:, :, :2], stride=2, padding=1, dilation=2, groups=2)[0, 1])
print(mx.conv2d(x2, w2)[0, 0, 0], mx.conv2d(x2, w2, 2, (1, 0))[0, 1, 1], mx.conv2d(x2, w2, (2, 1), 1, (1, 2)).shape, mx.conv2d(x2, w2[..., :2], groups=2)[0, 0, 0])
print(mx.conv3d(x3, w3)[0, 0, 0, 0], mx.conv3d(x3, w3, (1, 2, 1), 1, 1).shape)
print(mx.conv_transpose1d(x1, w1, 2, 1, 1, 1)[0, 0], mx.conv_transpose2d(x2, w2, (2, 1), 0, 1, (1, 0)).shape, mx.conv_transpose3d(x3, w3, stride=2).shape)
print(mx.conv_general(x2, w2, stride=(1, 2), padding=([1, 0], [0, 1]), kernel_dilation=1, input_dilation=(2, 1))[0, 0, 0], mx.conv_general(x1, w1, padding=1, flip=True)[0, 0])
print(mx.convolve(f[0], f[1]), mx.convolve(f[0], f[1, :2], "same"), mx.convolve(f[0], f[1, :2], mode="valid"))

# Fourier transforms
print(mx.fft.fft(f), mx.fft.fft(f, 3, 0), mx.fft.ifft(f, n=5, axis=0, norm="ortho").shape, mx.fft.rfft(f), mx.fft.irfft(mx.fft.rfft(f), norm="backward"))
print(mx.fft.fft2(g)[0, 0], mx.fft.fft2(g, s=(2, 2)).shape, mx.fft.fft2(g, axes=(0, 1))[0, 0], mx.fft.ifft2(g, None, [0, 2], "forward").shape, mx.fft.rfft2(g).shape)
print(mx.fft.fftn(g)[0, 0], mx.fft.ifftn(g, s=[2, 4], axes=[0, 2]).shape, mx.fft.rfftn(g, norm="ortho")[0, 0], mx.fft.irfftn(mx.fft.rfftn(g))[0, 0, 1:], mx.fft.irfft2(g).shape)
print(mx.fft.fftshift(f), mx.fft.fftshift(f, axes=1), mx.fft.ifftshift(f, axes=(0, 1)), mx.fft.fftfreq(5), mx.fft.rfftfreq(6, d=0.5))
s = mx.sin(mx.arange(64, dtype=mx.float32))
window = mx.ones((16,))
frames = mx.fft.stft(s, n_fft=16, hop_length=8, window=window)
print(frames.shape, mx.fft.stft(s, 16, 4, 16, window, False, "constant", "ortho").shape, mx.fft.stft(s, n_fft=16, hop_length=8, window=window, onesided=False).shape)
print(mx.fft.istft(frames, n_fft=16, hop_length=8, window=window)[:4], mx.fft.istft(frames, hop_length=8, window=window, length=40).shape)

# linear algebra
a = mx.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]])
with mx.stream(mx.cpu):
    print([mx.linalg.norm(f, ord) for ord in (None, "fro", float("inf"), -float("inf"), 1, -1)], mx.linalg.norm(f[0]), mx.linalg.norm(f[0], 3), mx.linalg.norm(f[0], 0))
    print(mx.linalg.norm(f, axis=1), mx.linalg.norm(f, 2.5, 0), mx.linalg.norm(f, 1, [0, 1], True), mx.linalg.norm(g, axis=[0, 1], keepdims=True).shape)
    print(mx.linalg.norm(f, "nuc"), mx.linalg.norm(f, 2), mx.linalg.norm(f, -2, keepdims=True).shape)
    refused(lambda: mx.linalg.norm(f, "no"))
    u, d, v = mx.linalg.svd(a)
    print(u.shape, d, v.shape, mx.linalg.svd(a, compute_uv=False), mx.linalg.svd(a, False), (u * d) @ v)
    q, r = mx.linalg.qr(a)
    print(q @ r, mx.abs(r), mx.linalg.inv(a), mx.linalg.cholesky(a), mx.linalg.cholesky(a, True), mx.linalg.cholesky_inv(mx.linalg.cholesky(a)), mx.linalg.tri_inv(mx.tril(a)))
    print(mx.linalg.pinv(a), mx.linalg.cross(a[0], a[1]), mx.linalg.eigvalsh(a), mx.linalg.eigvalsh(a, "U"), mx.abs(mx.linalg.eigh(a)[1]), mx.sort(mx.linalg.eigvals(a).real))
    print(mx.linalg.solve(a, f[:, 0]), mx.linalg.solve(a, f), mx.linalg.solve_triangular(mx.triu(a), f, upper=True), mx.linalg.det(a), mx.linalg.slogdet(a))
    print(mx.linalg.lu(a), mx.linalg.lu_factor(a), len(mx.linalg.eig(a)))

# padding, splitting, and others of shapes
for width in (1, (1,), (1, 2), [(1, 2)], [(0, 1), (2, 0)], ((1, 1), (0, 0))):
    print(mx.pad(f, width).shape, mx.pad(f, width, "edge")[0], mx.pad(f, width, constant_values=7)[-1])
print(mx.pad(f, 1, "constant", mx.array(2.0)))
refused(lambda: mx.pad(f, [(1, 1), (1, 1), (1, 1)]), lambda: mx.pad(f, -1))
print([p.shape for p in mx.split(f, 2, 1)], [p.shape for p in mx.split(f, [1], axis=-1)], [p.shape for p in mx.split(f, [])], [p.shape for p in mx.split(f, (1, 2), 0)], type(mx.split(f, 3)))
refused(lambda: mx.split(f, 5))
print(mx.atleast_1d(mx.array(1)), mx.atleast_2d(f[0], f), mx.atleast_3d(f).shape, mx.meshgrid(f[0], f[1, :2]), mx.meshgrid(f[0], f[1, :2], sparse=True, indexing="ij"))
print(mx.diag(f[0, :2]), mx.diag(f, 1), mx.diagonal(g, 0, 1, 2), mx.trace(f), mx.unflatten(f, -1, [2, 2]).shape, mx.hanning(5), mx.abs(mx.blackman(4)), mx.hamming(3), mx.bartlett(4))
print(mx.nan_to_num(mx.array([float("nan"), float("inf"), 1.0]), 5, posinf=9.0), mx.isposinf(f).any(), mx.isneginf(f).any(), mx.hadamard_transform(f), mx.hadamard_transform(f, 1.0))
print(mx.unique(mx.array([3, 1, 1, 2]), size=5), mx.unique(mx.array([3, 1, 1, 2]), 2, return_index=True, return_inverse=True, return_counts=True, fill_value=7))
print(mx.take_along_axis(f, mx.array([[0], [3], [1]])), mx.put_along_axis(f, mx.array([[0], [3], [1]]), mx.array(5.0), 1), mx.diff(f), mx.diff(f, 2, 0), mx.cummax(f, axis=1, reverse=True))
print(mx.minmax(f, axis=0), mx.cumsum(f, 1, reverse=True, inclusive=False), mx.count_nonzero(f, axis=0), mx.median(f), mx.kron(f[:1, :2], f[:2, :1]), mx.tensordot(f, f, [[1], [1]]), mx.vecdot(f, f))
print(mx.slice(f, mx.array([1, 2]), (0, 1), (2, 2)), mx.slice(f, mx.array([1]), [1], [3, 2]), mx.slice_update(f, mx.ones((1, 2)), mx.array([2, 1]), (0, 1)))

# random numbers
k = mx.random.key(11)
print(mx.random.categorical(f, key=k), mx.random.categorical(f, 0, key=k), mx.random.categorical(f, shape=(5, 3), key=k), mx.random.categorical(f, num_samples=4, key=k), mx.random.categorical(f, 0, num_samples=2, key=k))
print(mx.random.uniform(-1, mx.array([1.0, 2.0]), (3, 2), key=k), mx.random.normal((2,), mx.float16, 1.0, 2.0, k), mx.random.bernoulli(mx.array([0.1, 0.9]), key=k), mx.random.gumbel((2,), key=k))
print(mx.random.laplace((3,), key=k), mx.random.laplace((2, 2), mx.float16, 1.0, 2.0, k), mx.random.truncated_normal(-1, 1, (4,), key=k))
print(mx.random.truncated_normal(mx.array([-2.0, 0.0]), 2.0, key=k), mx.random.truncated_normal(0.0, mx.array([1.0, 2.0]), dtype=mx.float16, key=k))
print(mx.random.permutation(7, key=k), mx.random.permutation(f, key=k), mx.random.permutation(f, 1, k), mx.random.permutation(f, axis=-1, key=k))
normal = mx.random.multivariate_normal(mx.array([1.0, 2.0]), mx.array([[1.0, 0.0], [0.0, 4.0]]), (3,), key=k)
print(mx.abs(normal - mx.array([1.0, 2.0])), mx.random.multivariate_normal(mx.zeros((2,)), mx.eye(2), key=k).shape)
print(mx.searchsorted(f[0], mx.array([-0.9, 0.0, 5.0])), mx.searchsorted(f[0], f[0], "right"), mx.searchsorted(f[0], f[0], side="left"))
print(mx.fast.cross_entropy(f, mx.array([0, 3, 1])))
