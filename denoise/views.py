"""Looking at a frame in several ways: what a network says of it turned over and moved, averaged, is better than once.

The network pools pixels in blocks of 2 x 2, and its errors at edges go by where these fall. So a view is also moved
against the grid of blocks; four views by (0, 0), (1, 1), (1, 0) and (0, 1) pixels see each edge in all four places.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class View:
    """A way to hold a picture: moved, then perhaps its rows and columns exchanged, and perhaps turned by half a turn.

    Attributes:
        down: rows by which it is moved, its first row repeated.
        right: columns, likewise.
        transposed: rows become columns.
        turned: the order of both is reversed.
    """

    down: int = 0
    right: int = 0
    transposed: bool = False
    turned: bool = False

    def hold(self, plane: Tensor, align: int) -> Tensor:
        """A plane (n, c, h, w) in this view.

        Args:
            plane: left as it is.
            align: the result's sides are multiples of it, for which edges are repeated.
        """
        height, width = plane.shape[-2] + self.down, plane.shape[-1] + self.right
        padded = F.pad(plane, (self.right, -width % align, self.down, -height % align), mode="replicate")
        padded = padded.transpose(-1, -2) if self.transposed else padded
        return padded.flip(-2, -1) if self.turned else padded

    def back(self, plane: Tensor, height: int, width: int) -> Tensor:
        """The inverse of `hold`, for a plane that was of this height and width."""
        plane = plane.flip(-2, -1) if self.turned else plane
        plane = plane.transpose(-1, -2) if self.transposed else plane
        return plane[..., self.down : self.down + height, self.right : self.right + width]


#: In the order in which they are added: each is as unlike those before as can be.
VIEWS = (
    View(),
    View(1, 1, turned=True),
    View(1, 0, transposed=True),
    View(0, 1, transposed=True, turned=True),
)

#: Pixels by which a view may be moved.
FARTHEST = max(max(view.down, view.right) for view in VIEWS)
