"""The manual page of the command `kmcodec`, in the man macros."""

import re
import textwrap

from arguments import Argument, Verb

_WIDTH = 79
# Of what stands at the end of the help: a title, and lines that are set in.
_SECTION = re.compile(r"^(\S[^\n]*):\n(.*?)(?=^\S|\Z)", re.DOTALL | re.MULTILINE)


def manual(first: Verb, verbs: list[Verb], version: str) -> str:
    """Write the manual page.

    It has no date, so that it is the same whenever it is made.
    """
    title, _, description = first.description.partition(".")
    lines = [
        f'.TH KMCODEC 1 "" "kmcodec {version}" "User Commands"',
        ".SH NAME",
        f"kmcodec \\- {_escaped(title[:1].lower() + title[1:])}",
        ".SH SYNOPSIS",
        *(f"{line}\n.br" for line in map(_synopsis, verbs)),
        _options("kmcodec", first.options),
        ".SH DESCRIPTION",
        _filled(description),
        ".SH COMMANDS",
    ]
    for verb in verbs:
        lines += [
            f".SS {verb.name}",
            _synopsis(verb),
            ".PP",
            _filled(verb.description),
            *map(_entry, verb.operands),
        ]
        for group in verb.groups:
            if group.title:
                lines += [".PP", f"\\fI{_escaped(group.title)}\\fR"]
            if group.description:
                lines += [".PP", _filled(group.description)]
            lines += map(_entry, group.options)
    for title, body in re.findall(
        r"^(\S[^\n]*):\n(.*?)(?=^\S|\Z)", first.epilog, re.DOTALL | re.M
    ):
        lines += [f'.SH "{title.upper()}"', ".nf", *_literal(body), ".fi"]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def _filled(text: str) -> str:
    wrapped = textwrap.wrap(
        text.replace("-", "\\-"), _WIDTH, break_on_hyphens=False, break_long_words=False
    )
    return "\n".join(_escaped(line.replace("\\-", "-")) for line in wrapped)


def _literal(text: str) -> list[str]:
    return [_escaped(line) for line in textwrap.dedent(text).strip("\n").split("\n")]


def _value(argument: Argument) -> str:
    return f"\\fI{_escaped(argument.metavar)}\\fR" + ("..." if argument.several else "")


def _synopsis(verb: Verb) -> str:
    operands = " ".join(map(_value, verb.operands))
    return f"\\fBkmcodec {verb.name}\\fR [\\fIOPTION\\fR]... {operands}"


def _options(command: str, options: list[Argument]) -> str:
    names = " ".join(f"[\\fB{_escaped(option.names[-1])}\\fR]" for option in options)
    return f"\\fB{command}\\fR {names}"


def _entry(argument: Argument) -> str:
    value = _value(argument) if argument.metavar else ""
    names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in argument.names)
    return f".TP\n{' '.join(filter(None, (names, value)))}\n{_filled(argument.help)}"
