"""Completion of the command `kmcodec` for bash, zsh and fish.

Without a verb, options and files are those of `compress`, as in the command itself.
"""

from collections import defaultdict

from arguments import DIRECTORIES, FILES, IMPLIED, Argument, Verb

_HEAD = "completion of kmcodec, made from its parser when it was built"


def bash(first: Verb, verbs: list[Verb]) -> str:
    """Write the completion for bash.

    Where nothing is offered, readline completes files, which knows how names are quoted.
    """
    values: dict[str | tuple[str, ...], list[str]] = defaultdict(list)
    for verb in verbs:
        for option in verb.options:
            if option.metavar:
                values[option.completes] += [f"'{verb.name} {name}'" for name in option.names]
    offers = {
        FILES: "return",
        DIRECTORIES: "compopt -o dirnames +o default 2>/dev/null; return",
        "": "compopt +o bashdefault +o default 2>/dev/null; return",
    }
    cases = "\n".join(
        f"    {'|'.join(patterns)})\n"
        f"        {offers[kind] if isinstance(kind, str) else _bash_words(*kind)} ;;"
        for kind, patterns in values.items()
    )
    options = "\n".join(f"        {verb.name}) {_bash_words(*_names(verb))} ;;" for verb in verbs)
    names = [verb.name for verb in verbs]
    return f"""\
# {_HEAD}
_kmcodec() {{
    local word=$2 option=$3 verb={IMPLIED} offered=
    # Of --tune=visual bash makes three words.
    if [[ $word == = ]]; then
        word=
    elif [[ $option == = ]]; then
        option=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    if (( COMP_CWORD > 1 )); then
        case ${{COMP_WORDS[1]}} in
        {"|".join(names)}) verb=${{COMP_WORDS[1]}} ;;
        esac
    fi
    COMPREPLY=()
    case "$verb $option" in
{cases}
    *)
        if [[ $word == -* ]]; then
            case $verb in
{options}
            esac
            (( COMP_CWORD == 1 )) && offered+=' {" ".join(_names(first))}'
        elif (( COMP_CWORD == 1 )); then
            {_bash_words(*names)}
        fi ;;
    esac
    COMPREPLY=($(compgen -W "$offered" -- "$word"))
}}
complete -o bashdefault -o default -F _kmcodec kmcodec
"""


def _bash_words(*words: str) -> str:
    return f"offered='{' '.join(words)}'"


def _names(verb: Verb) -> list[str]:
    return [name for option in verb.options for name in option.names]


def zsh(first: Verb, verbs: list[Verb]) -> str:
    """Write the completion for zsh, as a file that it loads by its name."""
    said = "\n".join(f"  {_quoted(f'{verb.name}:{verb.help}')}" for verb in verbs)
    alone = " ".join(_zsh_option(option) for option in first.options if "-h" not in option.names)
    cases = "\n".join(
        f"  {verb.name})\n    _arguments -s $first \\\n"
        + " \\\n".join(
            f"      {spec}"
            for spec in (*map(_zsh_option, verb.options), *map(_zsh_operand, verb.operands))
        )
        + " ;;"
        for verb in verbs
    )
    return f"""\
#compdef kmcodec
# {_HEAD}
local verb={IMPLIED}
local -a first verbs
verbs=(
{said}
)
if (( CURRENT > 2 && ${{verbs[(I)$words[2]:*]}} )); then
  verb=$words[2]
  shift words
  (( CURRENT-- ))
elif (( CURRENT == 2 )); then
  if [[ $PREFIX != -* ]]; then
    _alternative 'commands:command:{{ _describe -t commands command verbs }}' 'files:file:_files'
    return
  fi
  first=({alone})
fi
case $verb in
{cases}
esac
"""


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _zsh_option(option: Argument) -> str:
    text = option.help.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    names = [_zsh_name(name, option) for name in option.names]
    what = f"[{text}]" + (_zsh_value(option) if option.metavar else "")
    if option.several:
        return "'*'" + _either(names) + _quoted(what)
    return _quoted(f"({' '.join(option.excludes)})") + _either(names) + _quoted(what)


def _zsh_name(name: str, option: Argument) -> str:
    return name + ("" if not option.metavar else "=" if name.startswith("--") else "+")


def _either(names: list[str]) -> str:
    return f"{{{','.join(names)}}}" if len(names) > 1 else names[0]


def _zsh_value(argument: Argument) -> str:
    kinds = {FILES: "_files", DIRECTORIES: "_files -/", "": " "}
    kind = argument.completes
    action = kinds[kind] if isinstance(kind, str) else f"({' '.join(kind)})"
    title = argument.metavar.replace(":", "\\:")
    return f":{title}:{action}"


def _zsh_operand(operand: Argument) -> str:
    return _quoted(("*" if operand.several else "") + _zsh_value(operand))


def fish(first: Verb, verbs: list[Verb]) -> str:
    """Write the completion for fish."""
    lines = [f"# {_HEAD}"]
    lines += [_fish_option("__fish_use_subcommand", option) for option in first.options]
    lines += [
        f"complete -c kmcodec -n __fish_use_subcommand -a {verb.name} -d {_fish_quoted(verb.help)}"
        for verb in verbs
    ]
    for verb in verbs:
        others = " ".join(other.name for other in verbs if other is not verb)
        told = (
            f"not __fish_seen_subcommand_from {others}"
            if verb.name == IMPLIED
            else f"__fish_seen_subcommand_from {verb.name}"
        )
        lines += [_fish_option(f"'{told}'", option) for option in verb.options]
    return "\n".join(lines) + "\n"


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_option(condition: str, option: Argument) -> str:
    names = " ".join(
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names
    )
    kinds = {FILES: " -r -F", DIRECTORIES: " -xa '(__fish_complete_directories)'", "": " -x"}
    kind = option.completes
    offer = kinds[kind] if isinstance(kind, str) else f" -xa '{' '.join(kind)}'"
    return (
        f"complete -c kmcodec -n {condition} {names}{offer if option.metavar else ''}"
        f" -d {_fish_quoted(option.help)}"
    )
