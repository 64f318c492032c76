"""Environment maps made by formula: skies, studios, nights, rooms, and high-range pictures of no place.

Each is a function of a generator to (H, W, 3) float32, linear, of a mean radiance over the sphere of 1; rows go from
the zenith down. Most of the light may come from a few texels: that is what makes a sun or a lamp of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from render.procedural.kit.colours import black_body, hue, lamp_colour, near, random_colour
from render.procedural.kit.patterns import clouds

#: Height of the maps that have a sun or lamps, and of those that are smooth. A texel of the first is 1.4 degrees.
_FINE, _COARSE = 128, 48


def directions(height: int) -> np.ndarray:
    """Unit directions (height, 2 height, 3) of the texels' middles, the third component up."""
    theta = (np.arange(height) + 0.5)[:, None] * math.pi / height
    phi = (np.arange(2 * height) + 0.5)[None] * math.pi / height
    ring = np.sin(theta)
    return np.stack(np.broadcast_arrays(ring * np.cos(phi), ring * np.sin(phi), np.cos(theta)), -1)


def mean(image: np.ndarray) -> np.ndarray:
    """The mean radiance (3,) over the sphere."""
    weight = np.sin((np.arange(len(image)) + 0.5) * math.pi / len(image))
    average: np.ndarray = (image.mean(axis=1) * weight[:, None]).sum(0) / weight.sum()
    return average


def _finished(image: np.ndarray) -> np.ndarray:
    return (image / max(float(mean(image).mean()), 1e-9)).astype(np.float32)


def _drift(rng: np.random.Generator, height: int, cells: int = 4, octaves: int = 5) -> np.ndarray:
    """Clouds (height, 2 height, 1) in [0, 1] without a seam around the horizon."""
    return clouds(rng, 2 * height, (cells, cells), octaves)[:height, :, None]


def _toward(azimuth: float, elevation: float) -> np.ndarray:
    c = math.cos(elevation)
    return np.array([c * math.cos(azimuth), c * math.sin(azimuth), math.sin(elevation)])


def _disc(rng: np.random.Generator, way: np.ndarray, toward: np.ndarray, radius: float, soft: float) -> np.ndarray:
    """1 within `radius` radians of a direction, falling to 0 over the share `soft` of it: (H, W, 1)."""
    angle = np.arccos(np.clip(way @ toward, -1, 1))[..., None]
    texel = math.pi / len(way)
    edge = max(radius * soft, texel)
    return np.clip((max(radius, 0.6 * texel) + edge / 2 - angle) / edge, 0, 1)


def sky(rng: np.random.Generator) -> np.ndarray:
    """A day: blue above, pale at the horizon, some clouds, a sun from a hard disc to a bright haze, a dull ground."""
    way = directions(_FINE)
    up = way[..., 2:]
    elevation = math.asin(rng.uniform(0.03, 0.95))
    warmth = math.exp(-4 * math.sin(elevation))
    zenith = np.array([0.16, 0.33, 0.85]) * rng.uniform(0.5, 1.2)
    horizon = np.array([0.75, 0.85, 1.0]) * (1 - warmth) + np.array([1.3, 0.75, 0.4]) * warmth
    image = zenith + (horizon - zenith) * np.exp(-np.maximum(up, 0) * rng.uniform(2, 7))
    cover = np.clip((_drift(rng, _FINE) - rng.uniform(0.35, 0.9)) * rng.uniform(2, 6), 0, 1)
    image = image * (1 - cover) + np.array([1.0, 1.0, 1.02]) * rng.uniform(0.7, 1.8) * cover
    toward = _toward(rng.uniform(0, 2 * math.pi), elevation)
    image = image + 0.5 * horizon * np.exp((way @ toward - 1) * rng.uniform(4, 30))[..., None]
    # The sun's share of the light: 0.2 to 8 skies, through a disc of half a degree to fifteen.
    radius = math.radians(math.exp(rng.uniform(math.log(0.5), math.log(15))))
    sun = _disc(rng, way, toward, radius, rng.uniform(0.1, 2)) * black_body(5600 - 3200 * warmth)
    share = math.exp(rng.uniform(math.log(0.2), math.log(8.0)))
    image = image + sun * share * float(mean(image).mean()) / max(float(mean(sun).mean()), 1e-9)
    ground = random_colour(rng, high=0.5) * rng.uniform(0.3, 1.0)
    return _finished(np.where(up > 0, image, ground * (0.7 + 0.6 * _drift(rng, _FINE, 8))))


def overcast(rng: np.random.Generator) -> np.ndarray:
    """A grey sky, three times as bright above as at the horizon."""
    up = directions(_COARSE)[..., 2:]
    tone = near(rng, np.full(3, 0.8), 0.1)
    image = tone * (1 + 2 * np.maximum(up, 0)) / 3 * (0.7 + 0.6 * _drift(rng, _COARSE))
    return _finished(np.where(up > 0, image, tone * rng.uniform(0.05, 0.4)))


def dusk(rng: np.random.Generator) -> np.ndarray:
    """After sunset: a coloured band low on one side, a deep sky."""
    way = directions(_COARSE)
    up, side = way[..., 2:], _toward(rng.uniform(0, 2 * math.pi), 0.05)
    glow = hue(rng.uniform(-0.08, 0.12), rng.uniform(0.4, 0.9), 1.0)
    image = np.array([0.05, 0.08, 0.2]) * rng.uniform(0.3, 2) * (0.5 + _drift(rng, _COARSE))
    band = np.exp(-np.abs(up - 0.05) * rng.uniform(4, 14)) * np.exp((way @ side - 1) * rng.uniform(0.7, 4))[..., None]
    image = image + glow * band * rng.uniform(1, 4)
    return _finished(np.where(up > -0.02, image, 0.02))


