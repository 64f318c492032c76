"""Render the tasks into a data set, and take up where an earlier run was killed.

The unit is the view: it counts once its passes are written and its line stands in the manifest, both whole. What was
half done is done again from the same seeds, so the result is the same as if nothing had happened.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from denoise.errors import PairsError
from denoise.pairs import View, append_view, check_view, lines_of_manifest, read_manifest, rewrite_manifest
from render.job import Outcome, render_tasks
from render.plan import Settings, Task
from render.sources import Source, digest


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Make the folder and hold it for this process, and clear away what a killed one was writing.

    Raises:
        PairsError: it cannot be made, or another process holds it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = open(directory / ".lock", "a+b")
    except OSError as error:
        raise PairsError(f"{directory}: cannot be made or written: {error.strerror}") from error
    with lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # Windows: two processes at once are the user's to avoid
            pass
        except BlockingIOError:
            raise PairsError(
                f"{directory}: another render-pairs is writing there; wait for it, or take another folder"
            ) from None
        except OSError:  # a network file system without locks
            pass
        for leftover in directory.glob(".mcdenoise-*"):
            leftover.unlink(missing_ok=True)
        yield


def missing(directory: Path, tasks: list[Task], settings: Settings) -> list[Task]:
    """The tasks whose view is not whole in the data set yet.

    Raises:
        PairsError: the data set has a view of the same name that was rendered with other settings, or its manifest
            is broken.
    """
    views = {view.name: view for view in read_manifest(directory)}
    versions: dict[Source, str] = {}
    open_tasks = []
    for task in tasks:
        view = views.get(task.name)
        if view is not None:
            source = task.scene.source
            if source not in versions:
                versions[source] = _version(source)
            difference = _difference(view, task, settings, versions[source])
            if difference:
                raise PairsError(
                    f"{directory}: view {view.name} there has {difference}; use the same settings, or another folder"
                )
        if view is None or (view.dropped and settings.keep) or check_view(view) is not None:
            open_tasks.append(task)
    return open_tasks


def check_aux(directory: Path, tasks: list[Task], aux: str | None) -> None:
    """See that views that are there have the albedo and normal that the variant would now give new ones.

    Args:
        directory: of the data set.
        tasks: all that are asked for.
        aux: `follow` or `first-hit`, as the variant has it; None where each view says for itself.

    Raises:
        PairsError: they have not.
    """
    names = {task.name for task in tasks}
    for view in read_manifest(directory):
        if aux is not None and view.name in names and (view.aux or "first-hit") != aux:
            raise PairsError(
                f"{directory}: view {view.name} there has albedo and normal by {view.aux or 'first-hit'}, and this "
                f"variant's are by {aux}; add --aux {view.aux or 'first-hit'}, or take another folder"
            )


def _version(source: Source) -> str:
    """What tells one version of a scene from another; empty if it cannot be read, which it says when its turn comes."""
    try:
        return digest(source)
    except OSError:
        return ""


def _difference(view: View, task: Task, settings: Settings, scene_sha256: str) -> str:
    """In which setting a view of the data set differs from what is asked for; empty if in none."""
    size, max_depth = task.size((view.width, view.height)), settings.max_depth
    frame = tuple(view.window.get("frame", (view.width, view.height)))
    pairs = [
        ("size", f"{view.width}x{view.height}", f"{size[0]}x{size[1]}"),
        ("frame", _words(frame), _words(task.frame or frame)),
        ("spp", _words(view.requested_spp), _words(task.spp)),
        ("sampler", view.sampler, task.sampler),
        ("max depth", view.max_depth, view.max_depth if max_depth is None else max_depth),
        ("seeds", _words(record.seed for record in view.passes), _words(task.seeds if view.passes else ())),
        ("aux", view.aux or "first-hit", task.aux or view.aux or "first-hit"),
    ]
    for name, there, asked in pairs:
        if there != asked:
            return f"{name} {there} where {asked} is asked for"
    if scene_sha256 and scene_sha256 != view.scene_sha256:
        return f"been rendered from another version of {task.scene.source}"
    return ""


def _words(numbers: Iterable[int | None]) -> str:
    return ",".join(str(number) for number in numbers)


def render_all(directory: Path, tasks: list[Task], settings: Settings, renderer: str) -> Iterator[Outcome]:
    """Render tasks in this process.

    Args:
        directory: of the data set, `locked`.
        tasks: what `missing` left.
        settings: they were made with.
        renderer: name and version, for the records.

    Yields:
        What became of each view, and each scene that failed.

    Raises:
        FrameError: a pass cannot be written (the disk is full, say).
        PairsError: the manifest cannot be written.
    """
    return render_tasks(directory, tasks, settings, renderer, functools.partial(append_view, directory))


def tidy(directory: Path, tasks: list[Task]) -> None:
    """Give the manifest one line a view in the order of the tasks, others behind; a resumed run leaves it otherwise.

    Raises:
        PairsError: it cannot be read or written.
    """
    order = {task.name: number for number, task in enumerate(tasks)}
    views = read_manifest(directory)
    wanted = sorted(views, key=lambda view: order.get(view.name, len(order)))
    if wanted != views or len(views) != lines_of_manifest(directory):
        rewrite_manifest(directory, wanted)
