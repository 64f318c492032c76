"""A scene being put together: meshes by material, lights, a camera."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from render.procedural.kit.bsdfs import black, rgb
from render.procedural.kit.meshes import Mesh, join
from render.procedural.kit.shapes import copies

Description = dict[str, Any]


def described(mesh: Mesh, bsdf: Description) -> Description:
    """A mesh of one material as a description has it."""
    return {
        "type": "mesh",
        "vertices": mesh.points.astype(np.float32),
        "faces": mesh.faces.astype(np.uint32),
        "uv": mesh.uv.astype(np.float32),
        "normals": mesh.normals.astype(np.float32),
        "bsdf": bsdf,
    }


def area(mesh: Mesh) -> float:
    """Square metres of a mesh."""
    a, b, c = (mesh.points[mesh.faces[:, i]] for i in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=-1).sum() / 2)


class Assembly:
    """Meshes gathered by material, so that a scene has one shape for each, whatever the number of its things.

    Args:
        turn: (4, 4) that all meshes, lights and the camera are turned by in the end: things are easier to arrange
            along the axes, but normals along them alone would be a poor lesson.
    """

    def __init__(self, turn: np.ndarray | None = None) -> None:
        self.turn = np.eye(4) if turn is None else turn
        self._materials: dict[str, Description] = {}
        self._meshes: dict[str, list[Mesh]] = {}
        self._lights: list[Description] = []
        self._rest: Description = {}

    def material(self, name: str, bsdf: Description) -> str:
        """Name a material; `put` refers to it."""
        self._materials[name] = bsdf
        self._meshes.setdefault(name, [])
        return name

    def has(self, name: str) -> bool:
        """Whether a material has that name."""
        return name in self._materials

    def put(self, material: str, meshes: Mesh | Iterable[Mesh]) -> None:
        """Add meshes made of a material named before."""
        self._meshes[material].extend([meshes] if isinstance(meshes, Mesh) else meshes)

    def light(self, mesh: Mesh, radiance: np.ndarray, texture: Description | None = None) -> None:
        """Add a mesh that shines from its outer side: `radiance` (3,), or a texture of it."""
        emitter = {"type": "area", "radiance": rgb(radiance) if texture is None else texture}
        self._lights.append({**described(copies(mesh, self.turn[None]), black()), "emitter": emitter})

    def add(self, name: str, node: Description) -> None:
        """Add anything else by its name, turned already: an environment, a shape with a medium."""
        self._rest[name] = node

    @property
    def lights(self) -> int:
        """How many meshes shine by now."""
        return len(self._lights)

    def triangles(self) -> int:
        """How many triangles there are by now."""
        kept = sum(len(mesh.faces) for meshes in self._meshes.values() for mesh in meshes)
        return kept + sum(len(light["faces"]) for light in self._lights)

    def describe(self, sensor: Description, integrator: str = "path", max_depth: int = 16) -> Description:
        """The scene."""
        scene: Description = {
            "type": "scene",
            "integrator": {"type": integrator, "max_depth": max_depth},
            "sensor": {**sensor, "to_world": self.turn @ sensor["to_world"]},
        }
        for name, meshes in self._meshes.items():
            if meshes:
                scene[f"bsdf_{name}"] = self._materials[name]
                scene[f"mesh_{name}"] = described(
                    copies(join(meshes), self.turn[None]), {"type": "ref", "id": f"bsdf_{name}"}
                )
        for number, light in enumerate(self._lights):
            scene[f"light_{number}"] = light
        return scene | self._rest
