"""A tour of mlx.core, printed. Floats are rounded where the last bits may differ."""
import mlx.core as mx
import numpy as np

# making
print(mx.array([1, 2, 3]), mx.array(2.5), mx.array([[True, False]]), mx.array([1 + 2j, 3 - 4j]))
print(mx.zeros((2, 3)), mx.ones(4, mx.int8), mx.full((2, 2), 7), mx.eye(3), mx.arange(10), mx.arange(0, 1, 0.25), mx.linspace(0, 1, 5))
print(mx.array(np.arange(6).reshape(2, 3)), mx.array(np.array([1.5, 2.5])), mx.array([1, 2], dtype=mx.float16))
print(mx.zeros((10, 10)), mx.arange(100).reshape(4, 25), mx.zeros((0, 3)), mx.tri(3), mx.tril(mx.ones((3, 3))), mx.triu(mx.ones((3, 3)), k=1))

# shapes
a = mx.arange(24).reshape(2, 3, 4)
print(a.shape, a.ndim, a.size, a.nbytes, a.itemsize, len(a), a.T.shape)
print(a.transpose(2, 0, 1).shape, mx.swapaxes(a, 0, 1).shape, mx.moveaxis(a, 0, -1).shape, mx.expand_dims(a, (0, -1)).shape)
print(a.flatten().shape, mx.flatten(a, 1).shape, mx.squeeze(a[None]).shape, mx.unflatten(a, 2, (2, 2)).shape, a.reshape(-1, 6).shape)
print(mx.concatenate([a, a], axis=1).shape, mx.stack([a, a], axis=-1).shape, [p.shape for p in mx.split(a, 3, axis=1)], [p.shape for p in a.split([1, 2], axis=2)])
print(mx.repeat(mx.array([1, 2]), 2), mx.tile(mx.array([1, 2]), (2, 2)), mx.pad(mx.array([1, 2]), (1, 2)), mx.roll(mx.arange(5), 2), mx.broadcast_to(mx.array([1, 2]), (2, 2)))

# indexing
print(a[0], a[1, 2], a[..., 0], a[:, ::2, 1:3], a[None, 0].shape, a[mx.array([1, 0])].shape, a[:, [0, 2], 1], a[mx.array([0, 1]), :, mx.array([1, 2])])
b = mx.zeros((3, 3))
b[0] = 1
b[1:, 2] = mx.array([5.0, 6.0])
b[mx.array([0, 2]), mx.array([0, 1])] = 9
print(b, b.at[mx.array([0, 0])].add(1))
b += 1
b *= 2
print(b, mx.take(b, mx.array([2, 0]), axis=1), mx.take_along_axis(b, mx.array([[0], [1], [2]]), axis=1))

# arithmetic and dtypes
x = mx.array([1, 2, 3], dtype=mx.int8)
print(x + 1, (x + 1.5).dtype == mx.float32, x / 2, x // 2, x % 2, x**2, -x, x > 1, (x == 2) | (x == 3), ~x, x << 1)
print((mx.array([1.0], dtype=mx.float16) * 2).dtype == mx.float16, mx.array([True]) + 1, 2**mx.array([1, 2]), 1 - mx.array([0.5]))
print(mx.maximum(x, 2), mx.clip(x, 2, None), mx.where(x > 1, x, 0), mx.abs(-x), mx.floor(mx.array([1.5, -1.5])), mx.round(mx.array([0.5, 1.5, 2.5])))
print(mx.array_equal(x, x), mx.allclose(x, x + 0), mx.isnan(mx.array([float("nan"), 1])), mx.logical_and(x > 1, x < 3), mx.divmod(mx.array([7, -7]), 3), mx.broadcast_arrays(x, x))

# reductions and order
f = mx.array([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0]])
print(f.sum(), f.sum(axis=0), f.mean(axis=1, keepdims=True), f.max(), f.min(axis=1), f.prod(), mx.var(f), f.argmax(axis=1), f.argmin(), mx.all(f > -1), mx.any(f > 4, axis=0))
print(mx.sort(f), mx.argsort(f, axis=0), mx.sort(f, axis=None), mx.cumsum(f, axis=1), mx.cumprod(f, axis=0, reverse=True), mx.topk(f, 1))
print(f @ f.T, mx.matmul(f, mx.array([1.0, 2.0, 3.0])), mx.outer(mx.array([1, 2]), mx.array([3, 4])), mx.inner(f, f), mx.addmm(mx.ones((2, 2)), f, f.T))
with mx.printoptions(precision=3):
    print(mx.softmax(f, axis=-1), mx.exp(f), mx.logsumexp(f, axis=1), mx.sigmoid(f), mx.erf(f + 1), mx.sqrt(f), mx.sin(f))
    print(mx.fast.rms_norm(f, mx.ones((3,)), 1e-5), mx.fast.layer_norm(f, None, None, 1e-5))
    q = mx.random.normal((1, 2, 4, 8), key=mx.random.key(1))
    print(mx.fast.scaled_dot_product_attention(q, q, q, scale=0.3, mask="causal")[0, 0, :, :3], mx.fast.rope(q, 8, traditional=False, base=100.0, scale=1.0, offset=2)[0, 1, :2])

# random
mx.random.seed(7)
print(mx.random.normal((2,)), mx.random.uniform(shape=(2, 2)), mx.random.randint(0, 10, (5,)), mx.random.bernoulli(shape=(4,)), mx.random.split(mx.random.key(0)))

# back
print(f.tolist(), f[0, 0].item(), int(mx.array(3)), float(mx.array(1.5)), bool(mx.array(True)), np.array(f).dtype, [float(v) for v in f[0]])
for wrong in (lambda: mx.reshape(f, (5,)), lambda: f @ f, lambda: f + mx.ones((7,)), lambda: bool(f), lambda: mx.concatenate([])):
    try:
        wrong()
    except ValueError:
        print("ValueError")
