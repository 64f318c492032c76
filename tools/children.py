"""Processes that work for this one, at the priority it gives them, and that end when it does.

A tool that runs for hours may be killed outright. What it started must not go on behind the back of the next run: the
system ends a child with its parent (on Linux), and each child holds the parent's lock until it is gone.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from denoise.errors import TrainingError

_PATIENCE = 60.0  # seconds for a child to save what it has
#: Asks for SIGTERM at the parent's death, then becomes the command.
_RUNNER = """
import ctypes, os, sys
parent, nice, *command = sys.argv[1:]
if hasattr(ctypes.CDLL(None), "prctl"):
    ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
if os.getppid() != int(parent):
    sys.exit(1)
os.nice(int(nice))
os.execv(sys.executable, [sys.executable, *command])
"""


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Make a folder and hold it for this process and its children, once those of an earlier run are gone.

    Yields:
        The descriptor of the lock, for `start`.

    Raises:
        TrainingError: another run is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "a+b") as lock:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TrainingError(f"{folder}: another run is at work there; wait for it, or stop it") from None
                time.sleep(0.2)
        yield lock.fileno()


def start(
    command: Sequence[object],
    lock: int,
    nice: int = 0,
    environment: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start this Python with a command line.

    Args:
        command: what stands behind `python`.
        lock: descriptor of the lock to hold.
        nice: how much lower than this process's its priority shall be.
        environment: what to add to this process's.
        output: where its stdout and stderr go; None for this process's.
    """
    words = [sys.executable, "-c", _RUNNER, str(os.getpid()), str(nice), *map(str, command)]
    environ = {**os.environ, **(environment or {})}
    return subprocess.Popen(words, env=environ, stdout=output, stderr=output, pass_fds=[lock])


def stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask processes to end, all at once, and wait until they have; those that do not are killed."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + _PATIENCE
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
