"""Where the error is: maps to look at beside the image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from denoise.metrics import box_mean

_REC709 = np.array([0.2126, 0.7152, 0.0722])
_LEVELS = 64  # of a map: enough for the eye, and a third less to store than 256
_NEARBY = 6  # pixels, radius: what counts as around a pixel, twice
_SMOOTHING = 2  # pixels, radius
_EPS = 0.05  # of the mean luminance: in the dark, errors are compared with this


@dataclass(frozen=True)
class Scale:
    """Colours of a map, from `low` to `high` at equal steps; beyond, the last ones.

    Attributes:
        low: value of the first colour.
        high: value of the last.
        colours: CSS hex.
        ends: how the ends are labelled.
    """

    low: float
    high: float
    colours: tuple[str, ...]
    ends: tuple[str, str]

    def colour(self, values: np.ndarray) -> np.ndarray:
        """(H, W) values as (H, W, 3) uint8."""
        stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in self.colours])
        at = np.linspace(0, len(stops) - 1, _LEVELS)
        table = np.stack([np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)], -1).round()
        share = np.clip((values - self.low) / (self.high - self.low), 0, 1)
        return table.astype(np.uint8)[np.round(share * (_LEVELS - 1)).astype(int)]


#: Black, purple, orange, pale yellow: matplotlib's magma at nine places, which FLIP's authors use.
FLIP = Scale(
    0.0,
    0.5,
    ("#000004", "#1c1044", "#4f127b", "#812581", "#b5367a", "#e55064", "#fb8761", "#fec287", "#fcfdbf"),
    ("0", "0.5"),
)

#: Blue over black to orange. An odd number of levels would have one for zero; with 64, black is the middle two.
SIGNED = Scale(
    -0.3,
    0.3,
    ("#bfe3ff", "#3d9be9", "#14507f", "#000000", "#8a4a08", "#f09a2c", "#ffe6bd"),
    ("−30 %", "+30 %"),
)


def signed_error(image: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Luminance too much or too little, as a share of the reference's around the pixel.

    Averaged over 5x5 pixels, since most of what differs from one pixel to the next is the reference's own noise.

    Args:
        image: (H, W, 3) linear radiance.
        reference: likewise, the mean of the halves.

    Returns:
        (H, W), 0.1 for a tenth too bright.
    """
    of_image, of_reference = (x.astype(np.float64) @ _REC709 for x in (image, reference))
    around = box_mean(of_reference, _SMOOTHING) + _EPS * max(float(of_reference.mean()), 1e-8)
    return box_mean(of_image - of_reference, _SMOOTHING) / around


def worst_place(values: np.ndarray) -> dict[str, float]:
    """Where a map (H, W) is the largest around a pixel: the pixel's middle, as `x` and `y`.

    Two boxes make a tent, so that what is wrong comes into the middle and not just into sight.
    """
    height, width = values.shape
    radius = min(_NEARBY, (min(height, width) - 1) // 4)
    around = box_mean(box_mean(values.astype(np.float64), radius), radius)
    margin = 2 * radius
    inner = around[margin : height - margin, margin : width - margin]
    y, x = np.unravel_index(int(inner.argmax()), inner.shape)
    return {"x": float(x + margin) + 0.5, "y": float(y + margin) + 0.5}
