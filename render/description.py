"""From a family's plain description of a scene to Mitsuba's objects.

A description is a nested dict as `mitsuba.load_dict` takes it, but for what needs mitsuba to be made: meshes, bitmaps
and transforms are NumPy arrays (see render/procedural/). The mitsuba module comes as an argument: only backend.py and
features.py import it.

What a scene is made of decides what its kernels cost: Dr.Jit traces every object of a kind anew for each scene. So
equal materials and textures become one object, and meshes of one material one mesh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

#: Nodes that Mitsuba's loader turns into what the place they stand in needs; they stay dicts.
_VALUES = ("rgb", "spectrum", "srgb", "blackbody")
#: What may not be shared: a shape has its own emitter, and a scene its own sensor.
_UNSHARED = ("mesh", "area", "directionalarea")
#: What of a mesh is an array, and Mitsuba's name for it.
_ARRAYS = {"vertices": "vertex_positions", "faces": "faces", "uv": "vertex_texcoords", "normals": "vertex_normals"}
#: Longest path where a description names none: as unlimited as makes sense, and no run of a kernel without end.
_MAX_DEPTH = 32


def edit(
    description: dict[str, Any], size: tuple[int, int], samplers: Sequence[str], max_depth: int | None
) -> tuple[dict[str, Any], int]:
    """A description with our sensors, one for each sampler, and the longest path set.

    Returns:
        The description, sensors last; and the longest path, -1 for unlimited.

    Raises:
        LookupError: it has no sensor.
    """
    edited = {key: node for key, node in description.items() if key not in ("sensor", "integrator")}
    if "sensor" not in description:
        raise LookupError("has no sensor")
    integrator = dict(description.get("integrator", {"type": "path"}))
    integrator["max_depth"] = integrator.get("max_depth", _MAX_DEPTH) if max_depth is None else max_depth
    edited["integrator"] = integrator
    film = {
        "type": "hdrfilm", "width": size[0], "height": size[1], "pixel_format": "rgb", "component_format": "float32",
        "rfilter": {"type": "box"},
    }  # fmt: skip
    for name in samplers:
        edited[f"sensor_{name}"] = {**description["sensor"], "film": film, "sampler": {"type": name}}
    return edited, int(integrator["max_depth"])


def merge_meshes(node: dict[str, Any]) -> dict[str, Any]:
    """The same scene or shape group with one mesh for all that differ in nothing but their arrays.

    Meshes that emit light, or that contain a medium, stay as they are.
    """
    merged: dict[str, Any] = {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for key, child in node.items():
        if isinstance(child, dict) and child.get("type") == "shapegroup":
            merged[key] = merge_meshes(child)
        elif not isinstance(child, dict) or child.get("type") != "mesh" or not _may_merge(child):
            merged[key] = child
        else:
            settings = {name: value for name, value in child.items() if name not in _ARRAYS}
            present = [name for name in _ARRAYS if child.get(name) is not None]
            groups.setdefault(_key([settings, present]), []).append(child)
    for number, meshes in enumerate(groups.values()):
        merged[f"mesh_{number:04d}"] = _concatenate(meshes)
    return merged


def _may_merge(mesh: dict[str, Any]) -> bool:
    return not any(key in mesh for key in ("emitter", "interior", "exterior", "to_world", "id"))


def _concatenate(meshes: list[dict[str, Any]]) -> dict[str, Any]:
    if len(meshes) == 1:
        return meshes[0]
    out = dict(meshes[0])
    starts = np.cumsum([0, *(len(mesh["vertices"]) for mesh in meshes[:-1])])
    out["faces"] = np.concatenate([mesh["faces"] + np.uint32(at) for mesh, at in zip(meshes, starts, strict=True)])
    for name in ("vertices", "uv", "normals"):
        if out.get(name) is not None:
            out[name] = np.concatenate([mesh[name] for mesh in meshes])
    return out


def _key(value: Any) -> str:
    """The same text for values that are equal, arrays among them."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!s}:{_key(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_key, value)) + "]"
    if isinstance(value, np.ndarray):
        return f"<{value.shape}{value.dtype}{hashlib.sha256(value.tobytes()).hexdigest()}>"
    return repr(value)


