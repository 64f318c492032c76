"""What closes a room: walls with windows and doors in them, floor and ceiling, and a piece of the next room."""

from __future__ import annotations

import numpy as np

from render.procedural.kit import building, lamps, textures
from render.procedural.kit.assembly import area
from render.procedural.kit.colours import black_body
from render.procedural.kit.draws import log_uniform
from render.procedural.kit.furnishing import panelling
from render.procedural.kit.furniture import curtain
from render.procedural.kit.lights import radiance_for
from render.procedural.kit.meshes import Mesh, box, join, quad
from render.procedural.kit.pieces import Piece, Stage, parts_of, standing
from render.procedural.kit.rooms import Room


def enclose(
    rng: np.random.Generator,
    room: Room,
    stage: Stage,
    windows: list[int],
    doors: list[int],
    bright: bool = False,
    glow: float = 0.0,
) -> None:
    """Put walls, floor and ceiling of a room into the scene.

    Args:
        rng: source of every choice.
        room: gets the holes.
        stage: gets the meshes.
        windows: walls that have some.
        doors: walls with a door to another room.
        bright: the other room is where the light comes from.
        glow: irradiance that sheets of light in the windows give at three metres; 0 where windows show the outside.
    """
    sheets = [sheet for number in windows for sheet in _windows(rng, room, stage, number, glow > 0)]
    if glow > 0 and sheets:
        _shining(rng, stage, join(sheets), glow)
    for number in doors:
        _door(rng, room, stage, number, bright)
    special = int(rng.integers(len(room.walls))) if rng.random() < 0.4 else -1
    boarded = bool(rng.random() < 0.6)
    for number, wall in enumerate(room.walls):
        variant = 1 if number == special else 0
        parts = {f"wall:{variant}": building.panel(wall.length, room.height, room.holes[number])}
        gaps = [(x0, x1) for x0, z0, x1, _ in room.holes[number] if z0 < 0.1]
        boards = building.skirting(wall.length, 0.09, gaps)
        if variant and not room.holes[number] and rng.random() < 0.5:
            height = room.height * float(rng.choice([0.4, 1.0]))
            parts["wood:0"] = panelling(wall.length, height, rng.uniform(0.05, 0.4), 0.02)
        elif boarded and boards:
            parts["paint:0"] = join(boards)
        stage.put(Piece({slot: wall.at(mesh) for slot, mesh in parts.items()}))
    stage.put(Piece({"floor": building.polygon(room.outline, 0.0, up=True)}))
    if windows and rng.random() < 0.12 and len(room.outline) == 4:
        _skylight(rng, room, stage)
    else:
        _ceiling(rng, room, stage)


def _shining(rng: np.random.Generator, stage: Stage, windows: Mesh, glow: float) -> None:
    """Windows that are lights themselves, as scenes of rooms often have them: white, shaded, or with a view."""
    size = area(windows)
    colour = black_body(rng.uniform(4500, 9000)) * radiance_for(size, 3.0, glow)
    draw = rng.random()
    if draw < 0.5:
        stage.assembly.light(windows, colour)
        return
    if draw < 0.8:
        shade = np.linspace(1.0, rng.uniform(0.05, 0.6), 64, dtype=np.float32)[:, None, None] * np.ones(
            (1, 4, 3), np.float32
        )
    else:
        shade = textures.linear(textures.photograph(rng, 256))
    tall = float(np.ptp(windows.points[:, 2]))  # once over their height; along the wall it repeats
    stage.assembly.light(windows, colour, textures.bitmap(shade * colour.astype(np.float32), tall))


