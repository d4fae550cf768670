"""A command on a terminal, which is a real one to it."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

from cli_tools import child_environment


def on_terminal(
    root: Path,
    *arguments: str,
    columns: int = 80,
    term: str = "xterm",
    stream: str = "stderr",
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run a command with a terminal for a stream; return its exit code and what it showed."""
    terminal, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "codec", *arguments],
            cwd=root, env=child_environment(**{"TERM": term, **(environment or {})}),
            stdout=side if stream == "stdout" else subprocess.DEVNULL,
            stderr=side if stream == "stderr" else subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        os.close(side)
    shown = b""
    try:
        while True:
            try:
                data = os.read(terminal, 4096)
            except OSError:  # how a terminal says that its other side was closed
                break
            if not data:
                break
            shown += data
    finally:
        os.close(terminal)
    return child.wait(60), shown.decode()
