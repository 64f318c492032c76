"""One frame of `mcdenoise` from file to file: read, with what stands in other files; denoise; write; report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from denoise.aux_files import locate, read_aux
from denoise.errors import FrameError
from denoise.exr import read_frame, write_frame
from denoise.frame import Frame, Planes
from denoise.inspection import shown
from denoise.lossy import warnings
from denoise.preview import tone_map, write_png
from denoise.roles import Roles, find_all_roles, three

if TYPE_CHECKING:
    from denoise.denoiser import Denoiser, Report


@dataclass(frozen=True)
class Settings:
    """How each frame is to be denoised; files as templates, which become paths with each frame (`aux_files.locate`)."""

    overrides: dict[str, str]
    layers: tuple[str, ...] | None
    albedo_file: str | None
    normal_file: str | None
    passes: tuple[str, ...]
    firefly_clamp: float | None
    png: bool
    force: bool
    verbose: bool


@dataclass(frozen=True)
class Opened:
    """A frame that can be denoised, with all that was read for it, and the seconds that took."""

    source: Path
    frame: Frame
    every: list[Roles]
    extra: Planes
    passes: tuple[Frame, ...]
    pass_files: tuple[Path, ...]
    seconds: float


def open_files(source: Path, target: Path, settings: Settings) -> Opened:
    """Read a frame, its further passes and aux files.

    Args:
        source: the frame.
        target: where it will be written; none of the files that are read for it may be that.
        settings: which others belong to it.

    Raises:
        FrameError: as `read_frame`, `find_all_roles`, `read_aux` and `locate`; and for a frame denoised already.
    """
    start = time.perf_counter()
    frame = read_frame(source)
    every = find_all_roles(frame, settings.overrides)
    if not settings.force and all(roles.denoised for roles in every):
        raise FrameError(f"{source}: was already denoised {every[0].denoised}; give the rendered frame, or use --force")
    aux = {
        role: locate(template, source)
        for role, template in (("albedo", settings.albedo_file), ("normal", settings.normal_file))
        if template is not None
    }
    others = [locate(template, source) for template in settings.passes]
    _check_distinct(source, target, others, list(aux.values()))
    extra = _read_extra(source, frame, every, aux)
    passes = tuple(read_frame(path) for path in others)
    return Opened(source, frame, every, extra, passes, tuple(others), time.perf_counter() - start)


def denoise_file(opened: Opened, target: Path, load: Callable[[], Denoiser], settings: Settings) -> str:
    """Denoise a frame and write it.

    Args:
        opened: the frame.
        target: file to write, whole or not at all; its folder is made.
        load: gives the denoiser.
        settings: as it was opened with.

    Returns:
        What to report: a line, and more where something is to be said.

    Raises:
        FrameError: as `Denoiser.denoise_frame` and `write_frame`.
    """
    times = [time.perf_counter()]
    denoiser = load()
    times.append(time.perf_counter())
    from denoise.denoiser import Options  # its module has torch, which `load` prepared

    options = Options(
        overrides=settings.overrides,
        extra=opened.extra,
        passes=opened.passes,
        pass_files=tuple(map(str, opened.pass_files)),
        firefly_clamp=settings.firefly_clamp,
        layers=settings.layers,
        force=settings.force,
    )
    clean, reports = denoiser.denoise_frame(opened.frame, options)
    _stamp(opened.frame, clean)
    times.append(time.perf_counter())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FrameError(f"{target}: its folder cannot be made: {error.strerror}") from error
    write_frame(target, clean)
    if settings.png:
        main = max(opened.every, key=lambda roles: len(roles.found))
        write_png(target.with_suffix(".png"), tone_map(three(main.targets[0].read(clean))))
    times.append(time.perf_counter())
    loaded, denoised, written = (b - a for a, b in zip(times, times[1:], strict=False))
    line = f"{opened.source} -> {target}  {opened.seconds + denoised + written:.2f} s"
    for report in reports:
        if report.repairs.total:
            line += f"\n  {report.layer or 'beauty'}: {report.repairs.total} bad pixels repaired ({report.repairs})"
    line += "".join(f"\n  warning: {warning}" for warning in warnings(opened.frame))
    if settings.verbose:
        line += "".join(f"\n  {detail}" for detail in _details(opened, reports))
        line += f"\n  seconds: read {opened.seconds:.2f}, load model {loaded:.2f}, denoise {denoised:.2f}"
        line += f", write {written:.2f}"
    return line


def _check_distinct(source: Path, target: Path, passes: list[Path], aux: list[Path]) -> None:
    taken = {os.path.realpath(source): source}
    for path in passes:
        if (other := taken.setdefault(os.path.realpath(path), path)) is not path:
            raise FrameError(f"{source}: the pass {path} is {other} itself; give one with another seed")
    for path in aux:
        if os.path.realpath(path) == os.path.realpath(source):
            raise FrameError(f"{source}: is given as its own aux file; its own layers are found by name, or with --map")
    for path in (*passes, *aux):
        if os.path.realpath(path) == os.path.realpath(target):
            raise FrameError(f"{source}: its output would replace {path}, which it is denoised with; use another -o")


def _read_extra(source: Path, frame: Frame, every: list[Roles], aux: dict[str, Path]) -> Planes:
    """The planes that stand in files of their own."""
    if aux and len(every) > 1:
        views = ", ".join(roles.view or str(roles.beauty) for roles in every)
        raise FrameError(
            f"{source}: has {len(every)} view layers ({views}), and one {next(iter(aux))} file cannot be of all; "
            "choose one with --map beauty=LAYER"
        )
    height, width = frame.parts[every[0].beauty.part].size
    return {role: read_aux(path, role, height, width) for role, path in aux.items()}


def _stamp(frame: Frame, clean: Frame) -> None:
    """Say when it was denoised, in UTC; SOURCE_DATE_EPOCH (reproducible-builds.org) in place of now if it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    when = time.gmtime(int(epoch) if epoch.isdecimal() else None)
    for before, part in zip(frame.parts, clean.parts, strict=True):
        if any(part.channels[name] is not pixels for name, pixels in before.channels.items()):
            part.header["mcdenoise:time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", when)


def _details(opened: Opened, reports: list[Report]) -> Iterator[str]:
    """What was used and what was done, for -v."""
    frame = opened.frame
    for roles in opened.every:
        yield f"{roles.view or 'frame'}, renderer {roles.renderer} ({roles.reasons['renderer']})"
        for role in ("beauty", "albedo", "normal", "variance"):
            channels = getattr(roles, role)
            own = shown(frame, channels) if channels else "none"
            yield f"  {role}: {'from a file of its own' if role in opened.extra else own}"
        yield f"  replaced: {', '.join(shown(frame, target) for target in roles.targets)}"
    for report in reports:
        yield str(report)
        for note in report.notes:
            yield f"  {note}"
