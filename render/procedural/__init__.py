"""Families of seeded scenes: each a pure function from a seed to a plain description, made without the renderer.

A description is a nested dictionary as `mitsuba.load_dict` takes it, but for three things, so that it can be made,
compared and hashed without Mitsuba: transforms are (4, 4) arrays; a mesh is `{"type": "mesh", "vertices": (N, 3)
float32, "faces": (M, 3) uint32, "uv": (N, 2) float32, "normals": (N, 3) float32, "bsdf": ...}`, `uv` and `normals`
being optional; an image (of a `bitmap` or an `envmap`) is an array (H, W, 1 or 3) under `"image"`, float32 linear or
uint8 sRGB. The sensor has neither film nor sampler: they are the caller's. z points up, lengths are metres.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from denoise.errors import RenderError

#: What describes a scene; see above.
SceneDescription = dict[str, Any]


def _scene(family: str, seed: int) -> SceneDescription:
    # Imported when asked for: the name of a family is needed more often than its scenes, and numpy takes its time.
    description: SceneDescription = importlib.import_module(f"{__name__}.{family}").scene(seed)
    return description


#: The families by name: functions from a seed to a description.
FAMILIES: dict[str, Callable[[int], SceneDescription]] = {
    name: partial(_scene, name) for name in ("interiors", "stills", "exteriors", "abstract")
}


def build(family: str, seed: int) -> SceneDescription:
    """The scene of a family and a seed; the same seed gives the same bytes.

    Args:
        family: of `FAMILIES`.
        seed: 0 or more.

    Raises:
        RenderError: a family that is not there, or a negative seed.
    """
    if family not in FAMILIES:
        raise RenderError(f"procedural:{family}: no such family; there are {', '.join(FAMILIES)}")
    if seed < 0:
        raise RenderError(f"procedural:{family}: seed {seed} is negative; seeds start at 0")
    return FAMILIES[family](seed)
