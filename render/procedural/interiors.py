"""Rooms: lit through windows, by lamps seen and unseen, from the next room; furnished for what they are for."""

from __future__ import annotations

import numpy as np

from render.procedural import SceneDescription
from render.procedural.kit import lamps, openings, surroundings
from render.procedural.kit.assembly import Assembly
from render.procedural.kit.cameras import camera, field_of_view
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.lights import radiance_for
from render.procedural.kit.meshes import box, join, quad
from render.procedural.kit.pieces import Palette, Piece, Stage, standing
from render.procedural.kit.programmes import PROGRAMMES, Furnisher
from render.procedural.kit.rooms import Room, plan, view

#: This family's number in the random streams.
NUMBER = 1

#: How a room is lit, and how often: by day through windows, by day with lamps on, by its lamps at dusk or at night, by
#: lamps without any window, and from the next room through a door. The darker, the fewer views a few samples tell
#: enough of to learn from.
MODES = {"day": 0.56, "day and lamps": 0.22, "evening": 0.06, "lamps": 0.13, "next room": 0.03}

#: Of the rooms lit by day, those whose windows are sheets of light instead of openings to a sky.
_GLOWING = 0.6


def scene(seed: int) -> SceneDescription:
    """The room of a seed."""
    rng = np.random.default_rng([NUMBER, seed])
    assembly = Assembly(standing(0, 0, 0, rng.uniform(0, 360)))
    stage = Stage(rng, Palette((NUMBER, seed), assembly), assembly, int(rng.integers(1, 8)))
    mode = str(rng.choice(list(MODES), p=list(MODES.values())))
    weights = np.array([weight for *_, weight in PROGRAMMES], float)
    furnish, sides, heights, _ = PROGRAMMES[int(rng.choice(len(weights), p=weights / weights.sum()))]
    room = Room(plan(rng, rng.uniform(*sides), rng.uniform(*sides)), rng.uniform(*heights))
    glow = log_uniform(rng, 0.3, 3.0) if mode.startswith("day") and rng.random() < _GLOWING else 0.0
    _enclose(rng, room, stage, mode, glow)
    level = {"day": 0.0, "day and lamps": log_uniform(rng, 0.1, 1.0), "next room": log_uniform(rng, 0.01, 0.1)}.get(
        mode, 1.0
    )
    if mode != "next room":
        _built_in_lamps(rng, room, stage, level)
    furnisher = Furnisher(rng, room, stage, level, rng.uniform(0.5, 1.5))
    furnish(furnisher)
    furnisher.walls_hung(int(rng.integers(2, 9)))
    furnisher.fill()
    if mode in ("day", "day and lamps", "evening") and glow == 0:
        surroundings.outside(rng, room, stage, night=mode == "evening")
    return assembly.describe(_camera(rng, room), max_depth=int(rng.choice([8, 12, 16, 24])))


def _enclose(rng: np.random.Generator, room: Room, stage: Stage, mode: str, glow: float) -> None:
    """Which walls have windows and doors, and all that goes with them."""
    order = [int(i) for i in rng.permutation([i for i in room.outer_walls if room.walls[i].length > 0.9])]
    windows = [] if mode in ("lamps", "next room") else order[: int(rng.integers(1, 4))]
    doors = [i for i in order if i not in windows][:1] if rng.random() < 0.5 or mode == "next room" else []
    openings.enclose(rng, room, stage, windows, doors, mode == "next room", glow)


def _built_in_lamps(rng: np.random.Generator, room: Room, stage: Stage, level: float) -> None:
    """Lamps at the ceiling and on the walls, strips in coves, and a lamp where the camera cannot see it."""
    low, high = room.outline.min(0), room.outline.max(0)
    made = 0
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(low + 0.4, high - 0.4)
        if not room.inside(np.array([[x, y]]), 0.35)[0]:
            continue
        drop = rng.uniform(0.2, max(0.25, room.height - 1.9))
        lamp = lamps.ceiling_lamp(rng) if rng.random() < 0.5 else lamps.pendant(rng, drop)
        if made == 0 and "glass" in lamp.parts:
            lamp = lamps.ceiling_lamp(rng)  # no shadow ray finds a bulb within glass: not as the only light
        place = standing(x, y, room.height - 0.001, float(rng.choice([0, 90])))
        if not room.fits(lamp.under(place).bounds):
            continue
        on = level * log_uniform(rng, 0.3, 2.0) if made == 0 or rng.random() < 0.7 else 0.0
        room.put(stage, lamp, place, on, 0.5)
        made += 1
    if level == 0:
        return
    draw = rng.random()
    lit = made > 0
    if draw < 0.25 or not lit:
        lit = _cove(rng, room, stage, level) or lit
    if draw > 0.85 or not lit:
        # As a photographer puts a lamp out of the picture: a sheet under the ceiling, dark from above.
        x, y = room.outline.mean(0) + rng.uniform(-0.2, 0.2, 2) * (high - low)
        side = log_uniform(rng, 0.05, 0.8)
        sheet = quad((x - side / 2, y + side / 2, room.height - 0.03), (side, 0, 0), (0, -side, 0))
        stage.assembly.light(sheet, np.full(3, radiance_for(side * side, 2.0, level)))


def _cove(rng: np.random.Generator, room: Room, stage: Stage, level: float) -> bool:
    """A strip of light behind a ledge below the ceiling: it shines up, and all light is indirect. Whether it fits."""
    lit = False
    for number, wall in enumerate(room.walls):
        if wall.length < 1.0 or any(hole[3] > room.height - 0.35 for hole in room.holes[number]) or rng.random() < 0.35:
            continue
        z = room.height - rng.uniform(0.12, 0.3)
        ledge = join(
            [
                box((0.05, -0.12, z - 0.02), (wall.length - 0.05, 0, z)),
                box((0.05, -0.135, z - 0.02), (wall.length - 0.05, -0.12, z + 0.05)),
            ]
        )
        strip = quad((0.08, -0.07, z + 0.01), (wall.length - 0.16, 0, 0), (0, 0.02, 0))
        stage.put(Piece({"paint:0": wall.at(ledge)}))
        stage.assembly.light(
            wall.at(strip), np.full(3, radiance_for(0.02 * wall.length, 1.0, level * 0.7)) * [1.0, 0.85, 0.65]
        )
        lit = True
    return lit


def _camera(rng: np.random.Generator, room: Room) -> SceneDescription:
    """Inside the room: across it at eye height, or near to something."""
    for attempt in range(4):
        near = rng.random() < 0.28
        fov = field_of_view(rng, 25, 55) if near else field_of_view(rng, 40, 92)
        heights = (0.35, 1.9) if near else (0.8, 1.8)
        span = float(np.linalg.norm(room.outline.max(0) - room.outline.min(0)))
        reach = (0.5, 1.6) if near else (0.35 * span if attempt < 2 else 0.8, span)
        found = view(rng, room, fov, heights, reach, near)
        if found is not None:
            break
    else:
        corner, middle = room.outline[0], room.outline.mean(0)
        found = np.array([*(corner + 0.15 * (middle - corner)), 1.5]), np.array([*middle, 1.0])
        fov = 75.0
    eye, target = found
    # Pictures of rooms keep their uprights upright more often than not.
    if not near and rng.random() < 0.5:
        target = np.array([*target[:2], eye[2] + rng.uniform(-0.25, 0.1)])
    aperture = log_uniform(rng, 0.001, 0.012) if rng.random() < (0.4 if near else 0.1) else 0.0
    roll = rng.normal(0, 5) if rng.random() < 0.1 else 0.0
    return camera(eye, target, fov, roll, aperture)
