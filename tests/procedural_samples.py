"""A small description with everything in it that a family may use, and ways to look into descriptions."""

from functools import cache

import numpy as np

from render.procedural import build

#: As `build`, once for all tests of a process; not to be changed.
made = cache(build)

UP = np.array([[-1, 0, 0, 0], [0, 0, -1, 4.0], [0, 1, 0, 0.5], [0, 0, 0, 1.0]])


def quad(x: float, size: float, bsdf: dict, **more) -> dict:
    """A square facing the camera, which looks along -y from y = 4."""
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]], np.float32) * np.float32(size)
    return {
        "type": "mesh",
        "vertices": corners[::-1] + np.float32([x, 0, 0.5]),
        "faces": np.array([[0, 1, 2], [0, 2, 3]], np.uint32),
        "uv": np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32),
        "bsdf": bsdf,
        **more,
    }


def scene(seed: int) -> dict:
    """A wall, squares, an instanced ball, a lamp and a sky; the seed moves a square."""
    image = np.zeros((4, 4, 3), np.uint8)
    image[::2] = (200, 100, 50)
    wood = {"type": "diffuse", "reflectance": {"type": "bitmap", "image": image, "raw": False}}
    grey = {"type": "twosided", "bsdf": {"type": "ref", "id": "grey"}}
    place = np.eye(4)
    place[:3, 3] = (0.8, 0.6, 0.9)
    return {
        "type": "scene",
        "integrator": {"type": "path", "max_depth": 4},
        "sensor": {"type": "perspective", "fov": 40.0, "to_world": UP},
        "grey": {"type": "diffuse", "reflectance": {"type": "rgb", "value": [0.5, 0.5, 0.5]}},
        "wall": quad(0, 3, grey, to_world=np.eye(4) + np.outer([0, 1, 0, 0], [0, 0, 0, -1.0])),
        "left": quad(-0.7, 0.4, wood),
        "right": quad(0.1 + 0.01 * (seed % 100), 0.4, wood),
        "lamp": quad(0, 0.2, grey, emitter={"type": "area", "radiance": {"type": "rgb", "value": [9.0, 8, 7]}},
                     to_world=np.array([[-1, 0, 0, 0], [0, -1, 0, 1], [0, 0, 1, 1.0], [0, 0, 0, 1]])),  # facing it
        "ball": {"type": "shapegroup", "one": {"type": "sphere", "radius": 0.2, "bsdf": {"type": "ref", "id": "grey"}}},
        "there": {"type": "instance", "group": {"type": "ref", "id": "ball"}, "to_world": place},
        "sky": {"type": "envmap", "image": np.full((4, 8, 3), 0.3, np.float32)},
    }  # fmt: skip


def flat(node, prefix="") -> dict:
    """Every leaf of a description by its path; arrays as their bytes."""
    out = {}
    for key, value in node.items():
        if isinstance(value, dict):
            out |= flat(value, f"{prefix}{key}.")
        else:
            out[prefix + key] = value.tobytes() if isinstance(value, np.ndarray) else value
    return out


def shapes(scene: dict) -> list[dict]:
    return [node for node in scene.values() if isinstance(node, dict) and node.get("type") == "mesh"]
