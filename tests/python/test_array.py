"""Arrays: making, attributes, operators, conversion, errors."""
import copy
import pickle
import unittest
import weakref

import emily.core as mx
import numpy as np

INTEGERS = [mx.uint8, mx.uint16, mx.uint32, mx.uint64, mx.int8, mx.int16, mx.int32, mx.int64]
FLOATS = [mx.float16, mx.bfloat16, mx.float32, mx.float64]
ALL = [mx.bool_, *INTEGERS, *FLOATS, mx.complex64]


class Making(unittest.TestCase):
    def test_scalars_have_weak_dtypes(self):
        for value, dtype in ((True, mx.bool_), (3, mx.int32), (2**40, mx.int64), (2**63, mx.uint64), (1.5, mx.float32), (1j, mx.complex64)):
            x = mx.array(value)
            self.assertIs(x.dtype, dtype)
            self.assertEqual(x.item(), value)
            self.assertEqual(x.shape, ())

    def test_nested_lists(self):
        self.assertEqual(mx.array([[1, 2], [3, 4]]).tolist(), [[1, 2], [3, 4]])
        self.assertIs(mx.array([[1, 2], [3, 4.5]]).dtype, mx.float32)
        self.assertIs(mx.array([True, 2]).dtype, mx.int32)
        self.assertIs(mx.array([1, 2**40]).dtype, mx.int64)
        self.assertIs(mx.array([1, 2j]).dtype, mx.complex64)
        self.assertEqual(mx.array([]).shape, (0,))
        self.assertEqual(mx.array([[], []]).shape, (2, 0))
        self.assertEqual(mx.array(((1, 2), [3, 4])).shape, (2, 2))
        self.assertEqual(mx.array([mx.array([1, 2]), mx.array([3, 4])]).tolist(), [[1, 2], [3, 4]])

    def test_uneven_lists_are_refused(self):
        for bad in ([[1, 2], [3]], [1, [2]], [[1], 2], [[[1]], [[1, 2]]], [[1, 2], 3]):
            with self.assertRaises(ValueError):
                mx.array(bad)
        with self.assertRaises((TypeError, ValueError)):
            mx.array("text")
        with self.assertRaises((TypeError, ValueError)):
            mx.array([None])

    def test_each_dtype(self):
        for dtype in ALL:
            with self.subTest(dtype=dtype):
                x = mx.array([0, 1, 1], dtype=dtype)
                self.assertIs(x.dtype, dtype)
                self.assertEqual(x.itemsize, dtype.size)
                self.assertEqual(x.nbytes, 3 * dtype.size)
                self.assertEqual([complex(v) for v in x.tolist()], [0, 1, 1])

    def test_hostile_integers(self):
        with self.assertRaises(OverflowError):
            mx.array(2**64)
        with self.assertRaises(OverflowError):
            mx.array([2**64])
        with self.assertRaises(ValueError):
            mx.array([1], dtype=mx.uint8) + 300
        with self.assertRaises(TypeError):
            mx.zeros("3")
        with self.assertRaises((OverflowError, ValueError)):
            mx.zeros(10**30)
        with self.assertRaises(ValueError):
            mx.zeros([2**40, 2**40])
        with self.assertRaises(ValueError):
            mx.zeros([-1])


class Attributes(unittest.TestCase):
    def test_all(self):
        x = mx.array([[1.0, 2, 3], [4, 5, 6]])
        self.assertEqual((x.shape, x.ndim, x.size, x.itemsize, x.nbytes, len(x)), ((2, 3), 2, 6, 4, 24, 2))
        self.assertEqual(x.T.tolist(), [[1, 4], [2, 5], [3, 6]])
        self.assertEqual(mx.array([1 + 2j]).real.tolist(), [1.0])
        self.assertEqual(mx.array([1 + 2j]).imag.tolist(), [2.0])
        with self.assertRaises(TypeError):
            len(mx.array(1))
        with self.assertRaises(AttributeError):
            x.nosuch

    def test_methods(self):
        x = mx.array([[1.0, 2, 3], [4, 5, 6]])
        self.assertEqual(x.reshape(3, 2).shape, (3, 2))
        self.assertEqual(x.reshape([3, 2]).shape, (3, 2))
        self.assertEqual(x.reshape(-1).shape, (6,))
        self.assertEqual(x.transpose(1, 0).shape, (3, 2))
        self.assertEqual(x.transpose([1, 0]).shape, (3, 2))
        self.assertEqual(x.transpose().shape, (3, 2))
        self.assertEqual(x.sum(axis=1).tolist(), [6, 15])
        self.assertEqual(x.sum(1, True).shape, (2, 1))
        self.assertEqual(x.max().item(), 6)
        self.assertEqual(x.flatten().shape, (6,))
        self.assertEqual(x.astype(mx.int8).dtype, mx.int8)
        self.assertEqual([p.shape for p in x.split(3, axis=1)], [(2, 1)] * 3)
        self.assertEqual([p.shape for p in x.split([1], axis=1)], [(2, 1), (2, 2)])
        self.assertEqual(x.abs().tolist(), x.tolist())
        self.assertEqual(x.squeeze().shape, (2, 3))
        self.assertEqual(mx.array([1.25]).round(1).tolist(), [np.float32(1.2)])
        self.assertEqual(x.argmax(1).tolist(), [2, 2])

    def test_copies_pickles_weak_references(self):
        for dtype in ALL:
            x = mx.array([[1, 0], [1, 1]], dtype=dtype)
            for y in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
                self.assertIs(y.dtype, dtype)
                self.assertEqual(y.tolist(), x.tolist())
            self.assertIs(pickle.loads(pickle.dumps(dtype)), dtype)
        y = copy.copy(x)
        y += 1
        self.assertNotEqual(y.tolist(), x.tolist())
        gone = weakref.ref(y)
        del y
        self.assertIsNone(gone())


