"""Every name of MLX that the inventory answers with a name of ours is there, where the library has its op."""
import pathlib
import sys
import unittest

import emily.core as mx
from emily import _emily

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "oracle"))
import inventory  # noqa: E402


class Inventory(unittest.TestCase):
    def test_names(self):
        rows = inventory.read({row[0] for row in _emily.table()}, mx)
        self.assertGreater(len(rows), 300)
        missing = [(row.name, row.missing) for row in rows if any(m.startswith("py:") for m in row.missing)]
        self.assertEqual([(name, parts) for name, parts in missing if not any(m.startswith("op:") for m in parts)], [])

    def test_specs_are_of_their_rows(self):
        from emily.core import _signatures, _table
        for op, spec in _signatures.SPECS.items():
            if op in _table.ROWS:
                names = {argument[0] for argument in _table.ROWS[op][4]}
                self.assertEqual({argument for _, argument, _, _ in _signatures.parse(spec)} - names, set(), op)


if __name__ == "__main__":
    unittest.main()
