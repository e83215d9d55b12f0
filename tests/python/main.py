"""Runs the test_*.py here whose name matches the first argument, and counts."""
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
pattern = sys.argv[1] if len(sys.argv) > 1 else ""
suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromName(p.stem) for p in sorted(HERE.glob("test_*.py"))
                           if pattern in p.stem)
result = unittest.TextTestRunner(verbosity=1).run(suite)
failed = len(result.failures) + len(result.errors)
print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed, {len(result.skipped)} skipped")
sys.exit(1 if failed or not result.testsRun else 0)