def _windows(rng: np.random.Generator, room: Room, stage: Stage, number: int, glow: bool) -> list[Mesh]:
    """One to three windows in a wall, with frames, bars, panes, blinds or curtains; some walls are all glass.

    Returns:
        Sheets behind the windows, in the room's frame, where they shall glow.
    """
    wall = room.walls[number]
    depth = rng.uniform(0.08, 0.4)
    count = max(1, min(int(rng.integers(1, 4)), int(wall.length / 1.0)))
    sill = float(rng.choice([0.02, rng.uniform(0.3, 0.7), rng.uniform(0.8, 1.2)]))
    top = rng.uniform(max(sill + 0.6, 0.75 * room.height), room.height - 0.08)
    pitch = wall.length / count
    width = rng.uniform(0.45, 0.95) * pitch
    grid = int(rng.integers(1, 5)), int(rng.integers(1, 5))
    bar, style = log_uniform(rng, 0.01, 0.07), rng.random()
    sheets: list[Mesh] = []
    slot = str(rng.choice(["paint:1", "wood:1", "black", "metal:0"]))
    for i in range(count):
        left = (i + 0.5) * pitch - width / 2
        hole = (left, sill, left + width, top)
        room.holes[number].append(hole)
        parts: dict[str, list[Mesh]] = {"wall:0": [building.reveal(hole, depth)]}

        def add(slot: str, mesh: Mesh, parts: dict[str, list[Mesh]] = parts) -> None:
            parts.setdefault(slot, []).append(mesh)

        if rng.random() < 0.92:
            add(slot, building.window_frame(width, top - sill, *grid, bar).moved(left, depth * 0.7, sill))
        # A pane lets no shadow ray through: what comes through it comes by chance alone. Real frames have that, too,
        # but a room whose every window has one is noise and nothing else.
        if i > 0 and rng.random() < 0.25 and not glow:
            add("pane", quad((left, depth * 0.75, sill), (width, 0, 0), (0, 0, top - sill)))
        if style < 0.22:
            drop = rng.uniform(0.3, 1.0) * (top - sill)
            slats = building.blinds(width, top - sill, drop, rng.uniform(0.02, 0.06), rng.uniform(-60, 60))
            add(str(rng.choice(["paint:0", "wood:0", "metal:1"])), slats.moved(left, 0.05 * depth, sill))
        elif style < 0.5:
            rail = max(room.height - rng.uniform(0.05, 0.3), top)
            low = 0.02 if rng.random() < 0.6 else max(0.02, sill - 0.15)
            cloth = "curtain" if rng.random() < 0.7 else "cloth"
            for x in (left - 0.1, left + width * rng.uniform(0.62, 0.9)):
                drape = curtain(width * rng.uniform(0.12, 0.38), rail - low, int(rng.integers(3, 9)))
                add(cloth, drape.moved(x, -0.09, low))
            add("metal:1", box((left - 0.25, -0.105, rail), (left + width + 0.25, -0.08, rail + 0.025)))
        if sill > 0.25:
            add("stone:0", box((left - 0.05, -0.04, sill - 0.03), (left + width + 0.05, depth * 0.65, sill + 0.002)))
        if sill > 0.6 and rng.random() < 0.4:
            add("paint:0", building.radiator(width * 0.8, sill - 0.12).moved(left + 0.1 * width, -0.01, 0))
        stage.put(Piece({slot: wall.at(mesh) for slot, mesh in parts_of(**parts).items()}))
        middle = wall.frame @ np.array([left + width / 2, 0, (sill + top) / 2, 1])
        room.aim(middle[:3], 1.6)
        if glow:
            sheets.append(
                wall.at(quad((left - 0.2, depth + 0.03, sill - 0.2), (width + 0.4, 0, 0), (0, 0, top - sill + 0.4)))
            )
    return sheets


