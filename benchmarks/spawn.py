"""Run one command and print what it used: status, wall seconds, CPU seconds, peak memory.

``python -I -S spawn.py STDERR_FILE COMMAND...``; its stdout is discarded. A process of its own,
because Linux counts the memory that a parent holds at the start into the child's peak: this one
holds a bare interpreter and nothing else, so that about 9 MiB is the least it can see.
"""

import os
import sys
import time


def main() -> None:
    """Run the command line's command."""
    log, *command = sys.argv[1:]
    actions = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, used = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    code = os.waitstatus_to_exitcode(status)
    print(code, seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


if __name__ == "__main__":
    main()
