"""Lights as Mitsuba describes them: lamps of any size and power, spots, the sun and the sky, environment maps.

Radiances are relative: a room comes out well where the light that falls on it is about 1. `radiance_for` turns that
into a radiance for a lamp of a size at a distance, which is what lets small lamps be as bright as they must be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from render.procedural.kit import environments
from render.procedural.kit.assembly import described
from render.procedural.kit.bsdfs import black, rgb
from render.procedural.kit.cameras import look_at
from render.procedural.kit.colours import black_body, lamp_colour
from render.procedural.kit.meshes import Mesh, Point, ball, cylinder, quad

Description = dict[str, Any]

#: Brings Mitsuba's daylight, under which white paper has a radiance of 0.05 (sun low) to 0.6, to about 1.
SUNSKY_SCALE = 3.0


def area(radiance: Sequence[float] | np.ndarray | Description) -> Description:
    """The emitter of a mesh: radiance (3,), or a texture's description (a screen, a window's view)."""
    return {"type": "area", "radiance": radiance if isinstance(radiance, dict) else rgb(radiance)}


def emitting(mesh: Mesh, radiance: Sequence[float] | np.ndarray | Description) -> Description:
    """A mesh that gives light on the side of its normals and reflects none."""
    return {**described(mesh, black()), "emitter": area(radiance)}


def radiance_for(size: float, distance: float, irradiance: float = 1.0) -> float:
    """The radiance of a lamp that lights things at a distance.

    Args:
        size: area of the lamp as seen from there, square metres.
        distance: metres.
        irradiance: on a surface that faces it; white paint there has a radiance of this over pi.
    """
    return irradiance * (distance**2 + size) / size


def bulb(
    rng: np.random.Generator,
    place: Sequence[float],
    distance: float,
    irradiance: float = 1.0,
    radius: float | None = None,
    colour: np.ndarray | None = None,
) -> Description:
    """A ball of light.

    Args:
        rng: source of the size and the colour where they are not given.
        place: (3,) of its centre.
        distance: of what it is to light, for its power (`radiance_for`).
        irradiance: there.
        radius: 5 mm to 15 cm by default: small ones are what path tracers find hard.
        colour: (3,) of luminance 1.
    """
    radius = math.exp(rng.uniform(math.log(0.005), math.log(0.15))) if radius is None else radius
    colour = lamp_colour(rng) if colour is None else colour
    power = radiance_for(math.pi * radius**2, distance, irradiance)
    return emitting(ball(tuple(place), radius, 12), power * colour)


def strip(
    rng: np.random.Generator, start: Sequence[float], end: Sequence[float], distance: float, irradiance: float = 1.0
) -> Description:
    """A tube of light from `start` to `end`, 2 to 20 mm thick; the rest as for `bulb`."""
    radius = math.exp(rng.uniform(math.log(0.002), math.log(0.02)))
    length = math.dist(start, end)
    power = radiance_for(2 * radius * length, distance, irradiance)
    return emitting(cylinder(tuple(start), tuple(end), radius, sides=8), power * lamp_colour(rng))


def panel(
    rng: np.random.Generator,
    place: Point,
    target: Point,
    width: float,
    height: float,
    irradiance: float = 1.0,
    colour: np.ndarray | None = None,
) -> Description:
    """A rectangle of light at `place` that faces `target` and lights it with `irradiance`."""
    centre, toward = np.asarray(place, float), np.asarray(target, float) - np.asarray(place, float)
    distance = float(np.linalg.norm(toward))
    side, up = _across(toward / distance)
    low = centre - side * width / 2 - up * height / 2
    power = radiance_for(width * height, distance, irradiance)
    return emitting(
        quad(low.tolist(), (side * width).tolist(), (up * height).tolist()),
        power * (lamp_colour(rng) if colour is None else colour),
    )


def _across(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors so that side x up = direction."""
    helper = np.array([0.0, 0, 1]) if abs(direction[2]) < 0.95 else np.array([1.0, 0, 0])
    side = np.cross(helper, direction)
    side /= np.linalg.norm(side)
    return side, np.cross(direction, side)


