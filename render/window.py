"""Which part of a frame a view shows: its resolution, and the crop of it that is rendered.

A crop at full pixel scale is a piece of a picture as it would be rendered large. Textures, edges and noise have there
the size that they have in real frames, which they do not in a whole picture rendered tiny.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Size = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """The pixels of a frame that are rendered.

    Attributes:
        frame: width and height of the whole picture.
        size: width and height of what is rendered.
        corner: x and y of its upper left pixel in the frame.
    """

    frame: Size
    size: Size
    corner: tuple[int, int] = (0, 0)

    @property
    def pixels(self) -> int:
        """How many are rendered."""
        return self.size[0] * self.size[1]

    def as_json(self) -> dict[str, Any]:
        """As the manifest has it: nothing for a whole frame."""
        if self.size == self.frame:
            return {}
        return {"frame": list(self.frame), "corner": list(self.corner)}


@dataclass(frozen=True)
class Sizes:
    """What the command line says of resolutions.

    Attributes:
        low: width and height, or the smallest ones of a range.
        high: the largest ones; the same as `low` without a range.
    """

    low: Size
    high: Size

    @staticmethod
    def parse(text: str) -> Sizes:
        """Read `640x360`, or the range `640x360-1920x1080`.

        Raises:
            ValueError: anything else, with what is wrong.
        """
        sizes = [_size(word) for word in text.split("-")]
        if len(sizes) > 2 or None in sizes:
            raise ValueError(f"{text!r} is not like 640x360 or 640x360-1920x1080, with numbers from 1 to 32768")
        low, high = sizes[0], sizes[-1]
        assert low is not None and high is not None
        if low[0] > high[0] or low[1] > high[1]:
            raise ValueError(f"{text!r} is no range; write the smaller size first, as in 640x360-1920x1080")
        return Sizes(low, high)

    def draw(self, uniform: float) -> Size:
        """One size of the range, log-uniform, width and height together."""
        width, height = (round(low * (high / low) ** uniform) for low, high in zip(self.low, self.high, strict=True))
        return width, height


def parse_size(text: str) -> Size:
    """Read `256x256`.

    Raises:
        ValueError: anything else.
    """
    size = _size(text)
    if size is None:
        raise ValueError(f"{text!r} is not like 640x360, with numbers from 1 to 32768")
    return size


def _size(word: str) -> Size | None:
    numbers = word.lower().split("x")
    if len(numbers) != 2 or not all(n.isascii() and n.isdigit() and 1 <= int(n[:6]) <= 32768 for n in numbers):
        return None
    return int(numbers[0]), int(numbers[1])
