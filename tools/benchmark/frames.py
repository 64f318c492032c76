"""Frames to judge by: noisy passes and a reference in two halves, found by their names.

`shot.16spp.a.exr` and `shot.16spp.b.exr` are two passes of 16 spp that differ in the seed alone; b may be missing.
`shot.ref1.exr` and `shot.ref2.exr` are the halves of the reference, independent of each other and of the passes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from denoise.errors import FrameError
from denoise.exr import read_frame
from denoise.frame import Frame, Planes
from denoise.repair import clean_planes
from denoise.roles import find_roles, read_planes

_PASS = re.compile(r"(?P<name>.+)\.(?P<spp>\d+)spp\.a\.exr")


@dataclass(frozen=True)
class Case:
    """One noisy frame and what it is judged by.

    Attributes:
        name: of the picture.
        spp: samples a pixel of the pass.
        first: the file to denoise.
        second: another pass of it, or None.
        halves: the files of the reference.
    """

    name: str
    spp: int
    first: Path
    second: Path | None
    halves: tuple[Path, Path]


@dataclass(frozen=True)
class Loaded:
    """A case's pixels.

    Attributes:
        first: the frame to denoise, as the file has it.
        second: another pass of it, or None.
        planes: of the first, finite and in their ranges: radiance and, where the file has them, albedo, normal, ...
        second_planes: of the second.
        halves: of the reference, (H, W, 3) float32 linear radiance each.
    """

    first: Frame
    second: Frame | None
    planes: Planes
    second_planes: Planes | None
    halves: tuple[np.ndarray, np.ndarray]

    @property
    def reference(self) -> np.ndarray:
        """The mean of the halves, (H, W, 3) float32."""
        return (self.halves[0] + self.halves[1]) / 2


def find_cases(folder: Path) -> list[Case]:
    """The cases of a folder, by name and then by spp.

    Raises:
        FrameError: no such folder, nothing in it of these names, or a pass without its reference.
    """
    if not folder.is_dir():
        raise FrameError(f"{folder}: no such folder; give one with frames, or add --render to make it")
    cases = []
    for path in folder.glob("*.exr"):
        match = _PASS.fullmatch(path.name)
        if not match:
            continue
        halves = (folder / f"{match['name']}.ref1.exr", folder / f"{match['name']}.ref2.exr")
        for half in halves:
            if not half.is_file():
                raise FrameError(f"{path}: has no {half.name} beside it; render the reference as two halves")
        second = path.with_name(path.name.removesuffix("a.exr") + "b.exr")
        cases.append(Case(match["name"], int(match["spp"]), path, second if second.is_file() else None, halves))
    if not cases:
        raise FrameError(
            f"{folder}: no frames named like shot.16spp.a.exr with shot.ref1.exr and shot.ref2.exr; "
            "name them so, or add --render to make some"
        )
    return sorted(cases, key=lambda case: (case.name, case.spp))


def load(case: Case) -> Loaded:
    """Read a case's files.

    Raises:
        FrameError: one is broken, or they are not of one size.
    """
    first, planes = _read(case.first)
    second, second_planes = _read(case.second) if case.second else (None, None)
    halves = _read(case.halves[0])[1]["radiance"], _read(case.halves[1])[1]["radiance"]
    others = [(path, half) for path, half in zip(case.halves, halves, strict=True)]
    if case.second and second_planes:
        others.append((case.second, second_planes["radiance"]))
    for path, image in others:
        if image.shape != planes["radiance"].shape:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (image.shape, planes["radiance"].shape)]
            raise FrameError(f"{path}: {sizes[0]}, but {case.first.name} is {sizes[1]}; render them in one size")
    return Loaded(first, second, planes, second_planes, halves)


def _read(path: Path) -> tuple[Frame, Planes]:
    frame = read_frame(path)
    try:
        return frame, clean_planes(read_planes(frame, find_roles(frame)))[0]
    except FrameError as error:
        raise FrameError(f"{path}: {error}") from error
