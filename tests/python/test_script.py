"""Scripts written for mlx.core, run with both: the same output."""
import contextlib
import importlib
import io
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).parent
try:
    importlib.import_module("mlx.core")
except ImportError:
    peer = False
else:
    peer = True


def output(path, module):
    """What a script prints with `import mlx.core as mx` led to a module."""
    text = path.read_text().replace("import mlx.core as mx", f"import {module} as mx")
    out = io.StringIO()
    with contextlib.redirect_stdout(out), importlib.import_module(module).printoptions():  # a script's options are its own
        exec(compile(text, str(path), "exec"), {"__name__": "__main__"})
    return out.getvalue()


class Scripts(unittest.TestCase):
    @unittest.skipUnless(peer, "mlx.core is not installed")
    def test_same_output(self):
        scripts = sorted(HERE.glob("script_*.py"))
        self.assertTrue(scripts)
        for path in scripts:
            with self.subTest(script=path.name):
                want = output(path, "mlx.core")
                self.assertTrue(len(want.splitlines()) > 20, path.name)
                self.assertEqual(output(path, "emily.core").splitlines(), want.splitlines())


if __name__ == "__main__":
    unittest.main()