class Builder:
    """Makes the objects of one description, what is equal once.

    Args:
        mi: the mitsuba module, its variant set.
        description: with everything that a `ref` may name at its top.
    """

    def __init__(self, mi: Any, description: dict[str, Any]) -> None:
        self._mi = mi
        self._top = description
        self._named: dict[str, Any] = {}
        self._equal: dict[str, Any] = {}

    def scene(self) -> Any:
        """The `mitsuba.Scene`.

        Raises:
            LookupError: a `ref` to nothing.
            Exception: whatever Mitsuba raises on a plugin or a property that it does not know.
        """
        children = {key: self._named_node(key) for key in self._top if key != "type"}
        # Only what stands in a scene; materials and textures at the top are there to be referred to.
        kinds = (self._mi.Shape, self._mi.Emitter, self._mi.Sensor, self._mi.Integrator)
        inside = {key: child for key, child in children.items() if isinstance(child, kinds)}
        return self._mi.load_dict({"type": "scene", **inside}, optimize=False)

    def _named_node(self, name: str) -> Any:
        if name not in self._named:
            if name not in self._top:
                raise LookupError(f"refers to {name!r}, which is nothing in it")
            self._named[name] = None  # a circle of references ends here
            self._named[name] = self._node(self._top[name])
        if self._named[name] is None:
            raise LookupError(f"refers to {name!r} from within {name!r}")
        return self._named[name]

    def _node(self, node: Any) -> Any:
        """A node as `load_dict` takes it: its children made, its arrays turned into Mitsuba's types."""
        if not isinstance(node, dict):
            return _plain(self._mi, node)
        if "type" not in node:
            raise LookupError(f"has a node without a type, of {', '.join(map(str, node))}")
        if node["type"] == "ref":
            return self._named_node(str(node["id"]))
        if node["type"] in _VALUES:
            return {key: _plain(self._mi, value) for key, value in node.items()}
        if node["type"] in _UNSHARED or "emitter" in node or "film" in node:
            return self._make(node)
        key = _key(node)
        if key not in self._equal:
            self._equal[key] = self._make(node)
        return self._equal[key]

    def _make(self, node: dict[str, Any]) -> Any:
        if node["type"] == "mesh":
            return self._mesh(node)
        made: dict[str, Any] = {}
        for key, child in node.items():
            if key == "image":
                made["bitmap"] = self._mi.Bitmap(np.ascontiguousarray(child))
            elif key not in ("type", "id"):
                made[key] = self._node(child)
        return self._mi.load_dict({"type": node["type"], **made}, optimize=False)

    def _mesh(self, node: dict[str, Any]) -> Any:
        mi = self._mi
        props = mi.Properties()
        for key, child in node.items():
            if key not in ("type", "id", "to_world", *_ARRAYS):
                props[key] = self._node(child)
        arrays = {name: node[name] for name in _ARRAYS if node.get(name) is not None}
        if "to_world" in node:
            matrix = np.asarray(node["to_world"], np.float64)
            arrays["vertices"] = arrays["vertices"] @ matrix[:3, :3].T + matrix[:3, 3]
            if "normals" in arrays:
                turned = arrays["normals"] @ np.linalg.inv(matrix[:3, :3])
                arrays["normals"] = turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-20)
        mesh = mi.Mesh(
            "mesh", len(arrays["vertices"]), len(arrays["faces"]), props=props,
            has_vertex_normals="normals" in arrays, has_vertex_texcoords="uv" in arrays,
        )  # fmt: skip
        parameters = mi.traverse(mesh)
        for name in ("vertices", "faces", "uv"):
            if name in arrays:
                kind = np.uint32 if name == "faces" else np.float32
                parameters[_ARRAYS[name]] = np.ascontiguousarray(arrays[name], kind).ravel()
        parameters.update()
        if "normals" in arrays:  # after the vertices, or Mitsuba makes its own of them
            parameters["vertex_normals"] = np.ascontiguousarray(arrays["normals"], np.float32).ravel()
            parameters.update()
        return mesh


def _plain(mi: Any, value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return mi.ScalarTransform4f(value) if value.shape == (4, 4) else value.tolist()
    return value.item() if isinstance(value, np.generic) else value
