"""Outdoors: streets, gardens, woods, terraces and courts, under sun and clouds, at dusk, at night with many lights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from render.procedural import SceneDescription
from render.procedural.kit import lights, places
from render.procedural.kit.assembly import Assembly, area
from render.procedural.kit.cameras import camera, field_of_view
from render.procedural.kit.colours import lamp_colour
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, join
from render.procedural.kit.pieces import Palette, Piece, Stage, standing
from render.procedural.kit.sites import Site, grass

#: This family's number in the random streams.
NUMBER = 3

#: The light, and how often: a low or high sun, an overcast or cloudy sky, dusk, night.
LIGHTS = {"sun": 0.4, "sky": 0.2, "dusk": 0.15, "night": 0.25}

#: What there is, and how often.
PLACES: tuple[tuple[Callable[[Site], None], float], ...] = (
    (places.street, 0.28),
    (places.garden, 0.25),
    (places.wood, 0.17),
    (places.terrace, 0.15),
    (places.court, 0.15),
)


def scene(seed: int) -> SceneDescription:
    """The place of a seed."""
    rng = np.random.default_rng([NUMBER, seed])
    assembly = Assembly(standing(0, 0, 0, rng.uniform(0, 360)))
    stage = Stage(rng, Palette((NUMBER, seed), assembly), assembly)
    light = str(rng.choice(list(LIGHTS), p=list(LIGHTS.values())))
    site = Site(rng, stage, night=light in ("night", "dusk"))
    make, _ = PLACES[int(rng.choice(len(PLACES), p=[share for _, share in PLACES]))]
    make(site)
    _sky(rng, assembly, light)
    _lit(site)
    sensor = _camera(site)
    if site.grass:
        eye, ahead = sensor["to_world"][:2, 3], sensor["to_world"][:2, 2]
        for _ in range(3):
            reach = log_uniform(rng, 1.0, 8.0)
            grass(site, eye + reach * ahead / np.linalg.norm(ahead), 0.3 + 0.8 * reach, int(rng.integers(2000, 7000)))
    return assembly.describe(sensor, max_depth=int(rng.choice([8, 12, 16])))


def _lit(site: Site) -> None:
    """Make lights of the lamps: small ones and large ones, of a colour each; by day they are dark."""
    rng = site.rng
    groups: list[list[Mesh]] = [[], []]
    for mesh in site.lamps:
        groups[int(area(mesh) > 0.5)].append(mesh)
    for meshes, low, high in zip(groups, (10.0, 0.3), (300.0, 5.0), strict=True):
        if meshes and site.night:
            site.stage.assembly.light(join(meshes), log_uniform(rng, low, high) * lamp_colour(rng))
        elif meshes:
            site.stage.put(Piece({"black": join(meshes)}))


def _sky(rng: np.random.Generator, assembly: Assembly, light: str) -> None:
    scale = log_uniform(rng, 0.3, 3.0)
    if light == "sun":
        assembly.add("sky", lights.sun_and_sky(rng, lights.sun_direction(rng, 5, 75), scale))
    elif light == "sky":
        kind = str(rng.choice(["sky", "overcast", "picture"]))
        assembly.add("sky", lights.environment(rng, kind, scale))
    elif light == "dusk":
        assembly.add("sky", lights.environment(rng, "dusk", 0.2 * scale))
    else:
        assembly.add("sky", lights.environment(rng, "night", 0.02 * scale))


def _camera(site: Site) -> SceneDescription:
    """Where people stand, looking at something."""
    rng = site.rng
    fov = field_of_view(rng, 25, 85)
    eye, target = site.eyes[0].mean(0), site.targets[0]
    for _ in range(80):
        spot = rng.uniform(site.eyes[0][0], site.eyes[0][1])
        aim = site.targets[int(rng.integers(len(site.targets)))] + rng.normal(0, 0.15, 3)
        distance = float(np.linalg.norm(aim - spot))
        if not site.reach[0] <= distance <= site.reach[1] or abs(aim[2] - spot[2]) > 0.6 * distance:
            continue
        ahead = (aim - spot)[:2] / distance
        clear = True
        for x, y, r in site.blocked:
            away = np.array([x, y]) - spot[:2]
            along = float(np.clip(away @ ahead, 0, 0.55 * distance))
            clear &= bool(
                np.hypot(*(away - along * ahead)) > min(r, 0.5 * distance) * (1.0 if along < 0.3 * distance else 0.6)
            )
        if clear:
            eye, target = spot, aim
            break
    aperture = log_uniform(rng, 0.003, 0.05) if rng.random() < 0.12 else 0.0
    return camera(eye, target, fov, rng.normal(0, 4) if rng.random() < 0.1 else 0.0, aperture)
