"""Turning a frame over: what a network says of it in several orientations, averaged, is better than in one."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Orientation:
    """A way to hold a picture: rows and columns exchanged first, or not, and then the order of either reversed.

    Attributes:
        transposed: rows become columns.
        flip_y: rows from the bottom.
        flip_x: columns from the right.
    """

    transposed: bool = False
    flip_y: bool = False
    flip_x: bool = False

    def turn(self, plane: Tensor) -> Tensor:
        """A plane (..., H, W) in this orientation, (..., W, H) if transposed; a view of it where torch can."""
        plane = plane.transpose(-1, -2) if self.transposed else plane
        return plane.flip(self._reversed()) if self._reversed() else plane

    def back(self, plane: Tensor) -> Tensor:
        """The inverse of `turn`."""
        plane = plane.flip(self._reversed()) if self._reversed() else plane
        return plane.transpose(-1, -2) if self.transposed else plane

    def _reversed(self) -> list[int]:
        return [axis for axis, flip in ((-2, self.flip_y), (-1, self.flip_x)) if flip]


#: In the order in which they are added: each is as unlike those before as can be.
ORIENTATIONS = (
    Orientation(),
    Orientation(flip_y=True, flip_x=True),
    Orientation(transposed=True),
    Orientation(transposed=True, flip_y=True, flip_x=True),
)
