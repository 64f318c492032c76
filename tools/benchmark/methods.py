"""What is compared: the noisy frame, ours, and Open Image Denoise in its modes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from denoise.denoiser import Denoiser, Options
from denoise.frame import Planes
from denoise.roles import find_roles
from tools.benchmark import oidn
from tools.benchmark.frames import Loaded


@dataclass(frozen=True)
class Method:
    """A way from a case's files to an image.

    Attributes:
        name: as it is printed.
        kind: `noisy`, `ours` or `oidn`.
        passes: how many passes of the frame it uses.
        run: gives the image, (H, W, 3) float32 linear radiance.
    """

    name: str
    kind: str
    passes: int
    run: Callable[[Loaded], np.ndarray]


def methods(denoiser: Denoiser) -> tuple[Method, ...]:
    """All methods, ours by this denoiser."""
    modes = {mode: f"OIDN {mode}" for mode in oidn.MODES}
    return (
        Method("noisy", "noisy", 1, lambda loaded: loaded.planes["radiance"]),
        Method("mcdenoise", "ours", 1, lambda loaded: _ours(denoiser, loaded)),
        *(
            Method(name, "oidn", 1, lambda loaded, mode=mode: oidn.denoise(loaded.planes, mode))
            for mode, name in modes.items()
        ),
        Method("mcdenoise, both passes", "ours", 2, lambda loaded: _ours(denoiser, loaded, both=True)),
        Method("OIDN best, both passes", "oidn", 2, lambda loaded: oidn.denoise(_average(loaded), "best")),
    )


def _ours(denoiser: Denoiser, loaded: Loaded, both: bool = False) -> np.ndarray:
    """As `mcdenoise` does it, with `--pass` for both; the finding of channels and the repair of pixels with it."""
    passes = (loaded.second,) if both and loaded.second else ()
    clean, _ = denoiser.denoise_frame(loaded.first, Options(passes=passes))
    image = find_roles(loaded.first).targets[0].read(clean)
    return np.broadcast_to(image, (*image.shape[:2], 3))


def _average(loaded: Loaded) -> Planes:
    """The mean of both passes, plane by plane."""
    both = loaded.planes, loaded.second_planes or loaded.planes
    return {name: (both[0][name] + both[1][name]) / 2 for name in both[0]}
