"""A whole frame: which layers are denoised with what, and where the results go; everything else is kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import Tensor

from denoise.additive import Group, find_groups
from denoise.bits import is_finite
from denoise.errors import FrameError
from denoise.filtering import Guide, LayerCrops, Put
from denoise.frame import Frame, Part, Planes
from denoise.layers import Channels
from denoise.lights import Layers, Pass, open_pass
from denoise.options import Options, Report
from denoise.passes import check_pass, merge_auxiliary
from denoise.repair import Repairs, clean_planes
from denoise.roles import Roles, find_all_roles, radiance_layers, read_alpha, read_planes
from denoise.tiles import Tile

#: `filter_frame` with a network.
Filter = Callable[[Guide, Put, LayerCrops | None], float]

_USED = ("albedo", "normal", "variance")
_DOUBTED = 2  # times that a variance seems too small, above which it is said


def denoise_frame(
    frame: Frame, options: Options, filter_frame: Filter, model: str, with_layers: bool = True
) -> tuple[Frame, list[Report]]:
    """Denoise every view layer of a frame that has a beauty; see `Denoiser.denoise_frame`.

    Args:
        frame: left as it is.
        options: how.
        filter_frame: the network.
        model: its name, for the file.
        with_layers: whether the network predicts kernels, so that layers can be denoised along.

    Raises:
        FrameError: as `find_all_roles`, `find_groups` and `check_pass`; or a frame denoised already.
    """
    every = find_all_roles(frame, options.overrides)
    due = [roles for roles in every if options.force or not roles.denoised]
    if not due:
        raise FrameError(f"is denoised already ({every[0].denoised}); give the rendered frame, or force it")
    if options.layers and not with_layers:
        raise FrameError("the model predicts no kernels, so that it cannot denoise layers; leave them out")
    done = Frame([Part(dict(part.header), dict(part.channels)) for part in frame.parts])
    reports: list[Report] = []
    said: dict[int, list[str]] = {}
    for roles in due:
        groups = find_groups(frame, roles, options.layers) if with_layers else ()
        report, changed = _denoise_view(frame, done, roles, groups, options, filter_frame)
        reports.append(report)
        for index in changed:
            said.setdefault(index, []).append(str(report))
    for index, what in said.items():
        header = done.parts[index].header
        header.pop("preview", None)  # it shows the noise
        header["mcdenoise:version"] = version("mcdenoise")
        header["mcdenoise:model"] = model
        header["mcdenoise:roles"] = "; ".join(what)
    return done, reports


def _denoise_view(
    frame: Frame, done: Frame, roles: Roles, groups: tuple[Group, ...], options: Options, filter_frame: Filter
) -> tuple[Report, list[int]]:
    """Denoise one view layer into `done`; what was done, and to which parts."""
    layers = list(dict.fromkeys(channels for group in groups for channels in group.layers))
    names = [f"the pass {file}" for file in options.pass_files] or [f"pass {i + 2}" for i in range(len(options.passes))]
    for other, name in zip(options.passes, names, strict=True):
        check_pass(frame, other, [roles.beauty, *layers], name)
    notes: list[str] = []
    guide, passes, repairs = _read(frame, roles, layers, options, notes)

    targets = [list(roles.targets), *([channels] for channels in layers)]
    outputs = [_Output(done, channels) for channels in targets]
    height, width = guide.beauties[0].shape[:2]
    sums = Layers(passes, groups, layers)
    crops = sums.crops if layers else None
    times = filter_frame(guide, lambda index, tile, image: outputs[index].put(tile, image), crops)
    for output in outputs:
        output.store()

    if noisy := len(set(radiance_layers(frame, roles)) - set(layers)):
        notes.append(f"{noisy} colour layer{'s are' if noisy > 1 else ' is'} left noisy: not part of a sum")
    if "variance" in guide.auxiliary and times > _DOUBTED:
        notes.append(_doubt(times))
    used = tuple(name for name in _USED if name in guide.auxiliary)
    changed = sorted({channels.part for some in targets for channels in some})
    return Report(str(roles.beauty), used, repairs, groups, len(passes), tuple(dict.fromkeys(notes))), changed


def _doubt(times: float) -> str:
    if math.isinf(times):
        return "variance not relied on: it is empty, or the frame is too small to tell"
    return f"variance seems to be {times:.1f} times too small for the noise, and is taken to be as much larger"


def _read(
    frame: Frame, roles: Roles, layers: list[Channels], options: Options, notes: list[str]
) -> tuple[Guide, list[Pass], Repairs]:
    """The passes, repaired and clamped, and the auxiliary planes of all of them as one."""
    passes, auxiliary, covers, repairs = [], [], [], Repairs()
    for one in (frame, *options.passes):
        own = _of_pass(one, roles)
        planes = read_planes(one, own, notes)
        if (alpha := read_alpha(one, own)) is not None:
            covers.append(alpha != 0)
        opened, more = open_pass(one, planes.pop("radiance"), layers, options.firefly_clamp)
        passes.append(opened)
        repairs = repairs + more
        cleaned: Planes = {}
        for name in _USED:  # one by one: a plane of an 8K frame takes 400 MB
            if name in planes and name not in options.extra:
                cleaned |= clean_planes({name: planes.pop(name)}, notes)[0]
        auxiliary.append(cleaned)
    extra, _ = clean_planes({name: plane for name, plane in options.extra.items() if name in _USED}, notes)
    if clamped := sum(int((one.scale < 1).sum()) for one in passes if one.scale is not None):
        notes.append(f"{clamped} firefl{'ies' if clamped > 1 else 'y'} clamped")
    covered = np.logical_or.reduce(covers) if covers else None
    guide = Guide(tuple(one.beauty for one in passes), {**merge_auxiliary(auxiliary), **extra}, covered)
    return guide, passes, repairs


def _of_pass(one: Frame, roles: Roles) -> Roles:
    """The roles without those that a further pass has no channels for."""

    def has(channels: Channels) -> bool:
        return channels.part < len(one.parts) and set(channels.names) <= one.parts[channels.part].channels.keys()

    found = ("alpha", *roles.found) if roles.alpha else roles.found
    missing: dict[str, Any] = {name: None for name in found if not has(getattr(roles, name))}
    return replace(roles, **missing)


class _Output:
    """The channels that one result goes to, filled tile by tile, in the types that the file has."""

    def __init__(self, done: Frame, targets: list[Channels]) -> None:
        self._done, self._targets = done, targets
        self._planes: dict[tuple[int, np.dtype], np.ndarray] = {}
        for channels in targets:
            for component, name in enumerate(channels.names):
                old = done.parts[channels.part].channels[name]
                # Copies of the beauty share their pixels.
                if (component, old.dtype) not in self._planes:
                    self._planes[component, old.dtype] = np.empty(old.shape, old.dtype)

    def put(self, tile: Tile, image: Tensor) -> None:
        """One tile's result, (3, h, w) float32; what a type cannot hold becomes its largest finite value."""
        for (component, dtype), plane in self._planes.items():
            values, pixels = image[component], plane[tile.place]
            torch.from_numpy(pixels).copy_(values)
            if not is_finite(pixels):  # rare, and to clamp all would take longer than the cast
                limit = float(np.finfo(dtype).max)
                torch.from_numpy(pixels).copy_(values.clamp(-limit, limit))

    def store(self) -> None:
        """Put the planes into the frame."""
        for channels in self._targets:
            part = self._done.parts[channels.part]
            for component, name in enumerate(channels.names):
                part.channels[name] = self._planes[component, part.channels[name].dtype]
