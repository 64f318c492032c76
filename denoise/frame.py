"""A frame in memory: parts of named channels, with the header they came with.

Also the one table of the planes that renderer, loader and network share.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

#: The planes of a pass and the EXR channels they stand in; renderer, loader and network all use this table.
PLANES: dict[str, tuple[str, ...]] = {
    "radiance": ("R", "G", "B"),  # linear, scene units
    "albedo": ("albedo.R", "albedo.G", "albedo.B"),  # [0, 1]
    "normal": ("N.X", "N.Y", "N.Z"),  # shading normal, world space, [-1, 1]
    "depth": ("Z",),  # distance from the camera, scene units, 0 where nothing is hit
    "variance": ("variance.R", "variance.G", "variance.B"),  # of the pixel mean, radiance squared
}

#: Planes by name, each (H, W, C) float32.
Planes = dict[str, np.ndarray]


@dataclass
class Part:
    """One part of an EXR file.

    Attributes:
        header: attributes by name, as the OpenEXR library gives them; kept as they are.
        channels: pixels by full channel name, each (H, W) of float16, float32 or uint32, C-contiguous,
            in the file's order.
    """

    header: dict[str, Any]
    channels: dict[str, np.ndarray]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels of the data window."""
        first = next(iter(self.channels.values()))
        return first.shape[0], first.shape[1]

    def stack(self, names: tuple[str, ...]) -> np.ndarray:
        """The named channels as one (H, W, C) float32 array. Raises KeyError if one is missing."""
        planes = [self.channels[name] for name in names]
        # Cast on the way: a second copy of an 8K plane is 400 MB.
        stacked = np.empty((*planes[0].shape, len(planes)), np.float32)
        for i, plane in enumerate(planes):
            stacked[..., i] = plane
        return stacked

    def replace(self, names: tuple[str, ...], plane: np.ndarray) -> None:
        """Put an (H, W, C) float32 plane into the named channels, in the type each channel has.

        Half channels are clamped to +-65504, the largest finite half, since NumPy's cast gives inf.
        """
        for i, name in enumerate(names):
            old = self.channels[name]
            limit = np.finfo(old.dtype).max
            self.channels[name] = np.ascontiguousarray(np.clip(plane[..., i], -limit, limit).astype(old.dtype))


@dataclass
class Frame:
    """A whole EXR file: one part or more."""

    parts: list[Part] = field(default_factory=list)
