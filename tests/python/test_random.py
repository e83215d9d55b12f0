"""Random numbers: MLX's from equal seeds, in its order of keys."""
import threading
import unittest

import emily.core as mx
import numpy as np

try:
    import mlx.core as peer
except ImportError:
    peer = None


def draws(m):
    """Everything that takes the global keys, in turn."""
    m.random.seed(7)
    yield m.random.normal((2,))
    yield m.random.uniform(shape=(3, 2))
    yield m.random.uniform(-1, m.array([1.0, 2.0]), (4, 2))
    yield m.random.randint(0, 100, (5,))
    yield m.random.bernoulli(0.3, (7,))
    yield m.random.bernoulli()
    yield m.random.gumbel((3,))
    yield m.random.categorical(m.zeros((4, 5)))
    yield m.random.categorical(m.zeros((4, 5)), num_samples=3)
    yield m.random.normal((2, 2), m.float16)
    yield m.random.normal((3,), loc=2.0, scale=m.array(0.5))
    key = m.random.key(2**40 + 3)
    yield key
    for part in m.random.split(key, 3):
        yield m.random.uniform(shape=(3,), key=part)
    yield m.random.state[0]
    m.random.seed(0)
    yield m.random.normal(())


class Random(unittest.TestCase):
    @unittest.skipIf(peer is None, "mlx.core is not installed")
    def test_the_numbers_of_mlx(self):
        for i, (got, want) in enumerate(zip(draws(mx), draws(peer), strict=True)):
            self.assertEqual(got.shape, want.shape, i)
            if "float" in got.dtype.name:  # erfinv and log may differ in the last place; the bits under them do not
                np.testing.assert_allclose(np.array(got), np.array(want), rtol=1e-3 if got.dtype is mx.float16 else 1e-6, err_msg=str(i))
            else:
                self.assertEqual(got.tolist(), want.tolist(), i)

    def test_seeds_and_keys(self):
        mx.random.seed(3)
        a, b = mx.random.uniform(shape=(4,)), mx.random.uniform(shape=(4,))
        self.assertNotEqual(a.tolist(), b.tolist())
        mx.random.seed(3)
        self.assertEqual(mx.random.uniform(shape=(4,)).tolist(), a.tolist())
        before = mx.random.state[0].tolist()
        mx.random.uniform(shape=(4,), key=mx.random.key(1))
        self.assertEqual(mx.random.state[0].tolist(), before)
        mx.random.key(2**64 - 1)
        with self.assertRaises(ValueError):
            mx.random.uniform(shape=(4,), key=mx.array([1]))

    def test_each_thread_has_its_sequence(self):
        found = []

        def work():
            mx.random.seed(5)
            found.append([mx.random.normal((2,)).tolist() for _ in range(20)])

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertTrue(len(found) == 4 and all(f == found[0] for f in found))


if __name__ == "__main__":
    unittest.main()
