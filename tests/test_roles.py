"""Which channels play which role, by the names that renderers give and by what the channels hold."""

from __future__ import annotations

import numpy as np
import pytest

from denoise.errors import FrameError
from denoise.frame import PLANES, Frame, Part
from denoise.roles import decode_normal, find_all_roles, find_roles, read_planes

H, W = 5, 8


def frame(*parts: str, dtype: type = np.float16) -> Frame:
    """Parts of channels named in a string, each channel with values of its own."""
    rng = np.random.default_rng(0)
    return Frame([Part({}, {name: rng.random((H, W)).astype(dtype) for name in names.split()}) for names in parts])


def triple(layer: str, components: str = "RGB") -> tuple[str, ...]:
    return tuple(f"{layer}.{component}" for component in components)


def test_our_own_passes():
    names = [channel for channels in PLANES.values() for channel in channels]
    roles = find_roles(frame(" ".join(names)))
    assert roles.renderer == "render-pairs"
    assert roles.beauty == PLANES["radiance"]
    assert {name: getattr(roles, name) for name in roles.found} == {
        name: channels for name, channels in PLANES.items() if name != "radiance"
    }
    assert roles.alpha is None
    assert roles.targets == (PLANES["radiance"],)


@pytest.mark.parametrize(
    ("names", "albedo", "normal", "depth"),
    [
        ("R G B albedo.R albedo.G albedo.B nn.X nn.Y nn.Z dd.T", "albedo", "nn", "dd.T"),
        ("R G B A alb.R alb.G alb.B sn.X sn.Y sn.Z depth.T uv.U uv.V", "alb", "sn", "depth.T"),
        ("R G B my_albedo.R my_albedo.G my_albedo.B gn.X gn.Y gn.Z sn.X sn.Y sn.Z", "my_albedo", "sn", None),
        ("R G B geo_normal.X geo_normal.Y geo_normal.Z sh_normal.X sh_normal.Y sh_normal.Z", None, "sh_normal", None),
        ("R G B normals.X normals.Y normals.Z Z.T prim.I", None, "normals", "Z.T"),
        ("R G B nested.albedo.R nested.albedo.G nested.albedo.B m2_nested.albedo.R m2_nested.albedo.G "
         "m2_nested.albedo.B nested.nn.X nested.nn.Y nested.nn.Z", "nested.albedo", "nested.nn", None),
    ],
)  # fmt: skip
def test_mitsubas_names(names, albedo, normal, depth):
    roles = find_roles(frame(names))
    assert roles.beauty == ("R", "G", "B")
    assert roles.albedo == (triple(albedo) if albedo else None)
    assert roles.normal == (triple(normal, "XYZ") if normal else None)
    assert roles.depth == ((depth,) if depth else None)
    assert roles.alpha == (("A",) if " A " in names else None)


def test_a_normal_of_any_name_is_told_by_its_length():
    one = frame("R G B pos.X pos.Y pos.Z foo.X foo.Y foo.Z")
    normal = np.random.default_rng(1).standard_normal((H, W, 3))
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal[0, :3] = 0  # background
    normal[1, :2] *= 0.6  # edges, averaged over two faces
    for i, c in enumerate("XYZ"):
        one.parts[0].channels[f"foo.{c}"] = normal[..., i].astype(np.float16)
    assert find_roles(one).normal == triple("foo", "XYZ")


def test_copies_of_the_beauty_are_targets_too():
    one = frame("R G B A path.R path.G path.B path.A direct.R direct.G direct.B")
    for c in "RGB":
        one.parts[0].channels[f"path.{c}"] = one.parts[0].channels[c].copy()
    assert find_roles(one).targets == (("R", "G", "B"), triple("path"))
    one.parts[0].channels["path.G"][2, 3] += 1
    assert find_roles(one).targets == (("R", "G", "B"),)


def test_a_black_beauty_has_no_copies():
    one = frame("R G B lamp.R lamp.G lamp.B")
    for plane in one.parts[0].channels.values():
        plane[:] = 0
    assert find_roles(one).targets == (("R", "G", "B"),)


