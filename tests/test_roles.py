"""Which channels play which role, by the names that renderers give and by what the channels hold."""

from __future__ import annotations

import numpy as np
import pytest

from denoise.errors import FrameError
from denoise.frame import PLANES, Frame, Part
from denoise.roles import (
    Channels,
    decode_normal,
    find_all_roles,
    find_roles,
    left_alone,
    radiance_layers,
    read_planes,
)
from tests.exr_samples import window

H, W = 5, 8


def frame(*parts: str, dtype: type = np.float16, headers: list[dict] | None = None) -> Frame:
    """Parts of channels named in a string, each channel with values of its own."""
    rng = np.random.default_rng(0)
    headers = headers or [{}] * len(parts)
    return Frame(
        [
            Part(dict(header), {name: rng.random((H, W)).astype(dtype) for name in names.split()})
            for names, header in zip(parts, headers, strict=True)
        ]
    )


def frame_of(channels: list[str], header: dict | None = None) -> Frame:
    """One part, of channel names that may have spaces."""
    rng = np.random.default_rng(0)
    return Frame([Part(dict(header or {}), {name: rng.random((H, W)).astype(np.float16) for name in channels})])


def named(name: str, names: str) -> tuple[str, dict]:
    """A part's channels and its header."""
    return names, {"name": name}


def parts(*each: tuple[str, dict]) -> Frame:
    return frame(*(names for names, _ in each), headers=[header for _, header in each])


def triple(layer: str, components: str = "RGB") -> tuple[str, ...]:
    return tuple(f"{layer}.{component}" for component in components)


def names(channels: Channels | None) -> tuple[str, ...] | None:
    return channels.names if channels else None


def test_our_own_passes():
    one = frame(" ".join(name for channels in PLANES.values() for name in channels), headers=[{"render:pass": 0}])
    roles = find_roles(one)
    assert roles.renderer == "render-pairs"
    assert roles.beauty == Channels(0, PLANES["radiance"])
    assert {name: getattr(roles, name).names for name in roles.found} == {
        name: channels for name, channels in PLANES.items() if name != "radiance"
    }
    assert roles.alpha is None
    assert roles.targets == (roles.beauty,)


