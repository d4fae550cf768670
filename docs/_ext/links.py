"""Links of Markdown that lead out of ``docs/``, as they are written for whoever reads the tree.

A page of the repository's top that the site has is linked as that page, a script of the gallery
as its page there, and a folder as its ``README.md`` or ``index.md``. A folder that the site does
not have is no link. Other files are downloads, as Markdown's parser has it.
"""

import os
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?![a-z]+:|#|/)([^)\s#]+)(#[^)\s]*)?\)")


def redirect(text: str, folder: Path, docs: Path, pages: dict[str, str]) -> str:
    """Return the Markdown of a page that stands in `folder` with links for the site."""

    def changed(match: re.Match[str]) -> str:
        label, target, anchor = match[1], match[2], match[3] or ""
        path = Path(os.path.normpath(folder / target))
        if path.is_dir():
            pages_of_it = [path / name for name in ("README.md", "index.md")]
            path = next((page for page in pages_of_it if page.is_file()), path)
            if path.is_dir():
                return label
        page = pages.get(os.path.relpath(path, docs.parent))
        if path.parent == docs.parent / "examples":
            page = f"gallery/{path.stem}.rst"
        elif page is None and path.is_relative_to(docs) and path.suffix == ".md":
            page = path.relative_to(docs).as_posix()
        return f"[{label}](/{page}{anchor})" if page else match[0]

    return _LINK.sub(changed, text)


def _read(app: Any, docname: str, source: list[str]) -> None:
    path = Path(app.env.doc2path(docname))
    if path.suffix == ".md":
        pages = app.config.pages_of_the_top
        source[0] = redirect(source[0], path.parent, Path(app.srcdir), pages)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_config_value("pages_of_the_top", {}, "env")
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