def test_cycles_single_part():
    channels = [f"ViewLayer.Combined.{c}" for c in "RGBA"] + ["ViewLayer.Depth.Z", "ViewLayer.Denoising Depth.Z"]
    channels += [f"ViewLayer.Denoising Albedo.{c}" for c in "RGB"] + [f"ViewLayer.Normal.{c}" for c in "XYZ"]
    channels += [f"ViewLayer.Denoising Normal.{c}" for c in "XYZ"] + [f"ViewLayer.DiffCol.{c}" for c in "RGB"]
    rng = np.random.default_rng(0)
    one = Frame([Part({}, {name: rng.random((H, W)).astype(np.float32) for name in channels})])
    roles = find_roles(one)
    assert roles.renderer == "Cycles"
    assert roles.beauty == triple("ViewLayer.Combined")
    assert roles.alpha == ("ViewLayer.Combined.A",)
    assert roles.albedo == triple("ViewLayer.Denoising Albedo")
    assert roles.normal == triple("ViewLayer.Denoising Normal", "XYZ")
    assert roles.depth == ("ViewLayer.Denoising Depth.Z",)
    assert roles.targets == (roles.beauty,)

    for c in "RGB":
        one.parts[0].channels[f"ViewLayer.Noisy Image.{c}"] = rng.random((H, W)).astype(np.float32)
    roles = find_roles(one)
    assert roles.beauty == triple("ViewLayer.Noisy Image")
    assert roles.targets == (triple("ViewLayer.Combined"),)


def test_several_view_layers_and_parts():
    several = "fg.Combined.R fg.Combined.G fg.Combined.B bg.Combined.R bg.Combined.G bg.Combined.B fg.Depth.Z"
    roles = find_all_roles(frame("Z", several, "R G B"))
    assert [(one.part, one.beauty[0]) for one in roles] == [(1, "fg.Combined.R"), (1, "bg.Combined.R"), (2, "R")]
    assert find_roles(frame("Z", several, "R G B")).beauty == triple("fg.Combined")


def test_beside_bare_channels_a_prefix_is_no_view_layer():
    roles = find_all_roles(frame("R G B specular.color.R specular.color.G specular.color.B"))
    assert [one.beauty for one in roles] == [("R", "G", "B")]


@pytest.mark.parametrize(
    ("names", "beauty"),
    [
        ("beauty.r beauty.g beauty.b", "beauty.r beauty.g beauty.b"),
        ("Ci.r Ci.g Ci.b Ci.a", "Ci.r Ci.g Ci.b"),
        ("C.R C.G C.B", "C.R C.G C.B"),
        ("rgba.red rgba.green rgba.blue rgba.alpha", "rgba.red rgba.green rgba.blue"),
        ("Beauty.R Beauty.G Beauty.B", "Beauty.R Beauty.G Beauty.B"),
    ],
)
def test_plain_names(names, beauty):
    assert find_roles(frame(names + " N.X N.Y N.Z albedo.r albedo.g albedo.b")).beauty == tuple(beauty.split())


@pytest.mark.parametrize("names", ["R G B n.I N.X N.Y N.Z", "R G B N.X N.Y N.Z n.I"])
def test_layers_that_differ_in_case_are_two(names):
    assert find_roles(frame(names)).normal == triple("N", "XYZ")


def test_without_a_beauty_the_layers_are_listed():
    with pytest.raises(FrameError, match=r"no beauty among its layers \(Depth.Z, lamp.R/G\)"):
        find_roles(frame("Depth.Z lamp.R lamp.G"))
    with pytest.raises(FrameError, match="none but ids"):
        find_roles(frame("R G B", dtype=np.uint32))
    with pytest.raises(FrameError, match="and 16 more"):
        find_roles(frame(" ".join(f"l{i}.Z" for i in range(40))))


def test_planes_are_read_as_float32():
    one = frame("R G B albedo.R albedo.G albedo.B N.X N.Y N.Z Z")
    planes = read_planes(one.parts[0], find_roles(one))
    assert {name: plane.shape for name, plane in planes.items()} == {
        "radiance": (H, W, 3), "albedo": (H, W, 3), "normal": (H, W, 3), "depth": (H, W, 1),
    }  # fmt: skip
    assert all(plane.dtype == np.float32 for plane in planes.values())
    np.testing.assert_array_equal(planes["radiance"][..., 1], one.parts[0].channels["G"].astype(np.float32))


def test_encoded_normals_are_decoded():
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((H, W, 3)).astype(np.float32)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    normal[0, 0] = 0
    encoded = np.where(normal.any(axis=-1, keepdims=True), normal * 0.5 + 0.5, 0).astype(np.float32)
    np.testing.assert_allclose(decode_normal(encoded), normal, atol=1e-6)


def test_plain_normals_are_left_alone():
    """Also a wall that happens to face along +X +Y +Z, with no negative component."""
    wall = np.full((H, W, 3), 3**-0.5, np.float32)
    for normal in (wall, np.zeros_like(wall), np.full_like(wall, np.nan), np.tile(np.float32([0, 0, 1]), (H, W, 1))):
        assert decode_normal(normal) is normal
