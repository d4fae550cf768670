"""The compiled kernels, which an install without a C compiler does without, and what shells read.

Everything else about the build stands in pyproject.toml.
"""

import sys
import sysconfig
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

KERNELS = sorted(path.as_posix() for path in Path("codec", "kernels").glob("*.pyx"))
# Results are the same on every machine only if no compiler merges a product and a sum into one
# rounding.
FLAGS = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-g0"]
# The coder of labels is fast where compilers know the bounds of its inner loops: once inlined.
INLINE = {"labelcoder": [("CYTHON_INLINE", "inline __attribute__((always_inline))")]}
# What Cython gives each kernel for arrays is compiled once, for all: a wheel of half the size.
SHARED = "codec.kernels.shared"
# Where what is built here is imported from, which an isolated build looks for nowhere.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "share")]
# One binary serves every later version of Python, but for those without a GIL.
LIMITED = not sysconfig.get_config_var("Py_GIL_DISABLED")


def extension(name: str, source: str, macros: list[tuple[str, str]]) -> Extension:
    """Describe a module to be compiled."""
    return Extension(
        name,
        [source],
        extra_compile_args=FLAGS,
        define_macros=[*([("Py_LIMITED_API", "0x030B0000")] if LIMITED else []), *macros],
        py_limited_api=LIMITED,
    )


def macros(stem: str) -> list[tuple[str, str]]:
    """Tell what is defined for a kernel."""
    return [] if sys.platform == "win32" else INLINE.get(stem, [])


class BuildKernels(build_ext):
    """Build what can be built, and tell at the end what a run will tell too."""

    def run(self) -> None:
        """Build the kernels."""
        super().run()
        if not all(Path(self.get_ext_fullpath(each.name)).exists() for each in self.extensions):
            from codec.kernels import TOLD

            self.warn(TOLD)


def made_files() -> list[tuple[str, list[str]]]:
    """Make completion for shells and the manual page from the parser, which needs no NumPy."""
    from made import write

    return write(Path("build"))


extensions = cythonize(
    [
        *(
            extension(f"codec.kernels.{Path(path).stem}", path, macros(Path(path).stem))
            for path in KERNELS
        ),
        extension(SHARED, SHARED.replace(".", "/") + ".c", []),
    ],
    shared_utility_qualified_name=SHARED,
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
    cmdclass={"build_ext": BuildKernels},
    ext_modules=extensions,
    data_files=made_files(),
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if LIMITED else {},
)