def studio(rng: np.random.Generator) -> np.ndarray:
    """Soft boxes, strips and bare lamps around a dark or pale room."""
    way = directions(_FINE)
    backdrop = near(rng, np.full(3, math.exp(rng.uniform(math.log(0.01), math.log(0.6)))), 0.1)
    image = np.broadcast_to(backdrop * (0.7 + 0.3 * way[..., 2:]), way.shape).copy()
    for _ in range(int(rng.integers(1, 7))):
        toward = _toward(rng.uniform(0, 2 * math.pi), rng.uniform(-0.2, 1.5))
        side = np.cross([0.0, 0, 1], toward)
        side /= np.linalg.norm(side)
        above = np.cross(toward, side)
        x, y, front = way @ side, way @ above, way @ toward
        wide, tall = np.exp(rng.uniform(math.log(0.03), math.log(0.8), 2))
        distance = np.maximum(np.abs(x) / wide, np.abs(y) / tall) / np.maximum(front, 1e-6)
        edge = rng.uniform(0.03, 0.5)
        inside = np.clip((1 - distance) / edge, 0, 1) * (front > 0)
        power = math.exp(rng.uniform(0, 2.5)) / math.sqrt(wide * tall)
        image += inside[..., None] * lamp_colour(rng) * power
    return _finished(image)


def night(rng: np.random.Generator) -> np.ndarray:
    """A dark sky, a skyline's worth of small lamps about the horizon, a moon now and then."""
    way = directions(_FINE)
    up = way[..., 2:]
    dark = np.array([0.3, 0.4, 0.8]) * 10 ** rng.uniform(-3, -1.3)
    image = dark * (1 + 2 * np.exp(-6 * np.abs(up))) * (0.6 + 0.8 * _drift(rng, _FINE))
    count = int(rng.integers(5, 90))
    rows = np.clip((0.5 + rng.normal(0, 0.06, count) + 0.01) * _FINE, 0, _FINE - 1).astype(int)
    columns = rng.integers(0, 2 * _FINE, count)
    powers = np.exp(rng.uniform(0, 6, count))
    for row, column, power in zip(rows, columns, powers, strict=True):
        tall, wide = rng.integers(1, 4, 2)
        image[row : row + tall, column : column + wide] += power * lamp_colour(rng) / (tall * wide)
    if rng.random() < 0.4:
        toward = _toward(rng.uniform(0, 2 * math.pi), rng.uniform(0.2, 1.4))
        image = image + _disc(rng, way, toward, 0.03, 0.3) * rng.uniform(5, 200)
    return _finished(image)


def room(rng: np.random.Generator) -> np.ndarray:
    """What stands around a thing indoors: walls of a box, windows and lamps in them."""
    way = directions(_FINE)
    half = np.array([rng.uniform(1.5, 5), rng.uniform(1.5, 5), rng.uniform(1.0, 2)])
    reach = half / np.maximum(np.abs(way), 1e-6)
    axis = reach.argmin(-1)
    face = 2 * axis + (np.take_along_axis(way, axis[..., None], -1)[..., 0] > 0)
    place = way * reach.min(-1)[..., None] / half  # (H, W, 3) in [-1, 1] on the box
    u = np.take_along_axis(place, ((axis + 1) % 3)[..., None], -1)[..., 0]
    v = np.take_along_axis(place, ((axis + 2) % 3)[..., None], -1)[..., 0]
    walls = np.stack([random_colour(rng) if rng.random() < 0.4 else near(rng, np.full(3, 0.6), 0.2) for _ in range(6)])
    corner = 1 - 0.6 * np.maximum(np.abs(u), np.abs(v))[..., None] ** 6
    image = 0.4 * walls[face] * corner * (0.6 + 0.8 * _drift(rng, _FINE))
    for _ in range(int(rng.integers(1, 6))):
        middle, size = rng.uniform(-0.7, 0.7, 2), np.exp(rng.uniform(math.log(0.04), math.log(0.5), 2))
        inside = (np.abs(u - middle[0]) < size[0]) & (np.abs(v - middle[1]) < size[1]) & (face == rng.integers(6))
        bars = (np.floor((u - middle[0]) / size[0] * 3) + np.floor((v - middle[1]) / size[1] * 3)) % 2 > 0
        power = math.exp(rng.uniform(1.0, 3.0)) / math.sqrt(size[0] * size[1])
        image = image + ((inside & (bars | (rng.random() < 0.6)))[..., None] * lamp_colour(rng) * power)
    return _finished(image)


def picture(rng: np.random.Generator) -> np.ndarray:
    """A high-range picture of nothing: clouds of clouds, exponentiated, so that few texels have most of the light."""
    height = _FINE
    tones = np.concatenate([_drift(rng, height, int(2 ** rng.integers(1, 5)), 7) for _ in range(3)], -1)
    common = _drift(rng, height, int(2 ** rng.integers(0, 4)), 7)
    mixed = rng.uniform(0.8, 0.98)
    stretch = rng.uniform(4, 14)
    image = np.exp(stretch * (mixed * common + (1 - mixed) * tones)) * near(rng, np.full(3, 1.0), 0.3)
    return _finished(image * np.exp(rng.uniform(-1, 2) * directions(height)[..., 2:]))


#: The kinds of environment map by name.
ENVIRONMENTS: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "sky": sky,
    "overcast": overcast,
    "dusk": dusk,
    "studio": studio,
    "night": night,
    "room": room,
    "picture": picture,
}
