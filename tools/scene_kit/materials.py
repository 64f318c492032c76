"""Materials and lights in few words, as Mitsuba plugins."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from tools.scene_kit.document import plugin, transform

Surface = Sequence[float] | ET.Element


def image(name: str, repeat: float | tuple[float, float] = 1.0, raw: bool = False, turn: float = 0.0) -> ET.Element:
    """A texture from scenes/textures, repeated `repeat` times a metre; `raw` for data that are no colours."""
    x, y = repeat if isinstance(repeat, tuple) else (repeat, repeat)
    steps: list[tuple[str, dict[str, float | str]]] = [("scale", {"x": x, "y": y})]
    if turn:
        steps.append(("rotate", {"z": 1.0, "angle": turn}))
    return plugin(
        "texture",
        "bitmap",
        {"filename": f"textures/{name}.png"} | ({"raw": True} if raw else {}),
        [transform(steps, "to_uv")],
    )


def two_sided(bsdf: ET.Element) -> ET.Element:
    """The material on both sides of a surface."""
    return plugin("bsdf", "twosided", {}, [bsdf])


def matte(colour: Surface) -> ET.Element:
    """Diffuse."""
    return two_sided(plugin("bsdf", "diffuse", {"reflectance": colour}))


def glossy(colour: Surface, roughness: float = 0.1) -> ET.Element:
    """Rough plastic: lacquer, painted wood, glazed ceramic."""
    return two_sided(plugin("bsdf", "roughplastic", {"diffuse_reflectance": colour, "alpha": float(roughness)}))


def polished(colour: Surface) -> ET.Element:
    """Smooth plastic: a perfect reflection over a diffuse base."""
    return two_sided(plugin("bsdf", "plastic", {"diffuse_reflectance": colour}))


def metal(kind: str = "Al", roughness: float | ET.Element = 0.1) -> ET.Element:
    """A rough conductor of Mitsuba's table; the roughness may be a texture."""
    value = roughness if isinstance(roughness, ET.Element) else float(roughness)
    return two_sided(plugin("bsdf", "roughconductor", {"material": kind, "alpha": value}))


def brushed(kind: str, along: float, across: float) -> ET.Element:
    """An anisotropic rough conductor."""
    values = {"material": kind, "alpha_u": float(along), "alpha_v": float(across)}
    return two_sided(plugin("bsdf", "roughconductor", values))


def mirror(tint: Sequence[float] = (0.92, 0.92, 0.92)) -> ET.Element:
    """A perfect mirror."""
    return two_sided(plugin("bsdf", "conductor", {"material": "none", "specular_reflectance": tint}))


def glass(ior: float = 1.5, roughness: float = 0.0, tint: Sequence[float] = (1, 1, 1)) -> ET.Element:
    """Glass: smooth, or frosted with a roughness; `tint` multiplies each refraction."""
    values = {"int_ior": float(ior), "ext_ior": 1.0}
    if roughness:
        return plugin("bsdf", "roughdielectric", values | {"alpha": float(roughness)})
    return plugin("bsdf", "dielectric", values | ({"specular_transmittance": tint} if tuple(tint) != (1, 1, 1) else {}))


def pane() -> ET.Element:
    """A thin sheet of glass without thickness."""
    return plugin("bsdf", "thindielectric", {"int_ior": 1.5})


def disney(
    colour: Surface, roughness: float, metallic: float = 0.0, clearcoat: float = 0.0, sheen: float = 0.0
) -> ET.Element:
    """Mitsuba's principled material."""
    values = {
        "base_color": colour,
        "roughness": float(roughness),
        "metallic": float(metallic),
        "specular": 0.5,
        "clearcoat": float(clearcoat),
        "clearcoat_gloss": 0.9,
        "sheen": float(sheen),
    }
    return two_sided(plugin("bsdf", "principled", values))


def bumped(bsdf: ET.Element, height: ET.Element, scale: float) -> ET.Element:
    """A material under a bump map (inside the two-sided wrapper, which must stay outermost)."""
    return two_sided(plugin("bsdf", "bumpmap", {"arbitrary": height, "scale": float(scale)}, [bsdf[0]]))


def normal_mapped(bsdf: ET.Element, normals: ET.Element) -> ET.Element:
    """A material under a normal map."""
    return two_sided(plugin("bsdf", "normalmap", {"normalmap": normals}, [bsdf[0]]))


def mixed(first: ET.Element, second: ET.Element, weight: ET.Element | float) -> ET.Element:
    """Two opaque materials blended by a weight (0: the first) or a texture of weights."""
    value = weight if isinstance(weight, ET.Element) else float(weight)
    return two_sided(plugin("bsdf", "blendbsdf", {"weight": value}, [first[0], second[0]]))


def holed(bsdf: ET.Element, opacity: ET.Element | float) -> ET.Element:
    """A material cut out by an opacity texture."""
    value = opacity if isinstance(opacity, ET.Element) else float(opacity)
    return plugin("bsdf", "mask", {"opacity": value}, [bsdf])


def sheer(colour: Sequence[float], opacity: float) -> ET.Element:
    """Thin cloth: diffuse threads with gaps between."""
    return holed(matte(colour), opacity)


def sun_and_sky(toward_sun: Sequence[float], turbidity: float = 3.0, sun: float = 1.0, sky: float = 1.0) -> ET.Element:
    """Daylight; `toward_sun` points at the sun, z up."""
    direction = ET.Element("vector", {"name": "sun_direction", "value": ", ".join(f"{v:g}" for v in toward_sun)})
    values = {"turbidity": float(turbidity), "sun_scale": float(sun), "sky_scale": float(sky)}
    return plugin("emitter", "sunsky", values, [direction])


def environment(name: str, scale: float = 1.0, turn: float = 0.0) -> ET.Element:
    """An environment map from scenes/textures, z up, turned about it."""
    steps: list[tuple[str, dict[str, float | str]]] = [("rotate", {"x": 1.0, "angle": 90.0})]
    if turn:
        steps.append(("rotate", {"z": 1.0, "angle": turn}))
    return plugin("emitter", "envmap", {"filename": f"textures/{name}.hdr", "scale": float(scale)}, [transform(steps)])


def constant(radiance: Sequence[float]) -> ET.Element:
    """The same light from everywhere."""
    return plugin("emitter", "constant", {"radiance": tuple(radiance)})
