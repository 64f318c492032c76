"""Lamps: standing, on tables, hanging, on walls, in ceilings; strips, tubes, screens and candles."""

from __future__ import annotations

import math

import numpy as np

from render.procedural.kit import furniture
from render.procedural.kit.meshes import ball, box, cylinder, join, lathe, quad
from render.procedural.kit.organic import torus
from render.procedural.kit.pieces import Lamp, Piece, parts_of
from render.procedural.kit.shapes import bevelled_box, curve, sweep


def _bulb(x: float, y: float, z: float, radius: float, share: float = 1.0) -> Lamp:
    return Lamp(ball((x, y, z), radius, 10), math.pi * radius**2, share)


def _bulb_radius(rng: np.random.Generator) -> float:
    return math.exp(rng.uniform(math.log(0.01), math.log(0.07)))


def floor_lamp(rng: np.random.Generator) -> Piece:
    """A standing lamp with a cloth shade, an arc with a bell, or a bare globe."""
    height, radius = rng.uniform(1.2, 1.9), _bulb_radius(rng)
    draw = rng.random()
    if draw < 0.5:
        made = furniture.floor_lamp(height)
        return Piece(parts_of(metal=made["metal"], shade=made["shade"]), (_bulb(0, 0, height - 0.1, radius),))
    foot = cylinder((0, 0, 0), (0, 0, 0.03), rng.uniform(0.1, 0.2), sides=32)
    if draw < 0.8:
        reach = rng.uniform(0.3, 1.0)
        arm = sweep(
            curve([(0, 0, 0), (0, 0, height * 0.8), (0, -reach * 0.5, height * 1.1), (0, -reach, height)], 8), 0.011, 8
        )
        bell = lathe([(0.15, -0.14), (0.13, -0.06), (0.06, 0.02), (0.012, 0.03)], 28).moved(0, -reach, height)
        return Piece(parts_of(metal=[foot, arm, bell]), (_bulb(0, -reach, height - 0.08, radius),))
    globe = rng.uniform(0.07, 0.16)
    pole = cylinder((0, 0, 0), (0, 0, height), 0.01, caps=False)
    return Piece(parts_of(metal=[foot, pole]), (_bulb(0, 0, height + globe, globe),))


def table_lamp(rng: np.random.Generator) -> Piece:
    """A turned base under a shade, a jointed desk lamp, or a globe."""
    height, radius, draw = rng.uniform(0.3, 0.6), _bulb_radius(rng), rng.random()
    if draw < 0.6:
        made = furniture.table_lamp(height)
        return Piece({"ceramic" if rng.random() < 0.5 else "metal": made["metal"], "shade": made["shade"]},
                     (_bulb(0, 0, height - 0.09, radius),))  # fmt: skip
    if draw < 0.85:
        knee, head = (0.0, 0.14, height * 0.75), (0.0, -0.12, height)
        arms = [cylinder((0, 0, 0.02), knee, 0.006), cylinder(knee, head, 0.006), ball(knee, 0.014, 10)]
        bell = lathe([(0.075, -0.08), (0.06, -0.02), (0.02, 0.03), (0.012, 0.05)], 24).turned(-20, "x").moved(*head)
        foot = cylinder((0, 0, 0), (0, 0, 0.02), 0.085, sides=28)
        return Piece(
            parts_of(metal=[*arms, bell, foot]), (_bulb(0, head[1] + 0.015, head[2] - 0.04, min(radius, 0.03)),)
        )
    globe = rng.uniform(0.05, 0.12)
    foot = cylinder((0, 0, 0), (0, 0, 0.04), globe * 0.7, sides=24)
    return Piece(parts_of(metal=foot), (_bulb(0, 0, 0.04 + globe * 0.95, globe),))


