"""Still lifes: dense groups of glasses, crockery, metal, fruit, toys on tables and sweeps, under all kinds of light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from render.procedural.kit import bsdfs, cameras, lights, materials, media, textures, things, vessels
from render.procedural.kit.assembly import Assembly, described
from render.procedural.kit.colours import hue
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, box, join, quad, sheet
from render.procedural.kit.shapes import bevelled_box, copies, placements
from render.procedural.kit.tableware import teapot

_FAMILY = 1

#: What solid things are made of, and what glass is, by how often.
_SOLID = (
    *("plastic", "lacquer", "porcelain", "ceramic", "skin", "rubber", "wood", "stone", "fabric", "leather", "anything"),
    *("chrome", "metal", "metal", "alloy", "brushed metal", "gold", "hammered metal", "rust", "car paint", "screen"),
)
_CLEAR = ("glass", "glass", "glass", "crystal", "frosted glass", "rippled glass", "resin")


@dataclass(frozen=True)
class Style:
    """What a still life has of everything: its palette, by names of materials in the assembly.

    Attributes:
        solid: opaque ones.
        clear: glasses; the first is that of filled vessels.
        glassy: share of things that are of glass.
        clouded: the boundaries "wet" and "liquid" where liquids scatter light within; empty where they do not.
    """

    solid: tuple[str, ...]
    clear: tuple[str, ...]
    glassy: float
    clouded: dict[str, dict[str, Any]]


def scene(seed: int) -> dict[str, Any]:
    """The still life of a seed."""
    rng = np.random.default_rng([_FAMILY, seed])
    a = Assembly()
    style = _style(rng, a)
    spread = _group(rng, a, style)
    stage = _stage(rng, a, spread)
    _light(rng, a, spread, stage)
    eye, target, fov = _view(rng, spread, stage)
    aperture = 0.0
    distance = math.dist(eye, target)
    if rng.random() < 0.3:
        aperture = distance * log_uniform(rng, 0.003, 0.03)
    focus = distance * rng.uniform(0.75, 1.15)
    sensor = cameras.camera(eye, target, fov, rng.normal(0, 2), aperture, focus)
    return a.describe(sensor, "volpath" if style.clouded else "path", max_depth=20)


def _style(rng: np.random.Generator, a: Assembly) -> Style:
    """Choose a palette: few materials, used again and again, as on a real table."""
    solid = tuple(f"solid_{i}" for i in range(int(rng.integers(3, 8))))
    clear = tuple(f"clear_{i}" for i in range(int(rng.integers(1, 4))))
    for name in solid:
        a.material(name, materials.random_material(rng, among=_SOLID))
    for number, name in enumerate(clear):
        a.material(name, materials.random_material(rng, among=_CLEAR if number else _CLEAR[:3]))
    liquid = rng.uniform(1.3, 1.48)
    tint = hue(rng.random(), rng.uniform(0.0, 0.95), rng.uniform(0.5, 1.0))
    glassy = float(rng.choice([0.1, 0.35, 0.6, 0.9], p=[0.3, 0.3, 0.25, 0.15]))
    cloudy = bool(rng.random() < 0.3 * glassy)
    boundaries = {
        "wet": bsdfs.glass(1.52, outside=liquid),
        "liquid": bsdfs.glass(liquid, tint=tint if rng.random() < 0.6 and not cloudy else None),
    }
    for name, bsdf in boundaries.items():
        a.material(name, bsdf)
    a.material("milk", materials.random_material(rng, "plastic"))
    if cloudy:
        a.add("tea", media.medium(rng, log_uniform(rng, 5.0, 200.0)))
    return Style(solid, clear, glassy, boundaries if cloudy else {})


def _group(rng: np.random.Generator, a: Assembly, style: Style) -> float:
    """Put things side by side without overlaps, the largest first; gives the radius of the group."""
    count = int(rng.integers(6, 36))
    kinds = sorted(things.THINGS)
    wanted = []
    for _ in range(count):
        size = log_uniform(rng, 0.6, 1.8)
        if rng.random() < 0.55:
            wanted.append(_vessel(rng, a, style, size))
        else:
            clear = rng.random() < style.glassy
            kind = str(rng.choice(things.CLEAR if clear else kinds))
            mesh = things.THINGS[kind](rng)
            mesh = mesh.scaled(min(size, 0.13 / _radius([("", mesh)])))
            wanted.append([(str(rng.choice(style.clear if clear else style.solid)), mesh)])
    wanted.sort(key=lambda parts: -_radius(parts))
    placed: list[tuple[float, float, float]] = []
    reach = 0.05
    for parts in wanted:
        radius = _radius(parts)
        spot, reach = _free(rng, placed, radius, reach)
        placed.append((*spot, radius))
        turn = placements(np.array([[*spot, 0.0005]]), rng.uniform(0, 2 * math.pi, 1))
        for number, (name, mesh) in enumerate(parts):
            if name in style.clouded:
                # The liquid is on the outer side of the glass it wets, and on the inner side of its surface.
                side, reference = "exterior" if name == "wet" else "interior", {"type": "ref", "id": "tea"}
                shape = described(copies(mesh, turn), style.clouded[name])
                a.add(f"{name}_{len(placed)}_{number}", {**shape, side: reference})
            else:
                a.put(name, copies(mesh, turn))
    return max(0.12, max(math.hypot(x, y) + 0.6 * r for x, y, r in placed))


def _vessel(rng: np.random.Generator, a: Assembly, style: Style, size: float) -> list[tuple[str, Mesh]]:
    """The parts of a vessel: of glass, empty or filled, stoppered or not; or of something solid."""
    sides = int(rng.choice([32, 48, 64]))
    if rng.random() >= max(style.glassy, 0.3):
        if rng.random() < 0.05:
            return [(str(rng.choice(style.solid)), teapot().scaled(size))]
        thing = vessels.vessel(rng)
        parts = [(str(rng.choice(style.solid)), vessels.opaque(rng, thing, sides))]
        if thing.kind in ("plate", "bowl") and rng.random() < 0.5:  # a stack of them
            step = 0.35 * thing.height + 0.004
            pile = [parts[0][1].moved(0, 0, step * i) for i in range(int(rng.integers(2, 6)))]
            parts = [(parts[0][0], join(pile))]
        return [(name, mesh.scaled(size)) for name, mesh in parts]
    thing = vessels.vessel(rng, str(rng.choice(vessels.GLASSWARE)))
    cap = [(str(rng.choice(style.solid)), thing.stopper())] if thing.kind in ("bottle", "jar", "flask") else []
    cap = cap if rng.random() < 0.4 else []
    glass = str(rng.choice(style.clear))
    parts = [(glass, thing.body(sides))]
    if rng.random() < 0.55:
        dry, wet, top = thing.filled(rng.uniform(0.25, 0.9), sides)
        if rng.random() < 0.2:  # nothing shines through milk
            parts = [(glass, dry), ("milk", wet), ("milk", top)]
        else:
            parts = [(style.clear[0], dry), ("wet", wet), ("liquid", top)]
    return [(name, mesh.scaled(size)) for name, mesh in parts + cap]


def _radius(parts: list[tuple[str, Mesh]]) -> float:
    return max(float(np.hypot(mesh.points[:, 0], mesh.points[:, 1]).max()) for _, mesh in parts)


def _free(
    rng: np.random.Generator, placed: list[tuple[float, float, float]], radius: float, reach: float
) -> tuple[tuple[float, float], float]:
    """A place for a disc beside the others, the nearer the better, and how far out places are looked for."""
    others = np.array(placed).reshape(-1, 3)
    while True:
        for _ in range(40):
            angle, far = rng.uniform(0, 2 * math.pi), reach * math.sqrt(rng.random())
            x, y = far * math.cos(angle), far * math.sin(angle)
            if (np.hypot(others[:, 0] - x, others[:, 1] - y) > others[:, 2] + radius + 0.002).all():
                return (x, y), reach
        reach *= 1.15


def _stage(rng: np.random.Generator, a: Assembly, spread: float) -> str:
    """What the group stands on and before: a sweep, a table, the ground, or the corner of a room."""
    kind = str(rng.choice(["sweep", "table", "ground", "corner"], p=[0.25, 0.25, 0.2, 0.3]))
    floors = ("wood", "tile", "stone", "fabric", "concrete", "plastic", "metal", "lacquer", "wall paint", "paper")
    a.material("floor", materials.random_material(rng, among=floors))
    if kind == "sweep":
        a.put("floor", _sweep(spread * rng.uniform(2, 4), spread * rng.uniform(1.3, 2.5)))
    elif kind == "table":
        wide, deep, thick = spread * rng.uniform(1.1, 1.8), spread * rng.uniform(1.05, 1.5), rng.uniform(0.01, 0.05)
        a.put("floor", bevelled_box((-wide, -deep, -thick), (wide, deep, 0), min(0.004, 0.3 * thick)))
        if rng.random() < 0.6:  # a ground below; otherwise the environment all around
            a.material("ground", materials.random_material(rng, among=materials.GROUPS["floors"]))
            a.put("ground", quad((-12, -12, -0.75), (24, 0, 0), (0, 24, 0)))
            for right, back in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                x, y = right * (wide - 0.04), back * (deep - 0.04)
                a.put("floor", box((x - 0.02, y - 0.02, -0.75), (x + 0.02, y + 0.02, -thick)))
    elif kind == "ground":
        a.put("floor", quad((-15, -15, 0), (30, 0, 0), (0, 30, 0)))
    else:
        rear, side = spread * rng.uniform(1.1, 2.2), spread * rng.uniform(1.2, 2.5)
        a.put("floor", quad((-side, -6 * spread, 0), (8 * spread, 0, 0), (0, rear + 6 * spread, 0)))
        for number, wall in enumerate(
            (
                quad((-side, rear, 0), (8 * spread, 0, 0), (0, 0, 5)),
                quad((-side, -6 * spread, 0), (0, 9 * spread, 0), (0, 0, 5)),
            )
        ):
            name = a.material(
                f"wall_{number}", materials.random_material(rng, among=(*materials.GROUPS["walls"], "mirror"))
            )
            a.put(name, wall)
    _props(rng, a, spread)
    return kind


def _sweep(wide: float, back: float) -> Mesh:
    """A photographer's backdrop: a floor that bends up into a wall at y = back."""
    radius, front, height = 0.5 * back, 8 * back, 6 * back
    bend = math.pi / 2 * radius

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        length = front + back
        along = v * (length + bend + height)
        angle = np.clip((along - length) / radius, 0, math.pi / 2)
        y = -front + np.minimum(along, length) + radius * np.sin(angle)
        z = radius * (1 - np.cos(angle)) + np.maximum(along - length - bend, 0)
        return np.stack([(u - 0.5) * 4 * wide, y, z], -1)

    return sheet(surface, 1, 90, (4 * wide, front + back + bend + height))


