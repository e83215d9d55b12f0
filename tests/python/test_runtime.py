"""Trees, streams, memory, files, threads, dtypes, stubs."""
import ast
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import emily.core as mx
import numpy as np
from emily import _emily

try:
    import mlx.core as peer
except ImportError:
    peer = None


class Evaluation(unittest.TestCase):
    def test_trees(self):
        x = [mx.array([1.0]) + i for i in range(30)]
        tree = {"a": x[0], "b": [x[1], (x[2], {"c": x[3]})], "d": "text", "e": None, "f": x[4:]}
        self.assertFalse(any(_emily.is_evaluated(v) for v in x))
        mx.eval(tree, 3, tree)
        self.assertTrue(all(_emily.is_evaluated(v) for v in x))
        y = mx.array([1.0]) * 3
        mx.async_eval([y])
        self.assertEqual(y.item(), 3)
        loop = []
        loop.append(loop)
        with self.assertRaises(RecursionError):
            mx.eval(loop)

    def test_a_long_chain(self):
        x = mx.array([1.0])
        for _ in range(20000):
            x = x + 1
        self.assertEqual(x.item(), 20001)

    def test_the_gil_is_released(self):
        x = mx.random.normal((1500, 1500))
        mx.eval(x)
        ticks, stop = [0], threading.Event()

        def tick():
            while not stop.is_set():
                ticks[0] += 1
                time.sleep(0.0005)

        thread = threading.Thread(target=tick)
        thread.start()
        switch = sys.getswitchinterval()
        sys.setswitchinterval(100)  # nobody takes the GIL by force
        try:
            before = ticks[0]
            mx.eval(x @ x @ x @ x)
            during = ticks[0] - before
        finally:
            sys.setswitchinterval(switch)
            stop.set()
            thread.join()
        self.assertGreater(during, 2)

    def test_threads(self):
        shared = mx.arange(1000) + 1
        errors = []

        def work(seed):
            try:
                x = mx.array(np.full((8, 8), seed, np.float32))
                for i in range(200):
                    y = (x * 2 + seed) @ mx.eye(8)
                    y[0] = i
                    z = mx.asarray(np.arange(64, dtype=np.float32).reshape(8, 8)) + y
                    assert z[1, 0].item() == 8 + 3 * seed, z
                    assert mx.sum(shared).item() == 500500
                    np.asarray(z)[0, 0]
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(errors, [])

    def test_one_object_changed_and_read_by_threads(self):
        x = mx.zeros((100,))
        stop = threading.Event()

        def read():
            while not stop.is_set():
                x.tolist(), np.array(x), x.sum().item(), repr(x)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for t in threads:
            t.start()
        for _ in range(300):
            x += 1
            x[3] = 0
        stop.set()
        for t in threads:
            t.join()
        self.assertEqual(x[0].item(), 300)


class Streams(unittest.TestCase):
    def test_devices(self):
        self.assertEqual(repr(mx.default_device()), "Device(cpu, 0)")
        self.assertEqual(mx.default_device(), mx.cpu)
        self.assertTrue(mx.is_available(mx.cpu))
        self.assertEqual(repr(mx.default_stream(mx.cpu)), "Stream(Device(cpu, 0), 0)")
        mx.set_default_device(mx.cpu)
        with self.assertRaises(TypeError):
            mx.add(1, 2, stream="cpu")

    def test_streams_of_threads(self):
        stream, seen = mx.new_thread_local_stream(mx.cpu), []

        def work():
            with mx.stream(stream):
                seen.append((stream.here(), (mx.ones((2,)) + 1).tolist()))
            seen.append((stream.here(), mx.add(mx.ones((2,)), 1, stream).tolist()))  # where MLX has it, behind the others
        for _ in range(2):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        self.assertEqual([value for _, value in seen], [[2, 2]] * 4)
        self.assertIs(seen[0][0], seen[1][0])
        self.assertIsNot(seen[0][0], seen[2][0])
        mx.synchronize(stream)
        for wrong in (3, mx.ones((2,)), "cpu"):
            with self.assertRaises(TypeError):
                mx.add(1, 2, wrong)

    def test_work_on_streams(self):
        s = mx.new_stream(mx.cpu)
        self.assertNotEqual(s, mx.default_stream(mx.cpu))
        y = mx.add(mx.array(1), 2, stream=s)
        z = mx.add(y, 1, stream=mx.cpu)
        with mx.stream(s):
            w = z * 2
            with mx.stream(mx.cpu):
                w = w + 1
        mx.async_eval(w)
        mx.synchronize(s)
        mx.synchronize()
        self.assertEqual(w.item(), 9)
        mx.set_default_stream(s)
        self.assertEqual((w + 1).item(), 10)
        mx.set_default_stream(mx.Stream.default())

    def test_memory(self):
        base = mx.get_active_memory()
        x = mx.zeros((1 << 20,)) + 1
        mx.eval(x)
        self.assertGreaterEqual(mx.get_active_memory() - base, 4 << 20)
        self.assertGreaterEqual(mx.get_peak_memory(), mx.get_active_memory())
        before = mx.set_memory_limit(mx.get_active_memory() + (1 << 20))
        with self.assertRaises(MemoryError):
            mx.eval(mx.zeros((1 << 24,)) + 1)
        mx.set_memory_limit(before)
        mx.reset_peak_memory()
        mx.set_cache_limit(mx.set_cache_limit(0))
        mx.clear_cache()
        del x
        self.assertEqual(mx.get_active_memory(), base)


