"""Runs a program and prints what it took, as one line of JSON.

    python child.py PROGRAM ARGUMENT...

A process between the measured one and us: Linux counts as a child's peak memory also that of the process it was started
from, so a program started from one that holds gigabytes would seem to need gigabytes.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    """Run the program."""
    command = sys.argv[1:]
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(child, 0)
    taken = {
        "status": os.waitstatus_to_exitcode(status),
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),  # bytes
    }
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
