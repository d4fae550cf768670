"""The option `--html` of the verbs that have it.

What makes pages is imported when one is asked for.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codec.cli.process import say
from codec.errors import ParameterError
from codec.files import display_name
from codec.reports.report import FileReport
from codec.reports.text import format_bytes

if TYPE_CHECKING:
    from codec.jobs.pages import Page


def make_page(options: argparse.Namespace, inputs: int, others: Sequence[Path]) -> "Page | None":
    """Make the page that is asked for, if there is one.

    Parameters
    ----------
    options : Namespace
        Those of the verb.
    inputs : int
        How many pictures it has.
    others : sequence of Path
        What it reads and writes beside.

    Returns
    -------
    page : Page or None
        Nothing in it yet.

    Raises
    ------
    ParameterError
        There are several pictures, or the page's name is impossible.
    """
    if not options.html:
        return None
    from codec.jobs.pages import Page, check_name

    if inputs != 1:
        raise ParameterError(f"--html shows one picture and there are {inputs} inputs", "html")
    check_name(options.html, others)
    return Page(options.html, force=options.force)


def finish_page(
    page: "Page | None", reports: Sequence[FileReport], *, quiet: bool = False
) -> dict[str, Any]:
    """Write a page if nothing failed and it is not written yet, and say so.

    Parameters
    ----------
    page : Page or None
        What `make_page` made.
    reports : sequence of FileReport
        Of everything that it shows.
    quiet : bool
        Say nothing.

    Returns
    -------
    facts : dict
        What JSON says of it: ``html``, its name; nothing if it was not written.
    """
    if page is None or any(report.status != "ok" for report in reports):
        return {}
    if not page.size_bytes:
        page.write()
    name = display_name(page.path)
    if not quiet:
        say(f"{name}  {format_bytes(page.size_bytes)}")
    return {"html": name}
