"""Things at any scale, any way up, of any material, in front of the camera: what no set designer would think of.

It has what the other families have too little of: fog and coloured media, smeared things, wide-open lenses, hair and
wires, textures from a pixel to the whole picture, emitters of every shape between the things that they light.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from render.procedural.kit import bsdfs, cameras, lights, materials, media, strands, things, vessels
from render.procedural.kit.assembly import Assembly, described
from render.procedural.kit.colours import lamp_colour
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, box, quad
from render.procedural.kit.shapes import copies, placements, random_rotations

_FAMILY = 3

#: Kinds of material by how often; glass as often as everything opaque in a scene that is given to it.
_SOLID = (*materials.OPAQUE, *materials.GROUPS["metals"], "screen", "leaf", "shade", "curtain")
_CLEAR = (*materials.GROUPS["glass bodies"], "pane")


@dataclass(frozen=True)
class Space:
    """The part of the world that the camera sees.

    Attributes:
        fov: degrees along the picture's longer side.
        near: distance of the nearest thing; the unit of everything is the metre, the scale is any.
        far: distance of the farthest.
    """

    fov: float
    near: float
    far: float

    def place(self, spots: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Points (N, 3) seen at `spots` (N, 2), in [-1, 1] across a square picture, at depths (N,) along y."""
        slope = math.tan(math.radians(self.fov) / 2)
        return np.stack([spots[:, 0] * slope * depth, depth, spots[:, 1] * slope * depth], -1)

    @property
    def middle(self) -> float:
        """The depth in the middle, by ratio."""
        return math.sqrt(self.near * self.far)


def scene(seed: int) -> dict[str, Any]:
    """The abstract scene of a seed."""
    rng = np.random.default_rng([_FAMILY, seed])
    near = log_uniform(rng, 0.5, 3.0)
    space = Space(log_uniform(rng, 25, 95), near, near * log_uniform(rng, 3, 16))
    a = Assembly()
    palette = _palette(rng, a)
    bounds = _backdrop(rng, a, space)
    _scatter(rng, a, space, palette)
    _light(rng, a, space, bounds)
    foggy = rng.random() < 0.14
    jelly = rng.random() < 0.12
    aperture = space.middle * log_uniform(rng, 0.003, 0.05) if rng.random() < 0.4 else 0.0
    focus = space.near * (space.far / space.near) ** rng.uniform(0.1, 0.8)
    roll = rng.uniform(-180, 180) if rng.random() < 0.4 else rng.normal(0, 10)
    sensor = cameras.camera((0, 0, 0), (0, 1, rng.normal(0, 0.02)), space.fov, roll, aperture, focus)
    if foggy:
        _fog(rng, a, space)
        sensor["medium"] = {"type": "ref", "id": "fog"}
    if jelly:
        _jelly(rng, a, space)
    return a.describe(sensor, "volpath" if foggy or jelly else "path", max_depth=20)


def _palette(rng: np.random.Generator, a: Assembly) -> list[str]:
    """The scene's materials, each named as often as it comes."""
    glassy = float(rng.choice([0.0, 0.2, 0.5, 0.8], p=[0.25, 0.4, 0.25, 0.1]))
    names = []
    for number in range(int(rng.integers(4, 11))):
        among = _CLEAR if rng.random() < glassy else _SOLID
        names.append(a.material(f"material_{number}", materials.random_material(rng, among=among)))
    return names


