"""What is seen through windows: the sky by day and by night, ground, houses, trees, lights far away."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import building, lights, organic
from render.procedural.kit.colours import lamp_colour
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.meshes import Mesh, box, join, quad
from render.procedural.kit.pieces import Piece, Stage, parts_of, standing
from render.procedural.kit.rooms import Room
from render.procedural.kit.shapes import copies


def outside(rng: np.random.Generator, room: Room, stage: Stage, night: bool) -> None:
    """Everything beyond the walls of a room with windows."""
    middle = room.outline.mean(0)
    floor = -float(rng.choice([0.15, rng.uniform(0.3, 1.0), rng.uniform(2.5, 15.0)]))
    stage.put(Piece({"ground": quad((-300, -300, floor), (600, 0, 0), (0, 600, 0))}))
    lit: list[Mesh] = []
    for number, wall in enumerate(room.walls):
        if room.holes[number]:
            lit += _opposite(rng, stage, middle, -wall.inward, floor, night)
    if lit:
        # One light: Mitsuba draws among lights whatever their power, and these are not what a room is lit by.
        stage.assembly.light(join(lit), log_uniform(rng, 0.2, 5.0) * lamp_colour(rng))
    _sky(rng, room, stage, night)


def _sky(rng: np.random.Generator, room: Room, stage: Stage, night: bool) -> None:
    if night:
        if rng.random() < 0.6:  # a black sky: each light that gives nothing takes samples from those that do
            return
        kind = str(rng.choice(["night", "dusk"]))
        stage.assembly.add("sky", lights.environment(rng, kind, log_uniform(rng, 0.01, 0.2)))
        return
    draw = rng.random()
    scale = log_uniform(rng, 1.0, 30.0)
    if draw < 0.6:
        lit = [i for i, holes in enumerate(room.holes) if holes]
        wall = room.walls[int(rng.choice(lit))]
        # The sun stands before a window more often than not, or it would not come in.
        toward = lights.sun_direction(rng, 8, 60)
        if rng.random() < 0.75:
            angle = math.atan2(-wall.inward[1], -wall.inward[0]) + rng.uniform(-1.1, 1.1)
            flat = math.hypot(toward[0], toward[1])
            toward = np.array([flat * math.cos(angle), flat * math.sin(angle), toward[2]])
            toward = stage.assembly.turn[:3, :3] @ toward
        stage.assembly.add("sky", lights.sun_and_sky(rng, toward, scale))
    elif draw < 0.93:
        kind = str(rng.choice(["sky", "overcast", "dusk", "picture"]))
        stage.assembly.add("sky", lights.environment(rng, kind, scale))
    else:
        stage.assembly.add("sky", lights.constant(np.full(3, scale) * rng.uniform(0.8, 1.0, 3)))


def _opposite(
    rng: np.random.Generator, stage: Stage, middle: np.ndarray, outward: np.ndarray, floor: float, night: bool
) -> list[Mesh]:
    """Houses and trees before a window; gives the houses' windows that are lit."""
    lit: list[Mesh] = []
    side = np.array([-outward[1], outward[0]])
    for _ in range(int(rng.integers(0, 5))):
        place = middle + outward * rng.uniform(14, 60) + side * rng.uniform(-30, 30)
        lit += house(rng, stage, place, floor, rng.uniform(0, 360), night)
    for _ in range(int(rng.integers(0, 4))):
        place = middle + outward * rng.uniform(8, 25) + side * rng.uniform(-10, 10)
        matrix = standing(float(place[0]), float(place[1]), floor, rng.uniform(0, 360))
        stage.put(Piece(organic.tree(rng, rng.uniform(3, 9), int(rng.integers(400, 1500)))), matrix)
    return lit


def house(
    rng: np.random.Generator, stage: Stage, place: np.ndarray, floor: float, turn: float, night: bool
) -> list[Mesh]:
    """Put a block with rows of windows far away; gives those windows that are lit, at night."""
    width, depth, storeys = rng.uniform(6, 18), rng.uniform(6, 12), int(rng.integers(1, 7))
    height = 3.0 * storeys + 0.6
    across = max(2, int(width / rng.uniform(1.8, 3.5)))
    block = box((-width / 2, -depth / 2, 0), (width / 2, depth / 2, height))
    matrix = standing(float(place[0]), float(place[1]), floor, turn)
    w, h = rng.uniform(0.4, 0.75) * width / across, rng.uniform(1.0, 2.2)
    frames: list[Mesh] = []
    dark: list[Mesh] = []
    lit: list[Mesh] = []
    frame = building.window_frame(w, h, 2, 2, 0.07, 0.06)
    for i in range(across):
        for k in range(storeys):
            for face in (-1, 1):
                x = (i + 0.5) * width / across - width / 2 - w / 2
                window = quad((x, -depth / 2 - 0.02, 3.0 * k + 0.9), (w, 0, 0), (0, 0, h))
                bars = frame.moved(x, -depth / 2 - 0.08, 3.0 * k + 0.9)
                if face > 0:
                    window, bars = window.turned(180), bars.turned(180)
                if night and rng.random() < 0.4:
                    lit.append(copies(window, matrix[None]))
                else:
                    dark.append(window)
                frames.append(bars)
    meshes = {f"facade:{rng.integers(2)}": [block], "paint:1": frames, "black": dark}
    stage.put(Piece(parts_of(**meshes)), matrix)
    return lit
