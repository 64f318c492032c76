"""Vessels with walls of a thickness: glasses, bottles, bowls, cups, in endless proportions, and what is in them.

A filled glass is made of boundaries, each between two media: glass and air, glass and liquid, liquid and air. That is
what refraction needs; a body of liquid inside a body of glass would have air between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from render.procedural.kit.meshes import Mesh, join, lathe
from render.procedural.kit.shapes import curve, sweep

#: Sides of vessels by kind, from base to rim: (radius, height), fractions of the widest radius and of the height.
_SIDES: dict[str, tuple[tuple[float, float], ...]] = {
    "tumbler": ((0.85, 0.0), (0.9, 0.3), (1.0, 1.0)),
    "cup": ((0.6, 0.0), (0.8, 0.15), (0.97, 0.5), (1.0, 1.0)),
    "bowl": ((0.4, 0.0), (0.7, 0.25), (0.93, 0.65), (1.0, 1.0)),
    "plate": ((0.55, 0.0), (0.62, 0.25), (0.8, 0.6), (1.0, 1.0)),
    "pot": ((0.97, 0.0), (1.0, 0.1), (1.0, 0.6), (0.98, 1.0)),
    "jar": ((0.95, 0.0), (1.0, 0.1), (1.0, 0.7), (0.8, 0.85), (0.75, 1.0)),
    "bottle": ((0.95, 0.0), (1.0, 0.06), (1.0, 0.5), (0.8, 0.64), (0.35, 0.75), (0.3, 0.95), (0.34, 1.0)),
    "vase": ((0.5, 0.0), (0.85, 0.2), (1.0, 0.45), (0.6, 0.75), (0.4, 0.88), (0.6, 1.0)),
    "flask": ((0.8, 0.0), (1.0, 0.15), (0.85, 0.4), (0.25, 0.65), (0.2, 0.95), (0.26, 1.0)),
}
#: Bowls of glasses on a stem, likewise, over the stem.
_STEMMED: dict[str, tuple[tuple[float, float], ...]] = {
    "wine": ((0.12, 0.0), (0.7, 0.16), (1.0, 0.45), (0.9, 0.8), (0.75, 1.0)),
    "flute": ((0.12, 0.0), (0.7, 0.1), (1.0, 0.4), (0.85, 1.0)),
    "martini": ((0.1, 0.0), (0.5, 0.45), (1.0, 1.0)),
    "goblet": ((0.12, 0.0), (0.85, 0.2), (1.0, 0.6), (1.0, 1.0)),
}
#: Widest radius and height in metres: the ranges of even draws.
_SIZES: dict[str, tuple[float, float, float, float]] = {
    "tumbler": (0.03, 0.05, 0.07, 0.16),
    "cup": (0.03, 0.05, 0.05, 0.1),
    "bowl": (0.05, 0.15, 0.04, 0.12),
    "plate": (0.07, 0.15, 0.012, 0.04),
    "pot": (0.06, 0.13, 0.06, 0.18),
    "jar": (0.03, 0.07, 0.08, 0.2),
    "bottle": (0.03, 0.05, 0.18, 0.33),
    "vase": (0.04, 0.11, 0.14, 0.38),
    "flask": (0.04, 0.08, 0.12, 0.25),
    "wine": (0.032, 0.05, 0.08, 0.12),
    "flute": (0.022, 0.032, 0.11, 0.16),
    "martini": (0.045, 0.06, 0.06, 0.08),
    "goblet": (0.03, 0.045, 0.06, 0.1),
}
#: Every kind of vessel, and those that one drinks from or pours from.
VESSELS: tuple[str, ...] = (*_SIDES, *_STEMMED)
GLASSWARE: tuple[str, ...] = ("tumbler", "jar", "bottle", "flask", "vase", "bowl", *_STEMMED)


@dataclass(frozen=True)
class Vessel:
    """Profiles (N, 2) of radius and height, in metres, z up, standing on z = 0.

    Attributes:
        outside: from the middle of the base to the rim.
        inside: from the rim down to the middle of the bottom.
        kind: of `VESSELS`.
    """

    outside: np.ndarray
    inside: np.ndarray
    kind: str

    @property
    def radius(self) -> float:
        """The widest, metres."""
        return float(self.outside[:, 0].max())

    @property
    def height(self) -> float:
        """Of the rim, metres."""
        return float(self.outside[:, 1].max())

    def body(self, sides: int = 48) -> Mesh:
        """The empty vessel, closed; normals point out of its walls, into its hollow too."""
        return lathe(_profile(self.outside, self.inside), sides)

    def filled(self, share: float, sides: int = 48) -> tuple[Mesh, Mesh, Mesh]:
        """The vessel with something in it, as boundaries.

        Args:
            share: of the depth of its hollow that is full, in (0, 1).
            sides: of the lathe.

        Returns:
            Where its walls meet the air; where they meet the liquid (normals into the liquid); the liquid's surface
            (normals up).
        """
        bottom, top = float(self.inside[-1, 1]), float(self.inside[0, 1])
        level = bottom + share * (top - bottom)
        heights = self.inside[:, 1]
        first = int(np.argmax(heights < level))  # the first point below the level, on the way down
        above, below = self.inside[first - 1], self.inside[first]
        t = (above[1] - level) / max(above[1] - below[1], 1e-9)
        edge = above + t * (below - above)
        dry = _profile(self.outside, self.inside[:first], edge[None])
        wet = _profile(edge[None], self.inside[first:])
        return lathe(dry, sides), lathe(wet, sides), lathe(_profile(edge[None], np.array([[0.0, edge[1]]])), sides)

    def stopper(self, sides: int = 24) -> Mesh:
        """A cork or a lid on the rim."""
        rim, top = float(self.inside[0, 0]), self.height
        lid = [(0.0, top - 0.2 * rim), (0.98 * rim, top - 0.2 * rim), (0.98 * rim, top + 0.001)]
        knob = [(1.05 * rim, top + 0.001), (1.05 * rim, top + 0.5 * rim), (0.9 * rim, top + 0.6 * rim)]
        return lathe([*lid, *knob, (0.0, top + 0.6 * rim)], sides, smooth=False)

    def handle(self) -> Mesh:
        """A loop at the side of a cup, a pot or a jug, to go with an opaque body."""
        low, high = 0.25 * self.height, 0.8 * self.height
        radii = [float(np.interp(z, self.outside[1:, 1], self.outside[1:, 0])) - 0.002 for z in (low, high)]
        reach = max(0.03, 0.4 * (high - low))
        points = [
            (radii[0], 0, low),
            (radii[0] + 0.7 * reach, 0, low + 0.1 * (high - low)),
            (radii[1] + reach, 0, 0.5 * (low + high)),
            (radii[1] + 0.7 * reach, 0, high),
            (radii[1], 0, high - 0.05 * (high - low)),
        ]
        return sweep(curve(points, 6), 0.12 * reach + 0.002, 10)


def vessel(rng: np.random.Generator, kind: str | None = None) -> Vessel:
    """A random vessel; `kind` of `VESSELS`."""
    kind = VESSELS[int(rng.integers(len(VESSELS)))] if kind is None else kind
    low, high, short, tall = _SIZES[kind]
    radius, height = rng.uniform(low, high), rng.uniform(short, tall)
    thickness = rng.uniform(0.0012, 0.004)
    base = thickness * rng.uniform(1.0, 4.0) if kind != "plate" else thickness
    stemmed = kind in _STEMMED
    side = np.array(_STEMMED[kind] if stemmed else _SIDES[kind])
    side[1:-1] += rng.normal(0, 0.04, (len(side) - 2, 2)) * np.minimum(side[1:-1], 1 - side[1:-1] + 0.3)
    side[:, 1] = np.maximum.accumulate(side[:, 1])
    side = _smooth(side * (radius, height))
    if not stemmed:
        return Vessel(np.concatenate([[[0.0, 0.0]], side]), _inner(side, thickness, base), kind)
    foot, stem, length = radius * rng.uniform(0.7, 1.0), rng.uniform(0.003, 0.006), rng.uniform(0.03, 0.11)
    side[:, 0] = np.maximum(side[:, 0], stem)
    side = side + (0.0, length)
    pillar = np.array([[foot, 0.0], [foot, 0.0025], [0.35 * foot + stem, 0.006], [stem, 0.016]])
    if rng.random() < 0.3:  # a knot in the stem
        pillar = np.concatenate([pillar, [[stem, 0.5 * length - 0.008], [2.2 * stem, 0.5 * length]]])
        pillar = np.concatenate([pillar, [[stem, 0.5 * length + 0.008]]])
    inner = _inner(side, thickness, length + base)
    return Vessel(np.concatenate([[[0.0, 0.0]], pillar, side]), inner, kind)


def opaque(rng: np.random.Generator, thing: Vessel, sides: int = 48) -> Mesh:
    """A vessel that is no glass: with a handle, if it is a cup or a pot and chance wants it."""
    if thing.kind in ("cup", "pot", "tumbler") and rng.random() < 0.6:
        return join([thing.body(sides), thing.handle()])
    return thing.body(sides)


def _smooth(points: np.ndarray) -> np.ndarray:
    return curve(np.pad(points, ((0, 0), (0, 1))), 7)[:, :2]


def _inner(side: np.ndarray, thickness: float, base: float) -> np.ndarray:
    """The side moved inward along its normals, from the rim to the middle of the bottom at height `base`."""
    along = np.gradient(side, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    moved = side + thickness * np.stack([-along[:, 1], along[:, 0]], -1)
    moved[-1] = side[-1] - (thickness, 0)
    # Downward from the rim, only what keeps falling: a flat side's normals would fold the wall over itself.
    down = moved[::-1]
    falling = down[:, 1] <= np.minimum.accumulate(down[:, 1])
    down = down[falling & (down[:, 1] > base + 1e-5) & (down[:, 0] > 2e-4)]
    if len(down) == 0:
        down = (side[-1] - (thickness, 0))[None]
        base = min(base, float(down[0, 1]) - 1e-4)
    return np.concatenate([down, [[0.9 * down[-1, 0], base], [0.0, base]]])


def _profile(*parts: np.ndarray) -> list[tuple[float, float]]:
    return [(float(r), float(z)) for r, z in np.concatenate(parts)]
