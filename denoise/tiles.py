"""Cutting a frame into tiles, each with all that influences it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]


@dataclass(frozen=True)
class Tile:
    """Rows and columns of a rectangle to be computed, and of the larger one that is needed for it.

    Attributes:
        inner: (first row, end row), (first column, end column).
        outer: likewise; holds `inner`, and begins on the network's grid.
    """

    inner: tuple[Span, Span]
    outer: tuple[Span, Span]

    @property
    def crop(self) -> tuple[slice, slice]:
        """Index of what is needed, in arrays (H, W, ...) of the frame."""
        return slice(*self.outer[0]), slice(*self.outer[1])

    @property
    def place(self) -> tuple[slice, slice]:
        """Index of what is computed, in arrays (H, W, ...) of the frame."""
        return slice(*self.inner[0]), slice(*self.inner[1])

    @property
    def within(self) -> tuple[slice, slice]:
        """Index of what is computed, in arrays of the size of `crop`."""
        (y0, y1), (x0, x1) = self.inner
        (top, _), (left, _) = self.outer
        return slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)


def tiles(height: int, width: int, tile: int, align: int, reach: int) -> Iterator[Tile]:
    """Tiles that cover a frame, row by row.

    Outer rectangles begin on the network's grid, so that every tile is cut into 2 x 2 blocks as the whole frame is.

    Args:
        height: of the frame, pixels.
        width: of the frame, pixels.
        tile: side of the inner rectangles, brought up to the grid; 0 for one tile of the whole frame.
        align: step of the grid.
        reach: no pixel farther away than this has any influence.
    """
    if tile <= 0:
        tile = max(height, width)
    tile = -(-tile // align) * align
    halo = -(-reach // align) * align
    for y in range(0, height, tile):
        for x in range(0, width, tile):
            inner = (y, min(y + tile, height)), (x, min(x + tile, width))
            outer = (max(y - halo, 0), min(y + tile + halo, height)), (max(x - halo, 0), min(x + tile + halo, width))
            yield Tile(inner, outer)
