"""Cameras varied around a scene's own: seeded, never inside geometry, never staring at nothing.

A proposal orbits what the scene's camera looks at, comes nearer or goes back, turns, rolls and zooms a little. Rays
decide whether it is kept: nothing may stand between the old place and the new one (so both are in the same room),
nothing may be too close around it, and it must see about as much, as far and as varied as the scene's own camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from render.backend import Camera, Scene
from render.seeds import generator

#: Rays along each side of the picture with which a view is judged.
_GRID = 24
#: Proposals at each size of variation, from generous to timid, before the next is tried.
_TRIES = 12
_SCALES = (1.0, 0.6, 0.3, 0.12)


@dataclass(frozen=True)
class Sight:
    """What a camera sees through a coarse grid of rays.

    Attributes:
        hits: share of rays that hit something.
        depth: median distance of the hits; infinite if there are none.
        near: distance than which 2 % of the hits are nearer.
        detail: share of neighbouring rays between which the distance or the normal jumps.
        room: distance to the nearest thing around the camera, in any direction.
    """

    hits: float
    depth: float
    near: float
    detail: float
    room: float


def camera_for(scene: Scene, view: int, seed: int) -> Camera:
    """The camera of one view; view 0 has the scene's own.

    Args:
        scene: loaded.
        view: from 0; each depends on its own number alone, so that more views never change those before.
        seed: of the data set.
    """
    if view == 0:
        return scene.camera
    rng = generator(seed, scene.name, view, "camera")
    own = see(scene, scene.camera)
    if not math.isfinite(own.depth):  # nothing to orbit: an open sky, or a scene of light alone
        return _nudge(scene.camera, rng)
    for scale in _SCALES:
        for _ in range(_TRIES):
            camera = propose(scene.camera, own.depth, scale, rng)
            if _reachable(scene, scene.camera, camera) and acceptable(see(scene, camera), own):
                return camera
    return _nudge(scene.camera, rng)


def propose(camera: Camera, distance: float, scale: float, rng: np.random.Generator) -> Camera:
    """A camera near another one.

    Args:
        camera: the one to vary.
        distance: of what it looks at; the orbit's radius.
        scale: 1 varies generously, 0 not at all.
        rng: eight numbers are drawn.
    """
    azimuth, elevation, roll, pan, tilt = scale * rng.uniform(-1, 1, 5) * np.radians([40, 18, 6, 12, 8])
    approach, zoom = np.exp(scale * rng.uniform([-0.5, -0.35], [0.25, 0.3]))
    sideways = scale * rng.uniform(-0.15, 0.15) * distance
    right, up, forward = (_unit(camera.to_world[:3, i]) for i in range(3))
    vertical = np.zeros(3)
    vertical[np.argmax(np.abs(up))] = np.sign(up[np.argmax(np.abs(up))])
    orbit = _rotation(vertical, azimuth) @ _rotation(right, elevation)
    target = camera.to_world[:3, 3] + distance * forward
    position = target + approach * (orbit @ (camera.to_world[:3, 3] - target)) + sideways * (orbit @ right)
    turn = _rotation(orbit @ forward, roll) @ _rotation(vertical, pan) @ _rotation(orbit @ right, tilt) @ orbit
    matrix = camera.to_world.copy()
    matrix[:3, :3] = turn @ matrix[:3, :3]
    matrix[:3, 3] = position
    fov = None if camera.fov is None else math.degrees(2 * math.atan(math.tan(math.radians(camera.fov) / 2) * zoom))
    focus = None if camera.focus is None else camera.focus * float(approach)
    return Camera(matrix, None if fov is None else min(max(fov, 8.0), max(110.0, camera.fov or 0.0)), focus)


def _nudge(camera: Camera, rng: np.random.Generator) -> Camera:
    """Turns the camera a little where it stands: safe wherever the scene's own is."""
    moved = propose(camera, 1.0, 0.3, rng)
    matrix = moved.to_world.copy()
    matrix[:3, 3] = camera.to_world[:3, 3]
    return replace(moved, to_world=matrix, focus=camera.focus)


def acceptable(sight: Sight, own: Sight) -> bool:
    """Whether a view shows about as much as the scene's own camera does."""
    return (
        sight.hits >= 0.8 * own.hits
        and 0.4 * own.depth <= sight.depth <= 2.5 * own.depth
        and sight.near >= min(0.5 * own.near, 0.12 * own.depth)
        and sight.room >= min(0.5 * own.room, 0.04 * own.depth)
        and sight.detail >= 0.5 * own.detail
    )


def see(scene: Scene, camera: Camera) -> Sight:
    """Look through a coarse grid of rays, and around the camera in all directions."""
    width, height = scene.size
    x, y = np.meshgrid(np.linspace(-1, 1, _GRID), np.linspace(-1, 1, _GRID) * height / width)
    slope = math.tan(math.radians(camera.fov if camera.fov is not None else 40.0) / 2)
    local = np.stack([x.ravel() * slope, y.ravel() * slope, np.ones(x.size)], axis=-1)
    forward = np.stack([_unit(d) for d in local @ camera.to_world[:3, :3].T])
    around = _sphere(96)
    directions = np.concatenate([forward, around])
    origins = np.broadcast_to(camera.to_world[:3, 3], directions.shape)
    distance, normal = scene.cast(origins, directions)
    ahead, room = distance[: len(forward)], distance[len(forward) :]
    hit = np.isfinite(ahead)
    if not hit.any():
        return Sight(0.0, math.inf, math.inf, 0.0, float(room.min()))
    grid = np.where(hit, ahead, 4 * ahead[hit].max()).reshape(_GRID, _GRID)
    facing = normal[: len(forward)].reshape(_GRID, _GRID, 3)
    jumps = [(np.abs(np.diff(np.log(grid), axis=axis)) > 0.08) | (_shift(facing, axis) < 0.95) for axis in (0, 1)]
    return Sight(
        hits=float(hit.mean()),
        depth=float(np.median(ahead[hit])),
        near=float(np.quantile(ahead[hit], 0.02)),
        detail=float(np.mean([jump.mean() for jump in jumps])),
        room=float(room.min()),
    )


def _shift(normals: np.ndarray, axis: int) -> np.ndarray:
    """Dot products of neighbouring normals along an axis of the grid."""
    count = normals.shape[axis]
    return np.sum(normals.take(range(1, count), axis) * normals.take(range(count - 1), axis), axis=-1)


def _reachable(scene: Scene, old: Camera, new: Camera) -> bool:
    """Whether nothing stands between the two places: the new one is then in the same room, and not inside a thing."""
    path = new.to_world[:3, 3] - old.to_world[:3, 3]
    length = float(np.linalg.norm(path))
    if length == 0:
        return True
    distance, _ = scene.cast(old.to_world[None, :3, 3], (path / length)[None])
    return bool(distance[0] > length)


def _rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """Rotation matrix about a unit axis by an angle in radians (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * (cross @ cross)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _sphere(count: int) -> np.ndarray:
    """Directions spread evenly over the sphere (Fibonacci lattice)."""
    i = np.arange(count) + 0.5
    z = 1 - 2 * i / count
    angle = math.pi * (1 + math.sqrt(5)) * i
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=-1)
