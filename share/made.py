"""The files that an installation has besides the package, made when it is built."""

from pathlib import Path

from arguments import read_parser
from manual import manual
from shells import bash, fish, zsh

from codec import __version__


def contents() -> dict[str, str]:
    """Make them all: texts by their names below the prefix of an installation."""
    first, verbs = read_parser()
    return {
        "share/bash-completion/completions/kmcodec": bash(first, verbs),
        "share/zsh/site-functions/_kmcodec": zsh(first, verbs),
        "share/fish/vendor_completions.d/kmcodec.fish": fish(first, verbs),
        "share/man/man1/kmcodec.1": manual(first, verbs, __version__),
    }


def write(folder: Path) -> list[tuple[str, list[str]]]:
    """Write them below a folder, and name them as setuptools takes them, in `data_files`."""
    made = []
    for name, text in contents().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        made.append((name.rpartition("/")[0], [path.as_posix()]))
    return made
