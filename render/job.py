"""Render views into files, one scene after the other: what a process does, be it the only one or one of many.

The unit is the view. Its passes are written here, each whole or not at all; who listens enters it in the manifest, and
then it counts. The same task gives the same bytes wherever it is done.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from denoise.errors import RenderError
from denoise.pairs import PassRecord, View, file_sha256, write_pass
from render.backend import Pass, Scene, pick_aux
from render.entries import SceneEntry
from render.plan import Settings, Task, by_scene
from render.quality import degenerate
from render.sources import Procedural, family_digest
from render.views import camera_for
from render.window import Window

#: Passes that may wait to be written: enough to keep the renderer busy, few enough to bound the memory.
_WAITING = 3


@dataclass(frozen=True)
class Rendered:
    """A view's files are written; one that was dropped as degenerate has none, and `view.dropped` says why."""

    view: View
    samples: int


@dataclass(frozen=True)
class Failed:
    """A scene did not load or render; what it had left is skipped."""

    scene: SceneEntry
    message: str
    skipped: tuple[Task, ...]


Outcome = Rendered | Failed


def render_tasks(
    directory: Path, tasks: list[Task], settings: Settings, renderer: str, enter: Callable[[View], None]
) -> Iterator[Outcome]:
    """Render tasks, scene by scene, writing while the next pass renders.

    Args:
        directory: where the files go.
        tasks: what to render.
        settings: they were made with.
        renderer: name and version, for the records.
        enter: called with each view once its files are whole, in the writer's thread.

    Yields:
        What became of each view, and each scene that failed.

    Raises:
        FrameError: a pass cannot be written (the disk is full, say).
    """
    # A scene that the garbage collector frees in the writer's thread while the next one renders here crashes Dr.Jit, so
    # it runs between scenes, here, and the writer is given arrays and words only.
    collecting = gc.isenabled()
    gc.disable()
    writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
    done: deque[Future[Rendered]] = deque()
    try:
        for group in by_scene(tasks):
            entry, left = group[0].scene, list(group)
            scene = None
            try:
                scene = Scene(entry.source, group[0].frame, settings.samplers(), settings.max_depth)
                for task in group:
                    done.append(_render_view(directory, scene, task, settings, renderer, writer, enter))
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
    directory: Path,
    scene: Scene,
    task: Task,
    settings: Settings,
    renderer: str,
    writer: ThreadPoolExecutor,
    enter: Callable[[View], None],
) -> Future[Rendered]:
    """Render a view's passes; they are written behind, and then the view is entered."""
    window, camera = task.window(scene.size), camera_for(scene, task.index, settings.seed)
    view = View(
        name=task.name,
        scene=scene.name,
        width=window.size[0],
        height=window.size[1],
        passes=(),
        directory=directory,
        split=task.scene.split,
        sampler=task.sampler,
        variant=scene.variant,
        max_depth=scene.max_depth,
        renderer=renderer,
        camera=camera.as_json(),
        requested_spp=task.spp,
        scene_sha256=scene.sha256,
        aux=pick_aux(task.aux, scene.variant),
        window=window.as_json(),
        **_provenance(scene),
    )

    def render(index: int) -> Pass:
        return scene.render(camera, task.sampler, task.spp[index], task.seeds[index], window, view.aux)

    # The two cheapest passes say whether the others are worth their time.
    first = sorted(range(len(task.spp)), key=lambda index: task.spp[index])[:2]
    early = {index: render(index) for index in first}
    dropped = "" if settings.keep or len(first) < 2 else _degenerate([early[index] for index in first], window)
    nonfinite = sum(result.nonfinite for result in early.values())
    records: list[Future[PassRecord]] = []
    for index in range(len(task.spp) if not dropped else 0):
        if len(records) >= _WAITING:
            records[-_WAITING].result()  # also the place where a full disk stops the rendering
        result = early.pop(index) if index in early else render(index)
        nonfinite += 0 if index in first else result.nonfinite
        records.append(writer.submit(_write, view, index, result, task.seeds[index]))
    view = replace(view, nonfinite=nonfinite, dropped=dropped)
    return writer.submit(_finish, view, records, window.pixels * sum(result.spp for result in early.values()), enter)


def _degenerate(results: list[Pass], window: Window) -> str:
    a, b = results
    nonfinite = (a.nonfinite + b.nonfinite) / (window.pixels * (a.spp + b.spp))
    return degenerate(a.planes, b.planes, (a.spp, b.spp), nonfinite)


def _provenance(scene: Scene) -> dict[str, Any]:
    """What the manifest says of a procedural scene, beside `scene_sha256`, to make it again."""
    if not isinstance(scene.source, Procedural):
        return {}
    family = scene.source.family
    return {"family": family, "scene_seed": scene.source.seed, "family_sha256": family_digest(family)}


def _write(view: View, index: int, result: Pass, seed: int) -> PassRecord:
    attributes: dict[str, str | int | float] = {
        "render:scene": view.scene,
        "render:view": view.name,
        "render:sampler": view.sampler,
        "render:variant": view.variant,
        "render:renderer": view.renderer,
        "render:maxDepth": view.max_depth if view.max_depth is not None else -1,
        "render:aux": view.aux,
        "render:pass": index,
        "render:spp": result.spp,
        "render:seed": str(seed),
    }
    path = view.directory / f"{view.name}.{index}.exr"
    write_pass(path, result.planes, attributes)
    return PassRecord(path.name, result.spp, seed, path.stat().st_size, file_sha256(path), round(result.seconds, 4))


def _finish(view: View, records: list[Future[PassRecord]], unwritten: int, enter: Callable[[View], None]) -> Rendered:
    """The view's passes are written (one thread writes, in order): now it counts."""
    view = replace(view, passes=tuple(record.result() for record in records))
    enter(view)
    return Rendered(view, unwritten + view.width * view.height * sum(record.spp or 0 for record in view.passes))