class Files(unittest.TestCase):
    def test_safetensors(self):
        arrays = {f"{d.name}": mx.array([[0, 1], [1, 1]], dtype=d) for d in (mx.bool_, mx.int8, mx.uint32, mx.float16, mx.bfloat16, mx.float32)}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.safetensors")
            mx.save_safetensors(path, arrays, {"by": "test"})
            for loaded, metadata in (mx.load(path, return_metadata=True), mx.load(pathlib.Path(path), return_metadata=True)):
                self.assertEqual(metadata, {"by": "test"})
                self.assertEqual({k: (v.dtype, v.tolist()) for k, v in loaded.items()}, {k: (v.dtype, v.tolist()) for k, v in arrays.items()})
            if peer:
                self.assertEqual(peer.load(path)["float16"].tolist(), arrays["float16"].tolist())
            with open(path, "rb") as file:
                self.assertEqual(set(mx.load(file)), set(arrays))
            held = io.BytesIO()
            mx.save_safetensors(held, arrays)
            held.seek(0)
            self.assertEqual(mx.load(held, format="safetensors")["int8"].tolist(), [[0, 1], [1, 1]])
            open(path, "wb").write(b"rubbish")
            with self.assertRaises(RuntimeError):
                mx.load(path)
            with self.assertRaises(FileNotFoundError):
                mx.load(os.path.join(folder, "none.safetensors"))
            with self.assertRaises(ValueError):
                mx.load(os.path.join(folder, "what.txt"))

    def test_numpy(self):
        with tempfile.TemporaryDirectory() as folder:
            for d in (mx.bool_, mx.int8, mx.uint64, mx.float16, mx.float32, mx.complex64):
                x = mx.array([[0, 1, 2], [3, 4, 5]]).astype(d).T
                path = os.path.join(folder, d.name)
                mx.save(path, x)  # the ending is added
                back = mx.load(path + ".npy")
                self.assertEqual((back.dtype, back.tolist()), (d, x.tolist()))
                np.testing.assert_array_equal(np.load(path + ".npy"), np.asarray(x))
                np.save(path + ".npy", np.asarray(x, order="F"))
                with open(path + ".npy", "rb") as file:
                    self.assertEqual(mx.load(file).tolist(), x.tolist())
            x = mx.zeros((1000,))
            for save in (mx.savez, mx.savez_compressed):
                path = os.path.join(folder, save.__name__)
                save(path, x, [1, 2], named=x[:2])
                self.assertEqual({k: v.shape for k, v in mx.load(path + ".npz").items()}, {"arr_0": (1000,), "arr_1": (2,), "named": (2,)})
                self.assertEqual(sorted(np.load(path + ".npz")), ["arr_0", "arr_1", "named"])
                if peer:
                    self.assertEqual(sorted(peer.load(path + ".npz")), ["arr_0", "arr_1", "named"])
                held = io.BytesIO()
                save(held, x)
                held.seek(0)
                self.assertEqual(mx.load(held, format="npz")["arr_0"].shape, (1000,))
                with self.assertRaises(ValueError):
                    save(path, x, arr_0=x)
            self.assertLess(os.path.getsize(path + ".npz"), 2000)
            open(os.path.join(folder, "a.npy"), "wb").write(b"rubbish")
            with self.assertRaises(RuntimeError):
                mx.load(os.path.join(folder, "a.npy"))
            with self.assertRaises(FileNotFoundError):
                mx.load(os.path.join(folder, "none.npz"))

    def test_gguf(self):
        arrays = {"w": mx.random.normal((4, 64)), "i": mx.array([1, 2, 3]), "h": mx.ones((2,), mx.bfloat16)}
        metadata = {"text": "of one", "texts": ["a", "bä"], "number": mx.array(3), "numbers": mx.array([1.0, 2.0])}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a")
            mx.save_gguf(path, arrays, metadata)  # the ending is added
            for module in (mx, peer) if peer else (mx,):
                loaded, said = module.load(path + ".gguf", return_metadata=True)
                self.assertEqual({k: v.tolist() for k, v in loaded.items()}, {k: v.tolist() for k, v in arrays.items()})
                self.assertEqual((said["text"], said["texts"], said["number"].item(), said["numbers"].tolist()), ("of one", ["a", "bä"], 3, [1, 2]))
            mx.save_gguf(path, arrays)
            self.assertEqual(set(mx.load(path + ".gguf")), set(arrays))
            for wrong in ({"x": 3.5}, {"x": [1]}, {3: "x"}):
                with self.assertRaises(TypeError):
                    mx.save_gguf(path, arrays, wrong)
            for wrong in ({"x": "a\0b"}, {"x": ["a\0b"]}, {"x\0": "a"}):
                with self.assertRaises(ValueError):
                    mx.save_gguf(path, arrays, wrong)
            open(path + ".gguf", "wb").write(b"rubbish")
            with self.assertRaises(RuntimeError):
                mx.load(path + ".gguf")