def _backdrop(rng: np.random.Generator, a: Assembly, space: Space) -> np.ndarray | None:
    """What is behind everything: a closed box, slanted planes, or the environment alone; gives the box (2, 3)."""
    draw, size = rng.random(), 3 * space.far
    if draw < 0.35:
        slope = math.tan(math.radians(space.fov) / 2)
        half = (
            space.far * np.array([slope * rng.uniform(0.5, 1.2), 0, slope * rng.uniform(0.5, 1.2)]) + 0.2 * space.near
        )
        low = np.array([-half[0], -rng.uniform(0.3, 1.0) * space.far, -half[2]])
        high = np.array([half[0], 1.1 * space.far, half[2]])
        centre, reach = (low + high) / 2, (high - low) / 2
        walls = [
            (centre + reach * way, np.roll(np.abs(way), 1) * 2 * reach, np.roll(np.abs(way), 2) * 2 * reach)
            for way in np.concatenate([np.eye(3), -np.eye(3)])
        ]
        names = [
            a.material(
                f"wall_{i}", materials.random_material(rng, among=(*materials.GROUPS["walls"], "mirror", "metal"))
            )
            for i in range(int(rng.integers(1, 4)))
        ]
        for middle, u, v in walls:
            corner = middle - u / 2 - v / 2
            a.put(str(rng.choice(names)), _rescaled(rng, quad(tuple(corner), tuple(u), tuple(v)), 1.0))
        return np.stack([low, high])
    if draw < 0.75:
        for number in range(int(rng.integers(1, 3))):
            name = a.material(f"plane_{number}", materials.random_material(rng, among=materials.OPAQUE))
            plane = quad((-size, -size, 0), (2 * size, 0, 0), (0, 2 * size, 0))
            floor = number == 0 and rng.random() < 0.7
            tilt, spin = rng.normal(0, 0.15 if floor else 0.5, 2), rng.uniform(0, 2 * math.pi)
            up = np.array([tilt[0], tilt[1], 1.0]) if floor else np.array([tilt[0], -1.0, tilt[1]])
            at = np.array([0, 0, -space.near * rng.uniform(0.3, 1.0)]) if floor else np.array([0, 1.05 * space.far, 0])
            matrix = placements(at[None], np.array([spin]), up=(up / np.linalg.norm(up))[None])
            a.put(name, _rescaled(rng, copies(plane, matrix), space.middle))
    return None


def _rescaled(rng: np.random.Generator, mesh: Mesh, size: float) -> Mesh:
    """The mesh with texture coordinates that repeat a texture from a tenth of a time to twenty times over `size`."""
    return replace(mesh, uv=mesh.uv * log_uniform(rng, 0.1, 20.0) / size)


def _scatter(rng: np.random.Generator, a: Assembly, space: Space, palette: list[str]) -> None:
    """Things of a few kinds, many of each, spread over the picture and the depths so that they seldom overlap."""
    count = int(log_uniform(rng, 20, 350))
    spots = _apart(rng, count)
    depth = space.near * (space.far / space.near) ** rng.random(len(spots))
    places = space.place(1.15 * spots, depth)
    # Exponential sizes: many small things, a few that fill much of the picture, none that swallows the camera.
    apart = math.tan(math.radians(space.fov) / 2) / math.sqrt(count)
    sizes = depth * np.clip(apart * rng.exponential(1.6, len(spots)), 0.01, 0.45)
    kind = rng.integers(0, int(rng.integers(2, 9)), len(spots))
    budget = 200_000
    for number in np.unique(kind):
        chosen = np.flatnonzero(kind == number)
        template = _unit(_template(rng))
        chosen = chosen[: max(1, int(budget / 5 / len(template.faces)))]
        budget -= len(chosen) * len(template.faces)
        matrices = np.tile(np.eye(4), (len(chosen), 1, 1))
        stretch = np.exp(rng.normal(0, 0.5, (len(chosen), 1, 3))) if rng.random() < 0.4 else np.ones((1, 1, 3))
        matrices[:, :3, :3] = (
            random_rotations(rng, len(chosen)) * sizes[chosen, None, None] * np.clip(stretch, 0.3, 1.6)
        )
        matrices[:, :3, 3] = places[chosen]
        template = _rescaled(rng, template, 1.0)
        smeared = rng.random() < 0.12
        # A kind is of one or two materials, as things are.
        for part in np.array_split(np.arange(len(chosen)), int(rng.integers(1, 3))):
            if len(part) == 0:
                continue
            name = str(rng.choice(palette))
            if smeared:
                _smear(rng, a, template, matrices[part], name)
            else:
                a.put(name, copies(template, matrices[part]))