def _props(rng: np.random.Generator, a: Assembly, spread: float) -> None:
    """Now and then a mirror or a screen behind the group, a pane in front of it, a cloth or a tray under it."""
    if rng.random() < 0.2:
        a.material(
            "board", materials.random_material(rng, among=("mirror", "screen", "chrome", "frosted glass", "picture"))
        )
        wide, tall = spread * rng.uniform(0.6, 1.6), spread * rng.uniform(0.6, 1.6)
        x, y = rng.uniform(-0.4, 0.4) * spread, spread * 1.04
        a.put("board", bevelled_box((x - wide / 2, y, 0.001), (x + wide / 2, y + 0.006, tall), 0.002))
    if rng.random() < 0.1:
        a.material("sheet", materials.random_material(rng, "pane"))
        a.put(
            "sheet",
            quad((-0.9 * spread, -1.05 * spread, 0.001), (rng.uniform(0.6, 1.8) * spread, 0, 0), (0, 0, 0.8 * spread)),
        )
    if rng.random() < 0.3:
        a.material(
            "mat", materials.random_material(rng, among=("fabric", "paper", "wood", "chrome", "stone", "leather"))
        )
        half = spread * rng.uniform(0.5, 1.0, 2)
        a.put("mat", quad((-half[0], -half[1], 0.0004), (2 * half[0], 0, 0), (0, 2 * half[1], 0)))


