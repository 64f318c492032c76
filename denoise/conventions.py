"""The table of renderers: how each names its layers, and how its files are told from others'.

Marks on each entry: [seen] in files of that renderer; [source] or [manual] of the renderer; [lead] not verified.
"""

from __future__ import annotations

from dataclasses import dataclass

from denoise.frame import Frame
from denoise.layers import ALPHA, COLOUR, LUMINANCE, SCALAR, VECTOR, Choices

#: What helps to denoise, and all that a layer can be mapped to.
AUXILIARY = ("albedo", "normal", "depth", "variance")
ROLES = ("beauty", "alpha", *AUXILIARY)

#: The components that a layer must have to play a role.
CHOICES: dict[str, Choices] = {
    "beauty": (*COLOUR, *LUMINANCE),
    "alpha": (*ALPHA, *SCALAR),
    "albedo": COLOUR,
    "normal": VECTOR,
    "depth": SCALAR,
    "variance": (*COLOUR, *LUMINANCE, ("",)),
}


@dataclass(frozen=True)
class Convention:
    """One renderer's layer names, the most wanted first; names are compared without regard to case.

    Attributes:
        renderer: whose names these are.
        beauty, alpha, albedo, normal, depth, variance: layer names; "" is the layer of bare channels.
        output: layers that take the denoised beauty in place of the one it was read from, where they exist.
        signs: how names of attributes begin that only this renderer writes; also words in `software` and the like.
        not_radiance: layers that hold no light although their names are those of light elsewhere.
        free_names: the user chooses the layer names, so that a normal may also be told by what it holds.
        told_only: whether names alone do not tell that a file is this renderer's.
        variance_of_samples: the variance is that of the samples, not of their mean: the attribute with their number.
    """

    renderer: str
    beauty: tuple[str, ...]
    alpha: tuple[str, ...] = ()
    albedo: tuple[str, ...] = ()
    normal: tuple[str, ...] = ()
    depth: tuple[str, ...] = ()
    variance: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    not_radiance: tuple[str, ...] = ()
    free_names: bool = False
    told_only: bool = False
    variance_of_samples: str = ""


#: Names that anyone may use; looked up where the renderer's own are not there.
COMMON = Convention(
    "unknown",
    beauty=("", "rgba", "beauty", "combined", "color", "colour", "C", "Ci", "main", "final", "image", "render"),
    alpha=("alpha",),
    albedo=("albedo", "basecolor", "base_color", "diffuse_albedo"),
    normal=("N", "Ns", "normal", "normals", "shading_normal", "normal_world", "normal_camera"),
    depth=("Z", "depth", "zdepth"),
    # No variance: whether it is of the samples or of their mean, names do not tell.
    free_names=True,
)

