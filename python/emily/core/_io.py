"""Files: safetensors, NumPy's .npy and .npz, GGUF."""
import json
import os
import shutil
import tempfile

from .. import _emily
from .._emily import array


def _kind(file, format):
    name = os.fspath(getattr(file, "name", file)) if not hasattr(file, "read") or hasattr(file, "name") else ""
    kind = format or os.path.splitext(str(name))[1].lstrip(".")
    if kind not in ("safetensors", "npy", "npz", "gguf"):
        raise ValueError(f"[load] Unknown format {kind!r}: safetensors, npy, npz and gguf are known.")
    return kind


class _Path:
    """A path for a file: its own, with the ending that it is written with, or of a copy where the file is an object."""

    def __init__(self, file, ending, write):
        self.file, self.ending, self.write = file, ending, write

    def __enter__(self):
        if not hasattr(self.file, "read") and not hasattr(self.file, "write"):
            path = os.fspath(self.file)
            return path + self.ending if self.write and not path.endswith(self.ending) else path
        self.folder = tempfile.mkdtemp()
        self.copy = os.path.join(self.folder, "file" + self.ending)
        if not self.write:
            with open(self.copy, "wb") as copy:
                shutil.copyfileobj(self.file, copy)
        return self.copy

    def __exit__(self, kind, *unused):
        if not hasattr(self, "folder"):
            return
        if self.write and kind is None:
            with open(self.copy, "rb") as copy:
                shutil.copyfileobj(copy, self.file)
        shutil.rmtree(self.folder)


def _safetensors_metadata(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header.get("__metadata__", {})


_LOAD = {"safetensors": _emily.load_safetensors, "npy": _emily.load_npy, "npz": _emily.load_npz, "gguf": _emily.load_gguf}


def load(file, /, format=None, return_metadata=False, *, stream=None):
    """The arrays of a file: a dict by name, the array of an .npy file. return_metadata: and what the file says about itself."""
    kind = _kind(file, format)
    if return_metadata and kind in ("npy", "npz"):
        raise ValueError(f"[load] {kind} files have no metadata.")
    with _Path(file, "." + kind, False) as path:
        if not os.path.exists(path):
            raise FileNotFoundError(f"[load] there is no file {path}")
        found = _LOAD[kind](path)
        arrays, metadata = found if kind == "gguf" else (found, None)
        if not return_metadata:
            return arrays
        return arrays, _safetensors_metadata(path) if metadata is None else metadata


def save_safetensors(file, arrays, metadata=None):
    """A dict of arrays as a safetensors file."""
    with _Path(file, ".safetensors", True) as path:
        _emily.save_safetensors(path, dict(arrays), {} if metadata is None else dict(metadata))


def _array(x):
    return x if isinstance(x, array) else _emily.convert(x, None, 0)


def save(file, arr):
    """An array as an .npy file."""
    with _Path(file, ".npy", True) as path:
        _emily.save_npy(path, _array(arr))


def _save_npz(name, file, args, kwargs, compressed):
    arrays = {key: _array(x) for key, x in kwargs.items()}
    for i, x in enumerate(args):
        if f"arr_{i}" in arrays:
            raise ValueError(f"[{name}] Cannot use un-named variables and keyword arr_{i}")
        arrays[f"arr_{i}"] = _array(x)
    with _Path(file, ".npz", True) as path:
        _emily.save_npz(path, arrays, compressed)


def savez(file, *args, **kwargs):
    """Arrays as an .npz file, uncompressed: named by keyword, or arr_0, arr_1, …"""
    _save_npz("savez", file, args, kwargs, False)


def savez_compressed(file, *args, **kwargs):
    """Arrays as a compressed .npz file: named by keyword, or arr_0, arr_1, …"""
    _save_npz("savez_compressed", file, args, kwargs, True)


def save_gguf(file, arrays, metadata=None):
    """A dict of arrays as a GGUF file, with metadata: arrays, str, lists of str."""
    values = {key: list(value) if isinstance(value, (tuple, list)) else value for key, value in (metadata or {}).items()}
    with _Path(file, ".gguf", True) as path:
        _emily.save_gguf(path, dict(arrays), values)