def pendant(rng: np.random.Generator, drop: float) -> Piece:
    """A lamp hanging from z = 0: bell, shade, bare bulb, globe, glass round a bulb, chandelier, ring or tube."""
    radius, wide, draw = _bulb_radius(rng), rng.uniform(0.1, 0.35), rng.random()
    cord = cylinder((0, 0, -drop + 0.15), (0, 0, 0), 0.004, sides=6, caps=False)
    if draw < 0.25:
        made = furniture.pendant(drop, wide)
        return Piece(parts_of(metal=[made["bell"]], black=[made["cord"]]), (_bulb(0, 0, -drop, radius),))
    if draw < 0.4:
        drum = lathe([(wide, -drop - 0.12), (wide * rng.uniform(0.6, 1), -drop + 0.15)], 32)
        return Piece(parts_of(black=cord, shade=drum), (_bulb(0, 0, -drop, radius),))
    if draw < 0.5:
        socket = cylinder((0, 0, -drop + 0.05), (0, 0, -drop + 0.16), 0.018, sides=12)
        return Piece(parts_of(black=[cord, socket]), (_bulb(0, 0, -drop, max(radius, 0.02)),))
    if draw < 0.6:
        return Piece(parts_of(black=cord), (_bulb(0, 0, -drop, 0.7 * wide),))
    if draw < 0.63:  # light through glass: caustics on everything
        glass = [ball((0, 0, -drop), 0.5 * wide, 28)]
        hollow = ball((0, 0, -drop), 0.47 * wide, 28)
        glass.append(type(hollow)(hollow.points, -hollow.normals, hollow.uv, hollow.faces[:, ::-1]))
        return Piece(parts_of(black=cord, glass=glass), (_bulb(0, 0, -drop, max(radius, 0.015)),))
    if draw < 0.82:
        count, wheel = int(rng.integers(4, 10)), rng.uniform(0.2, 0.45)
        angles = np.arange(count) * 2 * math.pi / count
        arms, lamps = [torus(0.1, 0.012, 20).moved(0, 0, -drop)], []
        for a in angles:
            x, y = wheel * math.cos(a), wheel * math.sin(a)
            path = curve([(0.3 * x, 0.3 * y, -drop), (0.7 * x, 0.7 * y, -drop - 0.09), (x, y, -drop + 0.02)], 6)
            arms += [sweep(path, 0.007, 6), cylinder((x, y, -drop), (x, y, -drop + 0.07), 0.012)]
            lamps.append(_bulb(x, y, -drop + 0.09, min(radius, 0.02), 1 / count))
        return Piece(parts_of(metal=[*arms, cord]), tuple(lamps))
    if draw < 0.91:
        wheel = rng.uniform(0.2, 0.6)
        ring = torus(wheel, 0.012, 48).moved(0, 0, -drop)
        cords = [
            cylinder((wheel * math.cos(a), wheel * math.sin(a), -drop), (0, 0, 0), 0.0015, sides=4, caps=False)
            for a in (0, 2.1, 4.2)
        ]
        rim = torus(wheel, 0.02, 48).moved(0, 0, -drop + 0.026)
        return Piece(parts_of(metal=[*cords, rim]), (Lamp(ring, 0.02 * 4 * wheel),))
    length = rng.uniform(0.6, 1.5)
    tube = cylinder((-length / 2, 0, -drop), (length / 2, 0, -drop), 0.013, sides=10)
    case = box((-length / 2 - 0.03, -0.03, -drop + 0.02), (length / 2 + 0.03, 0.03, -drop + 0.06))
    cords = [
        cylinder((s * length * 0.4, 0, -drop + 0.05), (s * length * 0.4, 0, 0), 0.002, sides=4, caps=False)
        for s in (-1, 1)
    ]
    return Piece(parts_of(metal=[case, *cords]), (Lamp(tube, 0.026 * length),))


def ceiling_lamp(rng: np.random.Generator) -> Piece:
    """A lamp at the ceiling z = 0: a panel, recessed spots, a dome, a track of spots."""
    draw = rng.random()
    if draw < 0.3:
        w, d = rng.uniform(0.3, 1.2, 2)
        sheet = quad((-w / 2, d / 2, -0.011), (w, 0, 0), (0, -d, 0))
        rim = join([box((-w / 2 - 0.02, -d / 2 - 0.02, -0.01), (w / 2 + 0.02, d / 2 + 0.02, 0))])
        return Piece(parts_of(metal=rim), (Lamp(sheet, w * d),))
    if draw < 0.6:
        columns, rows, pitch, r = (
            int(rng.integers(1, 4)),
            int(rng.integers(1, 3)),
            rng.uniform(0.5, 1.1),
            rng.uniform(0.02, 0.06),
        )
        rims, lamps = [], []
        for i in range(columns):
            for j in range(rows):
                x, y = (i - (columns - 1) / 2) * pitch, (j - (rows - 1) / 2) * pitch
                rims.append(lathe([(r, -0.004), (1.4 * r, -0.006), (1.45 * r, 0)], 20).moved(x, y, 0))
                disc = lathe([(r, -0.002), (0, -0.002)], 16)
                lamps.append(
                    Lamp(
                        type(disc)(
                            disc.points, disc.normals * 0 + [0, 0, -1], disc.uv, _downward(disc.points, disc.faces)
                        ).moved(x, y, 0),
                        math.pi * r * r,
                        1 / (columns * rows),
                    )
                )
        return Piece(parts_of(chrome=rims), tuple(lamps))
    if draw < 0.8:
        r = rng.uniform(0.1, 0.25)
        dome = lathe([(0, -0.5 * r), (0.5 * r, -0.42 * r), (0.9 * r, -0.15 * r), (r, 0)], 28)
        return Piece(
            parts_of(metal=cylinder((0, 0, -0.012), (0, 0, 0), 1.06 * r, sides=32)), (Lamp(dome, math.pi * r * r),)
        )
    count, length = int(rng.integers(3, 7)), rng.uniform(0.8, 2.2)
    parts, lamps = [box((-length / 2, -0.018, -0.03), (length / 2, 0.018, 0))], []
    for x in np.linspace(-0.45, 0.45, count) * length:
        tilt, turn = rng.uniform(10, 60), rng.uniform(0, 360)
        can = (
            lathe([(0.03, -0.1), (0.032, -0.1), (0.032, 0.0), (0, 0.0)], 16)
            .turned(tilt, "x")
            .turned(turn)
            .moved(x, 0, -0.07)
        )
        face = lathe([(0.028, 0.0), (0, 0.0)], 12)
        face = type(face)(face.points, face.normals * 0 + [0, 0, -1], face.uv, _downward(face.points, face.faces))
        lamps.append(
            Lamp(
                face.moved(0, 0, -0.09).turned(tilt, "x").turned(turn).moved(x, 0, -0.07), math.pi * 0.028**2, 1 / count
            )
        )
        parts += [can, cylinder((x, 0, -0.07), (x, 0, -0.02), 0.006)]
    return Piece(parts_of(black=parts), tuple(lamps))


