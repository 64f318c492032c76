"""Cameras as plain descriptions: where they stand, what they look at, how wide, and what is in focus."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from render.procedural.kit.meshes import Point

Description = dict[str, Any]


def look_at(origin: Point, target: Point, roll: float = 0.0) -> np.ndarray:
    """Camera to world (4, 4), Mitsuba's way (x left, y up, z forward), z up in the world; `roll` in degrees."""
    eye, at = np.asarray(origin, float), np.asarray(target, float)
    forward = (at - eye) / np.linalg.norm(at - eye)
    helper = np.array([0, 0, 1.0]) if abs(forward[2]) < 0.999 else np.array([0, 1.0, 0])
    left = np.cross(helper, forward)
    left /= np.linalg.norm(left)
    up = np.cross(forward, left)
    c, s = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    matrix = np.eye(4)
    matrix[:3, 0], matrix[:3, 1], matrix[:3, 2], matrix[:3, 3] = c * left + s * up, c * up - s * left, forward, eye
    return matrix


def camera(
    origin: Point, target: Point, fov: float, roll: float = 0.0, aperture: float = 0.0, focus: float | None = None
) -> Description:
    """A perspective camera, or one with a lens where `aperture` (its radius, metres) is not 0.

    Args:
        origin: where it stands.
        target: what is in the middle of the picture.
        fov: degrees along the picture's longer side.
        roll: degrees about the line of sight.
        aperture: radius of the lens.
        focus: distance of what is sharp; the target's by default.
    """
    distance = float(np.linalg.norm(np.subtract(target, origin)))
    sensor: Description = {
        "type": "thinlens" if aperture > 0 else "perspective",
        "to_world": look_at(origin, target, roll),
        "fov": float(fov),
        "fov_axis": "larger",
        "near_clip": 0.01,
        "far_clip": 5000.0,
    }
    if aperture > 0:
        sensor |= {"aperture_radius": float(aperture), "focus_distance": float(distance if focus is None else focus)}
    return sensor


def field_of_view(rng: np.random.Generator, low: float = 25.0, high: float = 90.0) -> float:
    """Degrees: every focal length that photographers of rooms and things use, log-uniform along the focal length."""
    long, short = (0.5 / math.tan(math.radians(angle) / 2) for angle in (low, high))
    return math.degrees(2 * math.atan(0.5 / math.exp(rng.uniform(math.log(short), math.log(long)))))
