"""Shapes beyond the plain ones: bevelled boxes, extrusions, sweeps, lumps, terrain, and many copies of one mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from render.procedural.kit.meshes import Mesh, Point


def transformed(mesh: Mesh, matrix: np.ndarray) -> Mesh:
    """The mesh under an affine (4, 4) matrix."""
    return copies(mesh, matrix[None])


def copies(mesh: Mesh, matrices: np.ndarray) -> Mesh:
    """A copy of the mesh for each affine matrix of (K, 4, 4), as one mesh."""
    linear, offset = matrices[:, :3, :3], matrices[:, None, :3, 3]
    points = mesh.points @ linear.transpose(0, 2, 1) + offset
    normals = mesh.normals @ np.linalg.inv(linear)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    count, size = len(matrices), len(mesh.points)
    faces = mesh.faces[None] + (np.arange(count) * size)[:, None, None]
    # A mirroring turns triangles inside out.
    mirrored = np.linalg.det(linear) < 0
    faces[mirrored] = faces[mirrored][..., ::-1]
    return Mesh(
        points.reshape(-1, 3),
        normals.reshape(-1, 3),
        np.tile(mesh.uv, (count, 1)),
        faces.reshape(-1, 3).astype(np.int32),
    )


def placements(
    positions: np.ndarray,
    turns: np.ndarray | None = None,
    scales: np.ndarray | None = None,
    up: np.ndarray | None = None,
) -> np.ndarray:
    """Matrices (K, 4, 4) for `copies`.

    Args:
        positions: (K, 3).
        turns: (K,) radians about the copy's own z axis.
        scales: (K,) or (K, 3) factors.
        up: (K, 3) directions that the copies' z axes take.
    """
    count = len(positions)
    turns = np.zeros(count) if turns is None else turns
    scales = np.ones(count) if scales is None else scales
    scales = np.broadcast_to(scales[:, None] if scales.ndim == 1 else scales, (count, 3))
    c, s, zero, one = np.cos(turns), np.sin(turns), np.zeros(count), np.ones(count)
    linear = np.stack([np.stack([c, -s, zero], -1), np.stack([s, c, zero], -1), np.stack([zero, zero, one], -1)], 1)
    if up is not None:
        linear = _frames(up) @ linear
    matrices = np.tile(np.eye(4), (count, 1, 1))
    matrices[:, :3, :3] = linear * scales[:, None, :]
    matrices[:, :3, 3] = positions
    return matrices


def _frames(directions: np.ndarray) -> np.ndarray:
    """Rotations (K, 3, 3) that take z to each of the unit `directions` (K, 3)."""
    z = directions / np.maximum(np.linalg.norm(directions, axis=-1, keepdims=True), 1e-12)
    helper = np.where(np.abs(z[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    x = np.cross(helper, z)
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    return np.stack([x, np.cross(z, x), z], axis=-1)


def random_rotations(rng: np.random.Generator, count: int) -> np.ndarray:
    """Uniform rotations (K, 3, 3)."""
    w, x, y, z = (q := rng.normal(size=(count, 4)) + 1e-9).T / np.linalg.norm(q, axis=1)
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], -1),
            np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], -1),
            np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], -1),
        ],
        1,
    )


def flat_shaded(points: np.ndarray, faces: np.ndarray, uv: np.ndarray | None = None) -> Mesh:
    """A mesh whose triangles keep their own normals: three vertices each. Without `uv`, metres in the face's plane."""
    corners = points[faces]
    edge = corners[:, 1] - corners[:, 0]
    normal = np.cross(edge, corners[:, 2] - corners[:, 0])
    normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    if uv is None:
        axes = np.argsort(np.abs(normal), axis=-1)[:, None, :2]  # the two that the face is widest along
        flat = np.take_along_axis(corners, np.sort(np.broadcast_to(axes, (len(faces), 3, 2)), axis=-1), axis=-1)
    else:
        flat = uv[faces]
    count = len(faces) * 3
    return Mesh(
        corners.reshape(-1, 3),
        np.repeat(normal, 3, axis=0),
        flat.reshape(-1, 2),
        np.arange(count, dtype=np.int32).reshape(-1, 3),
    )


def smooth_shaded(points: np.ndarray, faces: np.ndarray, uv: np.ndarray | None = None) -> Mesh:
    """A mesh with normals averaged over the faces at each vertex, weighted by their areas."""
    corners = points[faces]
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.stack(
        [np.bincount(faces.ravel(), np.repeat(area[:, axis], 3), len(points)) for axis in range(3)], axis=-1
    )
    normals = normals / np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-20)
    return Mesh(points, normals, points[:, :2].copy() if uv is None else uv, faces.astype(np.int32))


