"""`render-pairs`: render independent noisy passes of scenes, to train on."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from denoise.errors import McdenoiseError, RenderError

if TYPE_CHECKING:
    from denoise.pairs import View
    from render.job import Outcome
    from render.plan import Settings, Spp, Task
    from render.window import Size, Sizes

_SAMPLERS = ["independent", "stratified", "multijitter", "orthogonal", "ldsampler", "random"]
_VARIANTS = ["auto", "cuda_ad_rgb", "llvm_ad_rgb", "scalar_rgb"]


class _Words(click.ParamType):
    """An option's words, read by a function that raises ValueError on what it does not understand."""

    def __init__(self, name: str, module: str, function: str) -> None:
        self.name, self._module, self._function = name, module, function

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        function: Any = importlib.import_module(self._module)
        for name in self._function.split("."):
            function = getattr(function, name)
        try:
            return function(value)
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
@click.option(
    "--seeds",
    type=_Words("A-B", "render.sources", "parse_seeds"),
    help="First and last seed of the procedural scenes, as 0-999.",
)
@click.option("--passes", type=click.IntRange(1, 1000), help="Passes of each view. [default: 2, or the ladder's]")
@click.option(
    "--spp",
    type=_Words("N|A-B|A,B,...", "render.plan", "Spp.parse"),
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
@click.option(
    "--size",
    type=_Words("WxH", "render.window", "Sizes.parse"),
    help="Resolution, or a range of them to draw from for each view (640x480-1920x1080). [default: the scene's]",
)
@click.option(
    "--crop",
    type=_Words("WxH", "render.window", "parse_size"),
    help="Render only such a piece of the frame, at full pixel scale, elsewhere in each view.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of everything random.")
@click.option("--sampler", type=click.Choice(_SAMPLERS), default="independent", help="Random draws one for each view.")
@click.option(
    "--aux",
    type=click.Choice(["follow", "first-hit", "random"]),
    help="Whose albedo and normal: of the first surface that is no mirror and no clear glass, or of the first; random "
    "draws for each view. [default: follow, but first-hit with the scalar variant]",
)
@click.option("--keep-degenerate", is_flag=True, help="Keep views that are black, empty, flat, clean or not finite.")
@click.option(
    "--variant", type=click.Choice(_VARIANTS), default="auto", help="Of Mitsuba; auto takes the fastest that works."
)
@click.option("--max-depth", type=click.IntRange(min=-1), help="Longest path, -1 for unlimited. [default: the scene's]")
@click.option(
    "--split", help="Only scenes that the manifest.json beside them has in this split; procedural scenes are put in it."
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, help="Processes, on this machine.")
@click.option(
    "--shard",
    type=_Words("I/N", "render.plan", "parse_shard"),
    help="Only the I-th of N parts, from 0/N, into a folder of its own in DIR: for job arrays.",
)
@click.option("--scheduler", metavar="ADDRESS", help="Render on a dask.distributed cluster, tcp://host:8786 say.")
@click.option("--dry-run", is_flag=True, help="Say what would be rendered and how long it would take.")
@click.version_option(package_name="mcdenoise")
def main(
    scenes: tuple[str, ...],
    output: Path,
    seeds: tuple[int, int] | None,
    passes: int | None,
    spp: Spp,
    views: int,
    size: Sizes | None,
    crop: Size | None,
    seed: int,
    sampler: str,
    aux: str | None,
    keep_degenerate: bool,
    variant: str,
    max_depth: int | None,
    split: str | None,
    workers: int,
    shard: tuple[int, int] | None,
    scheduler: str | None,
    dry_run: bool,
) -> None:
    """Render independent noisy passes of Mitsuba scenes.

    Each SCENE is an XML file, a folder with a manifest.json that lists some, or procedural:FAMILY with --seeds A-B. The
    passes of a view differ in the seed alone. Each is one EXR with radiance, albedo, normal, depth and variance, listed
    in DIR/manifest.jsonl.

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
        if scheduler is not None and (workers > 1 or dry_run):
            raise click.UsageError("--scheduler renders elsewhere: it goes with neither --workers nor --dry-run")
        from render.plan import Settings

        count = len(spp.ladder) or passes or 2
        settings = Settings(views, count, spp, size, crop, seed, sampler, max_depth, aux, keep_degenerate)
        tasks = _tasks(scenes, seeds, settings, split, shard)
        if shard is not None:
            output = output / f"shard-{shard[0]:04d}-of-{shard[1]:04d}"
        if dry_run:
            sys.exit(_dry_run(tasks, output, settings, variant))
        sys.exit(_run(tasks, output, settings, variant, workers, scheduler))
    except BaseException as error:
        if received:  # whatever it has become on its way, out of the middle of an import, say
            click.echo(f"render-pairs: stopped; the same command goes on where it was in {output}", err=True)
            sys.stderr.flush()
            os._exit(128 + received[0])  # an orderly end aborts if Mitsuba was just being imported
        if isinstance(error, McdenoiseError):
            click.echo(f"render-pairs: {error}", err=True)
            sys.exit(1)
        raise


def _tasks(
    scenes: tuple[str, ...],
    seeds: tuple[int, int] | None,
    settings: Settings,
    split: str | None,
    shard: tuple[int, int] | None,
) -> list[Task]:
    from render.entries import find_scenes
    from render.plan import of_shard, tasks_for

    entries = find_scenes(scenes, split, seeds)
    tasks = [task for entry in entries for task in tasks_for(entry, settings)]
    return tasks if shard is None else of_shard(tasks, shard)


def _run(tasks: list[Task], output: Path, settings: Settings, variant: str, workers: int, scheduler: str | None) -> int:
    """Everything after the words are understood. Returns the exit status."""
    from render.generate import check_aux, locked, missing, tidy

    with locked(output):
        left = missing(output, tasks, settings)
        if not left:
            tidy(output, tasks)
            click.echo(f"render-pairs: all {len(tasks)} views are in {output} already", err=True)
            return 0
        outcomes, variant, workers = _start(output, left, settings, variant, workers, scheduler)
        from render.backend import pick_aux

        check_aux(output, tasks, None if settings.aux else pick_aux(None, variant))
        return _render(output, tasks, left, settings, outcomes, variant, workers)


def _start(
    output: Path, left: list[Task], settings: Settings, variant: str, workers: int, scheduler: str | None
) -> tuple[Iterator[Outcome], str, int]:
    """Where the tasks are rendered: what becomes of them, the variant, and the number of processes."""
    if scheduler is not None:
        from render import farm

        client = farm.connect(scheduler)
        count = farm.workers(client)
        click.echo(f"render-pairs: {scheduler} has {count} workers" + ("" if count else "; waiting for one"), err=True)
        variant = farm.pick_variant(client, variant)
        return farm.render_on_cluster(output, left, settings, client, variant), variant, max(1, count)
    from render.variants import choose

    choice = choose(variant)
    click.echo(f"render-pairs: {choice.notice}", err=True)
    if workers > 1:
        from render.pool import render_in_processes

        return render_in_processes(output, left, settings, choice, workers), choice.variant, workers
    from render.backend import start
    from render.generate import render_all

    return render_all(output, left, settings, start(choice)), choice.variant, 1


def _render(
    output: Path,
    tasks: list[Task],
    left: list[Task],
    settings: Settings,
    outcomes: Iterator[Outcome],
    variant: str,
    workers: int,
) -> int:
    from render import rates
    from render.generate import tidy
    from render.job import Failed
    from render.progress import Progress

    started = time.monotonic()
    views: list[View] = []
    samples = 0
    failed: dict[str, None] = {}
    nonfinite: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    with Progress(left) as progress:
        for outcome in outcomes:
            if isinstance(outcome, Failed):
                failed[outcome.scene.name] = None
                progress.skip(outcome.skipped)
                progress.say(f"render-pairs: {outcome.message}")
                continue
            samples += outcome.samples
            progress.advance(outcome.view, outcome.samples)
            if outcome.view.dropped:
                dropped[outcome.view.dropped] += 1
                continue
            views.append(outcome.view)
            nonfinite[outcome.view.scene] += outcome.view.nonfinite
    tidy(output, tasks)
    seconds = time.monotonic() - started
    for scene, count in nonfinite.items():
        if count:
            what = "pixels" if variant.startswith("scalar") else "samples"
            click.echo(f"render-pairs: {scene}: {count} {what} were NaN or infinite and were left out", err=True)
    rate = rates.measured(views, seconds) if workers == 1 else None
    if rate is not None:
        rates.remember(variant, rate)
    if dropped:
        reasons = ", ".join(f"{count} {reason}" for reason, count in dropped.most_common())
        click.echo(f"render-pairs: {dropped.total()} views dropped: {reasons}", err=True)
    there = f", {len(tasks) - len(left)} were there" if len(left) < len(tasks) else ""
    speed = f" at {samples / seconds / 1e6:.2f} Msamples/s" if samples else ""
    tracing = sum(record.seconds for view in views for record in view.passes) / seconds / workers
    share = f", {tracing:.0%} of the time tracing" if views else ""
    click.echo(f"render-pairs: {len(views)} views in {seconds:.0f} s{speed}{share} into {output}{there}", err=True)
    if failed:
        click.echo(f"render-pairs: failed: {', '.join(failed)}", err=True)
    return 1 if failed else 0


def _dry_run(tasks: list[Task], output: Path, settings: Settings, variant: str) -> int:
    from render.dry_run import foresee
    from render.generate import missing
    from render.variants import choose

    failed = 0
    for line in foresee(tasks, missing(output, tasks, settings), settings, choose(variant)):
        if isinstance(line, RenderError):
            failed += 1
            click.echo(f"render-pairs: {line}", err=True)
        else:
            click.echo(line)
    return 1 if failed else 0


if __name__ == "__main__":
    main()
