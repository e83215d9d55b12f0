"""NumPy, buffers, DLPack: values, no copies where none are needed, lifetimes."""
import gc
import pickle
import subprocess
import sys
import unittest
import weakref

import emily.core as mx
import numpy as np


NUMPY = {"bool_": "?", "uint8": "u1", "uint16": "u2", "uint32": "u4", "uint64": "u8", "int8": "i1", "int16": "i2", "int32": "i4",
         "int64": "i8", "float16": "f2", "float32": "f4", "complex64": "c8"}


def address(x):
    return np.asarray(x).__array_interface__["data"][0]


class Owner(np.ndarray):
    """An array of NumPy's that can be watched."""


def watched(values):
    made = np.array(values).view(Owner)
    return made, weakref.ref(made)


class In(unittest.TestCase):
    def test_each_dtype(self):
        for name, code in NUMPY.items():
            with self.subTest(dtype=name):
                data = np.array([[0, 1, 1], [1, 0, 1]], code)
                for x in (mx.array(data), mx.asarray(data), mx.from_dlpack(data), mx.array(memoryview(data))):
                    self.assertIs(x.dtype, getattr(mx, name))
                    np.testing.assert_array_equal(np.array(x), data)

    def test_float64_becomes_float32_unless_asked(self):
        data = np.array([0.1, 0.2])
        self.assertIs(mx.array(data).dtype, mx.float32)
        self.assertEqual(mx.array(data, dtype=mx.float64).tolist(), data.tolist())
        self.assertIs(mx.array(data + 1j).dtype, mx.complex64)
        self.assertIs(mx.array(np.float64(2)).dtype, mx.float32)

    def test_strides_and_empty(self):
        data = np.arange(24).reshape(2, 3, 4)
        for view in (data.T, data[::-1], data[:, ::2, 1:], data[:, :0], data[0, 0, 0], np.broadcast_to(data[0], (5, 3, 4))):
            np.testing.assert_array_equal(np.array(mx.array(view)), view)
            np.testing.assert_array_equal(np.array(mx.asarray(view)), view)

    def test_array_copies_and_asarray_shares(self):
        data = np.arange(6, dtype=np.float32)
        copied, shared = mx.array(data), mx.asarray(data)
        self.assertEqual(address(shared), data.__array_interface__["data"][0])
        data[0] = 7
        self.assertEqual(copied.tolist()[0], 0)
        self.assertEqual(shared.tolist()[0], 7)
        self.assertNotEqual(address(mx.asarray(data, copy=True)), address(data))
        with self.assertRaises(ValueError):
            mx.asarray(data[::2], copy=False)
        with self.assertRaises(ValueError):
            mx.asarray([1, 2], copy=False)

    def test_the_owner_lives_as_long_as_an_array_over_it(self):
        for share in (mx.asarray, mx.from_dlpack):
            data, gone = watched(np.arange(4.0, dtype=np.float32))
            x = share(data)
            y = x[1:] + 0
            view = x[1:]
            del data, x
            gc.collect()
            self.assertIsNotNone(gone())
            self.assertEqual(view.tolist(), [1, 2, 3])
            mx.eval(y)
            del view, y
            self.assertIsNone(gone())

    def test_the_owner_goes_when_a_lazy_graph_has_run(self):
        data, gone = watched(np.ones(1000, np.float32))
        y = mx.asarray(data) * 2
        del data
        self.assertIsNotNone(gone())
        mx.eval(y)
        self.assertIsNone(gone())
        self.assertEqual(y.sum().item(), 2000)

    def test_bytes_and_foreign_buffers(self):
        import array
        self.assertEqual(mx.array(bytearray(b"\x01\x02")).tolist(), [1, 2])
        self.assertEqual(mx.array(array.array("d", [1.5])).tolist(), [1.5])
        self.assertEqual(mx.asarray(memoryview(array.array("h", [-3]))).tolist(), [-3])
        with self.assertRaises((TypeError, ValueError)):
            mx.array(np.array(["a"]))
        with self.assertRaises((TypeError, ValueError)):
            mx.array(np.array([1], ">i4"))

    def test_numpy_operands(self):
        x = mx.array([1.0, 2])
        np.testing.assert_array_equal(np.array(x + np.array([1, 2], np.float32)), [2, 4])
        self.assertEqual(mx.maximum(x, np.float32(1.5)).tolist(), [1.5, 2])
        self.assertEqual(mx.array([np.float32(1), 2.0]).tolist(), [1, 2])
        self.assertEqual(mx.array([np.array([1, 2]), np.array([3, 4])]).tolist(), [[1, 2], [3, 4]])