def _light(rng: np.random.Generator, a: Assembly, spread: float, stage: str) -> None:
    """A main light, of one of many kinds and of any size, and some fill so that no shadow is quite black."""
    kind = str(
        rng.choice(
            ["environment", "panels", "bulbs", "strips", "spot", "daylight", "projector"],
            p=[0.34, 0.2, 0.2, 0.08, 0.06, 0.09, 0.03],
        )
    )
    if kind == "daylight":
        a.add("sky", lights.sun_and_sky(rng))
        return
    fill = 1.0 if kind == "environment" else log_uniform(rng, 0.01, 0.3)
    a.add("sky", lights.environment(rng, scale=fill) if rng.random() < 0.8 else lights.constant(fill * np.ones(3)))
    if kind == "environment":
        return
    irradiance = log_uniform(rng, 1.0, 8.0)
    for number in range(int(rng.integers(1, 4)) if kind != "projector" else 1):
        place = _around(rng, spread * log_uniform(rng, 1.3, 4.0), kind, stage)
        distance = float(np.linalg.norm(place))
        name = f"lamp_{number}"
        if kind == "panels":
            wide, tall = distance * np.exp(rng.uniform(math.log(0.08), math.log(1.0), 2))
            a.add(name, lights.panel(rng, place.tolist(), (0, 0, 0), wide, tall, irradiance))
        elif kind == "bulbs":
            a.add(
                name, lights.bulb(rng, place.tolist(), distance, irradiance, distance * log_uniform(rng, 0.008, 0.12))
            )
        elif kind == "strips":
            way = rng.normal(size=3) * (1, 1, 0.3)
            way *= distance * rng.uniform(0.2, 0.6) / np.linalg.norm(way)
            a.add(name, lights.strip(rng, (place - way).tolist(), (place + way).tolist(), distance, irradiance))
        elif kind == "spot":
            a.add(name, lights.spot(rng, place, rng.normal(0, 0.2 * spread, 3) * (1, 1, 0), irradiance))
        else:
            slide = textures.texture(rng)
            a.add(name, lights.projector(slide, place, (0, 0, 0), irradiance, rng.uniform(20, 60)))


