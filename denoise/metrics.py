"""How good a frame is against a reference that was rendered as two independent halves.

mean((f - r1)(f - r2)) is an unbiased estimate of the squared error against the true image, since the noise of r1 is
independent of r2's: some hundred spp of reference suffice, where a single noisy reference would put its own
variance on every figure. All images are (H, W, 3) linear radiance; all are first scaled so that the reference's
mean is 0.5. Nothing is divided by a noisy pixel: the relative metric's denominator is a smoothed reference.
"""

from __future__ import annotations

import numpy as np

Image = np.ndarray
_RADIUS = 3  # of the box that smooths the denominator, pixels
TONEMAP_POWER = 1 / 2.2  # of T(v), Lehtinen et al. 2018, section 3.3
_RELMSE_EPS = 0.01  # on the squared, scaled radiance: as usual for relMSE (Rousselle et al. 2011, section 6)


def relmse(f: Image, r1: Image, r2: Image) -> float:
    """Relative mean squared error: squared error over the smoothed reference squared plus 0.01."""
    f, r1, r2 = _scaled(f, r1, r2)
    denominator = box_mean(((r1 + r2) / 2).mean(-1), _RADIUS) ** 2 + _RELMSE_EPS
    return float((((f - r1) * (f - r2)).mean(-1) / denominator).mean())


def psnr(f: Image, r1: Image, r2: Image) -> float:
    """Peak signal-to-noise ratio in dB of the tone-mapped images, the reference's noise removed.

    Tone map: T(v) = (v / (1 + v))^(1/2.2), Lehtinen et al. 2018, section 3.3.
    """
    f, r1, r2 = (tonemap(x) for x in _scaled(f, r1, r2))
    return float(-10 * np.log10(max(float(((f - r1) * (f - r2)).mean()), 1e-9)))


def flip(f: Image, r1: Image, r2: Image) -> float:
    """Mean of `flip_map`."""
    return float(flip_map(f, r1, r2).mean(dtype=np.float64))


def flip_map(f: Image, r1: Image, r2: Image) -> np.ndarray:
    """LDR-FLIP (Andersson et al. 2020) of the tone-mapped images against the mean of the halves, (H, W) float32.

    The reference's noise is a floor under it. Needs the package flip-evaluator (extra `bench`).
    """
    import flip_evaluator

    f, r1, r2 = _scaled(f, r1, r2)
    reference, test = (np.ascontiguousarray(tonemap(x), dtype=np.float32) for x in ((r1 + r2) / 2, f))
    return flip_evaluator.evaluate(reference, test, "LDR", applyMagma=False, computeMeanError=False)[0][..., 0]


def energy(f: Image, r1: Image, r2: Image) -> float:
    """Relative error of the mean radiance; negative where light was lost."""
    return float(f.astype(np.float64).mean() / ((r1 + r2) / 2).astype(np.float64).mean() - 1)


def tonemap(x: Image) -> Image:
    """Linear [0, inf) to display [0, 1): T(v) = (v / (1 + v))^(1/2.2)."""
    x = np.clip(x, 0, None)
    return (x / (1 + x)) ** TONEMAP_POWER


def _scaled(f: Image, r1: Image, r2: Image) -> tuple[Image, Image, Image]:
    scale = 0.5 / max(float(((r1 + r2) / 2).mean()), 1e-8)
    return f.astype(np.float64) * scale, r1.astype(np.float64) * scale, r2.astype(np.float64) * scale


def box_mean(x: Image, radius: int) -> Image:
    """Mean over (2 radius + 1)^2 pixels of an (H, W) image, edges repeated, by summed areas."""
    n = 2 * radius + 1
    sums = np.pad(x, ((radius + 1, radius), (radius + 1, radius)), "edge").cumsum(0).cumsum(1)
    return (sums[n:, n:] - sums[:-n, n:] - sums[n:, :-n] + sums[:-n, :-n]) / n**2
