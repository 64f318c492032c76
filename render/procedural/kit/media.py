"""Media that light travels through: fog, smoke, clouded liquids, as Mitsuba describes them (integrator volpath)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from render.procedural.kit.colours import hue

Description = dict[str, Any]


def medium(rng: np.random.Generator, density: float, albedo: np.ndarray | None = None) -> Description:
    """An even medium.

    Args:
        rng: source of what is not given, and of the direction it scatters into.
        density: extinction per metre; half of the light is gone after 0.7 / density.
        albedo: (3,), the share that is scattered and not absorbed.
    """
    if albedo is None:
        albedo = 1 - np.exp(rng.uniform(math.log(0.005), math.log(0.6))) * hue(rng.random(), rng.uniform(0, 0.8), 1.0)
    return {
        "type": "homogeneous",
        "sigma_t": float(density),
        "albedo": {"type": "rgb", "value": [float(v) for v in np.clip(albedo, 0, 0.999)]},
        "phase": _phase(rng),
    }


def _phase(rng: np.random.Generator) -> Description:
    if rng.random() < 0.3:
        return {"type": "isotropic"}
    return {"type": "hg", "g": float(rng.uniform(-0.3, 0.85))}
