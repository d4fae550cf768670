"""Tables of what was measured, read from ``benchmarks/results/`` when the site is built.

A directive ``measured`` takes a section and the names of its figures, with places for a row and
a column, and how to show them (by default as ratios)::

    ```{measured} frontier
    :figure: "drawn, psnr {column}, {row}"
    :corner: kmcodec's bytes over those of
    :columns: 34 dB=34; 42 dB=42
    :rows: JPEG=jpeg; AVIF=avif
    :show: {:.2f} ×
    ```
"""

from pathlib import Path
from typing import Any

import report
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList


def _pairs(argument: str | None) -> dict[str, str]:
    """Read ``shown=name; shown=name``."""
    parts = [part.partition("=") for part in (argument or "").split(";")]
    return {shown.strip(): name.strip() or shown.strip() for shown, _, name in parts}


class Measured(Directive):
    """A table of figures, and over how many pictures they are; an empty row is an error."""

    required_arguments = 1
    option_spec = {  # noqa: RUF012  # docutils reads it
        "figure": directives.unchanged_required,
        "corner": directives.unchanged_required,
        "columns": _pairs,
        "rows": _pairs,
        "show": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        section, options = self.arguments[0], self.options
        self.state.document.settings.env.note_dependency(
            str(Path(report.RESULTS, f"{section}.txt"))
        )
        found, figure = report.read(section), options["figure"].strip('"')
        columns, rows = options["columns"], options["rows"]
        names: list[str] = []
        for row in rows.values():
            own = [figure.format(row=row, column=column) for column in columns.values()]
            names += (measured := [name for name in own if name in found])
            if not measured:
                raise self.error(f"{section}.txt has none of the figures {own}")
        show = options["show"].strip('"').format if "show" in options else report.times
        cells = {
            head: (figure.format(row="{}", column=column), show)
            for head, column in columns.items()
        }
        table = report.markdown(found, options["corner"], cells, rows)
        counts = [int(found[name].n) for name in names if found[name].n.isdigit()]
        if counts:
            count = f"at most {max(counts)} pictures" if max(counts) > 1 else "one picture"
            table += f"\n\nGeometric means over {count}.\n"
        node = nodes.container(classes=["measured"])
        self.state.nested_parse(StringList(table.splitlines()), self.content_offset, node)
        return [node]


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
