"""Looking at a frame in several ways: what a network says of it turned over and moved, averaged, is better than once.

The network pools pixels in blocks of 2 x 2, and its errors at edges go by where these fall. So a view is also moved
against the grid of blocks; four views by (0, 0), (1, 1), (1, 0) and (0, 1) pixels see each edge in all four places.
What it says of red, green and blue differs a little from what it says of green, blue and red, and is as good.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class View:
    """A way to hold a picture: moved, then perhaps its rows and columns exchanged, turned, and its channels exchanged.

    Attributes:
        down: rows by which it is moved, its first row repeated.
        right: columns, likewise.
        transposed: rows become columns.
        turned: the order of both is reversed, by half a turn.
        rolled: channels by which colours, and the axes of normals with them, are moved on.
    """

    down: int = 0
    right: int = 0
    transposed: bool = False
    turned: bool = False
    rolled: int = 0

    def hold(self, plane: Tensor, align: int) -> Tensor:
        """A plane (n, c, h, w) in this view, with memory of its own.

        Args:
            plane: in any order in memory.
            align: the result's sides are multiples of it, for which edges are repeated.
        """
        *images, height, width = plane.shape
        bottom, end = self.down + height, self.right + width
        padded = plane.new_empty(*images, bottom + -bottom % align, end + -end % align)
        rows = padded[..., self.down : bottom, :]  # filled in place, which saves two copies
        rows[..., self.right : end] = plane
        rows[..., : self.right], rows[..., end:] = plane[..., :1], plane[..., -1:]
        padded[..., : self.down, :], padded[..., bottom:, :] = rows[..., :1, :], rows[..., -1:, :]
        padded = padded.transpose(-1, -2) if self.transposed else padded
        padded = padded.flip(-2, -1) if self.turned else padded
        return padded.roll(self.rolled, 1) if self.rolled else padded

    def back(self, plane: Tensor, height: int, width: int) -> Tensor:
        """The inverse of `hold`, for a plane that was of this height and width."""
        plane = plane.roll(-self.rolled, 1) if self.rolled else plane
        plane = plane.flip(-2, -1) if self.turned else plane
        plane = plane.transpose(-1, -2) if self.transposed else plane
        return plane[..., self.down : self.down + height, self.right : self.right + width]


#: In the order in which they are added: each is as unlike those before as can be.
VIEWS = (
    View(),
    View(1, 1, turned=True, rolled=1),
    View(1, 0, transposed=True, rolled=2),
    View(0, 1, transposed=True, turned=True, rolled=1),
)

#: Pixels by which a view may be moved.
FARTHEST = max(max(view.down, view.right) for view in VIEWS)