def _apart(rng: np.random.Generator, count: int) -> np.ndarray:
    """Points (N, 2) in [-1, 1], of blue noise: of twelve candidates each, the one farthest from those there are."""
    points = rng.uniform(-1, 1, (1, 2))
    for _ in range(count - 1):
        candidates = rng.uniform(-1, 1, (12, 2))
        distance = np.linalg.norm(candidates[:, None] - points[None], axis=-1).min(1)
        points = np.concatenate([points, candidates[distance.argmax()][None]])
    return points


def _template(rng: np.random.Generator) -> Mesh:
    draw = rng.random()
    if draw < 0.55:
        makers: list[Callable[[np.random.Generator], Mesh]] = list(things.THINGS.values())
        return makers[int(rng.integers(len(makers)))](rng)
    if draw < 0.7:
        return vessels.vessel(rng).body(32)
    if draw < 0.92:
        makers = list(strands.STRANDS.values())
        return makers[int(rng.integers(len(makers)))](rng)
    return quad((-0.5, -0.5, 0), (1, 0, 0), (0, rng.uniform(0.1, 1.0), 0))


def _unit(mesh: Mesh) -> Mesh:
    """The mesh centred, its farthest point at distance 1."""
    middle = (mesh.points.min(0) + mesh.points.max(0)) / 2
    reach = float(np.linalg.norm(mesh.points - middle, axis=1).max())
    return replace(mesh, points=(mesh.points - middle) / reach, uv=mesh.uv / reach)


