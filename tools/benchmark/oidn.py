"""Open Image Denoise, as an integration would call it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyoidn

#: `best` is not a quality of the library's, but what its documentation recommends for the best result.
MODES = ("fast", "high", "best")


def denoise(planes: Mapping[str, np.ndarray], mode: str) -> np.ndarray:
    """A frame denoised by Open Image Denoise.

    Args:
        planes: radiance and, where there are, albedo in [0, 1] and normal in [-1, 1], (H, W, 3) float32 each.
        mode: `fast` and `high` are the library's qualities, with albedo and normal as they are. `best` is `high` with
            albedo and normal denoised first, and cleanAux set, which brings in the library's largest network.

    Returns:
        (H, W, 3) float32.
    """
    colour = np.ascontiguousarray(planes["radiance"], np.float32)
    albedo, normal = (
        np.ascontiguousarray(planes[name], np.float32) if name in planes else None for name in ("albedo", "normal")
    )
    if albedo is None:
        normal = None  # the library has no network for a normal without an albedo
    best = mode == "best" and albedo is not None
    if best:
        albedo, normal = prefilter("albedo", albedo), None if normal is None else prefilter("normal", normal)
    quality = "fast" if mode == "fast" else "high"
    return pyoidn.denoise(colour, albedo, normal, hdr=True, clean_aux=best, quality=quality)


def prefilter(name: str, image: np.ndarray) -> np.ndarray:
    """An auxiliary image denoised by itself.

    Args:
        name: `albedo` or `normal`.
        image: (H, W, 3) float32, C-contiguous.
    """
    device = pyoidn.Device()
    device.commit()
    lone = pyoidn.Filter(device, "RT")
    clean = np.zeros_like(image)
    lone.set_image(name, image, pyoidn.OIDN_FORMAT_FLOAT3)
    lone.set_image("output", clean, pyoidn.OIDN_FORMAT_FLOAT3)
    lone.commit()
    lone.execute()
    lone.release()
    device.release()
    return clean
