"""Large planes, worked on in strips of rows: what comes and goes in between stays small, in the cache where it fits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor


class Rows(NamedTuple):
    """Some rows of a plane, and a larger one that they are to be put into.

    Attributes:
        first: of the plane.
        end: the row behind the last one.
        whole: (B, C, H, W), contiguous.
        top: the row of it that `first` is.
    """

    first: int
    end: int
    whole: Tensor
    top: int

    def put(self, plane: Tensor) -> Tensor:
        """Those rows of a plane into the whole, which is returned."""
        self.whole[..., self.top : self.top + self.end - self.first, :] = plane[..., self.first : self.end, :]
        return self.whole


class Later(NamedTuple):
    """A plane that is not made before it is known which rows of it are wanted, and where.

    Attributes:
        function: makes it of planes; or some `rows` of it, given by that name.
        planes: to make it of.
        like: a plane of its height, width and type.
        channels: that it will have.
    """

    function: Callable[..., Tensor]
    planes: tuple[Tensor, ...]
    like: Tensor
    channels: int


def by_strips(
    function: Callable[..., Sequence[Tensor | Later]], planes: Sequence[Tensor], pixels: int, halo: int, align: int = 1
) -> Sequence[Tensor]:
    """What a function of planes returns, computed strip by strip.

    In one piece where strips save nothing: on a GPU, and where autograd keeps what comes and goes anyway.

    Args:
        function: takes rows of each of the planes and returns planes, or some for `Later`; what it makes of a row
            depends on no row farther away than `halo`, but on whether the planes end there, as repeated and zero
            padding do.
        planes: (B, C, H, W) each; sizes are whole fractions of the first's.
        pixels: of the first plane in a strip, about.
        halo: rows of the first plane, a multiple of `align`.
        align: strips begin at multiples of so many rows of the first plane.

    Returns:
        As the function does for the whole planes, with all made.
    """
    height, width = planes[0].shape[-2:]
    count = max(1, round(height * width / pixels))
    rows = -(-height // (count * align)) * align
    if rows >= height or torch.is_grad_enabled() or planes[0].device.type != "cpu":
        return made(function(*planes))
    whole: list[Tensor] = []
    for top in range(0, height, rows):
        end = min(top + rows, height)
        first, last = max(top - halo, 0), min(end + halo, height)
        parts = function(*(_rows(plane, first, last, height) for plane in planes))
        if not whole:
            whole = [_whole(part, height, last - first) for part in parts]
        for plane, part in zip(whole, parts, strict=True):
            if isinstance(part, Later):
                own = part.like.shape[-2]  # of last - first
                begin, behind = ((row - first) * own // (last - first) for row in (top, end))
                part.function(*part.planes, rows=Rows(begin, behind, plane, top * plane.shape[-2] // height))
            else:
                _rows(plane, top, end, height).copy_(_rows(part, top - first, end - first, last - first))
        del parts, part  # before the next strip takes as much memory
    return whole


def made(parts: Sequence[Tensor | Later]) -> list[Tensor]:
    """Planes, with all rows of those that are not made yet."""
    return [part.function(*part.planes) if isinstance(part, Later) else part for part in parts]


def _rows(plane: Tensor, first: int, last: int, height: int) -> Tensor:
    """Rows of a plane, numbered as those of a plane that has `height` of them."""
    own = plane.shape[-2]
    return plane[..., first * own // height : last * own // height, :]


def _whole(part: Tensor | Later, height: int, rows: int) -> Tensor:
    """An empty plane of the kind of `part`, which is that of `rows` rows, for all of `height`."""
    if isinstance(part, Later):
        part = part.like[:, :1].expand(-1, part.channels, -1, -1)
    shape = (*part.shape[:-2], part.shape[-2] * height // rows, part.shape[-1])
    return torch.empty(shape, dtype=part.dtype, device=part.device, memory_format=_order(part))


def _order(part: Tensor) -> torch.memory_format:
    channels_last = part.is_contiguous(memory_format=torch.channels_last) and not part.is_contiguous()
    return torch.channels_last if channels_last else torch.contiguous_format
