"""x[key], x[key] = value and x.at[key]: random keys beside NumPy, and beside mlx.core where it is installed."""
import os
import random
import unittest

import emily.core as mx
import numpy as np

try:
    import mlx.core as peer
except ImportError:
    peer = None

SEED = int(os.environ.get("EMILY_TEST_SEED", "20240607"))
CASES = int(os.environ.get("EMILY_TEST_CASES", "3000"))


def draw_slice(rng, n):
    def end():
        return rng.choice([None, None, rng.randint(-n - 2, n + 2)])
    return slice(end(), end(), rng.choice([None, None, 1, 2, 3, -1, -2]))


def draw_indices(rng, n, shape):
    return np.array([rng.randint(-n, n - 1) for _ in range(int(np.prod(shape)))], rng.choice([np.int32, np.int64])).reshape(shape)


def draw_part(rng, n, box, kinds):
    what = rng.choice(kinds)
    if n == 0 or what == "all":
        return slice(None)
    if what == "int":
        return rng.randint(-n, n - 1)
    if what == "slice":
        return draw_slice(rng, n)
    if what == "array":
        return draw_indices(rng, n, rng.choice([box, box[1:], (1,) * len(box)]))
    if what == "list":
        return [rng.randint(-n, n - 1) for _ in range(box[-1] if box else 1)]
    mask = np.zeros(n, bool)
    mask[rng.sample(range(n), min(box[-1] if box else 1, n))] = True
    return mask


def draw_key(rng, shape, arrays=True, masks=True):
    """A key that NumPy takes, mostly: arrays of one key broadcast with each other."""
    box = rng.choice([(3,), (2, 3), (1,), (), (2, 1)])
    kinds = ["int", "slice", "slice", "all"] + ["array", "array", "list"] * arrays + ["mask"] * (masks and arrays)
    left = rng.randint(0, len(shape))
    right = rng.randint(0, len(shape) - left) if rng.random() < 0.3 else None
    key = [draw_part(rng, shape[axis], box, kinds) for axis in range(left)]
    if right is not None and left + right < len(shape):  # an Ellipsis of no axes parts arrays for NumPy, and not for MLX
        key += [Ellipsis] + [draw_part(rng, shape[axis], box, kinds) for axis in range(len(shape) - right, len(shape))]
    for _ in range(rng.choice([0, 0, 1, 2])):
        key.insert(rng.randint(0, len(key)), None)
    return key[0] if len(key) == 1 and rng.random() < 0.7 else tuple(key)


def ours(key, module):
    if isinstance(key, tuple):
        return tuple(ours(k, module) for k in key)
    return module.array(key) if isinstance(key, np.ndarray) else key


def shapes(rng):
    return tuple(rng.choice([1, 2, 3, 4, 5, 5, 0]) for _ in range(rng.randint(0, 4)))


