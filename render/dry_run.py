"""What a run of render-pairs would render, and how long it would take."""

from __future__ import annotations

from collections.abc import Iterator

from denoise.errors import RenderError
from render import rates
from render.backend import Scene, start
from render.plan import Settings, Task, samples
from render.sources import Procedural
from render.variants import Choice


def foresee(tasks: list[Task], left: list[Task], settings: Settings, choice: Choice) -> Iterator[str | RenderError]:
    """Load the scenes and tell what is to be done with them; of a family one scene, whatever the number of seeds.

    Args:
        tasks: all that are asked for.
        left: those of them that are not there yet.
        settings: they were made with.
        choice: of variant.

    Yields:
        A line for each scene or family, or why it does not load; the sum; the time.
    """
    start(choice)
    total, views, failed = 0, 0, 0
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        source = task.scene.source
        name = f"procedural:{source.family}" if isinstance(source, Procedural) else task.scene.name
        groups.setdefault(name, []).append(task)
    waiting = {task.name for task in left}
    first: Scene | None = None
    for name, group in groups.items():
        try:
            scene = Scene(group[0].scene.source, group[0].frame, settings.samplers(), settings.max_depth)
        except RenderError as error:
            yield error
            failed += 1
            continue
        todo = [task for task in group if task.name in waiting]
        count = sum(samples(task.spp, task.size(scene.size)) for task in todo)
        first, total, views = first or scene, total + count, views + len(todo)
        spread = sorted({spp for task in group for spp in task.spp})
        numbers = f"{spread[0]}" if len(spread) == 1 else f"{spread[0]} to {spread[-1]}"
        sizes = sorted({task.size(scene.size) for task in group})
        size = " to ".join(f"{width}x{height}" for width, height in dict.fromkeys((sizes[0], sizes[-1])))
        there = f"; {len(group) - len(todo)} views are there" if len(todo) < len(group) else ""
        what = f"{len(todo)} views of {len(group[0].spp)} passes at {size}, {numbers} spp"
        yield f"{name}: {what}, {count / 1e6:.2f} Msamples{there}"
    yield f"total: {views} views, {total / 1e6:.2f} Msamples; {choice.notice}"
    rate = rates.remembered(choice.variant)
    origin = "the rate remembered from the last run"
    if rate is None and first is not None and total:
        compiled, again = (first.render(first.camera, first.samplers[0], 2, 0) for _ in range(2))
        rate = rates.Rate(samples([again.spp], first.size) / again.seconds, compiled.seconds)
        origin = f"the rate just measured on {first.name}"
    if rate is not None:
        seconds = rate.estimate(total, len({task.scene for task in left}) - failed)
        yield f"time: about {duration(seconds)}, by {origin} ({rate.samples_per_second / 1e6:.2f} Msamples/s)"


def duration(seconds: float) -> str:
    """Seconds as people say it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