CONVENTIONS: tuple[Convention, ...] = (
    COMMON,
    # [seen] What render-pairs writes: denoise.frame.PLANES. Others' files may have the same names, and a variance of
    # another unit.
    Convention(
        "render-pairs",
        beauty=("",),
        albedo=("albedo",),
        normal=("N",),
        variance=("variance",),
        signs=("render:",),
        told_only=True,
    ),
    # [seen] 3.9.1. The `aov` integrator lets the user name every layer; these are usual ones. Shading normals come
    # first: bump maps show in them. `moment` puts its own name before everything.
    Convention(
        "Mitsuba",
        beauty=("",),
        albedo=("albedo", "alb", "nested.albedo"),
        normal=("sh_normal", "sn", "nn", "N", "Ns", "normal", "normals", "geo_normal", "gn", "nested.nn", "nested.N"),
        depth=("dd", "depth", "Z", "d", "nested.dd"),
        signs=("mitsuba",),
        free_names=True,
    ),
    # [seen] Blender 4.2, 4.5 and 5.0. Where Cycles denoised by itself, `Combined` is its result and `Noisy Image`
    # what it rendered: read the latter, replace the former.
    Convention(
        "Cycles",
        beauty=("Noisy Image", "Combined"),
        albedo=("Denoising Albedo",),
        normal=("Denoising Normal", "Normal"),
        depth=("Denoising Depth", "Depth"),
        output=("Combined",),
        signs=("cycles.", "blendermultichannel"),
    ),
    # [seen] 2.11.2 writes one file an output, so a file is a beauty or an aux file; layers only where merged by hand.
    Convention(
        "LuxCore",
        beauty=("", "RGB", "RGBA", "RGB_IMAGEPIPELINE", "RGBA_IMAGEPIPELINE"),
        alpha=("ALPHA",),
        albedo=("ALBEDO",),
        normal=("AVG_SHADING_NORMAL", "SHADING_NORMAL", "GEOMETRY_NORMAL"),
        depth=("DEPTH",),
        signs=("luxcore", "luxrender"),
    ),
    # [source] The gbuffer film; its variance is that of the samples.
    Convention(
        "pbrt-v4",
        beauty=("",),
        albedo=("Albedo",),
        normal=("Ns", "N"),
        variance=("Variance",),
        signs=("rendertimeseconds",),
        variance_of_samples="samplesPerPixel",
    ),
    # [source, manual] The unit of its `variance` is not documented, so that is used only where --map names it.
    Convention(
        "Arnold",
        beauty=("", "RGBA", "beauty"),
        albedo=("denoise_albedo", "denoise_albedo_noisy", "albedo", "diffuse_albedo", "diffuse_albedo_noice"),
        normal=("N", "N_noice"),
        depth=("Z", "Z_noice"),
        signs=("arnold",),
    ),
    # [source, manual] `mse` is the variance divided by the number of samples.
    Convention(
        "RenderMan",
        beauty=("Ci", ""),
        alpha=("a",),
        albedo=("albedo",),
        normal=("normal", "Nn", "__Nworld"),
        depth=("zfiltered", "z"),
        variance=("mse",),
        signs=("renderman", "prman"),
    ),
    # [source, manual] In V-Ray `diffuse` is the texture's colour, not light.
    Convention(
        "V-Ray",
        beauty=("", "RGBA", "RGB_color"),
        alpha=("Alpha",),
        albedo=("rawDiffuseFilter", "diffuse", "diffuseFilter", "VRayDiffuseFilter"),
        normal=("bumpnormals", "normals", "VRayBumpNormals", "VRayNormals"),
        depth=("zDepth", "VRayZDepth"),
        signs=("vrayinfo", "vray/", "v-ray"),
        not_radiance=("diffuse", "reflectionFilter", "refractionFilter"),
    ),
    # [source, manual]
    Convention(
        "Redshift",
        beauty=("", "Beauty", "main"),
        albedo=("DiffuseFilter",),
        normal=("BumpNormals", "N"),
        depth=("Z",),
        signs=("redshift",),
    ),
    # [source, manual] `oraclevariance` steers the sampler; its unit is not documented.
    Convention(
        "Karma",
        beauty=("C", ""),
        albedo=("albedo",),
        normal=("N",),
        depth=("Depth", "Z", "Pz"),
        signs=("husk", "karma"),
    ),
    # [source] The user names every output.
    Convention(
        "MoonRay",
        beauty=("", "beauty"),
        albedo=("albedo",),
        normal=("normal", "N"),
        depth=("depth",),
        signs=("moonray",),
        free_names=True,
    ),
    # [source] Normals are stored as 0.5 n + 0.5.
    Convention(
        "appleseed",
        beauty=("", "beauty"),
        albedo=("albedo",),
        normal=("normal", "npr_shading_normal"),
        depth=("depth",),
        signs=("appleseed",),
    ),
    # [manual] The beauty's name: [lead].
    Convention(
        "Octane",
        beauty=("", "Beauty", "Main"),
        albedo=("Denoise Albedo", "Denoise_Albedo", "DenoiseAlbedo"),
        normal=("Denoise Normal", "Denoise_Normal", "DenoiseNormal", "Shading Normal", "Normal"),
        depth=("Z-depth", "Z depth", "ZDepth"),
        signs=("octane",),
    ),
    # [source] The beauty's name: [lead].
    Convention(
        "Corona",
        beauty=("", "Beauty", "CBeauty"),
        albedo=("CShading_Albedo",),
        normal=("CGeometry_NormalsShading", "CGeometry_NormalsGeometry"),
        depth=("CGeometry_ZDepth",),
        signs=("corona",),
    ),
    # [source] Movie Render Queue: neither albedo nor normal; depth in cm.
    Convention(
        "Unreal",
        beauty=("", "FinalImage"),
        depth=("FinalImageMovieRenderQueue_WorldDepth", "FinalImageMovieRenderQueueWorldDepth"),
        signs=("unreal",),
    ),
)

#: Attributes whose text names the program, in lower case.
_PROGRAM = ("software", "generatedby", "renderer", "creator", "source", "host", "writer")


def by_name(renderer: str) -> Convention:
    """The entry of a renderer in the table."""
    return next(convention for convention in CONVENTIONS if convention.renderer == renderer)


def told_by_header(frame: Frame) -> tuple[Convention, str] | None:
    """The renderer that wrote the frame and the attribute that tells, or None where the header does not say."""
    attributes = [(name, value) for part in frame.parts for name, value in part.header.items()]
    for convention in CONVENTIONS:
        for name, value in attributes:
            if any(name.lower().startswith(sign) for sign in convention.signs):
                return convention, f"attribute {name}"
            if name.lower() in _PROGRAM and isinstance(value, str):
                if any(sign in value.lower() for sign in convention.signs):
                    return convention, f"attribute {name}: {' '.join(value.split())[:60]}"
    return None
