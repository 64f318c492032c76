"""Materials as Mitsuba plugin descriptions: every plugin in a few words.

A surface is a colour (3,), linear, or a texture's description; a value is a number or a texture's. What a material
is made of (wall paint, chrome, leather) is in materials.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Description = dict[str, Any]
Surface = Sequence[float] | np.ndarray | Description
Value = float | Description

#: Conductors of Mitsuba's table of measured indices of refraction, those that things are made or plated of first.
METALS = ("Al", "Ag", "Au", "Cu", "Cr", "Ni_palik", "W", "Ta", "Ir", "Rh", "Hg", "TiN", "V_palik", "Mo", "CuO", "Cu2O")

#: Materials that let light through; two_sided takes none of them.
_TRANSMITTING = ("dielectric", "roughdielectric", "thindielectric", "principledthin", "mask", "null")


def rgb(colour: Sequence[float] | np.ndarray) -> Description:
    """A constant colour (3,), linear sRGB."""
    return {"type": "rgb", "value": [float(c) for c in colour]}


def surface(value: Surface) -> Description:
    """A colour or a texture as a plugin takes it."""
    return value if isinstance(value, dict) else rgb(value)


def transmits(bsdf: Description) -> bool:
    """Whether light goes through a material, or through any that it is made of."""
    if bsdf["type"] in _TRANSMITTING or "spec_trans" in bsdf:
        return True
    return any(transmits(child) for child in layers(bsdf))


#: Materials that wrap others; every other dict in a material's description is a texture or a colour.
_WRAPPERS = ("twosided", "bumpmap", "normalmap", "mask", "blendbsdf")


def layers(bsdf: Description) -> list[Description]:
    """The materials directly inside a wrapping one, in order."""
    if bsdf["type"] not in _WRAPPERS:
        return []
    return [bsdf[name] for name in ("first", "second") if name in bsdf]


def two_sided(bsdf: Description) -> Description:
    """An opaque material on both sides of a surface; one that transmits light, or is two-sided already, stays."""
    if bsdf["type"] == "twosided" or transmits(bsdf):
        return bsdf
    return {"type": "twosided", "first": bsdf}


def one_sided(bsdf: Description) -> Description:
    """What is inside a two-sided wrapper, which must stay outermost; anything else as it is."""
    return bsdf["first"] if bsdf["type"] == "twosided" else bsdf


def matte(colour: Surface) -> Description:
    """Diffuse: paint, paper, plaster."""
    return two_sided({"type": "diffuse", "reflectance": surface(colour)})


def glossy(colour: Surface, roughness: float = 0.1, ior: float = 1.5, nonlinear: bool = False) -> Description:
    """Rough plastic: lacquer, painted wood, glazed ceramic. `nonlinear` saturates the base as inner scattering does."""
    values = {"alpha": float(roughness), "int_ior": float(ior), "nonlinear": bool(nonlinear)}
    return two_sided({"type": "roughplastic", "diffuse_reflectance": surface(colour), **values})


def polished(colour: Surface, ior: float = 1.5, nonlinear: bool = False) -> Description:
    """Smooth plastic: a perfect reflection over a diffuse base."""
    values = {"int_ior": float(ior), "nonlinear": bool(nonlinear)}
    return two_sided({"type": "plastic", "diffuse_reflectance": surface(colour), **values})


def metal(
    kind: str | tuple[np.ndarray, np.ndarray] = "Al",
    roughness: Value | tuple[float, float] = 0.1,
    tint: Surface | None = None,
    distribution: str = "ggx",
) -> Description:
    """A conductor.

    Args:
        kind: a name of `METALS`, "none" for a perfect reflector, or indices (eta (3,), k (3,)).
        roughness: 0 for a smooth one, a number, a texture, or two numbers along u and v (brushed metal).
        tint: multiplies the reflection.
        distribution: "ggx" or "beckmann", of its microfacets.
    """
    bsdf: Description = {"type": "roughconductor", "distribution": distribution}
    if isinstance(kind, str):
        bsdf["material"] = kind
    else:
        bsdf["eta"], bsdf["k"] = rgb(kind[0]), rgb(kind[1])
    if isinstance(roughness, tuple):
        bsdf["alpha_u"], bsdf["alpha_v"] = float(roughness[0]), float(roughness[1])
    elif isinstance(roughness, dict):
        bsdf["alpha"] = roughness
    elif roughness > 0:
        bsdf["alpha"] = float(roughness)
    else:
        bsdf["type"] = "conductor"
        del bsdf["distribution"]
    if tint is not None:
        bsdf["specular_reflectance"] = surface(tint)
    return two_sided(bsdf)


def mirror(tint: Surface = (0.92, 0.92, 0.92)) -> Description:
    """A perfect mirror."""
    return metal("none", 0.0, tint)


def glass(
    ior: float = 1.5, roughness: Value = 0.0, tint: Surface | None = None, outside: float = 1.0, ggx: bool = True
) -> Description:
    """Glass, water, gems: a boundary of `ior` behind the normal and `outside` before it.

    Args:
        ior: index of refraction behind the surface.
        roughness: 0 for a smooth one, more or a texture for frosted glass.
        tint: multiplies each passage.
        outside: index of refraction on the normal's side; a liquid's where it wets glass.
        ggx: microfacets of a rough one; else Beckmann.
    """
    bsdf: Description = {"type": "dielectric", "int_ior": float(ior), "ext_ior": float(outside)}
    if isinstance(roughness, dict) or roughness > 0:
        bsdf["type"] = "roughdielectric"
        bsdf["alpha"] = roughness if isinstance(roughness, dict) else float(roughness)
        bsdf["distribution"] = "ggx" if ggx else "beckmann"
    if tint is not None:
        bsdf["specular_transmittance"] = surface(tint)
    return bsdf


def pane(ior: float = 1.5, tint: Surface | None = None) -> Description:
    """A thin sheet of glass without thickness: nothing is bent."""
    bsdf: Description = {"type": "thindielectric", "int_ior": float(ior)}
    if tint is not None:
        bsdf["specular_transmittance"] = surface(tint)
    return bsdf


def principled(colour: Surface, roughness: Value = 0.5, **values: Value) -> Description:
    """Mitsuba's principled material.

    `values` are its own: metallic, specular, spec_tint, anisotropic, sheen, sheen_tint, clearcoat, clearcoat_gloss,
    flatness, spec_trans with eta (which makes a closed body of it).
    """
    if "spec_trans" not in values and "eta" not in values:
        values.setdefault("specular", 0.5)
    bsdf: Description = {"type": "principled", "base_color": surface(colour), "roughness": roughness, **values}
    return two_sided(bsdf)


def thin(colour: Surface, through: float = 1.0, roughness: Value = 0.5, clear: float = 0.0) -> Description:
    """A thin sheet that light shines through: leaves, lampshades, paper, curtains.

    Args:
        colour: of reflection and transmission.
        through: 0 (all diffuse light is reflected) to 2 (all goes through).
        roughness: of its gloss.
        clear: share that goes through without being scattered diffusely.
    """
    values = {"roughness": roughness, "diff_trans": float(through), "spec_trans": float(clear), "eta": 1.4}
    return {"type": "principledthin", "base_color": surface(colour), **values}


def bumped(bsdf: Description, height: Description, scale: float) -> Description:
    """A material under a bump map: `height` is a raw texture, `scale` the height in texture units of its white."""
    return two_sided({"type": "bumpmap", "arbitrary": height, "scale": float(scale), "first": one_sided(bsdf)})


def normal_mapped(bsdf: Description, normals: Description) -> Description:
    """A material under a normal map, a raw texture."""
    return two_sided({"type": "normalmap", "normalmap": normals, "first": one_sided(bsdf)})


def mixed(first: Description, second: Description, weight: Value) -> Description:
    """Two materials blended by a weight (0: the first) or a raw texture of weights."""
    value = weight if isinstance(weight, dict) else float(weight)
    return two_sided({"type": "blendbsdf", "weight": value, "first": one_sided(first), "second": one_sided(second)})


def holed(bsdf: Description, opacity: Value) -> Description:
    """A material cut out by an opacity, a number or a raw texture: leaves, lace, perforated metal, screens."""
    value = opacity if isinstance(opacity, dict) else float(opacity)
    return {"type": "mask", "opacity": value, "first": two_sided(bsdf)}


def black() -> Description:
    """What an emitter's surface reflects: nothing."""
    return {"type": "diffuse", "reflectance": rgb((0, 0, 0))}
