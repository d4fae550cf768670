"""How the command line is read, and what is said where it cannot be: two lines, with a guess."""

import argparse
import os
import re
from collections.abc import Sequence
from typing import Any, NoReturn

_ASKS = ("-h", "--help", "--version")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are short, and name what was probably meant."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is."""
        self.exit(
            2,
            f"usage: {self.prog} {self._shape()}  ({self.prog} --help tells all)\n"
            f"{self.prog}: error: {message}{self._guess(message)}\n",
        )

    def _shape(self) -> str:
        """Tell what the command takes, without its options."""
        return " ".join(["[OPTION...]", *(
            f"{action.metavar}..." if action.nargs in ("+", "*", argparse.PARSER)
            else str(action.metavar)
            for action in self._actions if not action.option_strings
        )])  # fmt: skip

    def _guess(self, message: str) -> str:
        """Name what is spelt much like what nobody knows."""
        chosen = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if chosen:
            wrong, known = chosen[1], re.findall(r"[\w-]+", chosen[2])
        elif unknown := re.match(r"unrecognized arguments: (--[\w-]+)", message):
            wrong, known = unknown[1], sorted(self._all_options())
        else:
            return ""
        import difflib

        near = difflib.get_close_matches(wrong, known, n=1)
        return f"; did you mean {near[0]}?" if near and near[0] != wrong else ""

    def _all_options(self) -> set[str]:
        found = {name for action in self._actions for name in action.option_strings}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found |= parser._all_options()
        return {name for name in found if name.startswith("--")}


class Joined(argparse.Action):
    """Keep lists of values, of which each argument may have several, as one."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Join them."""
        setattr(namespace, self.dest, [value for part in values for value in part])


def with_verb(arguments: Sequence[str], verbs: Sequence[str]) -> list[str]:
    """Put `compress` before a file that stands where the verb would.

    A suffix that begins as options do, such as -small, is joined to its option.

    Parameters
    ----------
    arguments : sequence of str
        As they were given.
    verbs : sequence of str
        Those that there are.
    """
    given = _joined(arguments)
    if not given or given[0] in (*verbs, *_ASKS):
        return given
    first = given[0]
    is_file = first[:1] == "-" or "." in first or os.sep in first or os.path.lexists(first)
    return ["compress", *given] if is_file else given


def _joined(arguments: Sequence[str]) -> list[str]:
    given = list(arguments)
    for place in range(len(given) - 2, -1, -1):
        if given[place] == "--suffix" and given[place + 1][:2] not in ("--", "-"):
            given[place : place + 2] = [f"--suffix={given[place + 1]}"]
    return given
