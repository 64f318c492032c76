"""The command: `python -m tools.benchmark FOLDER -o OUT`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from denoise import process
from denoise.errors import McdenoiseError

if TYPE_CHECKING:
    from denoise.denoiser import Denoiser
    from tools.benchmark.frames import Case
    from tools.benchmark.outcome import Outcome
    from tools.benchmark.page import Page

_WIDTH = 144
_DESCRIPTION = """Compare the denoiser with Open Image Denoise on a folder of frames.

FOLDER holds shot.16spp.a.exr (and, for both passes, shot.16spp.b.exr) with the halves of the reference, shot.ref1.exr
and shot.ref2.exr. OUT gets index.html to look at, frames.csv, ratios.csv and benchmark.json."""


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.benchmark", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="frames to judge by")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help="folder for the results")
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--device", default="cpu", help="where ours computes (default: cpu, where OIDN does)")
    parser.add_argument("--quality", choices=("default", "best"), default="default", help="of ours (default: default)")
    parser.add_argument("--lossy", action="store_true", help="a smaller page, for many or large frames")
    render = parser.add_argument_group("frames that the repository renders itself")
    render.add_argument(
        "--render", action="store_true", help="first render the scenes into FOLDER, what is missing of them"
    )
    render.add_argument("--split", default="validation", help="of the scenes (default: validation)")
    render.add_argument("--size", metavar="WxH", help="default: each scene's own")
    render.add_argument("--reference-spp", type=int, metavar="N", help="of each half (default: 256)")
    render.add_argument("--aux", choices=("follow", "first-hit"), help="whose albedo and normal (default: follow)")
    speed = parser.add_argument_group("speed and memory")
    speed.add_argument("--speed", type=int, metavar="REPEATS", default=0, help="also time, so many runs of each")
    speed.add_argument("--speed-size", default="1920x1080", metavar="WxH", help="of the frame (default: 1920x1080)")
    speed.add_argument("--no-quality", action="store_true", help="speed alone; without page")
    arguments = parser.parse_args()
    if arguments.no_quality and not arguments.speed:
        parser.error("--no-quality leaves nothing to do; add --speed 5")
    width, _, height = arguments.speed_size.partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        parser.error(f"--speed-size {arguments.speed_size}: give it as 1920x1080")
    arguments.speed_size = int(width), int(height)
    return arguments


def benchmark(arguments: argparse.Namespace, console: Console) -> Outcome:
    """Run what the command line asks for.

    Raises:
        McdenoiseError: a file, a model or a folder that cannot be used.
    """
    process.tune()  # before torch allocates
    from denoise.denoiser import Denoiser
    from tools.benchmark import scenes, speed
    from tools.benchmark.frames import find_cases, load
    from tools.benchmark.outcome import Outcome, describe_machine
    from tools.benchmark.report import print_outcome
    from tools.benchmark.save import make_folder, save

    if arguments.render:
        spp = {"reference_spp": arguments.reference_spp} if arguments.reference_spp else {}
        scenes.render_frames(arguments.folder, console, arguments.split, arguments.size, aux=arguments.aux, **spp)
    cases = find_cases(arguments.folder)
    denoiser = Denoiser(arguments.model, device=arguments.device, quality=arguments.quality)
    make_folder(arguments.output)
    model = {"name": denoiser.model_name, "device": str(denoiser.device), "quality": arguments.quality}
    model |= denoiser.provenance
    outcome = Outcome(str(arguments.folder), model, describe_machine())
    if arguments.speed:
        outcome.speed_size = arguments.speed_size
        planes = speed.timed_frame(load(cases[0]).planes, *arguments.speed_size)
        outcome.filters = speed.time_filters(planes, denoiser, arguments.speed, console)
        words = ("--device", arguments.device, "--quality", arguments.quality)
        words += ("--model", str(arguments.model.resolve())) if arguments.model else ()
        outcome.programs = speed.time_programs(planes, arguments.speed, console, words)
    page = None if arguments.no_quality else _judge(cases, denoiser, outcome, console, arguments.lossy)
    print_outcome(console, outcome)
    save(arguments.output, outcome, page)
    console.print(arguments.output / ("index.html" if page else "benchmark.json"), highlight=False, soft_wrap=True)
    return outcome


def _judge(cases: list[Case], denoiser: Denoiser, outcome: Outcome, console: Console, lossy: bool) -> Page:
    """The quality of all methods on all cases, into the outcome; and their pictures."""
    from tools.benchmark.measure import measure
    from tools.benchmark.methods import methods
    from tools.benchmark.page import Page
    from tools.benchmark.summary import compare, summarise

    chosen = methods(denoiser)
    page = Page(chosen, lossy)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=len(cases) * len(chosen))
        for one in measure(cases, chosen):
            outcome.results.append(one.result)
            page.add(one)
            bar.update(task, advance=1, description=f"{one.case.name}, {one.case.spp} spp: {one.method.name}")
    outcome.summaries = summarise(outcome.results, chosen)
    outcome.ratios = compare(outcome.results, chosen)
    return page


def main() -> None:
    """Run the command."""
    arguments = parse()
    try:
        # into a file, tables keep their width
        benchmark(arguments, Console() if sys.stdout.isatty() else Console(width=_WIDTH))
    except McdenoiseError as error:
        raise SystemExit(f"benchmark: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("benchmark: stopped") from None


if __name__ == "__main__":
    main()
