"""A Mitsuba scene being put together: XML plugins, and meshes gathered by material into one PLY file each."""

import copy
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from render.procedural.kit.meshes import Mesh, Point, join
from tools.scene_kit.ply import ply

Value = float | int | bool | str | Sequence[float] | ET.Element


def plugin(
    tag: str, kind: str, values: Mapping[str, Value] | None = None, children: Sequence[ET.Element] = ()
) -> ET.Element:
    """An XML plugin element; a sequence of three becomes an <rgb>, an element a named child."""
    element = ET.Element(tag, {"type": kind})
    for name, value in (values or {}).items():
        if isinstance(value, ET.Element):
            child = copy.deepcopy(value)
            child.set("name", name)
            element.append(child)
        elif isinstance(value, bool):
            ET.SubElement(element, "boolean", {"name": name, "value": str(value).lower()})
        elif isinstance(value, str):
            ET.SubElement(element, "string", {"name": name, "value": value})
        elif isinstance(value, int):
            ET.SubElement(element, "integer", {"name": name, "value": str(value)})
        elif isinstance(value, float):
            ET.SubElement(element, "float", {"name": name, "value": f"{value:g}"})
        else:
            ET.SubElement(element, "rgb", {"name": name, "value": _list(value)})
    element.extend(children)
    return element


def transform(steps: Sequence[tuple[str, Mapping[str, float | str]]], name: str = "to_world") -> ET.Element:
    """A <transform> of steps such as ("scale", {"value": 2}), applied in their order."""
    element = ET.Element("transform", {"name": name})
    for kind, values in steps:
        ET.SubElement(element, kind, {k: v if isinstance(v, str) else f"{v:.6g}" for k, v in values.items()})
    return element


def _list(values: Sequence[float]) -> str:
    return ", ".join(f"{v:.6g}" for v in values)


@dataclass
class Scene:
    """One scene: what the manifest says of it, its XML parts, and its meshes by name."""

    name: str
    purpose: str
    size: tuple[int, int]
    split: str = "train"
    integrator: str = "path"
    materials: dict[str, ET.Element] = field(default_factory=dict)
    meshes: dict[str, list[Mesh]] = field(default_factory=dict)
    rest: list[ET.Element] = field(default_factory=list)
    sensor: ET.Element | None = None

    def camera(
        self,
        origin: Point,
        target: Point,
        fov: float,
        aperture: float = 0.0,
        focus: float = 1.0,
        medium: ET.Element | None = None,
    ) -> None:
        """Set the camera; fov in degrees along the longer side, aperture radius and focus distance in metres."""
        look = transform([("lookat", {"origin": _list(origin), "target": _list(target), "up": "0, 0, 1"})])
        values: dict[str, Value] = {"fov": float(fov), "fov_axis": "larger", "near_clip": 0.02, "far_clip": 500.0}
        if aperture:
            values |= {"aperture_radius": float(aperture), "focus_distance": float(focus)}
        film = plugin(
            "film",
            "hdrfilm",
            {"width": self.size[0], "height": self.size[1], "pixel_format": "rgb"},
            [plugin("rfilter", "box")],
        )
        sampler = plugin("sampler", "independent", {"sample_count": 16})
        self.sensor = plugin("sensor", "thinlens" if aperture else "perspective", values, [look, sampler, film])
        if medium is not None:
            self.sensor.append(medium)

    def material(self, name: str, bsdf: ET.Element) -> str:
        """Name a material; `put` refers to it."""
        bsdf.set("id", name)
        self.materials[name] = bsdf
        return name

    def put(self, material: str, *meshes: Mesh) -> None:
        """Add meshes made of a material named before."""
        if material not in self.materials:
            raise KeyError(f"scene {self.name}: no material {material!r}")
        self.meshes.setdefault(material, []).extend(meshes)

    def light(self, mesh: Mesh, radiance: Sequence[float], material: str = "black") -> None:
        """Add a mesh that emits `radiance` (3,) on its outer side."""
        if material == "black" and material not in self.materials:
            self.material(material, plugin("bsdf", "diffuse", {"reflectance": (0, 0, 0)}))
        number = sum(name.startswith("light-") for name in self.meshes) + 1
        name = f"light-{number}"
        self.meshes[name] = [mesh]
        self.rest.append(
            plugin(
                "shape",
                "ply",
                {"filename": self.mesh_file(name)},
                [
                    ET.Element("ref", {"id": material}),
                    plugin("emitter", "area", {"radiance": tuple(radiance)}),
                ],
            )
        )

    def mesh_file(self, name: str) -> str:
        """Where the mesh of that name lies, seen from the scene file."""
        return f"meshes/{self.name}-{name}.ply"

    def files(self) -> dict[str, bytes]:
        """The scene's own files by their path in scenes/: the XML and the meshes."""
        if self.sensor is None:
            raise ValueError(f"scene {self.name}: no camera")
        root = ET.Element("scene", {"version": "3.0.0"})
        root.append(ET.Comment(f" {self.purpose} Written by tools/make_scenes.py: change it there. "))
        root.append(plugin("integrator", self.integrator, {"max_depth": 12}))
        root.append(self.sensor)
        root.extend(self.materials[name] for name in self.materials)
        for name in self.meshes:
            if name in self.materials:
                root.append(
                    plugin("shape", "ply", {"filename": self.mesh_file(name)}, [ET.Element("ref", {"id": name})])
                )
        root.extend(self.rest)
        ET.indent(root, "  ")
        files = {f"{self.name}.xml": ET.tostring(root, encoding="unicode").encode() + b"\n"}
        return files | {
            self.mesh_file(name): ply(join(parts), self._uses_uv(name)) for name, parts in self.meshes.items()
        }

    def _uses_uv(self, name: str) -> bool:
        """Whether a mesh's material has a texture or a direction of brushing."""
        bsdf = self.materials.get(name)
        return bsdf is not None and (
            bsdf.find(".//texture") is not None or bsdf.find(".//*[@name='alpha_u']") is not None
        )