class Operators(unittest.TestCase):
    def test_arithmetic_beside_numpy(self):
        rng = np.random.default_rng(3)
        a, b = rng.integers(1, 20, (3, 4)).astype(np.int32), rng.integers(1, 9, (4,)).astype(np.int32)
        x, y = mx.array(a), mx.array(b)
        for f in (lambda p, q: p + q, lambda p, q: p - q, lambda p, q: p * q, lambda p, q: p // q, lambda p, q: p % q,
                  lambda p, q: p & q, lambda p, q: p | q, lambda p, q: p ^ q, lambda p, q: p << (q % 3), lambda p, q: p >> (q % 3),
                  lambda p, q: p < q, lambda p, q: p <= q, lambda p, q: p == q, lambda p, q: p != q, lambda p, q: p > q,
                  lambda p, q: p >= q, lambda p, q: -p, lambda p, q: abs(-p), lambda p, q: ~p, lambda p, q: 3 - p, lambda p, q: 3 * p + 1,
                  lambda p, q: 100 // p, lambda p, q: 7 % p, lambda p, q: p ** 2, lambda p, q: 3 < p, lambda p, q: +p):
            np.testing.assert_array_equal(np.array(f(x, y)), f(a, b))
        np.testing.assert_allclose(np.array(x / y), a / b, rtol=1e-6)
        m = mx.array(a.astype(np.float32))
        np.testing.assert_allclose(np.array(m @ m.T), a @ a.T)
        np.testing.assert_allclose(np.array(1 / m), 1 / a, rtol=1e-6)
        np.testing.assert_allclose(np.array(2.0 ** (m / 8)), 2.0 ** (a / 8), rtol=1e-6)

    def test_in_place_rebinds_the_object(self):
        x = mx.array([1.0, 2.0])
        y, same = x * 1, x
        for op in ("+= 2", "-= 1", "*= 3", "/= 2", "//= 2", "%= 3", "**= 2"):
            exec("x " + op)
            self.assertIs(same, same)
        exec_scope = {"x": mx.array([6, 3])}
        same = exec_scope["x"]
        for op in ("+= 2", "&= 7", "|= 8", "^= 1", "<<= 2", ">>= 1"):
            exec("x " + op, exec_scope)
        self.assertIs(exec_scope["x"], same)
        self.assertEqual(y.tolist(), [1, 2])
        m = same_m = mx.array([[1.0, 2], [3, 4]])
        m @= mx.array([[0.0, 1], [1, 0]])
        self.assertIs(m, same_m)
        self.assertEqual(m.tolist(), [[2, 1], [4, 3]])

    def test_weak_scalars(self):
        for dtype in (mx.float16, mx.bfloat16, mx.float32):
            self.assertIs((mx.array([1], dtype=dtype) + 2.5).dtype, dtype)
            self.assertIs((2 * mx.array([1], dtype=dtype)).dtype, dtype)
        self.assertIs((mx.array([1], dtype=mx.int8) + 1).dtype, mx.int8)
        self.assertIs((mx.array([1], dtype=mx.int8) + 1.5).dtype, mx.float32)
        self.assertIs((mx.array([True]) + 1).dtype, mx.int32)
        self.assertIs((mx.array([1.0]) + 1j).dtype, mx.complex64)
        self.assertIs((mx.array([1], dtype=mx.float16) + np.float32(2)).dtype, mx.float16)
        self.assertIs(mx.add(1, mx.array([1], dtype=mx.uint8)).dtype, mx.uint8)
        self.assertIs(mx.where(mx.array([True]), 1.0, mx.array([1], dtype=mx.float16)).dtype, mx.float16)

    def test_other_classes_may_answer(self):
        class Other:
            def __radd__(self, left):
                return "radd"

        self.assertEqual(mx.array(1) + Other(), "radd")
        with self.assertRaises(TypeError):
            mx.array(1) + None
        with self.assertRaises(TypeError):
            mx.array(1) < "a"
        self.assertFalse(mx.array(1) == None)  # noqa: E711
        self.assertTrue(mx.array(1) != "a")
        self.assertEqual((mx.array([1, 2]) + [3, 4]).tolist(), [4, 6])

    def test_numbers(self):
        self.assertTrue(bool(mx.array(2)))
        self.assertEqual(int(mx.array(2.7)), 2)
        self.assertEqual(float(mx.array([2])), 2.0)
        self.assertEqual([10, 20, 30][mx.array(1)], 20)
        self.assertEqual(complex(mx.array(1 + 2j)), 1 + 2j)
        self.assertEqual(f"{mx.array(1.25):.1f}", "1.2")
        for f in (bool, int, float):
            with self.assertRaises(ValueError):
                f(mx.array([1, 2]))
        with self.assertRaises(TypeError):
            range(mx.array(1.5))
        self.assertEqual(len({mx.array(1): 1, mx.array(1): 2}), 2)


class Calls(unittest.TestCase):
    def test_wrong_calls_are_python_errors(self):
        x = mx.array([1.0, 2])
        for wrong in (lambda: mx.sum(), lambda: mx.sum(x, 0, True, 1), lambda: mx.sum(x, no=1), lambda: mx.sum(x, 0, axis=0),
                      lambda: mx.sum(x, axis="a"), lambda: mx.sum(x, stream=3), lambda: mx.concatenate(3), lambda: mx.exp(None)):
            with self.assertRaises(TypeError):
                wrong()
        for wrong in (lambda: mx.sum(x, axis=3), lambda: mx.matmul(x, mx.zeros((3,))), lambda: mx.reshape(x, (3,)),
                      lambda: mx.concatenate([]), lambda: x + mx.zeros((3,))):
            with self.assertRaises(ValueError) as caught:
                wrong()
            self.assertTrue(str(caught.exception).startswith("["), caught.exception)

    def test_names_of_mlx_and_of_the_table(self):
        x = mx.array([[1.0, 2]])
        for y in (mx.sum(x, 1), mx.sum(x, axis=1), mx.sum(x, axes=[1]), mx.sum(x, axis=(1,)), mx.sum(a=x, axis=1), mx.sum(x, axis=-1)):
            self.assertEqual(y.tolist(), [3])
        self.assertEqual(mx.clip(x, a_min=1.5, a_max=None).tolist(), [[1.5, 2]])
        self.assertEqual(mx.sort(mx.array([[2, 1], [0, 3]]), axis=None).tolist(), [0, 1, 2, 3])
        self.assertEqual(mx.conj(x).tolist(), x.tolist())
        self.assertEqual([v.shape for v in mx.broadcast_arrays(x, mx.zeros((3, 1)))], [(3, 2)] * 2)
        self.assertEqual(mx.concatenate([x, x], axis=None).shape, (4,))
        self.assertEqual(mx.softmax.__text_signature__, "(a, axis=None, *, precise=False, stream=None)")

    def test_creation(self):
        self.assertEqual(mx.arange(5).tolist(), [0, 1, 2, 3, 4])
        self.assertIs(mx.arange(5).dtype, mx.int32)
        self.assertIs(mx.arange(0, 1, 0.25).dtype, mx.float32)
        self.assertEqual(mx.arange(4, 0, -2).tolist(), [4, 2])
        self.assertIs(mx.full((2,), 7).dtype, mx.int32)
        self.assertIs(mx.full(2, 7, mx.float16).dtype, mx.float16)
        self.assertIs(mx.zeros_like(mx.array([1]), mx.float16).dtype, mx.float16)
        self.assertEqual(mx.zeros(3).shape, (3,))
        self.assertEqual(mx.eye(2, 3, 1).tolist(), [[0, 1, 0], [0, 0, 1]])
        self.assertEqual(mx.pad(mx.array([1]), 1, constant_values=9).tolist(), [9, 1, 9])
        self.assertEqual(mx.pad(mx.array([[1]]), [(0, 1), (1, 0)]).tolist(), [[0, 1], [0, 0]])
        self.assertEqual(mx.broadcast_shapes((3, 1), (4,), ()), (3, 4))


class Text(unittest.TestCase):
    def test_repr(self):
        self.assertEqual(repr(mx.array([[1, 2], [3, 4]])), "array([[1, 2],\n       [3, 4]], dtype=int32)")
        self.assertEqual(repr(mx.array(1.5)), "array(1.5, dtype=float32)")
        self.assertEqual(repr(mx.array([True])), "array([True], dtype=bool)")
        self.assertEqual(repr(mx.array([1 - 2j])), "array([1-2j], dtype=complex64)")
        self.assertEqual(repr(mx.zeros((10,))), "array([0, 0, 0, ..., 0, 0, 0], dtype=float32)")
        self.assertEqual(repr(mx.array([1e10, float("nan"), -float("inf")])), "array([1e+10, nan, -inf], dtype=float32)")
        with mx.printoptions(precision=2):
            self.assertEqual(repr(mx.array([1.0])), "array([1.00], dtype=float32)")
        self.assertEqual(repr(mx.float32), "emily.core.float32")


if __name__ == "__main__":
    unittest.main()
