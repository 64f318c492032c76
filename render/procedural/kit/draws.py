"""Draws that materials share: spreads of roughness, patterns, reliefs."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import bsdfs, textures
from render.procedural.kit.bsdfs import Description
from render.procedural.kit.colours import near


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number in [low, high], its logarithm spread evenly."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))


def pattern(rng: np.random.Generator, *patterns: str) -> Description:
    """A colour texture of one of several patterns."""
    return textures.texture(rng, patterns[int(rng.integers(len(patterns)))])


def pale(rng: np.random.Generator) -> np.ndarray:
    """A near white (3,)."""
    return near(rng, np.full(3, rng.uniform(0.5, 0.88)), 0.1)


def roughness(rng: np.random.Generator, low: float, high: float, share: float = 0.25) -> bsdfs.Value:
    """A roughness in [low, high], in a share of cases a texture of them."""
    if rng.random() >= share:
        return log_uniform(rng, low, high)
    edge = log_uniform(rng, low, high)
    pattern = ("clouds", "speckle", "stripes", "cracks", "plaster")[int(rng.integers(5))]
    return textures.values(rng, min(edge, high * 0.7), high, pattern)


def relief(rng: np.random.Generator, bsdf: Description, *patterns: str, height: float = 0.02) -> Description:
    """The material under a bump or a normal map of one of several patterns; `height` is that of a repeat of 1."""
    pattern = patterns[int(rng.integers(len(patterns)))]
    if rng.random() < 0.4:
        return bsdfs.normal_mapped(bsdf, textures.normals(rng, pattern))
    heights = textures.values(rng, 0.0, 1.0, pattern)
    metres = 1 / float(heights["to_uv"][0, 0])
    return bsdfs.bumped(bsdf, heights, metres * height * log_uniform(rng, 0.3, 2.0))
