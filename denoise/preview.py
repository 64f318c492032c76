"""A tone-mapped PNG of a linear image, for the eye; figures come from the EXR."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np

from denoise.errors import FrameError
from denoise.files import replacing

#: What the exposed middle of the image becomes: photographic mid-grey (Reinhard et al. 2002, section 3.1).
MID_GREY = 0.18

#: Where the shoulder begins; below it the image is shown as it is.
SHOULDER = 0.7

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709


def auto_exposure(image: np.ndarray) -> float:
    """The factor that brings an image's (H, W, 3) log-average luminance to mid-grey; 1 for a black image."""
    luminance = np.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32) @ _LUMINANCE
    lit = luminance[luminance > 0]
    if not lit.size:
        return 1.0
    # Pixels darker than a thousandth of the mean are sky or mask, and would pull the average to nothing.
    lit = np.maximum(lit, lit.mean() * 1e-3)
    return float(MID_GREY / np.exp(np.log(lit).mean(dtype=np.float64)))


def tone_map(image: np.ndarray, exposure: float | None = None) -> np.ndarray:
    """Linear radiance (H, W, 3) to sRGB pixels (H, W, 3) uint8.

    Linear up to `SHOULDER`, then an exponential shoulder with the same slope that reaches white at infinity.

    Args:
        image: linear, Rec. 709 primaries; NaN and negative values are shown black, Inf white.
        exposure: factor before the curve; None takes `auto_exposure`. Give two images the same to compare them.
    """
    factor = auto_exposure(image) if exposure is None else exposure
    x = np.clip(np.nan_to_num(image.astype(np.float32), nan=0.0, posinf=1e30, neginf=0.0), 0, 1e30) * factor
    room = 1 - SHOULDER
    x = np.where(x < SHOULDER, x, 1 - room * np.exp(-np.maximum(x - SHOULDER, 0) / room))
    encoded = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)  # IEC 61966-2-1
    return np.round(encoded * 255).astype(np.uint8)


def write_png(path: str | Path, pixels: np.ndarray) -> None:
    """Write (H, W, 3) uint8 as PNG, whole or not at all.

    Raises:
        FrameError: if the folder or the disk does not allow it.
    """
    try:
        with replacing(path) as temporary:
            iio.imwrite(temporary, pixels, extension=".png")
    except OSError as error:
        raise FrameError(f"{path}: the preview cannot be written: {error.strerror or error}") from error
