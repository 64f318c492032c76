"""Rooms and the things in them, put into a scene."""

from collections.abc import Sequence

from render.procedural.kit.furniture import Parts
from render.procedural.kit.meshes import room
from tools.scene_kit.document import Scene


def shell(
    scene: Scene, width: float, depth: float, height: float, slots: dict[str, str], without: Sequence[str] = ()
) -> None:
    """Put a room's faces into the scene.

    Args:
        scene: gets the faces.
        width: along x, metres; `depth` along y and `height` likewise.
        depth: see `width`.
        height: see `width`.
        slots: the material of "floor", "ceiling" and "walls"; "north", "east", ... name one wall's own.
        without: faces to leave open.
    """
    for face, mesh in room(width, depth, height).items():
        if face not in without:
            scene.put(slots.get(face) or slots["walls"], mesh)


def place(
    scene: Scene, parts: Parts, slots: dict[str, str], at: Sequence[float] = (0, 0, 0), turn: float = 0.0
) -> None:
    """Put parts into a scene: `slots` names the scene's material for each slot."""
    for slot, mesh in parts.items():
        scene.put(slots[slot], mesh.turned(turn).moved(*at))
