"""`mcdenoise`: denoise rendered EXR frames."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from denoise.console import progress, quiet_library
from denoise.errors import FrameError, McdenoiseError

if TYPE_CHECKING:
    from denoise.denoiser import Denoiser

Job = tuple[Path, Path]

#: What --map can name; `conventions.ROLES`, without the time that its import takes.
_MAPPED = ("beauty", "alpha", "albedo", "normal", "depth", "variance")


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
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16", "int8"]),
    default="auto",
    show_default=True,
    help="Of the network's convolutions; auto takes the fastest on this machine.",
)
@click.option(
    "--quality",
    type=click.Choice(["default", "best"]),
    default="default",
    show_default=True,
    help="Best looks at the frame in four ways, which takes four to five times as long.",
)
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads. Default: all.")
@click.option(
    "--tile",
    type=click.IntRange(min=0),
    metavar="N",
    help="Denoise in tiles of N pixels, to bound memory; 0 for none. Default: by the size of the frame.",
)
@click.option(
    "--inspect",
    is_flag=True,
    help="Write nothing: say what each frame holds, why, what would be denoised and what left alone.",
)
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="ROLE=LAYER",
    help="Take this layer, or these channels (R,G,B), as beauty, alpha, albedo, normal, depth or variance. Repeatable.",
)
@click.option(
    "--layers",
    multiple=True,
    metavar="NAME,...",
    help="Denoise these layers (light groups, LPEs) along with the beauty; patterns as Combined_* too; 'none' for the "
    "beauty alone. Default: those that sum to it.",
)
@click.option(
    "--albedo-file",
    metavar="PATH",
    help="Albedo from a file of its own, as LuxCore writes them. For several frames a pattern, out/####/ALBEDO.exr "
    "or ALBEDO.%04d.exr, or a folder with a file of each frame's name or number.",
)
@click.option("--normal-file", metavar="PATH", help="Normals from a file of their own, likewise.")
@click.option(
    "--pass",
    "passes",
    multiple=True,
    metavar="PATH",
    help="A further pass of the same frame with another seed, to denoise with both; a file, pattern or folder as "
    "with --albedo-file. Repeatable.",
)
@click.option(
    "--firefly-clamp",
    type=click.FloatRange(min=0, min_open=True),
    metavar="X",
    help="Before denoising, bring pixels down that are more than X times as bright as what is around them.",
)
@click.option("--png", is_flag=True, help="Also write a tone-mapped PNG beside each output.")
@click.option("--overwrite", is_flag=True, help="Allow an output that is its own input.")
@click.option("--force", is_flag=True, help="Denoise again what is denoised already.")
@click.option("-v", "--verbose", is_flag=True, help="Say which channels were used and how long it took.")
@click.version_option(package_name="mcdenoise")
def main(
    frames: tuple[Path, ...],
    output: str | None,
    model: Path | None,
    device: str,
    precision: str,
    quality: str,
    threads: int | None,
    tile: int | None,
    inspect: bool,
    maps: tuple[str, ...],
    layers: tuple[str, ...],
    albedo_file: str | None,
    normal_file: str | None,
    passes: tuple[str, ...],
    firefly_clamp: float | None,
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
    overrides, chosen = _overrides(maps), _layers(layers)
    _check_files(len(frames), [("--albedo-file", albedo_file), ("--normal-file", normal_file)])
    _check_files(len(frames), [("--pass", path) for path in passes])
    if inspect:
        sys.exit(_inspect(frames, overrides, chosen))
    jobs = plan(frames, output, overwrite)
    from denoise.job import Settings, denoise_file, open_files

    settings = Settings(overrides, chosen, albedo_file, normal_file, passes, firefly_clamp, png, force, verbose)
    # A farm ends a task with SIGTERM: unwind, so that no temporary file is left behind.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    click.get_current_context().call_on_close(lambda: signal.signal(signal.SIGTERM, before))
    load = _loader(model, device, precision, quality, threads, tile)
    failed = 0
    with progress(len(jobs)) as advance:
        for source, target in jobs:
            advance(source.name)
            try:
                with quiet_library(unless=verbose):
                    opened = open_files(source, target, settings)
                line = denoise_file(opened, target, load, settings)
            except _Unusable as error:
                raise SystemExit(_fail(str(error))) from error
            except FrameError as error:
                failed += _fail(_with_name(error, source, target))
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


def _inspect(frames: tuple[Path, ...], overrides: dict[str, str], chosen: tuple[str, ...] | None) -> int:
    """Print what each frame holds; the exit status."""
    from denoise.exr import read_frame
    from denoise.inspection import inspect

    failed, before = 0, ""
    for source in frames:
        try:
            with quiet_library(unless=False):
                frame = read_frame(source)
            lines = inspect(frame, overrides, chosen)
        except FrameError as error:
            failed = _fail(_with_name(error, source))
        else:
            print(before + "\n".join([str(source), *(f"  {line}".rstrip() for line in lines)]), flush=True)
            before = "\n"
    return failed


def _check_files(frames: int, given: list[tuple[str, str | None]]) -> None:
    """Raise click.UsageError where one file is given for several frames."""
    for option, path in given:
        if path is None or frames == 1:
            continue
        from denoise.aux_files import for_several

        if not for_several(path):
            raise click.UsageError(
                f"{option} {path}: is one file, and there are {frames} frames; give a folder, or a pattern with #### "
                "for the frame number"
            )


def _overrides(maps: tuple[str, ...]) -> dict[str, str]:
    overrides: dict[str, str] = {}
    for text in maps:
        role, equals, layer = (part.strip() for part in text.partition("="))
        role = role.lower()
        if not equals or role not in _MAPPED or not layer:
            raise click.UsageError(f"--map {text}: must be ROLE=LAYER with a role of {', '.join(_MAPPED)}")
        if role in overrides:
            raise click.UsageError(f"--map {text}: {role} is mapped twice")
        overrides[role] = layer
    return overrides


def _layers(given: tuple[str, ...]) -> tuple[str, ...] | None:
    names = tuple(name.strip() for text in given for name in text.split(",") if name.strip())
    if not given:
        return None
    return () if names == ("none",) else names


def _with_name(error: FrameError, *files: Path) -> str:
    """The message, with the frame's name before it unless it has it."""
    message = str(error)
    return message if any(str(file) in message for file in files) else f"{files[0]}: {message}"


class _Unusable(Exception):
    """The model or the device cannot be used: no frame can be done."""


def _loader(
    model: Path | None, device: str, precision: str, quality: str, threads: int | None, tile: int | None
) -> Callable[[], Denoiser]:
    """Loads the model at the first call, so that a mistyped frame is told of at once."""
    loaded: list[Denoiser] = []

    def load() -> Denoiser:
        if not loaded:
            from denoise import exr, process

            process.tune()  # before torch allocates
            from denoise.denoiser import Denoiser

            exr.use_threads(threads or os.cpu_count() or 1)
            try:
                loaded.append(Denoiser(model, device, threads, tile, precision, quality))
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


if __name__ == "__main__":
    main()
