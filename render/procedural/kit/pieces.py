"""Pieces: things made of parts by what they are made of, with the lamps in them and the tops that carry clutter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from render.procedural.kit import bsdfs, materials, textures
from render.procedural.kit.assembly import Assembly
from render.procedural.kit.bsdfs import Description
from render.procedural.kit.colours import hue, lamp_colour, near
from render.procedural.kit.lights import radiance_for
from render.procedural.kit.materials import GROUPS, OPAQUE
from render.procedural.kit.meshes import Mesh, join
from render.procedural.kit.shapes import copies

Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Lamp:
    """A mesh that shines.

    Attributes:
        mesh: shines on the side of its normals.
        size: its area as seen from a side, square metres.
        share: of the light that its piece gives.
        pictured: it shows a picture, once across its texture coordinates.
    """

    mesh: Mesh
    size: float
    share: float = 1.0
    pictured: bool = False


@dataclass(frozen=True)
class Top:
    """A level rectangle (x0, y0, x1, y1) at height z where things can stand, `room` metres high."""

    rect: Rect
    z: float
    room: float = 0.6


@dataclass(frozen=True)
class Piece:
    """A thing at the origin, its back to +y, its front to -y, standing at z = 0 (or hanging from it).

    Attributes:
        parts: meshes by slot (of `SLOTS`; "book:2" asks for that one of the slot's materials).
        lamps: what shines in it.
        tops: where clutter can stand.
    """

    parts: Mapping[str, Mesh]
    lamps: tuple[Lamp, ...] = ()
    tops: tuple[Top, ...] = field(default=())

    @property
    def bounds(self) -> np.ndarray:
        """(2, 3): lowest and highest corner."""
        points = np.concatenate([mesh.points for mesh in [*self.parts.values(), *(lamp.mesh for lamp in self.lamps)]])
        return np.stack([points.min(0), points.max(0)])

    def under(self, matrix: np.ndarray) -> Piece:
        """The piece moved by a (4, 4) that turns it about z; tops keep to the axes and become their bounds."""
        tops = []
        for top in self.tops:
            x0, y0, x1, y1 = top.rect
            corners = np.array([(x0, y0, top.z, 1), (x1, y0, top.z, 1), (x1, y1, top.z, 1), (x0, y1, top.z, 1)])
            moved = corners @ matrix.T
            low, high = moved[:, :2].min(0), moved[:, :2].max(0)
            tops.append(Top((float(low[0]), float(low[1]), float(high[0]), float(high[1])), moved[0, 2], top.room))
        return Piece(
            {slot: copies(mesh, matrix[None]) for slot, mesh in self.parts.items()},
            tuple(replace(lamp, mesh=copies(lamp.mesh, matrix[None])) for lamp in self.lamps),
            tuple(tops),
        )


def standing(x: float, y: float, z: float, degrees: float = 0.0) -> np.ndarray:
    """(4, 4): turned about z, then moved."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0, x], [s, c, 0, y], [0, 0, 1, z], [0, 0, 0, 1.0]])


def parts_of(**parts: Iterable[Mesh] | Mesh) -> dict[str, Mesh]:
    """Meshes by slot, each joined; slots without any are left out."""
    lists = {slot: [value] if isinstance(value, Mesh) else list(value) for slot, value in parts.items()}
    return {slot: join(meshes) for slot, meshes in lists.items() if meshes}


#: What each slot may be made of, and how many different materials of it a scene has at most.
SLOTS: dict[str, tuple[tuple[str, ...], int]] = {
    "wall": (GROUPS["walls"], 2),
    "ceiling": (("wall paint", "wall paint", "wall paint", "plaster", "wood", "concrete"), 1),
    "floor": (GROUPS["floors"], 1),
    "wood": (("wood",), 2),
    "case": (GROUPS["furniture"], 2),
    "front": (("lacquer", "lacquer", "wood", "plastic", "wall paint", "brushed metal"), 1),
    "counter": (("stone", "stone", "wood", "plastic", "brushed metal", "tile"), 1),
    "cloth": (GROUPS["upholstery"], 2),
    "rug": (("carpet",), 1),
    "linen": (("fabric", "wall paint"), 1),
    "metal": (("metal", "brushed metal", "gold", "alloy", "lacquer", "rust"), 2),
    "chrome": (("chrome", "chrome", "chrome", "brushed metal", "gold"), 1),
    "ceramic": (GROUPS["crockery"], 2),
    "porcelain": (("porcelain",), 1),
    "glass": (GROUPS["glass bodies"], 1),
    "pane": (("pane",), 1),
    "frosted": (("frosted glass", "rippled glass", "shade"), 1),
    "mirror": (("mirror",), 1),
    "leaf": (("leaf", "leaf", "plastic"), 2),
    "bark": (("wood", "concrete"), 1),
    "paper": (("paper",), 1),
    "page": (("wall paint",), 1),
    "picture": (("picture",), 3),
    "shade": (("shade",) * 6 + ("metal", "frosted glass"), 1),
    "curtain": (("curtain", "curtain", "shade", "fabric"), 1),
    "plastic": (("plastic", "lacquer", "rubber"), 2),
    "stone": (("stone", "concrete"), 1),
    "book": (("plastic", "fabric", "paper", "leather", "lacquer"), 3),
    "fruit": (("skin",), 2),
    "paint": (("wall paint", "wall paint", "lacquer"), 2),
    "door": (("wall paint", "lacquer", "wood"), 1),
    "tile": (("tile",), 1),
    "ground": (("carpet", "concrete", "stone", "brick"), 1),
    "facade": (("wall paint", "brick", "concrete", "plaster", "stone", "metal"), 2),
    "black": (("rubber", "plastic"), 1),
    "any": (OPAQUE, 2),
    "roof": (("brick", "tile", "metal", "concrete"), 1),
    "car": (("car paint",), 2),
    "lawn": ((), 1),
    "water": ((), 1),
    "road": (("concrete", "stone", "brick", "tile"), 1),
}

#: Slots of which a scene always has its own material: nothing else would do.
_OWN = (
    "glass",
    "pane",
    "frosted",
    "mirror",
    "shade",
    "curtain",
    "leaf",
    "picture",
    "chrome",
    "wall",
    "floor",
    "ceiling",
)


def lawn(rng: np.random.Generator) -> Description:
    """Ground that grass grows on."""
    return bsdfs.matte(textures.texture(rng, "grass"))


def water(rng: np.random.Generator) -> Description:
    """A pool seen from above: a rippled mirror over the dark."""
    deep = hue(rng.uniform(0.35, 0.6), rng.uniform(0.3, 0.8), rng.uniform(0.01, 0.08))
    ripples = textures.values(rng, 0.0, 1.0, "clouds", rng.uniform(2.0, 8.0))
    return bsdfs.bumped(bsdfs.polished(deep, 1.33), ripples, rng.uniform(0.01, 0.15))


class Palette:
    """The materials of one scene: each slot's are drawn when first asked for, each from its own stream.

    The more materials, the longer a renderer compiles: after `most`, slots take what others have.

    Args:
        seed: what the scene's streams begin with.
        assembly: gets the materials.
        most: materials that slots do not have to themselves.
    """

    def __init__(self, seed: tuple[int, ...], assembly: Assembly, most: int = 20) -> None:
        self._seed, self._assembly, self._most = seed, assembly, most
        self._shared: list[str] = []

    def material(self, slot: str, variant: int = 0) -> str:
        """The name of a slot's material; variants beyond those that a scene has come round again."""
        kinds, most = SLOTS[slot]
        number = variant % most
        name = f"{slot}_{number}"
        if self._assembly.has(name):
            return name
        rng = np.random.default_rng([*self._seed, list(SLOTS).index(slot), number])
        if slot not in _OWN:
            if len(self._shared) >= self._most:
                return self._shared[int(rng.integers(len(self._shared)))]
            self._shared.append(name)
        if not kinds:
            self._assembly.material(name, lawn(rng) if slot == "lawn" else water(rng))
            return name
        pale = {"wall": 0.6, "ceiling": 0.8, "page": 1.0}.get(slot, 0.0)
        if rng.random() < pale:
            white = near(rng, np.full(3, rng.uniform(0.55, 0.88)), 0.06)
            self._assembly.material(name, materials.random_material(rng, "wall paint", white))
        else:
            self._assembly.material(name, materials.random_material(rng, among=kinds))
        return name


class Stage:
    """Where pieces are put.

    Args:
        rng: source of which materials a piece takes, and of the colours of lamps.
        palette: the materials.
        assembly: gets the meshes.
        most: lights that may burn; lamps put later stay dark. Mitsuba draws one light of all for each sample, so each
            more of them makes all others noisier.
    """

    def __init__(self, rng: np.random.Generator, palette: Palette, assembly: Assembly, most: int = 6) -> None:
        self._rng, self._palette, self.assembly, self._most = rng, palette, assembly, most
        self._warmth = lamp_colour(rng)

    def put(self, piece: Piece, matrix: np.ndarray | None = None, light: float = 0.0, reach: float = 2.0) -> Piece:
        """Put a piece into the scene; each slot takes one of its materials.

        Args:
            piece: at the origin.
            matrix: (4, 4) where it goes.
            light: irradiance that its lamps give at `reach`; 0 leaves them off.
            reach: metres.

        Returns:
            The piece where it stands.
        """
        placed = piece if matrix is None else piece.under(matrix)
        for key, mesh in placed.parts.items():
            slot, _, number = key.partition(":")
            variant = int(number) if number else int(self._rng.integers(8))
            self.assembly.put(self._palette.material(slot, variant), mesh)
        colour = self._warmth if self._rng.random() < 0.7 else lamp_colour(self._rng)
        for lamps in _alike(placed.lamps):
            if light > 0 and self.assembly.lights < self._most:
                # All bulbs of a chandelier are one light.
                power = lamps[0].share * len(lamps) * radiance_for(lamps[0].size * len(lamps), reach, light)
                picture = self._shining(power) if lamps[0].pictured else None
                self.assembly.light(join([lamp.mesh for lamp in lamps]), power * colour, picture)
            else:
                self.assembly.put(self._palette.material("paint"), [lamp.mesh for lamp in lamps])
        return placed

    def _shining(self, power: float) -> Description:
        """What a screen shows: text or a photograph, as radiance."""
        kind = ("photograph", "text", "stripes", "damask")[int(self._rng.integers(4))]
        shown = textures.texture(self._rng, kind, 1.0)
        return {**shown, "image": textures.linear(shown["image"]) * np.float32(2 * power)}


def _alike(lamps: tuple[Lamp, ...]) -> list[list[Lamp]]:
    """Lamps of one power and size together; those that show a picture alone."""
    groups: dict[tuple[float, float, int], list[Lamp]] = {}
    for number, lamp in enumerate(lamps):
        groups.setdefault((lamp.size, lamp.share, number if lamp.pictured else -1), []).append(lamp)
    return list(groups.values())
