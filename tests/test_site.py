"""The documentation site: what it links, and that its reference is whole."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from cli_tools import REPOSITORY

from codec import chunks, dask, plots

DOCS = REPOSITORY / "docs"


@pytest.fixture(scope="module")
def links() -> ModuleType:
    """The extension of Sphinx, which needs no Sphinx itself."""
    spec = importlib.util.spec_from_file_location("links", DOCS / "_ext" / "links.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_has_every_public_name() -> None:
    text = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    stub = (REPOSITORY / "codec" / "__init__.pyi").read_text(encoding="utf-8")
    names = re.findall(r"^from \S+ import (\w+)", stub, re.MULTILINE)
    for module in ("plots", "chunks", "dask"):
        names.remove(module)
    drawn = [
        name
        for name, value in vars(plots).items()
        if getattr(value, "__module__", "") == "codec.plots" and not name.startswith("_")
    ]

    assert sorted(re.findall(r"^   (\w+)$", text, re.MULTILINE)) == sorted(
        [*names, *drawn, *chunks.__all__, *dask.__all__]
    )


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("[a](../../format-spec.md#seal)", "[a](/format-spec.md#seal)"),
        ("[a](../decisions/)", "[a](/decisions/README.md)"),
        ("[a](../../examples/plot_alpha.py)", "[a](/gallery/plot_alpha.rst)"),
        ("[a](../reference)", "[a](/reference/index.md)"),
        ("[a](../decisions/0005-alpha.md)", "[a](/decisions/0005-alpha.md)"),
        ("[a `b`](../../samples/)", "a `b`"),
        ("[a](../../benchmarks/results/rate.txt)", "[a](../../benchmarks/results/rate.txt)"),
        ("![a](../looks.png)", "![a](../looks.png)"),
        ("[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
        ("[a](#seal)", "[a](#seal)"),
    ],
)
def test_links_of_a_guide_are_those_of_the_site(
    links: ModuleType, written: str, made: str
) -> None:
    pages = {"format-spec.md": "format-spec.md"}

    assert links.redirect(written, DOCS / "guides", DOCS, pages) == made


def test_pages_of_the_top_are_files_that_the_site_includes() -> None:
    source = (DOCS / "conf.py").read_text(encoding="utf-8")
    block = source.partition("pages_of_the_top = {")[2].partition("}")[0]
    pages = dict(re.findall(r'"(\S+)": "(\S+)"', block))

    assert pages
    for top, page in pages.items():
        assert (REPOSITORY / top).is_file()
        text = Path(DOCS, page).read_text(encoding="utf-8")
        assert page == "index.md" or f"/{top}\n" in text