@pytest.mark.parametrize(
    ("channels", "albedo", "normal", "depth"),
    [
        ("R G B albedo.R albedo.G albedo.B nn.X nn.Y nn.Z dd.T", "albedo", "nn", "dd.T"),
        ("R G B A alb.R alb.G alb.B sn.X sn.Y sn.Z depth.T uv.U uv.V", "alb", "sn", "depth.T"),
        ("R G B my_albedo.R my_albedo.G my_albedo.B gn.X gn.Y gn.Z sn.X sn.Y sn.Z", "my_albedo", "sn", None),
        ("R G B geo_normal.X geo_normal.Y geo_normal.Z sh_normal.X sh_normal.Y sh_normal.Z", None, "sh_normal", None),
        ("R G B normals.X normals.Y normals.Z Z.T prim.I", None, "normals", "Z.T"),
        ("R G B nested.albedo.R nested.albedo.G nested.albedo.B m2_nested.albedo.R m2_nested.albedo.G "
         "m2_nested.albedo.B nested.nn.X nested.nn.Y nested.nn.Z", "nested.albedo", "nested.nn", None),
        ("R G B m2_it.alb.R m2_it.alb.G m2_it.alb.B it.alb.R it.alb.G it.alb.B it.dd.T m2_it.dd.T",
         "it.alb", None, "it.dd.T"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("header", [{}, {"generatedBy": "Mitsuba version 3.9.1"}])
def test_mitsubas_names(channels, albedo, normal, depth, header):
    roles = find_roles(frame(channels, headers=[header]))
    assert roles.beauty.names == ("R", "G", "B")
    assert names(roles.albedo) == (triple(albedo) if albedo else None)
    assert names(roles.normal) == (triple(normal, "XYZ") if normal else None)
    assert names(roles.depth) == ((depth,) if depth else None)
    assert names(roles.alpha) == (("A",) if " A " in channels else None)
    if header:
        assert (roles.renderer, roles.reasons["renderer"]) == (
            "Mitsuba",
            "attribute generatedBy: Mitsuba version 3.9.1",
        )


def test_a_normal_of_any_name_is_told_by_its_length():
    one = frame("R G B pos.X pos.Y pos.Z foo.X foo.Y foo.Z tangent.X tangent.Y tangent.Z")
    normal = np.random.default_rng(1).standard_normal((H, W, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal[0, :3] = 0  # background
    normal[1, :2] *= 0.6  # edges, averaged over two faces
    for i, c in enumerate("XYZ"):
        one.parts[0].channels[f"tangent.{c}"] = normal[..., i].astype(np.float16)
    assert find_roles(one).normal is None
    for i, c in enumerate("XYZ"):
        one.parts[0].channels[f"foo.{c}"] = normal[..., i].astype(np.float16)
    assert names(find_roles(one).normal) == triple("foo", "XYZ")
    assert find_roles(one).reasons["normal"] == "unit vectors"


def test_copies_of_the_beauty_are_targets_too():
    one = frame("R G B A path.R path.G path.B path.A direct.R direct.G direct.B")
    for c in "RGB":
        one.parts[0].channels[f"path.{c}"] = one.parts[0].channels[c].copy()
    assert [target.names for target in find_roles(one).targets] == [("R", "G", "B"), triple("path")]
    assert [str(layer) for layer in radiance_layers(one, find_roles(one))] == ["direct"]
    one.parts[0].channels["path.G"][2, 3] += 1
    assert [target.names for target in find_roles(one).targets] == [("R", "G", "B")]


def test_a_black_beauty_has_no_copies():
    one = frame("R G B lamp.R lamp.G lamp.B")
    for plane in one.parts[0].channels.values():
        plane[:] = 0
    assert [target.names for target in find_roles(one).targets] == [("R", "G", "B")]


def test_cycles_single_part():
    channels = [f"ViewLayer.Combined.{c}" for c in "RGBA"] + ["ViewLayer.Depth.Z", "ViewLayer.Denoising Depth.Z"]
    channels += [f"ViewLayer.Denoising Albedo.{c}" for c in "RGB"] + [f"ViewLayer.Normal.{c}" for c in "XYZ"]
    channels += [f"ViewLayer.Denoising Normal.{c}" for c in "XYZ"] + [f"ViewLayer.DiffCol.{c}" for c in "RGB"]
    roles = find_roles(frame_of(channels))
    assert (roles.renderer, roles.view) == ("Cycles", "ViewLayer")
    assert roles.beauty.names == triple("ViewLayer.Combined")
    assert names(roles.alpha) == ("ViewLayer.Combined.A",)
    assert names(roles.albedo) == triple("ViewLayer.Denoising Albedo")
    assert names(roles.normal) == triple("ViewLayer.Denoising Normal", "XYZ")
    assert names(roles.depth) == ("ViewLayer.Denoising Depth.Z",)
    assert roles.targets == (roles.beauty,)

    roles = find_roles(frame_of(channels + [f"ViewLayer.Noisy Image.{c}" for c in "RGB"]))
    assert roles.beauty.names == triple("ViewLayer.Noisy Image")
    assert names(roles.alpha) == ("ViewLayer.Combined.A",)
    assert [target.names for target in roles.targets] == [triple("ViewLayer.Combined")]
    assert roles.denoised == ""


def test_what_blenders_compositor_made_is_no_view_layer():
    """It may have been denoised there; where it is the very same, it is replaced too."""
    channels = [f"{layer}.Combined.{c}" for layer in ("Composite", "ViewLayer") for c in "RGB"]
    one = frame_of(channels)
    assert [roles.view for roles in find_all_roles(one)] == ["ViewLayer"]
    assert len(find_roles(one).targets) == 1
    for c in "RGB":
        one.parts[0].channels[f"Composite.Combined.{c}"] = one.parts[0].channels[f"ViewLayer.Combined.{c}"]
    assert [str(target) for target in find_roles(one).targets] == ["ViewLayer.Combined", "Composite.Combined"]
    bare = frame_of(["R", "G", "B", *triple("ViewLayer.Combined")], {"cycles.ViewLayer.samples": "4"})
    assert [roles.view for roles in find_all_roles(bare)] == ["ViewLayer"]


def test_several_view_layers_and_parts():
    several = "fg.Combined.R fg.Combined.G fg.Combined.B bg.Combined.R bg.Combined.G bg.Combined.B fg.Depth.Z"
    every = find_all_roles(frame("Z", several, "R G B"))
    assert [(one.beauty.part, one.beauty.names[0]) for one in every] == [
        (1, "fg.Combined.R"),
        (1, "bg.Combined.R"),
        (2, "R"),
    ]
    assert find_roles(frame("Z", several, "R G B")).beauty.names == triple("fg.Combined")


def test_equal_view_layers_are_no_copies_of_each_other():
    one = frame_of([*triple("fg.Combined"), *triple("bg.Combined")])
    for c in "RGB":
        one.parts[0].channels[f"bg.Combined.{c}"] = one.parts[0].channels[f"fg.Combined.{c}"]
    assert [roles.targets for roles in find_all_roles(one)] == [(roles.beauty,) for roles in find_all_roles(one)]


def test_view_layers_do_not_borrow_from_each_other():
    one = frame_of(
        [
            *triple("fg.Combined"),
            *triple("fg.Combined_key"),
            *triple("bg.Combined"),
            *triple("bg.Combined_key"),
            *triple("bg.Denoising Albedo"),
        ]
    )
    fg, bg = find_all_roles(one)
    assert fg.albedo is None and names(bg.albedo) == triple("bg.Denoising Albedo")
    assert [str(layer) for layer in radiance_layers(one, fg)] == ["fg.Combined_key"]
    assert [str(layer) for layer in radiance_layers(one, bg)] == ["bg.Combined_key"]


@pytest.mark.parametrize("prefixed", [False, True])
def test_one_part_a_pass(prefixed):
    """Blender 5 writes the channels with the part's name before them, others write them bare."""
    passes = {"Combined": "RGBA", "Denoising Albedo": "RGB", "Denoising Normal": "XYZ", "Depth": "Z"}
    passes |= {"Combined_key": "RGB", "CryptoObject00": "rgba"}
    rng = np.random.default_rng(0)
    made = []
    for name, components in passes.items():
        name = f"VL.{name}"
        channels = [f"{name}.{c}" if prefixed else c for c in components]
        made.append(Part({"name": name}, {channel: rng.random((H, W)).astype(np.float16) for channel in channels}))
    (roles,) = find_all_roles(Frame(made))
    assert (roles.view, roles.renderer) == ("VL", "Cycles")
    each = (roles.beauty, roles.alpha, roles.albedo, roles.normal, roles.depth)
    assert [channels.part for channels in each] == [0, 0, 1, 2, 3]
    assert [layer.part for layer in radiance_layers(Frame(made), roles)] == [4]
    assert [(layer.part, kind) for layer, kind in left_alone(Frame(made), roles)] == [(5, "cryptomatte")]


def test_parts_with_layers_of_their_own_are_view_layers():
    own = "R G B A albedo.R albedo.G albedo.B N.X N.Y N.Z Z"
    fg, bg = find_all_roles(parts(named("fg", own), named("bg", own)))
    assert (fg.view, bg.view) == ("fg", "bg")
    for index, roles in enumerate((fg, bg)):
        assert roles.found == ("albedo", "normal", "depth")
        assert {getattr(roles, role).part for role in ("beauty", "alpha", *roles.found)} == {index}


def test_parts_of_plain_names():
    one = parts(named("rgba", "R G B A"), named("albedo", "R G B"), named("depth", "Z"), named("N", "X Y Z"))
    (roles,) = find_all_roles(one)
    assert [channels.part for channels in (roles.beauty, roles.albedo, roles.depth, roles.normal)] == [0, 1, 2, 3]


def test_parts_of_unknown_names_are_a_question():
    with pytest.raises(FrameError, match=r"which of its layers is the beauty\? It may be .*--map beauty=LAYER"):
        find_all_roles(parts(named("hero", "R G B A"), named("key_light", "R G B")))
    (roles,) = find_all_roles(parts(named("hero", "R G B A"), named("depth", "Z"), named("albedo", "R G B")))
    assert (roles.beauty.part, roles.albedo.part) == (0, 2)


@pytest.mark.parametrize(
    "each",
    [
        [("rgba_left", "left"), ("depth_left", "left"), ("rgba_right", "right"), ("depth_right", "right")],
        [("rgba.left", "left"), ("depth.left", "left"), ("rgba.right", "right"), ("depth.right", "right")],
    ],
)
def test_stereo_in_parts(each):
    """As in the Beachball images of OpenEXR: names with the view, and a `view` attribute."""
    headers = [{"name": name, "view": view} for name, view in each]
    left, right = find_all_roles(frame("R G B A", "Z", "R G B A", "Z", headers=headers))
    assert (left.view, right.view) == ("left", "right")
    assert (left.beauty.part, left.depth.part, right.beauty.part, right.depth.part) == (0, 1, 2, 3)


def test_stereo_in_parts_called_left_and_right():
    own = "R G B albedo.R albedo.G albedo.B"
    left, right = find_all_roles(parts(named("left", own), named("right", own)))
    assert (left.view, right.view) == ("left", "right")
    assert (left.albedo.part, right.albedo.part) == (0, 1)


def test_stereo_in_one_part():
    """The first view of `multiView` goes unnamed; others stand before the component."""
    channels = "R G B right.R right.G right.B albedo.R albedo.G albedo.B albedo.right.R albedo.right.G albedo.right.B"
    left, right = find_all_roles(frame(channels, headers=[{"multiView": ["left", "right"]}]))
    assert (left.view, left.beauty.names, left.albedo.names) == ("left", ("R", "G", "B"), triple("albedo"))
    assert (right.view, right.beauty.names, right.albedo.names) == ("right", triple("right"), triple("albedo.right"))


def test_beside_bare_channels_a_prefix_is_no_view_layer():
    one = frame("R G B specular.color.R specular.color.G specular.color.B key.beauty.R key.beauty.G key.beauty.B")
    roles = find_all_roles(one)
    assert [each.beauty.names for each in roles] == [("R", "G", "B")]
    assert [str(layer) for layer in radiance_layers(one, roles[0])] == ["specular.color", "key.beauty"]


@pytest.mark.parametrize(
    ("channels", "beauty"),
    [
        ("beauty.r beauty.g beauty.b", "beauty.r beauty.g beauty.b"),
        ("Ci.r Ci.g Ci.b Ci.a", "Ci.r Ci.g Ci.b"),
        ("C.R C.G C.B", "C.R C.G C.B"),
        ("rgba.red rgba.green rgba.blue rgba.alpha", "rgba.red rgba.green rgba.blue"),
        ("Beauty.R Beauty.G Beauty.B", "Beauty.R Beauty.G Beauty.B"),
        ("hero.R hero.G hero.B", "hero.R hero.G hero.B"),
    ],
)
def test_plain_names(channels, beauty):
    roles = find_roles(frame(channels + " N.X N.Y N.Z albedo.r albedo.g albedo.b"))
    assert roles.beauty.names == tuple(beauty.split())
    assert roles.found == ("albedo", "normal")


@pytest.mark.parametrize("channels", ["R G B n.I N.X N.Y N.Z", "R G B N.X N.Y N.Z n.I"])
def test_layers_that_differ_in_case_are_two(channels):
    assert names(find_roles(frame(channels)).normal) == triple("N", "XYZ")


@pytest.mark.parametrize("channels", ["Y", "Y A", "R", "R A", "beauty.Y N.X N.Y N.Z", "L.Y Y"])
def test_a_luminance_frame(channels):
    one = frame(channels)
    roles = find_roles(one)
    assert len(roles.beauty.names) == 1
    assert roles.beauty.names[0] in ("Y", "R", "beauty.Y")
    plane = read_planes(one, roles)["radiance"]
    assert plane.shape == (H, W, 3)
    assert (plane == roles.beauty.read(one)).all()


@pytest.mark.parametrize("channels", ["Y RY BY", "X Y Z", "Z", "A"])
def test_what_is_no_luminance(channels):
    with pytest.raises(FrameError, match="no beauty among its layers"):
        find_roles(frame(channels))


def test_without_a_beauty_the_layers_are_listed():
    with pytest.raises(FrameError, match=r"no beauty among its layers \(Depth.Z, lamp.R/G\).*--map beauty=LAYER"):
        find_roles(frame("Depth.Z lamp.R lamp.G"))
    with pytest.raises(FrameError, match="none but ids"):
        find_roles(frame("R G B", dtype=np.uint32))
    with pytest.raises(FrameError, match="and 16 more"):
        find_roles(frame(" ".join(f"l{i}.Z" for i in range(40))))
    with pytest.raises(FrameError, match=r"It may be key.R/G/B, fill.R/G/B; choose with --map"):
        find_roles(frame("key.R key.G key.B fill.R fill.G fill.B N.X N.Y N.Z"))


# --map ----------------------------------------------------------------------------------------------------------


def test_an_override_comes_first():
    one = frame("R G B albedo.R albedo.G albedo.B tex.R tex.G tex.B foo.X foo.Y foo.Z d.V a.A")
    overrides = {"albedo": "TEX", "normal": "foo", "depth": "d", "alpha": "a", "beauty": "R,G,B"}
    (roles,) = find_all_roles(one, overrides)
    got = (roles.beauty, roles.albedo, roles.normal, roles.depth, roles.alpha)
    assert [" ".join(channels.names) for channels in got] == [
        "R G B", "tex.R tex.G tex.B", "foo.X foo.Y foo.Z", "d.V", "a.A",
    ]  # fmt: skip
    assert {roles.reasons[role] for role in overrides} == {"--map"}


def test_an_override_by_channels():
    one = frame("key.R key.G key.B u v w Z")
    (roles,) = find_all_roles(one, {"beauty": "key.R key.G key.B", "normal": "u,v, w"})
    assert (roles.beauty.names, roles.normal.names) == (triple("key"), ("u", "v", "w"))


def test_an_override_in_view_layers():
    """Without the view layer's name it is meant in each, with it in that one."""
    channels = [*triple("fg.Combined"), *triple("fg.tex"), *triple("bg.Combined"), *triple("bg.tex")]
    one = frame_of(channels)
    assert [names(roles.albedo) for roles in find_all_roles(one, {"albedo": "tex"})] == [
        triple("fg.tex"),
        triple("bg.tex"),
    ]
    assert [names(roles.albedo) for roles in find_all_roles(one, {"albedo": "bg.tex"})] == [None, triple("bg.tex")]
    assert [roles.view for roles in find_all_roles(one, {"beauty": "Combined"})] == ["fg", "bg"]
    (only,) = find_all_roles(one, {"beauty": "bg.Combined"})
    assert (only.view, only.beauty.names) == ("bg", triple("bg.Combined"))
    assert [str(layer) for layer in radiance_layers(one, only)] == ["bg.tex"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"albedo": "none"}, r"--map albedo=none: no such layer among its layers \(R G B, N.X/Y/Z, Depth.Z\)"),
        ({"normal": "Depth"}, "--map normal=Depth: Depth.Z does not have the channels of a normal, which are X Y Z or"),
        ({"beauty": "N"}, "--map beauty=N: N.X/Y/Z does not have the channels of a beauty, which are R G B or"),
        ({"colour": "R"}, "there is no such role; roles are beauty, alpha, albedo"),
        ({"beauty": "R,G"}, "does not have the channels of a beauty"),
    ],
)
def test_an_override_that_cannot_be(overrides, message):
    with pytest.raises(FrameError, match=message):
        find_all_roles(frame("R G B N.X N.Y N.Z Depth.Z"), overrides)


# Denoised already -----------------------------------------------------------------------------------------------


def test_what_mcdenoise_made():
    assert find_roles(frame("R G B", headers=[{"mcdenoise:version": "0.3"}])).denoised == "by mcdenoise 0.3"


@pytest.mark.parametrize(
    "layer", ["RGBA_denoised", "effectsResult", "denoiser", "Beauty_oidn", "DenoisedBeauty", "RGBA_denoise"]
)
def test_denoised_layers_are_no_beauty_unless_alone(layer):
    one = frame(f"R G B {' '.join(triple(layer))} key.R key.G key.B")
    roles = find_roles(one)
    assert (roles.beauty.names, roles.denoised) == (("R", "G", "B"), "")
    assert [str(light) for light in radiance_layers(one, roles)] == ["key"]
    assert [(str(alone), kind) for alone, kind in left_alone(one, roles)] == [(f"{layer}.R/G/B", "denoised")]
    alone = find_roles(frame(" ".join(triple(layer)) + " N.X N.Y N.Z"))
    assert alone.denoised == "as the layer's name says"


def test_denoising_data_is_not_denoised():
    assert find_roles(frame_of(["R", "G", "B", *triple("denoise_albedo")])).denoised == ""
    assert find_roles(frame_of([*triple("V.Combined"), *triple("V.Denoising Albedo")])).denoised == ""


# Planes ---------------------------------------------------------------------------------------------------------


def test_planes_are_read_as_float32():
    one = frame("R G B albedo.R albedo.G albedo.B N.X N.Y N.Z Z")
    planes = read_planes(one, find_roles(one))
    assert {name: plane.shape for name, plane in planes.items()} == {
        "radiance": (H, W, 3), "albedo": (H, W, 3), "normal": (H, W, 3), "depth": (H, W, 1),
    }  # fmt: skip
    assert all(plane.dtype == np.float32 for plane in planes.values())
    np.testing.assert_array_equal(planes["radiance"][..., 1], one.parts[0].channels["G"].astype(np.float32))


def test_planes_of_another_data_window_are_moved_to_the_beautys():
    """An albedo cropped to what it covers, of which one column and one row lie outside the beauty."""
    albedo = np.arange(12, dtype=np.float16).reshape(3, 4) + 1
    one = Frame(
        [
            frame("R G B key.R key.G key.B").parts[0],
            Part({"name": "albedo"}, {c: albedo for c in "RGB"}),
        ]
    )
    one.parts[0].header |= {"name": "rgba", "dataWindow": window(10, 20, W, H)}
    one.parts[1].header["dataWindow"] = window(9, 19, 4, 3)
    notes: list[str] = []
    plane = read_planes(one, find_roles(one), notes)["albedo"]
    expected = np.zeros((H, W))
    expected[:2, :3] = albedo[1:, 1:]
    np.testing.assert_array_equal(plane, np.repeat(expected[..., None], 3, axis=-1))
    assert notes == ["albedo moved to the data window of the beauty"]


def test_layers_of_another_data_window_are_no_summands_nor_copies():
    one = parts(named("rgba", "R G B"), named("key", "R G B"))
    one.parts[1].channels = dict(one.parts[0].channels)
    assert len(find_roles(one).targets) == 2
    one.parts[1].header["dataWindow"] = window(3, 0, W, H)
    roles = find_roles(one)
    assert len(roles.targets) == 1 and radiance_layers(one, roles) == []
    assert [kind for _, kind in left_alone(one, roles)] == ["another data window"]


def test_a_variance_of_samples_is_divided_by_their_number():
    """[source] pbrt-v4's gbuffer film, with the attribute that it writes."""
    channels = "R G B Variance.R Variance.G Variance.B Ns.X Ns.Y Ns.Z"
    one = frame(channels, headers=[{"renderTimeSeconds": 3.5, "samplesPerPixel": 16}])
    roles = find_roles(one)
    assert roles.renderer == "pbrt-v4"
    notes: list[str] = []
    planes = read_planes(one, roles, notes)
    np.testing.assert_allclose(planes["variance"], roles.variance.read(one) / 16)
    assert notes == ["variance of the samples divided by their number, 16"]


def test_encoded_normals_are_decoded():
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((H, W, 3)).astype(np.float32)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal[0, 0] = 0
    encoded = np.where(normal.any(axis=-1, keepdims=True), normal * 0.5 + 0.5, 0).astype(np.float32)
    np.testing.assert_allclose(decode_normal(encoded), normal, atol=1e-6)


def test_encoded_normals_of_a_frame_that_is_mostly_sky():
    """appleseed encodes the zero of a miss as grey."""
    encoded = np.full((H, W, 3), 0.5, np.float32)
    encoded[2, 3] = (0.5, 0.5, 1)
    encoded[2, 4] = (0, 0.5, 0.5)
    decoded = decode_normal(encoded)
    np.testing.assert_array_equal(decoded[2, 3:5], [[0, 0, 1], [-1, 0, 0]])
    assert not decoded[:2].any()


def test_plain_normals_are_left_alone():
    """Also a wall that happens to face along +X +Y +Z, with no negative component."""
    wall = np.full((H, W, 3), 3**-0.5, np.float32)
    grey = np.full_like(wall, 0.5)
    for normal in (wall, grey, np.zeros_like(wall), np.full_like(wall, np.nan), np.tile(np.eye(3)[2], (H, W, 1))):
        assert decode_normal(normal) is normal


def test_decoding_is_told():
    one = frame("R G B")
    normal = np.random.default_rng(0).standard_normal((H, W, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    for i, c in enumerate("RGB"):
        one.parts[0].channels[f"normal.{c}"] = (normal[..., i] * 0.5 + 0.5).astype(np.float16)
    notes: list[str] = []
    np.testing.assert_allclose(read_planes(one, find_roles(one), notes)["normal"], normal, atol=2e-3)
    assert notes == ["normals decoded from [0, 1]"]
