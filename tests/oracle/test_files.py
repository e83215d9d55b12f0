#!/usr/bin/env python3
"""Files of NumPy beside NumPy and MLX: what they write is read here, and what is written here is read there, for every dtype and layout.

    python3 tests/oracle/test_files.py [--seed N]
"""
import argparse
import ctypes
import os
import sys
import tempfile
import time

import mlx.core as mx
import numpy as np

from draw import DTYPES, Draw
from native import STORAGE, Value

class Failure(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int32), ("where", ctypes.c_char_p), ("message", ctypes.c_char_p)]


FAILED = []
PASSED = 0


def check(ok, what):
    global PASSED
    if ok:
        PASSED += 1
    else:
        FAILED.append(what)
        print("    " + what)


class Files:
    """The functions of emily/files.h over ctypes; arrays go and come as Values."""

    def __init__(self, build):
        self.lib = lib = ctypes.CDLL(os.path.join(os.path.abspath(build), "libemily.so"))
        for name in ("emily_array_from_data", "emily_array_shape", "emily_array_map_new", "emily_array_map_at", "emily_array_map_name"):
            getattr(lib, name).restype = ctypes.c_void_p
        lib.emily_last_error.restype = ctypes.POINTER(Failure)
        lib.emily_array_map_count.restype = ctypes.c_size_t

    def check(self, status):
        if status:
            raise ValueError(self.lib.emily_last_error().contents.message.decode())

    def array(self, value):
        data = np.array(value.data, order="C")
        return ctypes.c_void_p(self.lib.emily_array_from_data(data.ctypes.data_as(ctypes.c_void_p), (ctypes.c_int64 * 64)(*value.shape),
                                                              ctypes.c_int32(data.ndim), DTYPES.index(value.dtype)))

    def read(self, array):
        ndim, dtype = self.lib.emily_array_ndim(array), DTYPES[self.lib.emily_array_dtype(array)]
        shape = ctypes.cast(self.lib.emily_array_shape(array), ctypes.POINTER(ctypes.c_int64))[:ndim] if ndim else []
        out = np.empty(shape, STORAGE[dtype])
        self.check(self.lib.emily_array_read(array, out.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(out.nbytes)))
        return Value(out, dtype)

    def load(self, path):
        out = ctypes.c_void_p()
        self.check(self.lib.emily_npy_load(path.encode(), ctypes.byref(out)))
        value = self.read(out)
        self.lib.emily_array_release(out)
        return value

    def save(self, path, value):
        array = self.array(value)
        self.check(self.lib.emily_npy_save(path.encode(), array))
        self.lib.emily_array_release(array)

    def load_all(self, path):
        out = ctypes.c_void_p()
        self.check(self.lib.emily_npz_load(path.encode(), ctypes.byref(out)))
        count = self.lib.emily_array_map_count(out)
        found = {ctypes.string_at(self.lib.emily_array_map_name(out, ctypes.c_size_t(i))).decode():
                 self.read(ctypes.c_void_p(self.lib.emily_array_map_at(out, ctypes.c_size_t(i)))) for i in range(count)}
        self.lib.emily_array_map_release(out)
        return found

    def save_all(self, path, values, compressed):
        made = ctypes.c_void_p(self.lib.emily_array_map_new())
        for name, value in values.items():
            array = self.array(value)
            self.lib.emily_array_map_set(made, name.encode(), array)
            self.lib.emily_array_release(array)
        self.check(self.lib.emily_npz_save(path.encode(), made, ctypes.c_bool(compressed)))
        self.lib.emily_array_map_release(made)


def same(value, array):
    """A Value and what NumPy has: bytes, since NaN is to stay what it was."""
    raw = array.view(np.uint16) if value.dtype == "bfloat16" else array
    return value.shape == array.shape and value.data.dtype == raw.dtype and value.data.tobytes() == np.ascontiguousarray(raw).tobytes()


def layouts(array):
    yield array
    yield np.array(array, order="F")
    if array.dtype.itemsize > 1:
        yield array.astype(array.dtype.newbyteorder(">"))
        yield np.array(array, order="F").astype(array.dtype.newbyteorder(">"))


def one(files, draw, dtype, folder):
    value = draw.value(draw.shape(), dtype)
    path, there = os.path.join(folder, "a.npy"), os.path.join(folder, "b.npy")
    data = value.data.view("V2") if dtype == "bfloat16" else value.data
    for array in layouts(data) if dtype != "bfloat16" else [data]:
        np.save(path, array)
        check(same(files.load(path), value.data.astype(value.data.dtype)), f"reading NumPy's {array.dtype.str} {array.shape}")
    files.save(there, value)
    check(same(value, np.load(there).view(np.uint16) if dtype == "bfloat16" else np.load(there)), f"NumPy reading {dtype} {value.shape}")
    if dtype != "bfloat16" or value.data.ndim:
        mlx = mx.load(there)
        check(tuple(mlx.shape) == value.shape and str(mlx.dtype).split(".")[-1].replace("bool_", "bool") == dtype, f"MLX reading {dtype} {value.shape}")
        mx.save(path, mlx)
        check(files.load(path).data.tobytes() == value.data.tobytes(), f"reading MLX's {dtype} {value.shape}")


def archives(files, draw, folder):
    values = {name: draw.value(draw.shape(), draw.pick([d for d in DTYPES if d != "bfloat16"])) for name in ("a", "arr_0", "layers.0/w", "größe")}
    path = os.path.join(folder, "m.npz")
    for save in (np.savez, np.savez_compressed):
        save(path, **{k: v.data for k, v in values.items()})
        found = files.load_all(path)
        check(list(found) == list(values) and all(same(found[k], v.data) for k, v in values.items()), f"reading {save.__name__}")
    for compressed in (False, True):
        files.save_all(path, values, compressed)
        found = np.load(path)
        check(set(found) == set(values) and all(same(v, found[k]) for k, v in values.items()), f"NumPy reading npz, compressed {compressed}")
        check(set(mx.load(path)) == set(values), f"MLX reading npz, compressed {compressed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("EMILY_TEST_SEED", time.time())))
    args = parser.parse_args()
    mx.set_default_device(mx.cpu)
    print(f"files beside NumPy {np.__version__} and MLX {mx.__version__}; seed {args.seed}")
    files = Files(os.environ.get("EMILY_TEST_BUILD", "build"))
    with tempfile.TemporaryDirectory() as folder:
        for number in range(20):
            draw = Draw([args.seed, number])
            for dtype in DTYPES:
                if dtype in [v for v in np.sctypeDict] or dtype == "bfloat16" or dtype == "bool":
                    one(files, draw, dtype, folder)
            archives(files, draw, folder)
    print(f"{PASSED} passed, {len(FAILED)} failed")
    return len(FAILED) > 0


if __name__ == "__main__":
    sys.exit(main())