class Dtypes(unittest.TestCase):
    @unittest.skipIf(peer is None, "mlx.core is not installed")
    def test_beside_mlx(self):
        names = [n for n in dir(peer) if isinstance(getattr(peer, n), peer.Dtype)]
        categories = [c.name for c in mx.DtypeCategory]
        for a in names:
            for b in names:
                self.assertEqual(mx.promote_types(getattr(mx, a), getattr(mx, b)).name,
                                 str(peer.result_type(getattr(peer, a), getattr(peer, b))).split(".")[-1].rstrip("_"), (a, b))
                self.assertEqual(mx.can_cast(getattr(mx, a), getattr(mx, b)), peer.can_cast(getattr(peer, a), getattr(peer, b)), (a, b))
            for c in categories:
                self.assertEqual(mx.issubdtype(getattr(mx, a), getattr(mx, c)), peer.issubdtype(getattr(peer, a), getattr(peer, c)), (a, c))
            for kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"):
                self.assertEqual(mx.isdtype(getattr(mx, a), kind), peer.isdtype(getattr(peer, a), kind), (a, kind))
            for limits in ("finfo", "iinfo"):
                try:
                    want = getattr(peer, limits)(getattr(peer, a))
                except ValueError:
                    with self.assertRaises(ValueError):
                        getattr(mx, limits)(getattr(mx, a))
                    continue
                got = getattr(mx, limits)(getattr(mx, a))
                fields = ("min", "max", "eps", "bits", "smallest_normal") if limits == "finfo" else ("min", "max")
                self.assertEqual([getattr(got, f) for f in fields], [getattr(want, f) for f in fields], a)
                self.assertEqual(repr(got), repr(want))
        for a in categories:
            for b in categories:
                self.assertEqual(mx.issubdtype(getattr(mx, a), getattr(mx, b)), peer.issubdtype(getattr(peer, a), getattr(peer, b)), (a, b))


class Stubs(unittest.TestCase):
    def test_each_public_name_is_in_the_stubs(self):
        for name, module in (("__init__", mx), ("random", mx.random), ("linalg", mx.linalg), ("fft", mx.fft), ("fast", mx.fast)):
            path = pathlib.Path(mx.__file__).with_name(name + ".pyi")
            said = set()
            for node in ast.parse(path.read_text()).body:
                said |= {node.name} if hasattr(node, "name") else set()
                said |= {node.target.id} if isinstance(node, ast.AnnAssign) else set()
                said |= {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            self.assertLessEqual({n for n in vars(module) if not n.startswith("_")}, said)

    def test_each_op_has_a_signature(self):
        from emily.core import _table
        for row in _table.ROWS.values():
            module, name = _table.place(row[0], row[1])
            function = _table.OPS[row[0]]
            self.assertTrue(function.__doc__, name)
            if function.__text_signature__ is None:
                self.assertEqual(module, "random", f"{name}: an argument without a default stands behind one with a default")

    def test_each_spec_fits_the_table(self):
        from emily.core import _signatures, _table
        for op, spec in _signatures.SPECS.items():
            if op in _table.ROWS:
                known = {a[0] for a in _table.ROWS[op][4]}
                self.assertLessEqual({argument for _, argument, _, _ in _signatures.parse(spec)}, known, op)

    def test_help(self):
        text = subprocess.run([sys.executable, "-c", "import emily.core as mx; help(mx.softmax)"], capture_output=True, text=True).stdout
        self.assertIn("softmax(a, axis=None, *, precise=False, stream=None)", text)


if __name__ == "__main__":
    unittest.main()
