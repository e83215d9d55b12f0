"""Builds the extension by the Makefile of the checkout that this folder lies in, and packs what `make python` leaves.

One wheel serves every Python from 3.11 on (abi3). Needed: make, a C compiler, pkg-config, and the -dev packages of docs/DEPENDENCIES.md.
"""
import glob
import os
import re
import shutil
import subprocess
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def version():
    with open(os.path.join(ROOT, "include", "emily", "base.h")) as header:
        return ".".join(re.findall(r"define EMILY_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header.read()))


class Make(build_ext):
    def build_extension(self, ext):
        build = os.environ.get("EMILY_BUILD", "build-wheel")  # kept: a second pip install compiles what changed
        subprocess.check_call(["make", f"-j{os.cpu_count()}", f"BUILD={build}", f"PYTHON={sys.executable}", "python"], cwd=ROOT)
        made = os.path.join(ROOT, build, "python", "emily")
        home = os.path.dirname(self.get_ext_fullpath(ext.name))
        os.makedirs(home, exist_ok=True)
        shutil.copy(os.path.join(made, "_emily.abi3.so"), home)
        for stub in glob.glob(os.path.join(made, "core", "*.pyi")):  # written by the build
            os.makedirs(os.path.join(home, "core"), exist_ok=True)
            shutil.copy(stub, os.path.join(home, "core"))


setup(
    version=version(),
    packages=["emily", "emily.core"],
    package_data={"emily": ["py.typed"]},
    ext_modules=[Extension("emily._emily", sources=[], py_limited_api=True)],
    cmdclass={"build_ext": Make},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
