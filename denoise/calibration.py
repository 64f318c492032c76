"""Pictures that show how large a network's activations become: edges, lamps, darkness and fireflies on many scales."""

from __future__ import annotations

import numpy as np
import torch

from denoise.features import Inputs
from denoise.transfer import exposure

_SIDE = 128  # pixels
#: spp, and whether albedo and normal, and the variance are known.
_CASES = (
    *((1, True, False), (4, True, True), (16, True, False), (64, True, True)),
    *((1, False, True), (16, False, False), (64, False, True), (256, False, False)),
)
_BLACK = 40  # pixels
_NOISE = 4.0  # variance of one sample, relative to the light squared
_LAMP, _FIREFLY = 60.0, 30.0  # times the light


def pictures() -> Inputs:
    """Several at each spp, exposure-normalised, with and without what may be known; always the same."""
    rng = np.random.default_rng(0)
    planes = [_picture(*case, rng) for case in _CASES]
    stacked = (torch.from_numpy(np.stack(plane)).permute(0, 3, 1, 2).float() for plane in zip(*planes, strict=True))
    radiance, albedo, normal, variance = (plane.contiguous() for plane in stacked)
    present = torch.tensor([[guided, guided, known] for _, guided, known in _CASES], dtype=torch.float32)
    inputs = Inputs(radiance, albedo, normal, variance, present)
    return inputs.exposed(exposure(radiance))


def _picture(spp: int, guided: bool, known: bool, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Radiance, albedo, normal and variance, (H, W, 3) each."""
    albedo = np.clip(0.7 * _blocks(16, rng) + 0.5 * _blocks(2, rng) - 0.1, 0, 1)
    normal = 2 * _blocks(32, rng) - 1
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    brightness, lamps = _blocks(32, rng)[..., :1], _blocks(8, rng)[..., :1]
    light = np.exp(4 * brightness - 2) * (0.3 + _blocks(4, rng)[..., :1]) * (brightness > 0.15)
    clean = (albedo + 0.04) * light * np.where(lamps > 0.97, _LAMP, 1)
    fireflies = (rng.random((_SIDE, _SIDE, 1)) < 0.003) * _FIREFLY * (1 + rng.pareto(1, (_SIDE, _SIDE, 1)))
    radiance = clean * (rng.gamma(spp / _NOISE, _NOISE / spp, (_SIDE, _SIDE, 1)) + fireflies / spp)
    variance = clean**2 * _NOISE / spp if known else np.zeros_like(clean)
    for plane in radiance, albedo, variance:  # something black
        plane[:_BLACK, : 2 * _BLACK] = 0
    normal[:_BLACK, :_BLACK] = 0, 1, 0
    normal[:_BLACK, _BLACK : 2 * _BLACK] = 0  # and nothing at all
    guides = (albedo, normal) if guided else (np.zeros_like(albedo), np.zeros_like(normal))
    return radiance, *guides, variance


def _blocks(side: int, rng: np.random.Generator) -> np.ndarray:
    """Squares of random colours in [0, 1], (H, W, 3)."""
    return np.kron(rng.random((_SIDE // side, _SIDE // side, 3)), np.ones((side, side, 1)))
