"""`mcdenoise`: denoise rendered EXR frames."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from denoise.errors import FrameError, McdenoiseError

if TYPE_CHECKING:
    from denoise.denoiser import Denoiser
    from denoise.frame import Frame

Job = tuple[Path, Path]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("frames", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FRAME.exr...")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="Output file; with several frames (or a trailing slash) a folder, made if missing, in which each frame "
    "keeps its name. Default: FRAME.denoised.exr beside each frame.",
)
@click.option("--model", type=click.Path(path_type=Path), help="Model file that train-denoiser made. Default: ours.")
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to compute.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads. Default: all.")
@click.option(
    "--tile",
    type=click.IntRange(min=0),
    metavar="N",
    help="Denoise in tiles of N pixels, to bound memory; 0 for none. Default: by the size of the frame.",
)
@click.option("--png", is_flag=True, help="Also write a tone-mapped PNG beside each output.")
@click.option("--overwrite", is_flag=True, help="Allow an output that is its own input.")
@click.option("--force", is_flag=True, help="Denoise frames again that mcdenoise made.")
@click.option("-v", "--verbose", is_flag=True, help="Say which channels were used and how long it took.")
@click.version_option(package_name="mcdenoise")
def main(
    frames: tuple[Path, ...],
    output: str | None,
    model: Path | None,
    device: str,
    threads: int | None,
    tile: int | None,
    png: bool,
    overwrite: bool,
    force: bool,
    verbose: bool,
) -> None:
    """Denoise rendered frames.

    Finds the beauty and its albedo, normal and variance in each FRAME.exr, denoises the beauty and writes the
    file again with all else as it was. Existing outputs are replaced, whole or not at all; a frame is replaced
    by its own output only with --overwrite.

    A frame that cannot be denoised costs one line on stderr; the others are done, and the exit status is 1.
    """
    jobs = plan(frames, output, overwrite)
    # A farm ends a task with SIGTERM: unwind, so that no temporary file is left behind.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    click.get_current_context().call_on_close(lambda: signal.signal(signal.SIGTERM, before))
    load = _loader(model, device, threads, tile)
    failed = 0
    with _progress(len(jobs)) as advance:
        for source, target in jobs:
            advance(source.name)
            try:
                line = _denoise_file(source, target, load, png, force, verbose)
            except _Unusable as error:
                raise SystemExit(_fail(str(error))) from error
            except FrameError as error:
                message = str(error)
                failed += _fail(message if str(source) in message or str(target) in message else f"{source}: {message}")
            except Exception as error:
                # A farm's batch goes on whatever happens to one frame.
                failed += _fail(f"{source}: {_explained(error)}")
                if verbose:
                    traceback.print_exc()
            else:
                print(line, flush=True)
    if failed:
        if len(jobs) > 1:
            _fail(f"{failed} of {len(jobs)} frames failed, {len(jobs) - failed} written")
        sys.exit(1)


def plan(frames: tuple[Path, ...], output: str | None, overwrite: bool) -> list[Job]:
    """The output of each frame; `output` is as given with -o.

    Raises:
        click.UsageError: if an output would be lost: two frames with one output, an output that is a frame.
    """
    if output is None:
        jobs = [(frame, frame.with_name(f"{frame.stem}.denoised.exr")) for frame in frames]
    elif len(frames) > 1 or os.path.isdir(output) or output.endswith(("/", os.sep)):
        if os.path.exists(output) and not os.path.isdir(output):
            raise click.UsageError(f"-o {output}: with {len(frames)} frames it must be a folder, and it is a file")
        jobs = [(frame, Path(output, frame.name)) for frame in frames]
    else:
        jobs = [(frames[0], Path(output))]
    inputs = {os.path.realpath(frame) for frame in frames}
    outputs: dict[str, Path] = {}
    for source, target in jobs:
        real = os.path.realpath(target)
        if real in outputs:
            raise click.UsageError(f"{outputs[real]} and {source} would both be written to {target}")
        if real == os.path.realpath(source):
            if not overwrite:
                raise click.UsageError(f"{target} is the input; use --overwrite to replace it")
        elif real in inputs:
            raise click.UsageError(f"the output of {source} would replace the input {target}; leave one out")
        outputs[real] = source
    return jobs


def _denoise_file(
    source: Path, target: Path, load: Callable[[], Denoiser], png: bool, force: bool, verbose: bool
) -> str:
    """One frame from file to file; returns the line to report."""
    from denoise.exr import read_frame, write_frame
    from denoise.roles import find_all_roles, find_roles

    times = [time.perf_counter()]
    with _quiet_library(unless=verbose):
        frame = read_frame(source)
    if not force and any("mcdenoise:version" in frame.parts[roles.part].header for roles in find_all_roles(frame)):
        raise FrameError(f"{source}: was already denoised by mcdenoise; give the rendered frame, or use --force")
    times.append(time.perf_counter())
    denoiser = load()
    times.append(time.perf_counter())
    clean, reports = denoiser.denoise_frame(frame)
    times.append(time.perf_counter())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FrameError(f"{target}: its folder cannot be made: {error.strerror}") from error
    write_frame(target, clean)
    if png:
        from denoise.preview import tone_map, write_png

        roles = find_roles(clean)
        write_png(target.with_suffix(".png"), tone_map(clean.parts[roles.part].stack(roles.targets[0])))
    times.append(time.perf_counter())
    read, loaded, denoised, written = (b - a for a, b in zip(times, times[1:], strict=False))
    line = f"{source} -> {target}  {read + denoised + written:.2f} s"
    for report in reports:
        if report.repairs.total:
            line += f"\n  {report.layer or 'beauty'}: {report.repairs.total} bad pixels repaired ({report.repairs})"
    if verbose:
        line += "".join(f"\n  {detail}" for detail in _details(frame, clean))
        line += f"\n  seconds: read {read:.2f}, load model {loaded:.2f}, denoise {denoised:.2f}, write {written:.2f}"
    return line


def _details(frame: Frame, clean: Frame) -> Iterator[str]:
    """What was used and what was done, for -v."""
    from denoise.roles import find_all_roles

    for roles in find_all_roles(frame):
        yield f"part {roles.part}, named as by {roles.renderer}"
        for role in ("beauty", "albedo", "normal", "variance"):
            names = getattr(roles, role)
            yield f"  {role}: {' '.join(names) if names else 'none'}"
        yield f"  replaced: {', '.join(' '.join(names) for names in roles.targets)}"
        before = frame.parts[roles.part].header
        for name, value in clean.parts[roles.part].header.items():
            if name.startswith("mcdenoise:") and name not in before:
                yield f"  {name}: {value}"


class _Unusable(Exception):
    """The model or the device cannot be used: no frame can be done."""


def _loader(model: Path | None, device: str, threads: int | None, tile: int | None) -> Callable[[], Denoiser]:
    """Loads the model at the first call, so that a mistyped frame is told of at once."""
    loaded: list[Denoiser] = []

    def load() -> Denoiser:
        if not loaded:
            from denoise import exr, process

            process.tune()  # before torch allocates
            from denoise.denoiser import Denoiser

            exr.use_threads(threads or os.cpu_count() or 1)
            try:
                loaded.append(Denoiser(model, device=device, threads=threads, tile=tile))
            except McdenoiseError as error:
                raise _Unusable(error) from error
        return loaded[0]

    return load


def _explained(error: Exception) -> str:
    """One line for an error that is not ours."""
    text = " ".join(str(error).split())
    if isinstance(error, MemoryError) or "out of memory" in text.lower() or "can't allocate memory" in text.lower():
        return "out of memory; use --tile 512, or a smaller number"
    return f"unexpected {type(error).__name__}: {text}; run it with -v and report it"


def _fail(message: str) -> int:
    # Not click.echo: it writes past the progress bar, through the middle of it.
    print(f"mcdenoise: {message}", file=sys.stderr, flush=True)
    return 1


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str], None]]:
    """A progress bar on a terminal, nothing elsewhere; the function given is called as each frame begins."""
    if not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # Lines for stdout go through the bar's console only where both are the terminal, and else to their file.
    with Progress(
        *columns, console=Console(stderr=True), transient=True, redirect_stdout=sys.stdout.isatty()
    ) as progress:
        task = progress.add_task("", total=total)
        begun = 0

        def advance(name: str) -> None:
            nonlocal begun
            progress.update(task, description=name, completed=begun)
            begun += 1

        yield advance


@contextmanager
def _quiet_library(unless: bool) -> Iterator[None]:
    """Silence what the OpenEXR library prints to the process's stderr about a corrupt file; our error says it."""
    if unless:
        yield
        return
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


if __name__ == "__main__":
    main()