class Out(unittest.TestCase):
    def test_each_dtype_without_a_copy(self):
        for name, code in NUMPY.items():
            with self.subTest(dtype=name):
                x = mx.array([[0, 1, 1], [1, 0, 1]], dtype=getattr(mx, name))
                a, b = np.asarray(x), np.from_dlpack(x)
                self.assertEqual((a.dtype, a.shape), (np.dtype(code), (2, 3)))
                self.assertEqual(a.__array_interface__["data"][0], b.__array_interface__["data"][0])
                np.testing.assert_array_equal(a, x.tolist())
                np.testing.assert_array_equal(b, x.tolist())
                self.assertFalse(a.flags.writeable)

    def test_views_keep_their_strides(self):
        x = mx.array(np.arange(24).reshape(2, 3, 4))
        for y, z in ((x.T, np.arange(24).reshape(2, 3, 4).T), (x[:, ::-1], np.arange(24).reshape(2, 3, 4)[:, ::-1])):
            np.testing.assert_array_equal(np.asarray(y), z)
            self.assertEqual(np.asarray(y).strides, z.strides)
            self.assertEqual(bytes(memoryview(y)), z.tobytes())
            np.testing.assert_array_equal(np.from_dlpack(y), z)

    def test_the_view_outlives_the_array(self):
        for out in (np.asarray, np.from_dlpack, memoryview):
            x = mx.arange(1000) + 0
            view = out(x)
            x += 1
            del x
            gc.collect()
            mx.arange(1000) * 5
            self.assertEqual(np.asarray(view).tolist(), list(range(1000)))

    def test_writing_is_refused(self):
        view = memoryview(mx.array([1, 2]))
        self.assertTrue(view.readonly)
        with self.assertRaises(TypeError):
            view[0] = 3
        writable = np.array(mx.array([1, 2]))
        writable[0] = 5

    def test_array_protocol(self):
        x = mx.array([1.5, 2])
        self.assertEqual(np.array(x, dtype=np.float64).dtype, np.float64)
        self.assertEqual(np.add(np.ones(2), x).tolist(), [2.5, 3])
        self.assertEqual(np.asarray(mx.zeros((0, 3))).shape, (0, 3))
        self.assertEqual(np.asarray(mx.array(3)).shape, ())

    def test_bfloat16(self):
        x = mx.array([1.5, -2], dtype=mx.bfloat16)
        self.assertEqual(bytes(memoryview(x.view(mx.uint16))), bytes(x))
        try:
            import ml_dtypes
        except ImportError:
            with self.assertRaises(TypeError):
                np.asarray(x)
        else:
            self.assertEqual(np.asarray(x).dtype, ml_dtypes.bfloat16)
            self.assertIs(mx.array(np.asarray(x)).dtype, mx.bfloat16)
        self.assertIs(mx.from_dlpack(x.__dlpack__()).dtype, mx.bfloat16)
        self.assertEqual(mx.from_dlpack(x.__dlpack__()).tolist(), [1.5, -2])

    def test_capsules(self):
        x = mx.array([[1, 2], [3, 4]])
        self.assertEqual(x.__dlpack_device__(), (1, 0))
        for capsule in (x.__dlpack__(), x.__dlpack__(max_version=(1, 0)), x.__dlpack__(copy=True), x.T.__dlpack__(max_version=(1, 1))):
            y = mx.from_dlpack(capsule)
            self.assertEqual(sorted(y.flatten().tolist()), [1, 2, 3, 4])
            with self.assertRaises(TypeError):
                mx.from_dlpack(capsule)
        x.__dlpack__()
        with self.assertRaises(BufferError):
            x.__dlpack__(dl_device=(2, 0))
        with self.assertRaises(TypeError):
            mx.from_dlpack(3)

    def test_numpy_is_not_imported_for_nothing(self):
        script = ("import sys, emily.core as mx; x = mx.array([1, 2]) + 1; repr(x); x.tolist(); memoryview(x); mx.random.normal((2,));"
                  "assert 'numpy' not in sys.modules")
        subprocess.run([sys.executable, "-c", script], check=True)


class Leaks(unittest.TestCase):
    def test_memory_goes_back(self):
        def work():
            x = mx.array(np.ones((64, 64), np.float32))
            y = mx.asarray(np.ones((64, 64), np.float32)) @ x + [[1.0] * 64]
            y[3] = 2
            y += 1
            z = np.asarray(y)
            mx.from_dlpack(np.from_dlpack(y))
            mx.from_dlpack(y.__dlpack__())
            y.__dlpack__()
            pickle.loads(pickle.dumps(y))
            mx.split(y, 4)
            y.tolist()
            try:
                mx.matmul(y, mx.zeros((3, 3)))
            except ValueError:
                pass
            try:
                mx.add(y, None)
            except TypeError:
                pass
            return z.sum()

        for _ in range(3):
            work()
        gc.collect()
        before = mx.get_active_memory()
        for _ in range(200):
            work()
        gc.collect()
        self.assertEqual(mx.get_active_memory(), before)

    def test_no_references_are_kept(self):
        x, key, value, names = mx.array([1.0, 2]), (slice(1),), 1234567.5, mx.array([0])
        objects = (x, key, value, names, mx.float32, mx.float16, None)

        def work():
            x + value, value + x, x[key], x[names], x.astype(mx.float16), mx.sum(x, axis=0), x.dtype, x.T, x.sum(axis=None)
            x[key] = value
            x == None  # noqa: E711, B015
            mx.array([value, value]), mx.array([x, x]), x.tolist(), x.shape
            repr(x), hash(x), iter(x), list(x), memoryview(x), mx.eval({"a": [x, x + 1]})
            for wrong in (lambda: x[7], lambda: x["a"], lambda: mx.sum(x, axis=value), lambda: mx.sum(x, no=value), lambda: x + object()):
                try:
                    wrong()
                except (TypeError, IndexError, ValueError):
                    pass

        for _ in range(10):
            work()
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        counts = [sys.getrefcount(o) for o in objects]
        blocks = sys.getallocatedblocks()
        for _ in range(500):
            work()
        grown = [sys.getrefcount(o) - c for o, c in zip(objects, counts)]
        self.assertTrue(all(abs(g) < 250 for g in grown), grown)  # a leak is 500 or more
        gc.collect()
        self.assertLess(sys.getallocatedblocks() - blocks, 400)


if __name__ == "__main__":
    unittest.main()