def bevelled_box(low: Point, high: Point, bevel: float = 0.01) -> Mesh:
    """A box with flattened edges and corners: they catch light as a real thing's do."""
    a, b = np.array(low, float), np.array(high, float)
    bevel = min(bevel, 0.49 * float((b - a).min()))
    # Each corner has three vertices: one a face, drawn in along the two axes of that face.
    signs = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    corner = np.where(signs == 1, b, a)
    inward = np.where(signs == 1, -bevel, bevel)
    points = corner[:, None] + inward[:, None] * (1 - np.eye(3))[None]
    index = {tuple(s): i for i, s in enumerate(signs.tolist())}
    quads, triangles = [], [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(8)]
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for side in (0, 1):
            loop = []
            for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
                place = [0, 0, 0]
                place[axis], place[u], place[v] = side, du, dv
                loop.append(3 * index[tuple(place)] + axis)
            quads.append(loop)
            for other in (0, 1):  # the edges along v between the faces of axis and u
                ends = []
                for dv in (0, 1):
                    place = [0, 0, 0]
                    place[axis], place[u], place[v] = side, other, dv
                    ends.append(3 * index[tuple(place)])
                quads.append([ends[0] + axis, ends[1] + axis, ends[1] + u, ends[0] + u])
    faces = np.array(triangles + [t for q in quads for t in ([q[0], q[1], q[2]], [q[0], q[2], q[3]])])
    flat = points.reshape(-1, 3)
    corners = flat[faces]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inside_out = np.sum(outward * (corners.mean(1) - (a + b) / 2), axis=-1) < 0
    faces[inside_out] = faces[inside_out][:, ::-1]
    return flat_shaded(flat - a, faces).moved(*a)


def triangulated(outline: np.ndarray) -> np.ndarray:
    """Triangles (M, 3) of a simple polygon (N, 2), counter-clockwise, by cutting ears."""
    left = list(range(len(outline)))
    faces = []
    while len(left) > 3:
        for i in range(len(left)):
            a, b, c = (left[i - 1], left[i], left[(i + 1) % len(left)])
            others = outline[[k for k in left if k not in (a, b, c)]]
            if _turn(outline[a], outline[b], outline[c]) <= 0:
                continue
            inside = np.ones(len(others), bool)
            for p, q in ((a, b), (b, c), (c, a)):
                inside &= _turn(outline[p], outline[q], others) >= 0
            if not inside.any():
                faces.append((a, b, c))
                del left[i]
                break
        else:  # nothing but slivers is left
            break
    return np.array([*faces, tuple(left[:3])], np.int32)


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the signed area of the triangles a, b, c; c may be (N, 2)."""
    return (b[0] - a[0]) * (c[..., 1] - a[1]) - (b[1] - a[1]) * (c[..., 0] - a[0])


def extrusion(outline: Sequence[Sequence[float]] | np.ndarray, height: float) -> Mesh:
    """A prism over a simple polygon (N, 2), counter-clockwise, from z = 0 to `height`, closed, with hard edges."""
    flat = np.asarray(outline, float)
    count, lid = len(flat), triangulated(flat)
    points = np.concatenate([np.pad(flat, ((0, 0), (0, 1))), np.pad(flat, ((0, 0), (0, 1)), constant_values=height)])
    side = np.arange(count)
    following = (side + 1) % count
    walls = np.concatenate(
        [np.stack([side, following, following + count], 1), np.stack([side, following + count, side + count], 1)]
    )
    return flat_shaded(points, np.concatenate([lid[:, ::-1], lid + count, walls]))


def sweep(path: Sequence[Point] | np.ndarray, radius: float | np.ndarray, sides: int = 8, closed: bool = False) -> Mesh:
    """A round tube along a smooth path (N, 3), its radius a number or (N,); ends are left open, so hide them."""
    way = np.asarray(path, float)
    radii = np.broadcast_to(np.asarray(radius, float), (len(way),))
    if closed:
        way, radii = np.concatenate([way, way[:1]]), np.concatenate([radii, radii[:1]])
    tangent = np.gradient(way, axis=0)
    if closed:
        tangent[0] = tangent[-1] = way[1] - way[-2]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=-1, keepdims=True), 1e-12)
    # A frame carried along with the least twist.
    side = np.empty_like(way)
    side[0] = _frames(tangent[:1])[0, :, 0]
    for i in range(1, len(way)):
        carried = side[i - 1] - tangent[i] * (side[i - 1] @ tangent[i])
        length = np.linalg.norm(carried)
        side[i] = carried / length if length > 1e-9 else _frames(tangent[i : i + 1])[0, :, 0]
    other = np.cross(tangent, side)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    out = side[:, None] * np.cos(angle)[None, :, None] + other[:, None] * np.sin(angle)[None, :, None]
    points = way[:, None] + radii[:, None, None] * out
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=-1))])
    uv = np.stack(np.broadcast_arrays(angle[None] * radii.max(), along[:, None]), -1)
    corner = (np.arange(len(way) - 1)[:, None] * (sides + 1) + np.arange(sides)).ravel()
    above = corner + sides + 1
    faces = np.concatenate([np.stack([corner, corner + 1, above + 1], 1), np.stack([corner, above + 1, above], 1)])
    return Mesh(points.reshape(-1, 3), out.reshape(-1, 3), uv.reshape(-1, 2), faces.astype(np.int32))


def curve(points: Sequence[Point] | np.ndarray, steps: int = 8) -> np.ndarray:
    """A smooth path through points (N, 3): a Catmull-Rom spline, `steps` pieces between two of them."""
    p = np.asarray(points, float)
    p = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    t = np.arange(steps)[None, :, None] / steps
    a, b, c, d = (p[i : len(p) - 3 + i, None] for i in range(4))
    inner = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.concatenate([inner.reshape(-1, 3), p[-2:-1]])
