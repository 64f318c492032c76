"""Triangle meshes with normals and texture coordinates, made by formula.

Lengths are metres, z points up, texture coordinates are metres along the surface (so that one texture scale fits
every object), angles are degrees.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Point = Sequence[float] | np.ndarray


@dataclass(frozen=True)
class Mesh:
    """Points (N, 3), normals (N, 3), texture coordinates (N, 2), all float64, and faces (M, 3) int32."""

    points: np.ndarray
    normals: np.ndarray
    uv: np.ndarray
    faces: np.ndarray

    def moved(self, *offset: float) -> "Mesh":
        """The mesh shifted by (x, y, z)."""
        return Mesh(self.points + np.array(offset), self.normals, self.uv, self.faces)

    def turned(self, degrees: float, axis: str = "z") -> "Mesh":
        """The mesh turned about an axis through the origin, counter-clockwise."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        a, b = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
        turn = np.eye(3)
        turn[a, a], turn[a, b], turn[b, a], turn[b, b] = c, -s, s, c
        return Mesh(self.points @ turn.T, self.normals @ turn.T, self.uv, self.faces)

    def scaled(self, *factors: float) -> "Mesh":
        """The mesh scaled by one factor, or by one for each axis."""
        f = np.array(factors if len(factors) == 3 else factors * 3, float)
        normals = self.normals / f
        return Mesh(self.points * f, normals / np.linalg.norm(normals, axis=1, keepdims=True), self.uv, self.faces)


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of many, in their order."""
    starts = np.cumsum([0] + [len(m.points) for m in meshes[:-1]])
    return Mesh(
        np.concatenate([m.points for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uv for m in meshes]),
        np.concatenate([m.faces + start for m, start in zip(meshes, starts, strict=True)]),
    )


def sheet(
    function: Callable[[np.ndarray, np.ndarray], np.ndarray],
    columns: int,
    rows: int,
    uv_size: tuple[float, float] = (1, 1),
) -> Mesh:
    """A smooth surface: `function` takes u, v in [0, 1], each (rows + 1, columns + 1), and gives points (..., 3)."""
    u, v = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    points, step = function(u, v), 1e-4
    du = function(u + step, v) - function(u - step, v)
    dv = function(u, v + step) - function(u, v - step)
    normals = np.cross(du, dv)
    length = np.linalg.norm(normals, axis=-1, keepdims=True)
    # At a pole one derivative vanishes; the direction from the middle of the surface is close enough there.
    outward = points - points.reshape(-1, 3).mean(0)
    outward = outward / np.maximum(np.linalg.norm(outward, axis=-1, keepdims=True), 1e-9)
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), outward)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    right, above = corner + 1, corner + columns + 1
    faces = np.concatenate([np.stack([corner, right, above + 1], 1), np.stack([corner, above + 1, above], 1)])
    uv = np.stack([u * uv_size[0], v * uv_size[1]], -1).reshape(-1, 2)
    return Mesh(points.reshape(-1, 3), normals.reshape(-1, 3), uv, faces.astype(np.int32))


def quad(origin: Point, edge_u: Point, edge_v: Point) -> Mesh:
    """A parallelogram facing edge_u x edge_v."""
    o, a, b = (np.array(p, float) for p in (origin, edge_u, edge_v))
    normal = np.cross(a, b) / np.linalg.norm(np.cross(a, b))
    la, lb = np.linalg.norm(a), np.linalg.norm(b)
    return Mesh(
        np.stack([o, o + a, o + a + b, o + b]),
        np.tile(normal, (4, 1)),
        np.array([[0, 0], [la, 0], [la, lb], [0, lb]]),
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
    )


#: The corners of a box's 24 vertices (0: low, 1: high), six faces of four, and the axes of a face's texture.
_BOX_CORNERS = np.array(
    [
        [(0, 1, 0), (1, 1, 0), (1, 0, 0), (0, 0, 0)],
        [(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)],
        [(0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)],
        [(1, 1, 0), (0, 1, 0), (0, 1, 1), (1, 1, 1)],
        [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)],
        [(0, 1, 0), (0, 0, 0), (0, 0, 1), (0, 1, 1)],
    ]
).reshape(24, 3)
_BOX_NORMALS = np.repeat([(0, 0, -1), (0, 0, 1), (0, -1, 0), (0, 1, 0), (1, 0, 0), (-1, 0, 0)], 4, axis=0)
_BOX_UV_AXES = np.repeat([(0, 1), (0, 1), (0, 2), (0, 2), (1, 2), (1, 2)], 4, axis=0)
_BOX_FACES = (np.arange(0, 24, 4)[:, None, None] + np.array([[0, 1, 2], [0, 2, 3]])).reshape(12, 3)
_QUAD_UV = np.tile([(0, 0), (1, 0), (1, 1), (0, 1)], (6, 1))


def box(low: Point, high: Point) -> Mesh:
    """A box between two corners, faces outward."""
    return boxes(np.array([low], float), np.array([high], float))


def boxes(low: np.ndarray, high: np.ndarray) -> Mesh:
    """Boxes between corners `low` and `high`, each (K, 3), as one mesh; a hundred cost little more than one."""
    size = high - low
    points = np.where(_BOX_CORNERS[None] == 1, high[:, None], low[:, None])
    edges = size[:, _BOX_UV_AXES]
    # Corners given the wrong way round turn the faces that they mirror inside out, and their normals with them.
    normals = _BOX_NORMALS[None] * np.where(edges.prod(axis=-1) < 0, -1.0, 1.0)[..., None]
    uv = np.abs(edges) * _QUAD_UV[None]
    faces = np.arange(len(low))[:, None, None] * 24 + _BOX_FACES[None]
    return Mesh(
        points.reshape(-1, 3),
        normals.reshape(-1, 3),
        uv.reshape(-1, 2),
        faces.reshape(-1, 3).astype(np.int32),
    )


def lathe(profile: Sequence[tuple[float, float]], sides: int = 32, smooth: bool = True) -> Mesh:
    """A profile of (radius, z) turned about the z axis; bottom to top with the outside to the right faces outward."""
    r, z = np.array(profile, float).T
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    spans = np.hypot(np.diff(r), np.diff(z))
    along = np.concatenate([[0], np.cumsum(spans)])

    def band(rows: np.ndarray, normal_r: np.ndarray, normal_z: np.ndarray) -> Mesh:
        c, s = np.cos(angle)[None], np.sin(angle)[None]
        ones = np.ones_like(c)
        rr, zz = r[rows][:, None], z[rows][:, None]
        points = np.stack([rr * c, rr * s, zz * ones], -1)
        normals = np.stack([normal_r[:, None] * c, normal_r[:, None] * s, normal_z[:, None] * ones], -1)
        uv = np.stack([np.broadcast_to(angle * max(r.max(), 1e-6), points.shape[:2]), along[rows][:, None] * ones], -1)
        count = sides + 1
        corner = (np.arange(len(rows) - 1)[:, None] * count + np.arange(sides)).ravel()
        faces = np.concatenate(
            [
                np.stack([corner, corner + 1, corner + count + 1], 1),
                np.stack([corner, corner + count + 1, corner + count], 1),
            ]
        )
        return Mesh(points.reshape(-1, 3), normals.reshape(-1, 3), uv.reshape(-1, 2), faces.astype(np.int32))

    nr, nz = np.diff(z) / np.maximum(spans, 1e-9), -np.diff(r) / np.maximum(spans, 1e-9)
    if not smooth:
        return _without_slivers(join([band(np.array([i, i + 1]), nr[[i, i]], nz[[i, i]]) for i in range(len(spans))]))
    vr = np.concatenate([[nr[0]], nr[:-1] + nr[1:], [nr[-1]]])
    vz = np.concatenate([[nz[0]], nz[:-1] + nz[1:], [nz[-1]]])
    length = np.maximum(np.hypot(vr, vz), 1e-9)
    return _without_slivers(band(np.arange(len(r)), vr / length, vz / length))


def _without_slivers(mesh: Mesh) -> Mesh:
    """The mesh without the triangles that shrank to a line at a pole."""
    a, b, c = (mesh.points[mesh.faces[:, i]] for i in range(3))
    return Mesh(mesh.points, mesh.normals, mesh.uv, mesh.faces[np.linalg.norm(np.cross(b - a, c - a), axis=1) > 1e-12])


def cylinder(
    a: Point, b: Point, radius: float, end_radius: float | None = None, sides: int = 12, caps: bool = True
) -> Mesh:
    """A cylinder or cone from a to b, closed unless its ends lie hidden."""
    start, end = np.array(a, float), np.array(b, float)
    length = float(np.linalg.norm(end - start))
    end_radius = radius if end_radius is None else end_radius
    side = [(radius, 0.0), (end_radius, length)]
    body = lathe([(0, 0), *side, (0, length)] if caps else side, sides, smooth=False)
    return _along(body, (end - start) / length).moved(*start)


def _along(mesh: Mesh, direction: np.ndarray) -> Mesh:
    """The mesh with its z axis laid along `direction` (3,)."""
    helper = np.array([1.0, 0, 0]) if abs(direction[0]) < 0.9 else np.array([0, 1.0, 0])
    x = np.cross(helper, direction)
    x /= np.linalg.norm(x)
    frame = np.stack([x, np.cross(direction, x), direction])
    return Mesh(mesh.points @ frame, mesh.normals @ frame, mesh.uv, mesh.faces)


def ball(centre: Point, radius: float, sides: int = 24) -> Mesh:
    """A sphere."""
    t = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)
    return lathe(list(zip(radius * np.cos(t), radius * np.sin(t), strict=True)), sides).moved(*centre)


def cushion(low: Point, high: Point, roundness: float = 0.3, sides: int = 14) -> Mesh:
    """A rounded box (superellipsoid) between two corners; roundness 1 is an ellipsoid, 0.1 nearly a box."""
    centre, half = (np.array(low) + np.array(high)) / 2, (np.array(high) - np.array(low)) / 2

    def power(x: np.ndarray) -> np.ndarray:
        return np.sign(x) * np.abs(x) ** roundness

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b = 2 * np.pi * u, np.pi * (v - 0.5)
        return (
            np.stack([power(np.cos(b)) * power(np.cos(a)), power(np.cos(b)) * power(np.sin(a)), power(np.sin(b))], -1)
            * half
            + centre
        )

    size = 2 * (half[0] + half[1]) * 2, 2 * half[2]
    return sheet(surface, sides * 2, sides, (float(size[0]), float(size[1])))


def tube(points: Sequence[Point], radius: float, sides: int = 8) -> Mesh:
    """A round tube along a polyline."""
    path = np.array(points, float)
    parts = [cylinder(a, b, radius, sides=sides, caps=len(path) < 4) for a, b in zip(path[:-1], path[1:], strict=True)]
    return join(parts + [ball(p, radius, sides) for p in path[1:-1]])


def room(width: float, depth: float, height: float) -> dict[str, Mesh]:
    """The inner faces of a room: x in [0, width], y in [0, depth], z in [0, height]; walls by compass, y = north."""
    return {
        "floor": quad((0, 0, 0), (width, 0, 0), (0, depth, 0)),
        "ceiling": quad((0, depth, height), (width, 0, 0), (0, -depth, 0)),
        "south": quad((width, 0, 0), (-width, 0, 0), (0, 0, height)),
        "north": quad((0, depth, 0), (width, 0, 0), (0, 0, height)),
        "west": quad((0, 0, 0), (0, depth, 0), (0, 0, height)),
        "east": quad((width, depth, 0), (0, -depth, 0), (0, 0, height)),
    }


def wall_with_hole(origin: Point, edge: Point, height: float, hole: tuple[float, float, float, float]) -> Mesh:
    """A wall from `origin` along `edge`, with a hole (left, bottom, right, top) in metres along it and up."""
    o, e = np.array(origin, float), np.array(edge, float)
    length = float(np.linalg.norm(e))
    direction, up = e / length, np.array([0, 0, 1.0])
    left, bottom, right, top = hole

    def part(a: float, b: float, c: float, d: float) -> Mesh:
        return quad(o + direction * a + up * b, direction * (c - a), up * (d - b))

    pieces = [(0, 0, left, height), (right, 0, length, height), (left, 0, right, bottom), (left, top, right, height)]
    return join([part(*p) for p in pieces if p[2] - p[0] > 1e-6 and p[3] - p[1] > 1e-6])