def _smear(rng: np.random.Generator, a: Assembly, template: Mesh, matrices: np.ndarray, name: str) -> None:
    """Copies along a way, each nearly transparent: what a long shutter makes of a moving thing."""
    steps = int(rng.integers(4, 10))
    ghost = f"{name}_smeared_{steps}"
    if not a.has(ghost):
        tone = materials.random_material(rng, among=("plastic", "lacquer", "fabric", "metal", "wood"))
        a.material(ghost, bsdfs.holed(tone, 1.5 / steps))
    matrices = matrices[:: max(1, len(template.faces) * len(matrices) * steps // 25_000)]
    way = rng.normal(size=3)
    way *= rng.uniform(0.3, 2.0) / np.linalg.norm(way)
    reach = np.linalg.norm(matrices[:, :3, 0], axis=1)
    spin = random_rotations(rng, 1)[0] if rng.random() < 0.3 else np.eye(3)
    for step in range(steps):
        moved = matrices.copy()
        moved[:, :3, 3] += way * reach[:, None] * (step / steps - 0.5)
        share = step / steps
        turned = (1 - share) * np.eye(3) + share * spin
        u, _, vt = np.linalg.svd(turned)
        moved[:, :3, :3] = (u @ vt) @ moved[:, :3, :3]
        a.put(ghost, copies(template, moved))


def _light(rng: np.random.Generator, a: Assembly, space: Space, bounds: np.ndarray | None) -> None:
    """An environment, unless walls are all around; lamps of several kinds, most of them out of the picture."""
    lamps = int(rng.integers(1, 10)) if bounds is not None or rng.random() < 0.6 else 0
    if bounds is None:
        if lamps == 0 and rng.random() < 0.12:
            a.add("sky", lights.sun_and_sky(rng))
        else:
            a.add("sky", lights.environment(rng, scale=1.0 if lamps == 0 else log_uniform(rng, 0.02, 0.6)))
    irradiance = log_uniform(rng, 1.0, 6.0) / max(1, lamps) ** 0.5
    for number in range(lamps):
        seen = number > 0 and rng.random() < 0.4
        if number == 0:  # behind the camera: whatever stands in front, its face is lit
            at = space.near * np.array([*rng.uniform(-0.4, 0.4, 2), -rng.uniform(0.05, 0.3)])[[0, 2, 1]]
        else:
            share, off = (rng.uniform(0.4, 0.95), 0.9) if seen else (rng.uniform(-0.6, 0.7), 2.5)
            spot = rng.uniform(-off, off, 2)
            if not seen:
                spot[int(rng.integers(2))] = rng.choice([-1.0, 1.0]) * rng.uniform(1.3, off)
            at = space.place(spot[None], np.array([space.near * (space.far / space.near) ** share]))[0]
        if bounds is not None:
            at = np.clip(at, 0.92 * bounds[0], 0.92 * bounds[1])
        # Never so large that one out of the picture reaches into it: the backs of lamps are black.
        scale = 0.35 * float(np.linalg.norm(at))
        _lamp(rng, a, f"lamp_{number}", at, scale, space.middle, irradiance)


def _lamp(
    rng: np.random.Generator, a: Assembly, name: str, at: np.ndarray, scale: float, reach: float, irradiance: float
) -> None:
    """One lamp, of a kind drawn here.

    Args:
        rng: source of its kind, size and colour.
        a: where it is added, by `name`.
        name: of the node.
        at: (3,) its place.
        scale: of a panel's or a tube's size; a bulb is a tenth of it.
        reach: how far in front of the camera the things are that it lights with `irradiance`.
        irradiance: there.
    """
    target = np.array([*rng.normal(0, 0.2 * reach, 2), reach])[[0, 2, 1]]
    distance = float(np.linalg.norm(target - at)) + 1e-3
    kind = rng.random()
    if kind < 0.35:
        a.add(name, lights.bulb(rng, at.tolist(), distance, irradiance, scale * log_uniform(rng, 0.01, 0.15)))
    elif kind < 0.5:
        way = rng.normal(size=3)
        way *= scale * rng.uniform(0.1, 0.4) / np.linalg.norm(way)
        a.add(name, lights.strip(rng, (at - way).tolist(), (at + way).tolist(), distance, irradiance))
    elif kind < 0.75:
        wide, tall = scale * np.exp(rng.uniform(math.log(0.05), math.log(0.6), 2))
        a.add(name, lights.panel(rng, at.tolist(), target.tolist(), wide, tall, irradiance))
    elif kind < 0.85:
        a.add(name, lights.spot(rng, at.tolist(), target.tolist(), irradiance))
    else:  # a thing that glows
        glow = _unit(things.THINGS[str(rng.choice(things.CLEAR))](rng)).scaled(scale * log_uniform(rng, 0.02, 0.2))
        power = lights.radiance_for(0.5 * float(np.ptp(glow.points[:, 0])) ** 2 + 1e-6, distance, irradiance)
        a.light(glow.moved(*at), power * lamp_colour(rng))


def _fog(rng: np.random.Generator, a: Assembly, space: Space) -> None:
    """A box of fog around camera and things: a tenth to two thirds of the light of the farthest is lost."""
    density = log_uniform(rng, 0.08, 1.0) / space.far
    thick = np.full(3, rng.uniform(0.6, 0.99)) if rng.random() < 0.6 else rng.uniform(0.3, 0.99, 3)
    a.add("fog", media.medium(rng, density, thick))
    size = 2.6 * space.far
    shell = described(box((-size, -size, -size), (size, size, size)), {"type": "null"})
    a.add("fog_shell", {**shell, "interior": {"type": "ref", "id": "fog"}})


def _jelly(rng: np.random.Generator, a: Assembly, space: Space) -> None:
    """Bodies with a medium in them: jade, wax, jelly, clouds in glass balls."""
    for number in range(int(rng.integers(1, 4))):
        depth = np.array([space.near * (space.far / space.near) ** rng.uniform(0, 0.6)])
        at = space.place(rng.uniform(-0.6, 0.6, (1, 2)), depth)[0]
        size = float(depth[0]) * rng.uniform(0.08, 0.3)
        body = _unit(things.THINGS[str(rng.choice(("sphere", "blob", "gem", "pillow", "fruit", "ring")))](rng))
        ior = rng.uniform(1.2, 1.6)
        skin = (
            {"type": "null"}
            if rng.random() < 0.2
            else bsdfs.glass(ior, 0.0 if rng.random() < 0.5 else rng.uniform(0.05, 0.4))
        )
        shape = described(body.scaled(size).moved(*at), skin)
        a.add(f"jelly_{number}", {**shape, "interior": media.medium(rng, log_uniform(rng, 1.0, 30.0) / size)})
