"""Files: safetensors so far."""
import json
import os
import shutil
import tempfile

from .. import _emily


def _kind(file, format):
    name = os.fspath(getattr(file, "name", file)) if not hasattr(file, "read") or hasattr(file, "name") else ""
    kind = format or os.path.splitext(str(name))[1].lstrip(".")
    if kind not in ("safetensors", "npy", "npz", "gguf"):
        raise ValueError(f"[load] Unknown format {kind!r}: safetensors, npy, npz and gguf are known.")
    return kind


class _Path:
    """A path for a file: its own, or of a copy where the file is an object."""

    def __init__(self, file, write):
        self.file, self.write = file, write

    def __enter__(self):
        if not hasattr(self.file, "read") and not hasattr(self.file, "write"):
            return os.fspath(self.file)
        self.folder = tempfile.mkdtemp()
        path = os.path.join(self.folder, "arrays.safetensors")
        if not self.write:
            with open(path, "wb") as copy:
                shutil.copyfileobj(self.file, copy)
        return path

    def __exit__(self, kind, *unused):
        if not hasattr(self, "folder"):
            return
        if self.write and kind is None:
            with open(os.path.join(self.folder, "arrays.safetensors"), "rb") as copy:
                shutil.copyfileobj(copy, self.file)
        shutil.rmtree(self.folder)


def _safetensors_metadata(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    return header.get("__metadata__", {})


def load(file, /, format=None, return_metadata=False, *, stream=None):
    """The arrays of a file: a dict by name. return_metadata: and what the file says about itself."""
    kind = _kind(file, format)
    if kind != "safetensors":
        raise NotImplementedError(f"[load] {kind} files are not read yet")
    with _Path(file, False) as path:
        if not os.path.exists(path):
            raise FileNotFoundError(f"[load] there is no file {path}")
        arrays = _emily.load_safetensors(path)
        return (arrays, _safetensors_metadata(path)) if return_metadata else arrays


def save_safetensors(file, arrays, metadata=None):
    """A dict of arrays as a safetensors file."""
    if not hasattr(file, "write") and not os.fspath(file).endswith(".safetensors"):
        file = os.fspath(file) + ".safetensors"
    with _Path(file, True) as path:
        _emily.save_safetensors(path, dict(arrays), {} if metadata is None else dict(metadata))
