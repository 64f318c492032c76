"""What a process does that renders for another one: on this machine (pool.py) or on a cluster (farm.py).

It writes the files and hands back names; the one that asked keeps the manifest.
"""

from __future__ import annotations

import functools
import gc
import threading
from collections.abc import Iterator
from pathlib import Path

from render.backend import start
from render.job import Outcome, render_tasks
from render.plan import Settings, Task
from render.variants import choose

#: Views of a scene that are rendered in one go: each go loads and compiles the scene, and is lost with its worker.
BATCH = 16
#: How often a scene is tried whose process dies. One that dies every time is to blame, not the machine.
ATTEMPTS = 3

#: Dr.Jit is one for a process: a worker that was given several threads renders with one of them at a time.
_one_at_a_time = threading.Lock()


def render_here(directory: Path, tasks: list[Task], settings: Settings, renderer: str) -> Iterator[Outcome]:
    """Render tasks, and enter them nowhere. As `render_tasks`."""
    return render_tasks(directory, tasks, settings, renderer, lambda view: None)


def render_started(directory: Path, tasks: list[Task], settings: Settings, variant: str) -> list[Outcome]:
    """Render tasks in a process that may render for the first time.

    Raises:
        RenderError: the variant does not work here.
        FrameError: a file cannot be written.
    """
    with _one_at_a_time:
        renderer = _started(variant)
        directory.mkdir(parents=True, exist_ok=True)
        return list(render_here(directory, tasks, settings, renderer))


def usable_variant(variant: str) -> str:
    """The variant that `--variant` means on the machine that runs this."""
    return choose(variant).variant


@functools.cache
def _started(variant: str) -> str:
    # For good: a collection in another of this process's threads crashes Dr.Jit (see job.py).
    gc.disable()
    return start(choose(variant))
