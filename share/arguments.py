"""What the command `kmcodec` takes, read from its parser, for shells and for the manual."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from codec.cli.arguments import make_parser
from codec.options import FormatChoice, LargeFormatChoice

FILES = "files"
DIRECTORIES = "directories"
# The verb of those who name none.
IMPLIED = "compress"
# What `--format` takes, which is no choice of the parser: who is wrong is told more.
_FORMATS = {
    "compress": get_args(LargeFormatChoice),
    "convert": (*get_args(LargeFormatChoice), "gif"),
    "sweep": get_args(FormatChoice),
}


@dataclass(frozen=True)
class Argument:
    """An option, or what stands without one.

    Parameters
    ----------
    names : tuple of str
        ``("-o", "--output")``; none of what stands without an option.
    metavar : str
        What its value is called; empty if it takes none.
    several : bool
        Whether it takes several values.
    completes : str or tuple of str
        What its value is: `FILES`, `DIRECTORIES`, one of these words, or, empty, anything else.
    excludes : tuple of str
        The names of it and of those that it cannot stand beside.
    help : str
        What ``--help`` says of it.
    """

    names: tuple[str, ...]
    metavar: str
    several: bool
    completes: str | tuple[str, ...]
    excludes: tuple[str, ...]
    help: str


@dataclass(frozen=True)
class Group:
    """Options that belong together; what they are has a title and a description, or neither."""

    title: str
    description: str
    options: tuple[Argument, ...]


@dataclass(frozen=True)
class Verb:
    """A verb, or, without a name, what stands before all of them."""

    name: str
    help: str
    description: str
    epilog: str
    operands: tuple[Argument, ...]
    groups: tuple[Group, ...]

    @property
    def options(self) -> list[Argument]:
        """All of its options."""
        return [option for group in self.groups for option in group.options]


def read_parser() -> tuple[Verb, list[Verb]]:
    """Read what stands before the verbs, and the verbs."""
    parser = make_parser()
    (choice,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    said = {action.dest: action.help or "" for action in choice._choices_actions}
    verbs = [_verb(name, said[name], each) for name, each in choice.choices.items()]
    return _verb("", "", parser), verbs


def _verb(name: str, said: str, parser: argparse.ArgumentParser) -> Verb:
    operands = []
    groups = []
    for group in parser._action_groups:
        found = tuple(_arguments(name, parser, group))
        options = tuple(argument for argument in found if argument.names)
        operands += [argument for argument in found if not argument.names]
        if options:
            is_named = group not in (parser._positionals, parser._optionals)
            title = str(group.title) if is_named else ""
            groups.append(Group(title, group.description or "", options))
    return Verb(
        name, said, parser.description or said, parser.epilog or "", tuple(operands), tuple(groups)
    )


def _arguments(
    verb: str, parser: argparse.ArgumentParser, group: argparse._ArgumentGroup
) -> Iterator[Argument]:
    formatter = parser._get_formatter()
    for action in group._group_actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        rivals = [
            name
            for exclusive in parser._mutually_exclusive_groups
            if action in exclusive._group_actions
            for rival in exclusive._group_actions
            for name in rival.option_strings
        ]
        takes = action.nargs != 0
        yield Argument(
            names=tuple(action.option_strings),
            metavar=_metavar(action) if takes else "",
            several=action.nargs in ("+", "*"),
            completes=_completes(verb, action) if takes else "",
            excludes=tuple(rivals or action.option_strings),
            help=formatter._expand_help(action),
        )


def _metavar(action: argparse.Action) -> str:
    if action.choices is not None and action.metavar is None:
        return "|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


def _completes(verb: str, action: argparse.Action) -> str | tuple[str, ...]:
    """Tell what the shell has to offer for the value of an argument."""
    if action.choices is not None:
        return tuple(map(str, action.choices))
    if action.dest == "format":
        return _FORMATS[verb]
    reads = getattr(action.type, "__annotations__", {}).get("return", action.type)
    if action.option_strings and reads is not Path:
        return ""
    return DIRECTORIES if action.metavar == "DIR" else FILES
