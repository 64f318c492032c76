"""Render the tasks into a data set, and take up where an earlier run was killed.

The unit is the view: it counts once its passes are written and its line stands in the manifest, both whole. What was
half done is done again from the same seeds, so the result is the same as if nothing had happened.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from denoise.errors import PairsError, RenderError
from denoise.pairs import (
    PassRecord,
    View,
    append_view,
    check_view,
    file_sha256,
    lines_of_manifest,
    read_manifest,
    rewrite_manifest,
    write_pass,
)
from render.backend import Pass, Scene
from render.plan import SceneEntry, Settings, Task, samples
from render.views import camera_for

#: Passes that may wait to be written: enough to keep the renderer busy, few enough to bound the memory.
_WAITING = 3


@dataclass(frozen=True)
class Rendered:
    """A view is in the data set."""

    view: View
    samples: int


@dataclass(frozen=True)
class Failed:
    """A scene did not load or render; what it had left is skipped."""

    scene: SceneEntry
    message: str
    skipped: tuple[Task, ...]


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
    scenes: dict[Path, str] = {}
    open_tasks = []
    for task in tasks:
        view = views.get(task.name)
        if view is not None:
            path = task.scene.path
            if path not in scenes:
                scenes[path] = file_sha256(path) if path.is_file() else ""  # it says so when its turn comes
            difference = _difference(view, task, settings, scenes[path])
            if difference:
                raise PairsError(
                    f"{directory}: view {view.name} there has {difference}; use the same settings, or another folder"
                )
        if view is None or check_view(view) is not None:
            open_tasks.append(task)
    return open_tasks


def _difference(view: View, task: Task, settings: Settings, scene_sha256: str) -> str:
    """In which setting a view of the data set differs from what is asked for; empty if in none."""
    size = settings.size or task.scene.size
    there_size, max_depth = f"{view.width}x{view.height}", settings.max_depth
    pairs = [
        ("size", there_size, f"{size[0]}x{size[1]}" if size else there_size),
        ("spp", _words(view.requested_spp), _words(task.spp)),
        ("sampler", view.sampler, task.sampler),
        ("max depth", view.max_depth, view.max_depth if max_depth is None else max_depth),
        ("seeds", _words(record.seed for record in view.passes), _words(task.seeds)),
    ]
    for name, there, asked in pairs:
        if there != asked:
            return f"{name} {there} where {asked} is asked for"
    if scene_sha256 and scene_sha256 != view.scene_sha256:
        return f"been rendered from another version of {task.scene.path}"
    return ""


def _words(numbers: Iterable[int | None]) -> str:
    return ",".join(str(number) for number in numbers)


def render_all(directory: Path, tasks: list[Task], settings: Settings, renderer: str) -> Iterator[Rendered | Failed]:
    """Render tasks, scene by scene, writing while the next pass renders.

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
    by_scene: dict[SceneEntry, list[Task]] = {}
    for task in tasks:
        by_scene.setdefault(task.scene, []).append(task)
    # A scene that the garbage collector frees in the writer's thread while the next one renders here crashes Dr.Jit, so
    # it runs between scenes, here, and the writer is given arrays and words only.
    collecting = gc.isenabled()
    gc.disable()
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
    done: deque[Future[Rendered]] = deque()
    try:
        for entry, scene_tasks in by_scene.items():
            left = list(scene_tasks)
            scene = None
            try:
                scene = Scene(entry.path, settings.size or entry.size, settings.samplers(), settings.max_depth)
                for task in scene_tasks:
                    done.append(_render_view(directory, scene, task, settings, renderer, writer))
                    left.pop(0)
                    while done and (done[0].done() or len(done) > 1):
                        yield done.popleft().result()
            except RenderError as error:
                yield Failed(entry, str(error), tuple(left))
            del scene
            gc.collect()
        while done:
            yield done.popleft().result()
    finally:
        writer.shutdown(wait=True, cancel_futures=True)
        if collecting:
            gc.enable()


def _render_view(
    directory: Path, scene: Scene, task: Task, settings: Settings, renderer: str, writer: ThreadPoolExecutor
) -> Future[Rendered]:
    """Render a view's passes; they and the manifest's line are written behind."""
    camera = camera_for(scene, task.index, settings.seed)
    attributes: dict[str, str | int | float] = {
        "render:scene": scene.name,
        "render:view": task.name,
        "render:sampler": task.sampler,
        "render:variant": scene.variant,
        "render:renderer": renderer,
        "render:maxDepth": scene.max_depth,
    }
    records: list[Future[PassRecord]] = []
    nonfinite = 0
    for index, (spp, seed) in enumerate(zip(task.spp, task.seeds, strict=True)):
        if len(records) >= _WAITING:
            records[-_WAITING].result()  # also the place where a full disk stops the rendering
        result = scene.render(camera, task.sampler, spp, seed)
        nonfinite += result.nonfinite
        path = directory / f"{task.name}.{index}.exr"
        header = {**attributes, "render:pass": index, "render:spp": result.spp, "render:seed": str(seed)}
        records.append(writer.submit(_write, path, result, header, seed))

    view = View(
        name=task.name,
        scene=scene.name,
        width=scene.size[0],
        height=scene.size[1],
        passes=(),
        directory=directory,
        split=task.scene.split,
        sampler=task.sampler,
        variant=scene.variant,
        max_depth=scene.max_depth,
        renderer=renderer,
        camera=camera.as_json(),
        nonfinite=nonfinite,
        requested_spp=task.spp,
        scene_sha256=scene.sha256,
    )
    return writer.submit(_finish, view, records)


def _finish(view: View, records: list[Future[PassRecord]]) -> Rendered:
    """The view's passes are written (one thread writes, in order): now its line."""
    view = replace(view, passes=tuple(record.result() for record in records))
    append_view(view.directory, view)
    return Rendered(view, samples((record.spp or 0 for record in view.passes), (view.width, view.height)))


def _write(path: Path, result: Pass, header: dict[str, str | int | float], seed: int) -> PassRecord:
    write_pass(path, result.planes, header)
    return PassRecord(path.name, result.spp, seed, path.stat().st_size, file_sha256(path), round(result.seconds, 4))


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
