"""kmcodec: a lossy image codec built on k-means color quantization.

>>> import codec
>>> indexed = codec.compress(pixels, n_colors=64)   # doctest: +SKIP
>>> codec.save(indexed, "photo.npz")                # doctest: +SKIP
>>> pixels = codec.decompress(codec.load("photo.npz"))  # doctest: +SKIP

Names are imported when first used, so that `import codec` costs nothing (PEP 562). Which names
there are, and where they live, stands in `__init__.pyi`, which type checkers read as well.
"""

__version__ = "0.1.0"


def _homes() -> dict[str, str]:
    """Find the module of each public name: lines `from MODULE import NAME as NAME` of the stub."""
    if not _found:
        stub = __loader__.get_data(__file__.removesuffix("c") + "i").decode()
        words = [line.split() for line in stub.splitlines() if line.startswith("from ")]
        _found.update({name: module for _, module, _, name, *_ in words})
    return _found


_found: dict[str, str] = {}


def __getattr__(name: str) -> object:
    if name == "__all__":
        return sorted(_homes())
    if name.startswith("_") or name not in _homes():
        raise AttributeError(f"module 'codec' has no attribute {name!r}")
    import importlib

    home = _homes()[name]
    if home == __name__:  # a module of functions, such as `codec.plots`
        return importlib.import_module(f"{home}.{name}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_homes()})
