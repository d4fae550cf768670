"""The process `kmcodec`, which `python -m codec` is too."""

import os
import sys
import warnings
from contextlib import suppress
from typing import Any, NoReturn

from codec.cli.commands import main


def run() -> NoReturn:
    """Run the command line of this process, and end it.

    Taking the interpreter apart would take as long as compressing a small picture. All files are
    closed by now, and nothing of ours waits for the end.
    """
    # OpenBLAS starts its threads when NumPy is imported; they only get in the way of ours.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    warnings.showwarning = _show_warning
    if any(option.startswith("error") for option in sys.warnoptions):  # python -W error
        # What `codec.kernels` has to say stops nobody.
        warnings.filterwarnings("default", message="without compiled kernels")
    try:
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _show_warning(message: Warning | str, *where: Any, **more: Any) -> None:
    """Say it in a line, as everything is said, without a place in our source."""
    if sys.stderr is not None:
        print(f"kmcodec: warning: {message}", file=sys.stderr)


if __name__ == "__main__":
    run()
