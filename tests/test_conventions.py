"""Frames of every renderer in the table: real ones where they could be rendered, else built to the documented names.

Real frames are in `tests/fixtures`. Built ones carry the mark of `denoise.conventions`: names from the renderer's
source or manual, or a lead. They hold random pixels; only their names and attributes are the renderer's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from denoise.conventions import CONVENTIONS
from denoise.exr import read_frame
from denoise.frame import Frame, Part
from denoise.roles import find_all_roles, left_alone, radiance_layers, read_planes

FIXTURES = Path(__file__).parent / "fixtures"
COLOUR, VECTOR = "RGB", "XYZ"


@dataclass(frozen=True)
class Built:
    """A frame of a renderer that cannot be had here: its layers, and what shall be made of them."""

    renderer: str
    layers: dict[str, str]  # name to components
    beauty: str
    albedo: str | None = None
    normal: str | None = None
    depth: str | None = None
    variance: str | None = None
    lights: tuple[str, ...] = ()
    header: dict[str, object] = field(default_factory=dict)

    def frame(self) -> Frame:
        rng = np.random.default_rng(0)
        channels = {}
        for layer, components in self.layers.items():
            for component in components:
                name = f"{layer}.{component}" if layer else component
                channels[name] = rng.random((5, 8)).astype(np.float16)
        return Frame([Part(dict(self.header), channels)])


BUILT = [
    # [source] pbrt-v4, GBufferFilm.
    Built(
        "pbrt-v4",
        {"": "RGBuv", "P": VECTOR, "Ns": VECTOR, "N": VECTOR, "Albedo": COLOUR, "Variance": COLOUR,
         "RelativeVariance": COLOUR},
        "R", "Albedo.R", "Ns.X", None, "Variance.R", header={"renderTimeSeconds": 1.5, "samplesPerPixel": 4},
    ),
    # [source, manual] Arnold with light groups and LPEs; its suffixes are a lead.
    Built(
        "Arnold",
        {"": "RGBA", "denoise_albedo": COLOUR, "denoise_albedo_noisy": COLOUR, "N": VECTOR, "Z": "Z", "P": VECTOR,
         "RGBA_key": COLOUR, "RGBA_default": COLOUR, "diffuse_direct": COLOUR, "specular": COLOUR,
         "diffuse_albedo": COLOUR, "variance": COLOUR, "crypto_asset00": "RGBA", "RGBA_denoised": COLOUR},
        "R", "denoise_albedo.R", "N.X", "Z.Z", None,  # the unit of its variance is not documented
        ("RGBA_key", "RGBA_default", "diffuse_direct", "specular"),
    ),
    # [source, manual]
    Built(
        "RenderMan",
        {"Ci": "rgba", "albedo": "rgb", "albedo_var": "rgb", "normal": "rgb", "normal_var": "rgb", "mse": "rgb",
         "zfiltered": "r", "sampleCount": "r", "forward": "rgb", "diffuse": "rgb", "diffuse_mse": "rgb",
         "specular": "rgb", "specular_mse": "rgb"},
        "Ci.r", "albedo.r", "normal.r", "zfiltered.r", "mse.r", ("diffuse", "specular"),
    ),
    # [source, manual] `diffuse` is the texture.
    Built(
        "V-Ray",
        {"": "RGBA", "rawDiffuseFilter": COLOUR, "diffuse": COLOUR, "normals": VECTOR, "bumpnormals": VECTOR,
         "zDepth": "Z", "velocity": VECTOR, "noiseLevel": "R", "lightselect_key": COLOUR, "lightselect_fill": COLOUR,
         "GI": COLOUR, "rawGI": COLOUR, "effectsResult": COLOUR, "denoiser": COLOUR, "MultiMatte1": COLOUR},
        "R", "rawDiffuseFilter.R", "bumpnormals.X", "zDepth.Z", None, ("lightselect_key", "lightselect_fill", "GI"),
        {"vrayInfo/vrayversion": "7.0"},
    ),
    # [source, manual]
    Built(
        "Redshift",
        {"": "RGBA", "DiffuseFilter": COLOUR, "BumpNormals": VECTOR, "N": VECTOR, "Z": "Z", "P": VECTOR,
         "MotionVectors": "RG", "DiffuseLighting": COLOUR, "DiffuseLightingRaw": COLOUR, "Beauty_key": COLOUR},
        "R", "DiffuseFilter.R", "BumpNormals.X", "Z.Z", None, ("DiffuseLighting", "Beauty_key"),
    ),
    # [source, manual]
    Built(
        "Karma",
        {"C": "RGBA", "albedo": "RGB", "N": VECTOR, "P": VECTOR, "motionvectors": VECTOR, "oraclevariance": COLOUR,
         "LG_key": COLOUR, "LG_dome": COLOUR, "directdiffuse": COLOUR, "beautyunshadowed": COLOUR},
        "C.R", "albedo.R", "N.X", None, None, ("LG_key", "LG_dome", "directdiffuse"), {"husk:render_stats": "{}"},
    ),
    # [source] Names are the user's; these are the ones of its manual.
    Built(
        "MoonRay",
        {"": "RGBA", "albedo": COLOUR, "normal": VECTOR, "P": VECTOR, "motionvec": "XY", "depth": "Z",
         "key_light": COLOUR},
        "R", "albedo.R", "normal.X", "depth.Z", None, ("key_light",), {"software": "MoonRay 1.6"},
    ),
    # [source]
    Built(
        "appleseed",
        {"": "RGBA", "albedo": COLOUR, "normal": COLOUR, "position": COLOUR, "depth": "R", "diffuse": COLOUR,
         "velocity": COLOUR},
        "R", "albedo.R", "normal.R", "depth.R", None, ("diffuse",), {"Software": "appleseed 2.1.0"},
    ),
    # [manual]
    Built(
        "Octane",
        {"": "RGBA", "Denoise Albedo": COLOUR, "Denoise Normal": COLOUR, "Z-depth": "R", "Diffuse direct": COLOUR,
         "Denoised diffuse direct": COLOUR, "Object ID": COLOUR},
        "R", "Denoise Albedo.R", "Denoise Normal.R", "Z-depth.R", None, ("Diffuse direct",),
    ),
    # [source]
    Built(
        "Corona",
        {"": "RGBA", "CShading_Albedo": COLOUR, "CGeometry_NormalsGeometry": COLOUR, "CGeometry_ZDepth": "R",
         "CESSENTIAL_Direct": COLOUR, "CGeometry_Velocity": COLOUR},
        "R", "CShading_Albedo.R", "CGeometry_NormalsGeometry.R", "CGeometry_ZDepth.R", None, ("CESSENTIAL_Direct",),
    ),
    # [source]
    Built(
        "Unreal",
        {"": "RGBA", "FinalImageMovieRenderQueue_WorldDepth": "R", "ActorHitProxyMask00": "RGBA"},
        "R", None, None, "FinalImageMovieRenderQueue_WorldDepth.R", header={"unreal/jobName": "shot"},
    ),
    # [seen] as one file an output; [lead] merged into one.
    Built(
        "LuxCore",
        {"RGBA_IMAGEPIPELINE": "RGBA", "ALBEDO": COLOUR, "AVG_SHADING_NORMAL": COLOUR, "DEPTH": "R",
         "RADIANCE_GROUP_0": COLOUR, "SAMPLECOUNT": "R"},
        "RGBA_IMAGEPIPELINE.R", "ALBEDO.R", "AVG_SHADING_NORMAL.R", "DEPTH.R", None, ("RADIANCE_GROUP_0",),
    ),
]  # fmt: skip


@pytest.mark.parametrize("built", BUILT, ids=lambda built: built.renderer)
def test_built_frames(built):
    frame = built.frame()
    (roles,) = find_all_roles(frame)
    assert roles.renderer == built.renderer
    assert roles.beauty.names[0] == built.beauty
    got = {name: channels.names[0] if (channels := getattr(roles, name)) else None for name in
           ("albedo", "normal", "depth", "variance")}  # fmt: skip
    wanted = {"albedo": built.albedo, "normal": built.normal, "depth": built.depth, "variance": built.variance}
    assert got == wanted
    assert tuple(str(layer) for layer in radiance_layers(frame, roles)) == built.lights
    assert roles.denoised == ""
    assert np.isfinite(read_planes(frame, roles)["radiance"]).all()


@pytest.mark.parametrize("built", BUILT, ids=lambda built: built.renderer)
def test_every_layer_is_told_of(built):
    """Nothing falls between: each layer plays a role, may be a summand, or is left alone for a reason."""
    frame = built.frame()
    (roles,) = find_all_roles(frame)
    playing = [getattr(roles, name) for name in ("beauty", "alpha", *roles.found)]
    named = {channel for channels in (*filter(None, playing), *roles.targets) for channel in channels.names}
    named |= {channel for light in radiance_layers(frame, roles) for channel in light.names}
    named |= {channel for layer, _ in left_alone(frame, roles) for channel in layer.channels.values()}
    missing = set(frame.parts[0].channels) - named
    # The fourth component of a layer in use, and bare scalars beside the beauty.
    assert all(name.rpartition(".")[2] in "Aauv" for name in missing)


def test_every_renderer_is_tested():
    seen = {"unknown", "render-pairs", "Mitsuba", "Cycles"}
    assert {convention.renderer for convention in CONVENTIONS} == seen | {built.renderer for built in BUILT}


# Real frames ----------------------------------------------------------------------------------------------------


def roles_of(name: str):
    frame = read_frame(FIXTURES / name)
    return frame, {roles.view: roles for roles in find_all_roles(frame)}


@pytest.mark.parametrize("name", ["cycles-4.5.exr", "cycles-5.0.exr"])
def test_cycles(name):
    frame, every = roles_of(name)
    assert set(every) == {"ViewLayer", "Furniture only"}
    for view, roles in every.items():
        got = [roles.beauty, *roles.targets, roles.albedo, roles.normal, roles.depth]
        assert [str(channels) for channels in got] == [
            f"{view}.{layer}"
            for layer in ("Noisy Image", "Combined", "Denoising Albedo", "Denoising Normal", "Denoising Depth")
        ]
        assert roles.renderer == "Cycles" and roles.denoised == ""
        kinds = {kind for _, kind in left_alone(frame, roles)}
        assert "cryptomatte" in kinds
    lights = {str(light).removeprefix("ViewLayer.") for light in radiance_layers(frame, every["ViewLayer"])}
    assert {"Combined_lamps", "Combined_window"} <= lights and len(lights) == 10
    assert not any("Col" in light or light in ("AO", "Ambient Occlusion") for light in lights)
    assert radiance_layers(frame, every["Furniture only"]) == []


@pytest.mark.parametrize("name", ["mitsuba-aov.exr", "mitsuba-moment.exr"])
def test_mitsuba(name):
    frame, every = roles_of(name)
    roles = every[""]
    nested = "nested." if "moment" in name else ""
    assert roles.renderer == "Mitsuba"
    assert [str(target) for target in roles.targets] == ["R G B", f"{nested}img"]
    got = [roles.albedo, roles.normal, roles.depth]
    assert [str(channels) for channels in got] == [f"{nested}albedo", f"{nested}nn", f"{nested}dd"]
    assert roles.variance is None
    assert radiance_layers(frame, roles) == []


def test_luxcore_writes_one_file_an_output():
    """No attribute tells the renderer and no name the role: R G B is all there is."""
    for name, alpha in (("RGBA_IMAGEPIPELINE", True), ("RGB_IMAGEPIPELINE", False), ("RADIANCE_GROUP_0", False)):
        _, every = roles_of(f"luxcore/{name}.exr")
        assert every[""].beauty.names == ("R", "G", "B")
        assert (every[""].alpha is not None) == alpha
        assert every[""].found == ()
