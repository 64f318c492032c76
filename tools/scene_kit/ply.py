"""Binary little-endian PLY files of meshes, the same bytes on every machine."""

import numpy as np

from render.procedural.kit.meshes import Mesh


def ply(mesh: Mesh, with_uv: bool = True) -> bytes:
    """The mesh as a binary little-endian PLY file; without texture coordinates where nothing asks for them."""
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(mesh.points)}"]
    names = ("x", "y", "z", "nx", "ny", "nz", "u", "v")[: 8 if with_uv else 6]
    header += [f"property float {name}" for name in names]
    header += [f"element face {len(mesh.faces)}", "property list uchar int vertex_indices", "end_header", ""]
    vertices = np.concatenate([mesh.points, mesh.normals, mesh.uv], axis=1)[:, : len(names)]
    # Rounding before the cast: the last bit of a sine differs between machines, the file must not. + 0.0: no -0.
    vertices = (np.round(vertices, 5) + 0.0).astype("<f4")
    faces = np.zeros(len(mesh.faces), dtype=[("count", "u1"), ("index", "<i4", 3)])
    faces["count"], faces["index"] = 3, mesh.faces
    return "\n".join(header).encode() + vertices.tobytes() + faces.tobytes()
