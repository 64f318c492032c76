"""`render-pairs`: render independent noisy passes of scenes, to train on."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from denoise.errors import McdenoiseError, RenderError

if TYPE_CHECKING:
    from denoise.pairs import View
    from render.plan import Settings, Spp, Task

_SAMPLERS = ["independent", "stratified", "multijitter", "orthogonal", "ldsampler", "random"]
_VARIANTS = ["auto", "cuda_ad_rgb", "llvm_ad_rgb", "scalar_rgb"]


class _SizeType(click.ParamType):
    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        words = str(value).lower().split("x")
        if len(words) != 2 or not all(
            word.isascii() and word.isdigit() and 1 <= int(word[:6]) <= 32768 for word in words
        ):
            self.fail(f"{value!r} is not like 640x360, with numbers from 1 to 32768", param, ctx)
        return int(words[0]), int(words[1])


class _SppType(click.ParamType):
    name = "N|A-B|A,B,..."

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Spp:
        from render.plan import Spp

        try:
            return value if isinstance(value, Spp) else Spp.parse(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("scenes", metavar="SCENE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Data set to write or go on with.",
)
@click.option("--passes", type=click.IntRange(1, 1000), help="Passes of each view. [default: 2, or the ladder's]")
@click.option(
    "--spp",
    type=_SppType(),
    default="8",
    help="Samples a pixel: a number; a range to draw from for each view, log-uniform (1-64); or a ladder with a number "
    "for each pass (1,1,2,4,8,16).",
)
@click.option(
    "--views",
    type=click.IntRange(1, 10000),
    default=1,
    help="Views of each scene; the first has the scene's own camera.",
)
@click.option("--size", type=_SizeType(), help="Resolution. [default: the scene's]")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of everything random.")
@click.option("--sampler", type=click.Choice(_SAMPLERS), default="independent", help="Random draws one for each view.")
@click.option(
    "--variant", type=click.Choice(_VARIANTS), default="auto", help="Of Mitsuba; auto takes the fastest that works."
)
@click.option("--max-depth", type=click.IntRange(min=-1), help="Longest path, -1 for unlimited. [default: the scene's]")
@click.option("--split", help="Only scenes that the manifest.json beside them has in this split.")
@click.option("--dry-run", is_flag=True, help="Say what would be rendered and how long it would take.")
@click.version_option(package_name="mcdenoise")
def main(
    scenes: tuple[str, ...],
    output: Path,
    passes: int | None,
    spp: Spp,
    views: int,
    size: tuple[int, int] | None,
    seed: int,
    sampler: str,
    variant: str,
    max_depth: int | None,
    split: str | None,
    dry_run: bool,
) -> None:
    """Render independent noisy passes of Mitsuba scenes.

    Each SCENE is an XML file, or a folder with a manifest.json that lists some. The passes of a view differ in the
    seed alone. Each is one EXR with radiance, albedo, normal, depth and variance, listed in DIR/manifest.jsonl.

    Started again after a kill, it renders only what is missing. A scene that fails costs one line on stderr; the
    others are rendered, and the exit status is 1.
    """
    received: list[int] = []

    def interrupt(number: int, _: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    try:
        if spp.ladder and passes not in (None, len(spp.ladder)):
            raise click.UsageError(f"--passes {passes} contradicts the {len(spp.ladder)} passes that --spp names")
        from render.plan import Settings

        settings = Settings(views, len(spp.ladder) or passes or 2, spp, size, seed, sampler, max_depth)
        sys.exit(_run(scenes, output, settings, variant, split, dry_run))
    except BaseException as error:
        if received:  # whatever it has become on its way, out of the middle of an import, say
            click.echo(f"render-pairs: stopped; the same command goes on where it was in {output}", err=True)
            sys.stderr.flush()
            os._exit(128 + received[0])  # an orderly end aborts if Mitsuba was just being imported
        if isinstance(error, McdenoiseError):
            click.echo(f"render-pairs: {error}", err=True)
            sys.exit(1)
        raise


def _run(
    scenes: tuple[str, ...], output: Path, settings: Settings, variant: str, split: str | None, dry_run: bool
) -> int:
    """Everything after the words are understood. Returns the exit status."""
    from render.generate import locked, missing, tidy
    from render.plan import find_scenes, tasks_for
    from render.variants import choose

    entries = find_scenes(scenes, split)
    tasks = [task for entry in entries for task in tasks_for(entry, settings)]
    if dry_run:
        return _dry_run(tasks, missing(output, tasks, settings), settings, variant)
    with locked(output):
        left = missing(output, tasks, settings)
        if not left:
            tidy(output, tasks)
            click.echo(f"render-pairs: all {len(tasks)} views are in {output} already", err=True)
            return 0
        choice = choose(variant)
        click.echo(f"render-pairs: {choice.notice}", err=True)
        from render.backend import start

        return _render(output, tasks, left, settings, start(choice), choice.variant)


def _render(output: Path, tasks: list[Task], left: list[Task], settings: Settings, renderer: str, variant: str) -> int:
    from render import rates
    from render.generate import Failed, render_all, tidy
    from render.progress import Progress

    started = time.monotonic()
    views: list[View] = []
    samples = 0
    failed = []
    nonfinite: Counter[str] = Counter()
    with Progress(left, settings) as progress:
        for event in render_all(output, left, settings, renderer):
            if isinstance(event, Failed):
                failed.append(event.scene.name)
                progress.skip(event.skipped)
                progress.say(f"render-pairs: {event.message}")
                continue
            views.append(event.view)
            samples += event.samples
            nonfinite[event.view.scene] += event.view.nonfinite
            progress.advance(event.view, event.samples)
    tidy(output, tasks)
    seconds = time.monotonic() - started
    for scene, count in nonfinite.items():
        if count:
            what = "pixels" if variant.startswith("scalar") else "samples"
            click.echo(f"render-pairs: {scene}: {count} {what} were NaN or infinite and were left out", err=True)
    rate = rates.measured(views, seconds)
    if rate is not None:
        rates.remember(variant, rate)
    there = f", {len(tasks) - len(left)} were there" if len(left) < len(tasks) else ""
    speed = f" at {samples / seconds / 1e6:.2f} Msamples/s" if samples else ""
    click.echo(f"render-pairs: {len(views)} views in {seconds:.0f} s{speed} into {output}{there}", err=True)
    if failed:
        click.echo(f"render-pairs: failed: {', '.join(failed)}", err=True)
    return 1 if failed else 0


def _dry_run(tasks: list[Task], left: list[Task], settings: Settings, variant: str) -> int:
    from render import rates
    from render.backend import Scene, start
    from render.plan import samples
    from render.variants import choose

    choice = choose(variant)
    start(choice)
    total, views, failed = 0, 0, 0
    by_scene: dict[str, list[Task]] = {}
    for task in tasks:
        by_scene.setdefault(task.scene.name, []).append(task)
    waiting = {task.name for task in left}
    first: Scene | None = None
    for name, scene_tasks in by_scene.items():
        entry = scene_tasks[0].scene
        try:
            scene = Scene(entry.path, settings.size or entry.size, settings.samplers(), settings.max_depth)
        except RenderError as error:
            click.echo(f"render-pairs: {error}", err=True)
            failed += 1
            continue
        todo = [task for task in scene_tasks if task.name in waiting]
        count = sum(samples(task.spp, scene.size) for task in todo)
        first, total, views = first or scene, total + count, views + len(todo)
        spread = sorted({spp for task in scene_tasks for spp in task.spp})
        numbers = f"{spread[0]}" if len(spread) == 1 else f"{spread[0]} to {spread[-1]}"
        there = len(scene_tasks) - len(todo)
        click.echo(
            f"{name}: {len(todo)} views of {len(scene_tasks[0].spp)} passes at {scene.size[0]}x{scene.size[1]}, "
            f"{numbers} spp, {count / 1e6:.2f} Msamples" + (f"; {there} views are there" if there else "")
        )
    click.echo(f"total: {views} views, {total / 1e6:.2f} Msamples; {choice.notice}")
    rate = rates.remembered(choice.variant)
    source = "the rate remembered from the last run"
    if rate is None and first is not None and total:
        compiled, again = (first.render(first.camera, first.samplers[0], 2, 0) for _ in range(2))
        rate = rates.Rate(samples([again.spp], first.size) / again.seconds, compiled.seconds)
        source = f"the rate just measured on {first.name}"
    if rate is not None:
        seconds = rate.estimate(total, len({task.scene for task in left}) - failed)
        speed = rate.samples_per_second / 1e6
        click.echo(f"time: about {duration(seconds)}, by {source} ({speed:.2f} Msamples/s)")
    return 1 if failed else 0


def duration(seconds: float) -> str:
    """Seconds as people say it: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