def spot(
    rng: np.random.Generator,
    place: Point,
    target: Point,
    irradiance: float = 1.0,
    cutoff: float | None = None,
) -> Description:
    """A cone of light from a point, 5 to 60 degrees from its axis to its edge: hard shadows, no fireflies."""
    cutoff = rng.uniform(5.0, 60.0) if cutoff is None else cutoff
    distance = math.dist(place, target)
    return {
        "type": "spot",
        "to_world": look_at(place, target),
        "intensity": rgb(irradiance * distance**2 * lamp_colour(rng)),
        "cutoff_angle": float(cutoff),
        "beam_width": float(cutoff * rng.uniform(0.3, 0.95)),
    }


def point(rng: np.random.Generator, place: Sequence[float], distance: float, irradiance: float = 1.0) -> Description:
    """A light without size that lights things at a distance with `irradiance`."""
    return {
        "type": "point",
        "position": [float(v) for v in place],
        "intensity": rgb(irradiance * distance**2 * lamp_colour(rng)),
    }


def projector(
    image: Description,
    place: Point,
    target: Point,
    irradiance: float = 1.0,
    fov: float = 40.0,
) -> Description:
    """A slide projector: a `bitmap` thrown at `target`, which a white slide lights with `irradiance`."""
    slide = {key: value for key, value in image.items() if key != "to_uv"}
    # Mitsuba's irradiance here is the radiance of white paper at distance 1: pi times less.
    return {
        "type": "projector",
        "to_world": look_at(place, target),
        "irradiance": slide,
        "fov": float(fov),
        "scale": float(irradiance / math.pi * math.dist(place, target) ** 2),
    }


def directional(rng: np.random.Generator, toward: Sequence[float] | np.ndarray, irradiance: float = 3.0) -> Description:
    """Parallel light from the direction `toward` (3,): a sun without a disc."""
    direction = -np.asarray(toward, float)
    return {
        "type": "directional",
        "direction": [float(v) for v in direction / np.linalg.norm(direction)],
        "irradiance": rgb(irradiance * black_body(rng.uniform(3000, 7000))),
    }


def constant(radiance: Sequence[float] | np.ndarray) -> Description:
    """The same light from everywhere."""
    return {"type": "constant", "radiance": rgb(radiance)}


def sun_direction(rng: np.random.Generator, lowest: float = 4.0, highest: float = 70.0) -> np.ndarray:
    """Toward the sun (3,), unit: any compass direction, between two elevations in degrees."""
    azimuth, elevation = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(lowest, highest))
    return np.array(
        [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
    )


def sun_and_sky(rng: np.random.Generator, toward: np.ndarray | None = None, scale: float = 1.0) -> Description:
    """Daylight by Mitsuba's model: turbidity, height of the sun, the shares of sun and sky varied.

    Args:
        rng: source of what is not given.
        toward: the sun (3,), unit, above the horizon.
        scale: of both; at 1 a surface outdoors has a radiance of about 1.
    """
    toward = sun_direction(rng) if toward is None else toward
    sky = scale * SUNSKY_SCALE
    return {
        "type": "sunsky",
        "turbidity": rng.uniform(1.5, 8.0),
        "sun_direction": [float(v) for v in toward],
        "sun_scale": float(sky * math.exp(rng.uniform(-1.6, 0.7))),
        "sky_scale": float(sky * math.exp(rng.uniform(-0.7, 0.7))),
        "sun_aperture": math.exp(rng.uniform(math.log(0.5), math.log(4.0))),
    }


def environment(rng: np.random.Generator, kind: str | None = None, scale: float = 1.0) -> Description:
    """An environment map, z up, turned by chance, of a mean radiance of about `scale`; `kind` of `ENVIRONMENTS`."""
    names = list(environments.ENVIRONMENTS)
    kind = names[int(rng.integers(len(names)))] if kind is None else kind
    image = environments.ENVIRONMENTS[kind](rng)
    turn = rng.uniform(0, 2 * math.pi)
    c, s = math.cos(turn), math.sin(turn)
    # Mitsuba's maps have y up; this takes y to z and turns about it.
    matrix = np.array([[c, 0, s, 0], [s, 0, -c, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    return {"type": "envmap", "image": image, "scale": float(scale), "to_world": matrix}
