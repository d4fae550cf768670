"""The compiled kernels, which an install without a C compiler does without.

Everything else about the build stands in pyproject.toml.
"""

import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

KERNELS = sorted(path.as_posix() for path in Path("codec", "kernels").glob("*.pyx"))
# Results are the same on every machine only if no compiler merges a product and a sum into one
# rounding.
FLAGS = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-g0"]
# The coder of labels is fast where compilers know the bounds of its inner loops: once inlined.
INLINE = {"labelcoder": [("CYTHON_INLINE", "inline __attribute__((always_inline))")]}
# One binary serves every later version of Python, but for those without a GIL.
LIMITED = not sysconfig.get_config_var("Py_GIL_DISABLED")

extensions = cythonize(
    [
        Extension(
            f"codec.kernels.{Path(path).stem}",
            [path],
            extra_compile_args=FLAGS,
            define_macros=([("Py_LIMITED_API", "0x030B0000")] if LIMITED else [])
            + ([] if sys.platform == "win32" else INLINE.get(Path(path).stem, [])),
            py_limited_api=LIMITED,
        )
        for path in KERNELS
    ],
    compiler_directives={
        "language_level": 3,
        "boundscheck": False,
        "wraparound": False,
        "cdivision": True,
        "initializedcheck": False,
    },
)
for extension in extensions:
    extension.optional = True  # which cythonize forgets

setup(
    ext_modules=extensions,
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED else {},
)