def _downward(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """The faces, each turned so that it looks down."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    return np.where((np.cross(b - a, c - a)[:, 2] > 0)[:, None], faces[:, ::-1], faces)


def wall_lamp(rng: np.random.Generator) -> Piece:
    """A lamp on a wall, its back at y = 0: a sconce, a globe, an up-and-down light, a tube."""
    radius, draw = _bulb_radius(rng), rng.random()
    plate = cylinder((0, 0, 0), (0, -0.02, 0), 0.05, sides=20)
    if draw < 0.35:
        cone = lathe([(0.05, -0.1), (0.1, 0.12)], 24).moved(0, -0.12, 0.05)
        arm = sweep(curve([(0, 0, 0), (0, -0.08, -0.06), (0, -0.12, -0.02)], 6), 0.007, 6)
        return Piece(parts_of(chrome=[plate, arm], shade=cone), (_bulb(0, -0.12, 0.05, min(radius, 0.035)),))
    if draw < 0.6:
        globe = rng.uniform(0.04, 0.1)
        return Piece(
            parts_of(chrome=[plate, cylinder((0, 0, 0), (0, -0.06, 0), 0.012)]), (_bulb(0, -0.05 - globe, 0, globe),)
        )
    if draw < 0.8:
        case = lathe([(0.045, -0.1), (0.045, 0.1)], 20).moved(0, -0.06, 0)
        return Piece(parts_of(black=[case, plate]), (_bulb(0, -0.06, 0, 0.02),))
    length = rng.uniform(0.3, 0.9)
    tube = cylinder((-length / 2, -0.06, 0), (length / 2, -0.06, 0), 0.012, sides=10)
    ends = [box((s * length / 2 - 0.02, -0.08, -0.025), (s * length / 2 + 0.02, 0, 0.025)) for s in (-1, 1)]
    return Piece(parts_of(chrome=ends), (Lamp(tube, 0.024 * length),))


def candle(rng: np.random.Generator) -> Piece:
    """A candle with a flame, in a holder or a glass."""
    height, r = rng.uniform(0.05, 0.25), rng.uniform(0.01, 0.035)
    wax = cylinder((0, 0, 0.005), (0, 0, height), r, sides=20)
    flame = lathe([(0, 0), (0.005, 0.006), (0.0055, 0.012), (0.002, 0.026), (0, 0.032)], 10).moved(0, 0, height + 0.006)
    parts = {"page": wax, "black": cylinder((0, 0, height), (0, 0, height + 0.012), 0.001, sides=4)}
    if rng.random() < 0.35:
        t, top = r + 0.012, height + 0.06
        parts["glass"] = lathe(
            [(0, 0), (t, 0), (t + 0.003, 0.01), (t + 0.003, top), (t, top), (t, 0.004), (0, 0.004)], 28
        )
    else:
        parts["metal"] = lathe([(0, 0), (2 * r, 0), (2.2 * r, 0.008), (r, 0.008), (0, 0.005)], 24)
    return Piece(parts, (Lamp(flame, 0.00025, rng.uniform(0.1, 0.5)),))


def screen(rng: np.random.Generator, width: float) -> Piece:
    """A flat screen on a foot; the picture (a lamp of its own, textured by the caller's choice) faces -y."""
    height = width * rng.uniform(0.5, 0.65)
    case = bevelled_box((-width / 2, 0, 0.1), (width / 2, 0.03, 0.1 + height), 0.006)
    foot = [box((-0.12, -0.06, 0), (0.12, 0.1, 0.012)), cylinder((0, 0.02, 0), (0, 0.02, 0.14), 0.02)]
    b = 0.012
    picture = quad((-width / 2 + b, -0.002, 0.1 + b), (width - 2 * b, 0, 0), (0, 0, height - 2 * b))
    # Texture coordinates once across, so that a picture fills the screen.
    picture = type(picture)(
        picture.points, picture.normals, picture.uv / [width - 2 * b, height - 2 * b], picture.faces
    )
    return Piece(parts_of(black=[case, *foot]), (Lamp(picture, width * height, 0.3, pictured=True),))
