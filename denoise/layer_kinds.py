"""What a layer holds, told by its name: light, or something that must never be averaged over pixels.

The names are those of the renderers in `conventions.py` and of the conventions among studios. In doubt a layer is
no light: one that is missed can still be named with `--layers`, a mangled id cannot be mended.
"""

from __future__ import annotations

import re

#: What stands before the user's name for a light group; the rest of such a name says nothing of its kind.
#: Cycles, Karma (two), Arnold, Redshift, V-Ray, LuxCore.
_LIGHT_GROUP = re.compile(r"(combined_|lg_|c_|rgba_|beauty_|lightselect|radiance_group|lightgroup)", re.IGNORECASE)

#: Results of denoisers: Arnold's and others' suffixes, V-Ray's two elements, Octane's and Corona's prefixes.
_DENOISED = re.compile(
    r"denoised|effectsresult|^(vray)?denoiser$|[_ .-]denoiser?$|(^|[_ .-])(oidn|optix|noiced)([_ .-]|$)", re.IGNORECASE
)

#: Kind, what the name without its punctuation contains, and its words.
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("cryptomatte", "crypto", ""),
    (
        "statistics",
        "variance stddev noiselevel standarddeviation confidence relativeerror samplecount samplesperpixel heatmap "
        "cputime rendertime",
        "var mse samples spp noise convergence debug error",
    ),
    ("id", "objectid materialid nodeid renderid objid matid assetid primid", "id ids index prim instance"),
    ("mask", "mask matte hitproxy cutout opacity coverage stencil", "alpha holdout"),
    ("normal", "normal bump", "n ns ng nn sn gn nworld"),
    ("position", "worldposition pworld worldp restp pointcloud", "position positions p pos po pref pw"),
    ("depth", "depth zfiltered distance mist", "z dd zbuffer"),
    ("albedo", "albedo basecolo diffcol glosscol transcol subsurfacecol filter reflectance texturecolo", "alb tint"),
    ("motion", "motion velocity opticalflow disparity", "vector vectors forward backward mv flow"),
    ("coordinates", "texcoord texturecoord barycentric", "uv uvs st uvw dudx dvdx dudy dvdy dzdx dzdy"),
    ("direction", "tangent dpd dnd incidence viewdir lightdir", "dn"),
    ("unlit", "occlusion unshadowed unoccluded shadow", "ao raw"),
    ("surface", "roughness glossiness metallic metalness fresnel curvature wireframe thickness", "ior facing toon"),
)
_COLOURS = ("diffuse color", "glossy color", "transmission color", "subsurface color")


def is_denoised(name: str) -> bool:
    """Whether a layer's name says that it holds what a denoiser made."""
    return bool(_DENOISED.search(name))


def kind_of(name: str) -> str:
    """What a layer holds that is no light, in a word; "" where its name allows that it is light.

    Args:
        name: without the view layer's name before it, which is the user's.
    """
    if is_denoised(name):
        return "denoised"
    if name.startswith("m2_"):
        return "second moment"  # of Mitsuba's moment integrator
    light_group = _LIGHT_GROUP.match(name)
    squeezed = re.sub(r"[^a-z0-9]", "", name.lower())
    words = {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}
    words |= set(re.split(r"[^a-z0-9]+", name.lower()))
    for kind, inside, alone in _KINDS[:2] if light_group else _KINDS:
        if any(part in squeezed for part in inside.split()) or words & set(alone.split()):
            return kind
    if squeezed.endswith("raw"):
        return "unlit"
    return "albedo" if name.lower() in _COLOURS else ""
