"""Linear algebra, with the signatures of mlx.core.linalg: the ops of the table's group linalg."""
from ._table import MODULES as _MODULES

globals().update(_MODULES["linalg"])
