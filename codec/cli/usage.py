"""How the command line is read, and what is said where it cannot be: two lines, with a guess."""

import argparse
import itertools
import os
import re
from collections.abc import Sequence
from typing import NoReturn

_ASKS = ("-h", "--help", "--version")
_ALIKE = 0.7  # as `difflib` counts: from where on a word was probably meant
_NUMBERS = re.compile("[0-9]+(,[0-9]+)*")


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are short, and name what was probably meant.

    Attributes
    ----------
    lists : tuple of str
        Options of several numbers, with commas or blanks between them.
    """

    lists: tuple[str, ...] = ()
    _given: Sequence[str] = ()

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Read arguments; of what a verb does not know, it complains itself."""
        self._given = self._joined(args or ())
        found, unknown = super().parse_known_args(self._given, namespace)
        if unknown and unknown[0][:1] != "-":
            self.error(f"{unknown[0]} stands apart: name all inputs together")
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def format_help(self) -> str:
        """Tell all, beginning with what the command takes: options follow."""
        self.usage = self.usage or f"%(prog)s {self._shape()}"
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and where help is."""
        if "arguments are required" in message and (unknown := self._unknown()):
            message = f"unrecognized arguments: {unknown}"
        self.exit(
            2,
            f"usage: {self.prog} {self._shape()}  ({self.prog} --help tells all)\n"
            f"{self.prog}: error: {message}{self._guess(message)}\n",
        )

    def _unknown(self) -> str | None:
        """Find the first long option that there is not; one may be cut short."""
        known = self._long_options()
        for word in itertools.takewhile(lambda word: word != "--", self._given):
            option = word.partition("=")[0]
            if option[:2] == "--" and not any(name.startswith(option) for name in known):
                return word
        return None

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
            if "argument COMMAND" in message:
                known += _ASKS
        elif unknown := re.match(r"unrecognized arguments: (--[\w-]+)", message):
            wrong, known = unknown[1], [*self._long_options(), *_ASKS]
        else:
            return ""
        import difflib

        near = difflib.get_close_matches(wrong, known, n=1, cutoff=_ALIKE)
        return f"; did you mean {near[0]}?" if near and near[0] != wrong else ""

    def _long_options(self) -> list[str]:
        found = {name for action in self._actions for name in action.option_strings}
        return sorted(name for name in found if name.startswith("--"))

    def _joined(self, arguments: Sequence[str]) -> list[str]:
        """Join what belongs together, and `argparse` takes apart.

        The numbers behind an option of `lists`, by commas: after them come inputs. And a suffix
        that begins as options do, such as -small, to its option.
        """
        joined: list[str] = []
        for word in arguments:
            is_more = joined[-2:-1] and joined[-2] in self.lists
            if is_more and _NUMBERS.fullmatch(joined[-1]) and _NUMBERS.fullmatch(word):
                joined[-1] += f",{word}"
            elif joined[-1:] == ["--suffix"] and word[:2] not in ("--", "-"):
                joined[-1] += f"={word}"
            else:
                joined.append(word)
        return joined


def with_verb(arguments: Sequence[str], verbs: Sequence[str]) -> list[str]:
    """Put `compress` before a file that stands where the verb would.

    Parameters
    ----------
    arguments : sequence of str
        As they were given.
    verbs : sequence of str
        Those that there are.
    """
    given = list(arguments)
    if not given or given[0] in (*verbs, *_ASKS):
        return given
    first = given[0]
    is_file = first[:1] == "-" or "." in first or os.sep in first or os.path.lexists(first)
    return ["compress", *given] if is_file else given
