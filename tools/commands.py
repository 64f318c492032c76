"""The project's own commands, run from a tool and shown as a user would type them."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time

from rich.console import Console

_MODULES = {"render-pairs": "render.cli", "mcdenoise": "denoise.cli"}


def run(console: Console, command: str, *arguments: object) -> float:
    """Run a command to its end, with this Python.

    Args:
        console: where the command line is shown.
        command: a key of `_MODULES`.
        arguments: its arguments.

    Returns:
        Wall time in seconds, the start of the program included.

    Raises:
        SystemExit: the command failed; it has said why.
    """
    words = [str(argument) for argument in arguments]
    console.print(f"$ {shlex.join([command, *words])}", markup=False, highlight=False, style="bold", soft_wrap=True)
    started = time.perf_counter()
    status = subprocess.run([sys.executable, "-m", _MODULES[command], *words], check=False).returncode
    if status:
        raise SystemExit(status)
    return time.perf_counter() - started
