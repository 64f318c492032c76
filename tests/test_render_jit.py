"""A pass in the llvm variant, rendered in a process of its own, against Mitsuba's own integrators."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from denoise.errors import RenderError
from denoise.frame import PLANES
from render.variants import choose

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def passes(tmp_path_factory):
    """What jit_passes.py renders: a function from a name to planes by name; its `arrays` has the rest."""
    try:
        library = choose("llvm_ad_rgb").libllvm
    except RenderError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("jit")
    panel = """<emitter type="constant" id="sky"><rgb name="radiance" value="0.1"/></emitter>
    <shape type="sphere"><float name="radius" value="0.15"/><bsdf type="diffuse">
        <texture type="checkerboard" name="reflectance"><rgb name="color0" value="nan, nan, nan"/></texture>
    </bsdf></shape></scene>"""
    (folder / "broken.xml").write_text((TESTS / "data" / "tiny.xml").read_text().replace("</scene>", panel))
    point = '<sensor type="perspective"><float name="principal_point_offset_x" value="0.2"/>'
    scene = (TESTS / "data" / "panes.xml").read_text()
    assert '<sensor type="perspective">' in scene
    (folder / "off-centre.xml").write_text(scene.replace('<sensor type="perspective">', point))
    out = folder / "arrays.npz"
    scenes = [str(folder / name) for name in ("broken.xml", "off-centre.xml")]
    command = [sys.executable, str(TESTS / "jit_passes.py"), str(library), *scenes, str(out)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=TESTS.parent, env=None)
    assert ran.returncode == 0, ran.stderr
    with np.load(out) as arrays:
        made = dict(arrays)

    def planes(name):
        return {key.rpartition(".")[2]: array for key, array in made.items() if key.rpartition(".")[0] == name}

    planes.arrays = made
    return planes


def same(one, other) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("sampler", ["independent", "multijitter"])
def test_a_pass_is_what_mitsuba_renders(passes, sampler):
    """Sums in memory give the values of `aov` within `moment`, sample by sample."""
    ours, theirs = passes(sampler), passes(f"mitsuba's {sampler}")
    assert set(ours) == set(PLANES)
    for name in set(PLANES) - {"albedo"}:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4, atol=1e-5, err_msg=name)
    # Mitsuba's albedo of metal exceeds 1 here and there; ours is clamped sample by sample, theirs as a mean.
    assert np.mean(np.abs(ours["albedo"] - theirs["albedo"]).max(-1) > 1e-4) < 0.1
    assert np.all(ours["albedo"] <= theirs["albedo"] + 1e-5)


def test_the_same_seed_gives_the_same_pass(passes):
    for sampler in ("independent", "multijitter"):
        assert same(passes(sampler), passes(f"{sampler} of another order"))
    assert not np.array_equal(passes("independent")["radiance"], passes("another seed")["radiance"])
    assert not np.array_equal(passes("independent")["radiance"], passes("multijitter")["radiance"])


def test_one_sample_has_no_variance(passes):
    assert set(passes("one sample")) == set(PLANES) - {"variance"}


def test_a_pass_in_runs_of_pixels(passes):
    whole, runs = passes("independent"), passes("runs")
    assert same(runs, passes("runs again"))
    np.testing.assert_array_equal(runs["radiance"][:10], whole["radiance"][:10])
    assert not np.array_equal(runs["radiance"][10:], whole["radiance"][10:])
    assert not np.array_equal(runs["radiance"][10:20], runs["radiance"][:10])
    for name in ("albedo", "normal", "depth"):  # the same picture, each pixel where it belongs
        assert np.abs(runs[name] - whole[name]).mean() < 0.1 * np.abs(whole[name]).mean()


def test_single_bad_samples_are_dropped(passes):
    planes = passes("broken lamp")
    assert 0 < passes.arrays["nonfinite"] < 0.5 * 8 * 37 * 23
    assert all(np.isfinite(plane).all() for plane in planes.values())
    assert planes["radiance"].max() < 1000


def test_rays(passes):
    np.testing.assert_allclose(passes.arrays["distance"], [4.9, np.inf, np.inf], atol=1e-4)
    np.testing.assert_allclose(passes.arrays["facing"], [[0, 0, 1], [0, 0, 0], [0, 0, 0]], atol=1e-6)


def test_the_first_surface_is_mitsubas(passes):
    planes = passes("panes, first hit")
    red, mirror, glass, sheet = ((7, 0), (7, 11), (7, 22), (7, 33))
    np.testing.assert_allclose(planes["albedo"][red], [0.6, 0.1, 0.1], atol=1e-5)
    assert planes["albedo"][mirror].max() == planes["albedo"][glass].max() == 0
    for place in (red, mirror, glass, sheet):
        np.testing.assert_allclose(planes["normal"][place], [0, 0, 1], atol=1e-5)
    assert not np.array_equal(planes["albedo"], passes("panes")["albedo"])
    for name in ("radiance", "variance", "depth"):
        np.testing.assert_allclose(planes[name], passes("panes")[name], rtol=1e-4, atol=1e-5)


def test_mirrors_glass_and_holes_are_looked_through(passes):
    planes = passes("panes")
    assert same(planes, passes("panes by default")) and same(planes, passes("panes after a crop"))
    # the green wall behind the camera, which looks at -z, tinted by the mirror
    np.testing.assert_allclose(planes["albedo"][7, 11], [0.05, 0.5, 0.1], atol=1e-4)
    np.testing.assert_allclose(planes["normal"][7, 11], [0, 0, -1], atol=1e-4)
    # through two faces of glass of 1.5046: 4.1 % go back at each, to the green wall behind
    glass = planes["albedo"][5:10, 20:25].mean((0, 1))
    np.testing.assert_allclose(glass, 0.922 * np.array([0.6, 0.1, 0.1]) + 0.078 * np.array([0.1, 0.5, 0.1]), atol=0.015)
    sheet = planes["albedo"][5:10, 31:35]
    np.testing.assert_allclose(sheet.mean((0, 1)), 0.25 * np.array([0.1, 0.1, 0.8]) + [0.45, 0.075, 0.075], atol=2e-3)
    assert sheet.std((0, 1)).max() < 1e-3  # 4 of 16 samples each, where chance alone gives 0.08


def test_ways_at_glass_are_drawn_anew_in_each_pass(passes):
    one, other = (passes(name)["albedo"][4:11, 30:36, 2] for name in ("panes, one sample", "panes, another sample"))
    assert set(np.unique(np.round(one, 3))) == {np.float32(0.1), np.float32(0.8)}
    assert np.mean(one == other) < 0.9 and 0.1 < np.mean(np.round(np.stack([one, other]), 3) == np.float32(0.8)) < 0.4


def test_a_path_that_does_not_end_has_its_tint_for_albedo(passes):
    inside = passes("panes, one surface")["albedo"][5:10, 20:25].mean((0, 1))
    # 4.1 % go back to the green wall, the others end at the far side of the block
    np.testing.assert_allclose(inside, 0.959 + 0.041 * np.array([0.1, 0.5, 0.1]), atol=0.015)


def test_a_crop_is_that_part_of_the_frame(passes):
    crop, whole = passes("crop"), passes("panes")
    assert crop["radiance"].shape == (10, 20, 3)
    # twice the resolution: pixels 35..54 of 90 are pixels 17.5..27 of 45
    np.testing.assert_allclose(crop["depth"][5, 10], whole["depth"][8, 22], rtol=0.01)
    np.testing.assert_allclose(crop["depth"][5, 1], whole["depth"][8, 18], rtol=0.01)
    assert whole["depth"][8, 22] < 3 < whole["depth"][8, 15]


def test_windows_of_a_scene_share_a_kernel_and_have_the_bytes_of_a_new_scene(passes):
    for number in range(3):
        assert same(passes(f"window {number} anew"), passes(f"window {number}")), number
    assert not np.array_equal(passes("window 0")["depth"], passes("window 1")["depth"])
    assert len(passes.arrays["kernels"]) == 3 and len(set(passes.arrays["kernels"])) == 1


def test_a_crop_where_the_principal_point_is_not_the_middle(passes):
    crop, whole = passes("off centre, crop"), passes("off centre")
    for x in (1, 10):  # as above
        np.testing.assert_allclose(crop["depth"][5, x], whole["depth"][8, 18 + x // 2], rtol=0.01)
    moved = passes("panes")["depth"] - whole["depth"]
    assert np.abs(moved).max() > 1


def test_lamps_of_a_scene_keep_their_order(passes):
    """Mitsuba's merging of meshes goes by addresses: equal seeds would give other noise from run to run."""
    first = passes("lamps 0")
    assert all(same(first, passes(f"lamps {number}")) for number in range(1, 6))