def _door(rng: np.random.Generator, room: Room, stage: Stage, number: int, bright: bool) -> None:
    """A door, shut, ajar or open, to another room with a lamp that burns or does not."""
    wall = room.walls[number]
    width, height = min(rng.uniform(0.75, 1.1), wall.length - 0.2), min(rng.uniform(1.95, 2.2), room.height - 0.1)
    left = rng.uniform(0.1, wall.length - width - 0.05)
    hole = (left, 0.0, left + width, height)
    room.holes[number].append(hole)
    depth = rng.uniform(0.1, 0.2)
    angle = float(rng.choice([0.0, rng.uniform(5, 40), rng.uniform(40, 110)]))
    if bright:
        angle = rng.uniform(45, 115)
    leaf = Piece(building.door_leaf(rng, width - 0.02, height - 0.02)).under(standing(left + 0.01, 0.02, 0.0, -angle))
    right, lintel = left + width, height + 0.07
    low = [(left - 0.07, -0.02, 0), (right, -0.02, 0), (left, -0.02, height)]
    high = [(left, 0.02, lintel), (right + 0.07, 0.02, lintel), (right, 0.02, lintel)]
    frame = [box(a, b) for a, b in zip(low, high, strict=True)]
    beyond, place = next_room(rng, hole, depth, max(room.height, height + 0.1))
    own: dict[str, Mesh | list[Mesh]] = {
        "door": [leaf.parts["door"], *frame],
        "chrome": leaf.parts["metal"],
        "wall:0": building.reveal(hole, depth),
    }
    parts = parts_of(**own, **beyond)
    stage.put(Piece({slot: wall.at(mesh) for slot, mesh in parts.items()}))
    if bright or rng.random() < 0.5:
        lamp = lamps.ceiling_lamp(rng) if rng.random() < 0.5 else lamps.pendant(rng, rng.uniform(0.3, 0.7))
        stage.put(lamp, wall.frame @ place, log_uniform(rng, 4.0, 10.0) if bright else log_uniform(rng, 0.1, 2.0), 1.5)
    spot = wall.frame @ np.array([left + width / 2, 0, 1.2, 1])
    room.aim(spot[:3], 2.5 if bright else 1.0)


def next_room(
    rng: np.random.Generator, hole: building.Hole, depth: float, height: float
) -> tuple[dict[str, Mesh | list[Mesh]], np.ndarray]:
    """A bare room behind a hole in a wall `depth` thick, in the wall's frame, and where its lamp hangs (4, 4)."""
    left, _, right, top = hole
    w, d = rng.uniform(1.6, 4.0), rng.uniform(1.2, 4.0)
    x0 = (left + right) / 2 - w * rng.uniform(0.3, 0.7)
    far = depth + d
    seen = (x0 + w - right, 0.0, x0 + w - left, top)
    parts: dict[str, Mesh | list[Mesh]] = {
        "wall:2": building.panel(w, height).moved(x0, far, 0),
        "wall:1": [
            building.panel(d, height).turned(90).moved(x0, depth, 0),
            building.panel(d, height).turned(-90).moved(x0 + w, far, 0),
            building.panel(w, height, [seen]).turned(180).moved(x0 + w, depth, 0),
        ],
        "floor": quad((x0, 0, 0), (w, 0, 0), (0, far, 0)),
        "ceiling": quad((x0, far, height), (w, 0, 0), (0, -far, 0)),
    }
    place = standing(x0 + w * rng.uniform(0.3, 0.7), depth + d * rng.uniform(0.4, 0.7), height - 0.002)
    return parts, place


def _ceiling(rng: np.random.Generator, room: Room, stage: Stage) -> None:
    """A flat ceiling, in some with beams across."""
    stage.put(Piece({"ceiling": building.polygon(room.outline, room.height, up=False)}))
    if rng.random() < 0.2 and len(room.outline) == 4:
        low, high = room.outline.min(0), room.outline.max(0)
        deep = rng.uniform(0.08, 0.25)
        xs = np.linspace(low[0], high[0], int(rng.integers(3, 9)) + 2)[1:-1]
        beams = [box((x - 0.06, low[1], room.height - deep), (x + 0.06, high[1], room.height)) for x in xs]
        stage.put(Piece({"wood:0": join(beams)}))


def _skylight(rng: np.random.Generator, room: Room, stage: Stage) -> None:
    """A ceiling with a window in it, over a rectangular room."""
    low, high = room.outline.min(0), room.outline.max(0)
    size = high - low
    width, length = rng.uniform(0.15, 0.4, 2) * size
    x, y = rng.uniform(0.2, 0.8, 2) * (size - [width, length])
    hole = (x, y, x + width, y + length)
    bars = building.window_frame(width, length, int(rng.integers(1, 4)), int(rng.integers(1, 4)), 0.03)
    sheet = [building.panel(size[0], size[1], [hole]), building.reveal(hole, rng.uniform(0.1, 0.5))]
    parts = {"ceiling": join(sheet), "paint:1": bars.moved(x, 0.06, y)}
    # Laid on its back, the panel looks down, and its height runs against the room's y.
    stage.put(Piece({slot: mesh.turned(90, "x").moved(low[0], high[1], room.height) for slot, mesh in parts.items()}))