def _around(rng: np.random.Generator, distance: float, kind: str, stage: str) -> np.ndarray:
    """A place for a lamp: above, aside, or behind the group; on this side of any wall."""
    azimuth, elevation = rng.uniform(0, 2 * math.pi), math.radians(rng.uniform(15, 85))
    place = distance * np.array(
        [math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation)]
    )
    if stage in ("corner", "sweep"):
        place[1] = -abs(place[1])
        place[0] = abs(place[0]) if stage == "corner" else place[0]
    return place


def _view(
    rng: np.random.Generator, spread: float, stage: str
) -> tuple[tuple[float, float, float], tuple[float, float, float], float]:
    """Where the camera stands, what is in its middle, its angle: from a close-up to the whole group."""
    fov = log_uniform(rng, 20, 65)
    shown = spread * log_uniform(rng, 0.5, 1.25)
    distance = max(shown / math.tan(math.radians(fov) / 2), 0.25)
    elevation = math.radians(rng.triangular(3, 18, 70))
    azimuth = math.radians(rng.uniform(-65, 20) if stage == "corner" else rng.uniform(-50, 50))
    if stage in ("table", "ground"):
        azimuth = rng.uniform(0, 2 * math.pi)
    off = rng.normal(0, 0.3, 2) * max(spread - shown, 0.1 * spread)
    target = (float(off[0]), float(off[1]), min(0.06, 0.25 * spread))
    flat = distance * math.cos(elevation)
    eye = (
        target[0] - flat * math.sin(azimuth),
        target[1] - flat * math.cos(azimuth),
        target[2] + distance * math.sin(elevation),
    )
    return eye, target, fov