class Fuzz(unittest.TestCase):
    def cases(self, **kinds):
        rng = random.Random(SEED)
        done = 0
        while done < CASES:
            shape = shapes(rng)
            data = np.arange(1, int(np.prod(shape)) + 1, dtype=np.int32).reshape(shape)
            key = draw_key(rng, shape, **kinds)
            try:
                expected = data[key]
            except IndexError:
                continue
            done += 1
            yield rng, data, key, expected

    def test_reading_beside_numpy(self):
        for _, data, key, expected in self.cases():
            got = mx.array(data)[ours(key, mx)]
            self.assertEqual(got.shape, expected.shape, (data.shape, key))
            np.testing.assert_array_equal(np.array(got), expected, str((data.shape, key)))

    def test_reading_with_numpys_arrays_as_keys(self):
        for _, data, key, expected in self.cases():
            np.testing.assert_array_equal(np.array(mx.array(data)[key]), expected, str((data.shape, key)))

    def test_writing_beside_numpy(self):
        for rng, data, key, expected in self.cases():
            shape = expected.shape[rng.randint(0, len(expected.shape)):] if expected.shape else ()
            shape = tuple(1 if rng.random() < 0.2 else n for n in shape)
            value = np.array([rng.randint(100, 999) for _ in range(int(np.prod(shape)))], np.int32).reshape(shape)
            if rng.random() < 0.2:
                value = 77
            x, want = mx.array(data), data.copy()
            before = x * 1
            x[ours(key, mx)] = value if isinstance(value, int) else mx.array(value)
            try:
                want[key] = value
            except ValueError:  # a mask with another number of hits than the value
                continue
            np.testing.assert_array_equal(np.array(x), want, str((data.shape, key, np.shape(value))))
            np.testing.assert_array_equal(np.array(before), data)

    def test_updates_beside_numpy(self):
        """Duplicates all count."""
        ufuncs = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply, "maximum": np.maximum, "minimum": np.minimum}
        for rng, data, key, expected in self.cases():
            name = rng.choice(list(ufuncs))
            value = np.array([rng.randint(1, 5) for _ in range(expected.size)], np.int32).reshape(expected.shape)
            want = np.array(data % 7, np.int64)
            got = getattr(mx.array(want.astype(np.int32)).at[ours(key, mx)], name)(mx.array(value))
            ufuncs[name].at(want, key, value)
            np.testing.assert_array_equal(np.array(got), want.astype(np.int32), str((name, data.shape, key)))

    @unittest.skipIf(peer is None, "mlx.core is not installed")
    def test_reading_beside_mlx(self):
        for _, data, key, _ in self.cases(masks=False):
            if data.size == 0:
                continue
            try:
                want = peer.array(data)[ours(key, peer)]
                peer.eval(want)
            except (ValueError, IndexError):
                continue
            got = mx.array(data)[ours(key, mx)]
            self.assertEqual(got.tolist(), want.tolist(), (data.shape, key))

    @unittest.skipIf(peer is None, "mlx.core is not installed")
    def test_writing_beside_mlx(self):
        agreed = 0
        for rng, data, key, expected in self.cases(masks=False):
            if data.size == 0 or expected.size == 0:
                continue
            x, y = mx.array(data), peer.array(data)
            value = np.arange(expected.size, dtype=np.int32).reshape(expected.shape) + 100
            want = data.copy()
            want[key] = value
            try:
                y[ours(key, peer)] = peer.array(value)
                peer.eval(y)
            except (ValueError, IndexError):
                continue
            x[ours(key, mx)] = mx.array(value)
            agreed += x.tolist() == y.tolist()
            if not np.array_equal(np.array(y), want):
                continue  # MLX itself is not with NumPy: slices of both ends out of range, arrays between slices
            self.assertEqual(x.tolist(), y.tolist(), (data.shape, key))
        self.assertGreater(agreed, CASES // 3)


class ByHand(unittest.TestCase):
    def test_reading(self):
        x = mx.array([[1, 2, 3], [4, 5, 6]])
        self.assertEqual(x[1].tolist(), [4, 5, 6])
        self.assertEqual(x[-1, ::-2].tolist(), [6, 4])
        self.assertEqual(x[None, ..., None].shape, (1, 2, 3, 1))
        self.assertEqual(x[mx.array(1)].tolist(), [4, 5, 6])
        self.assertEqual(x[[0, 0]].shape, (2, 3))
        self.assertEqual(x[np.int64(1), np.array(2)].tolist(), 6)
        self.assertEqual(x[x > 2].tolist(), [3, 4, 5, 6])
        self.assertEqual(x[mx.array([True, False])].tolist(), [[1, 2, 3]])
        self.assertEqual(x[()].tolist(), x.tolist())
        self.assertEqual([row.tolist() for row in x], [[1, 2, 3], [4, 5, 6]])
        self.assertIn(4, x[1].tolist())

    def test_errors(self):
        x = mx.zeros((2, 3))
        for key in (2, -3, (0, 3), (0, 0, 0), (..., ...), (0, [0], 5), ([0], [1], [2]), mx.zeros((3,)) > 0):
            with self.assertRaises(IndexError, msg=key):
                x[key]
            with self.assertRaises(IndexError, msg=key):
                x[key] = 1
        for key in ("a", 1.5, mx.zeros((2,)), True, {}):
            with self.assertRaises((TypeError, ValueError), msg=key):
                x[key]
        with self.assertRaises(IndexError):
            mx.array(1)[0]
        with self.assertRaises(ValueError):
            x[0] = [1, 2]
        with self.assertRaises(ValueError):
            x[::0]
        with self.assertRaises(TypeError):
            del x[0]
        with self.assertRaises(TypeError):
            iter(mx.array(1))
        self.assertEqual(x.tolist(), [[0, 0, 0]] * 2)

    def test_writing_keeps_the_dtype_and_other_arrays(self):
        x = mx.array([1, 2, 3])
        y = x
        z = x + 0
        x[1] = 7.9
        self.assertEqual((y.tolist(), x.dtype, z.tolist()), ([1, 7, 3], mx.int32, [1, 2, 3]))
        x[x > 2] = 0
        self.assertEqual(x.tolist(), [1, 0, 0])
        x[...] = 5
        self.assertEqual(x.tolist(), [5, 5, 5])
        x[:] = mx.array([1, 2, 3])
        x[[0, 0]] = mx.array([8, 9])  # the last one counts
        self.assertEqual(x.tolist(), [9, 2, 3])
        x[mx.array([True, False, True])] = mx.array([4, 5])
        self.assertEqual(x.tolist(), [4, 2, 5])
        x[1:] += 1
        self.assertEqual(x.tolist(), [4, 3, 6])

    def test_at(self):
        x = mx.array([1.0, 2, 3])
        self.assertEqual(x.at[mx.array([0, 0, 1])].add(1).tolist(), [3, 3, 3])
        self.assertEqual(x.at[0].multiply(5).tolist(), [5, 2, 3])
        self.assertEqual(x.at[[0, 0]].divide(mx.array([2.0, 2.0])).tolist(), [0.25, 2, 3])
        self.assertEqual(x.tolist(), [1, 2, 3])
        with self.assertRaises(ValueError):
            x.at.add(1)

    def test_writing_in_place_keeps_memory(self):
        x = mx.zeros((1 << 20,))
        mx.eval(x)
        base = mx.get_active_memory()
        mx.reset_peak_memory()
        for i in range(20):
            x[i] = i
            mx.eval(x)
        self.assertLess(mx.get_peak_memory() - base, 1 << 20)
        self.assertEqual(x[:20].tolist(), list(range(20)))


if __name__ == "__main__":
    unittest.main()
