"""Render in several processes of this machine.

Where pictures are small, one process leaves cores idle while it loads and compiles a scene, which one core does; as
many processes as cores, with a thread each, do not. Each has a pipe of its own, so that it is known what a process had
in hand that died, and that alone is done again.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from denoise.errors import McdenoiseError
from denoise.pairs import append_view
from render.backend import start
from render.job import Failed, Outcome, Rendered
from render.plan import Settings, Task, by_scene
from render.variants import Choice
from render.work import ATTEMPTS, BATCH, render_here


@dataclass
class _Batch:
    """Tasks of one scene, and how often a process died over them."""

    tasks: list[Task]
    attempts: int = 0


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    batch: _Batch | None = field(default=None)


def render_in_processes(
    directory: Path, tasks: list[Task], settings: Settings, choice: Choice, workers: int
) -> Iterator[Outcome]:
    """Render tasks in `workers` processes, and enter the views in the manifest.

    Args:
        directory: of the data set, locked by this process.
        tasks: what to render.
        settings: they were made with.
        choice: of variant.
        workers: processes; the cores are divided among them.

    Yields:
        What became of each view, and each scene that failed.

    Raises:
        FrameError: a pass cannot be written (the disk is full, say).
        PairsError: the manifest cannot be written.
        RenderError: the variant does not start.
    """
    waiting = deque(_Batch(group) for group in by_scene(tasks, BATCH))
    threads = max(1, (os.cpu_count() or 1) // workers)
    crew: list[_Worker] = []
    try:
        crew += [_hire(directory, settings, choice, threads) for _ in range(min(workers, len(waiting)))]
        for worker in crew:
            _hand(worker, waiting)
        while busy := {worker.pipe: worker for worker in crew if worker.batch}:
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # type: ignore[index]  # `wait` gives back what it was given
                assert worker.batch is not None
                try:
                    said = worker.pipe.recv()
                except (EOFError, OSError):  # it died
                    worker.process.join()
                    worker.batch.attempts += 1
                    if worker.batch.attempts < ATTEMPTS:
                        waiting.append(worker.batch)
                    else:
                        yield _gave_up(worker)
                    crew.remove(worker)
                    if waiting:
                        crew.append(_hire(directory, settings, choice, threads))
                        _hand(crew[-1], waiting)
                    continue
                if said is None:
                    _hand(worker, waiting)
                elif isinstance(said, BaseException):
                    raise said
                else:
                    _strike(worker.batch, said)
                    if isinstance(said, Rendered):
                        append_view(directory, said.view)
                    yield said
    finally:
        for worker in crew:
            worker.process.kill()
            worker.process.join()


def _hire(directory: Path, settings: Settings, choice: Choice, threads: int) -> _Worker:
    context = multiprocessing.get_context("spawn")  # a fork would share Dr.Jit's threads, which it does not have
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, directory, settings, choice, threads), daemon=True)
    process.start()
    theirs.close()  # or the end of the process would not be the end of the pipe
    return _Worker(process, ours)


def _hand(worker: _Worker, waiting: deque[_Batch]) -> None:
    """Give a worker its next batch, if there is one."""
    worker.batch = waiting.popleft() if waiting else None
    if worker.batch:
        try:
            worker.pipe.send(worker.batch.tasks)
        except OSError:  # it died; its pipe says so when it is read
            pass


def _strike(batch: _Batch, outcome: Outcome) -> None:
    """Take out of a batch what need not be done again if its process dies now."""
    done = {task.name for task in outcome.skipped} if isinstance(outcome, Failed) else {outcome.view.name}
    batch.tasks = [task for task in batch.tasks if task.name not in done]


def _gave_up(worker: _Worker) -> Failed:
    assert worker.batch is not None
    entry, code = worker.batch.tasks[0].scene, worker.process.exitcode
    how = f"signal {-code}" if code is not None and code < 0 else f"exit status {code}"
    return Failed(
        entry, f"{entry.source}: the process that rendered it died {ATTEMPTS} times ({how}); is there memory enough?",
        tuple(worker.batch.tasks),
    )  # fmt: skip


def _serve(pipe: Connection, directory: Path, settings: Settings, choice: Choice, threads: int) -> None:
    """The life of a worker: batches in, outcomes out, None at the end of each batch."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C goes to all; the first process sees to it
    try:
        renderer = start(choice, threads)
        while True:
            for outcome in render_here(directory, pipe.recv(), settings, renderer):
                pipe.send(outcome)
            pipe.send(None)
    except McdenoiseError as error:
        pipe.send(error)
    except (EOFError, BrokenPipeError):  # the first process is gone
        pass
