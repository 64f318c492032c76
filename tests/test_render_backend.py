"""One pass: real renders of a tiny scene, against statistics and against Mitsuba's own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from denoise.errors import RenderError
from denoise.frame import PLANES
from render.backend import Scene, start
from render.plan import SAMPLERS
from render.variants import Choice, choose

TINY = Path(__file__).parent / "data" / "tiny.xml"
SIZE = (37, 23)


@pytest.fixture
def scalar():
    start(choose("scalar_rgb"))
    return Scene(TINY)


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    """The tiny scene with words of it exchanged."""
    text = TINY.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "changed.xml"
    path.write_text(text)
    return path


def same(one, other) -> bool:
    return all(np.array_equal(one.planes[name], other.planes[name]) for name in PLANES)


def test_a_pass_has_every_plane(scalar):
    result = scalar.render(scalar.camera, "independent", 4, 1)
    assert scalar.size == SIZE and scalar.max_depth == 6
    assert {name: plane.shape for name, plane in result.planes.items()} == {
        name: (23, 37, len(channels)) for name, channels in PLANES.items()
    }
    assert all(plane.dtype == np.float32 and np.isfinite(plane).all() for plane in result.planes.values())
    assert result.spp == 4 and result.nonfinite == 0 and result.seconds > 0
    planes = result.planes
    assert planes["albedo"].min() >= 0 and planes["albedo"].max() <= 1
    np.testing.assert_allclose(np.median(planes["albedo"][8:12, 17:20], (0, 1)), [0.8, 0.78, 0.75], atol=1e-3)
    np.testing.assert_allclose(planes["normal"][10, 18], [0, 0, 1], atol=1e-3)
    assert planes["depth"][10, 18, 0] == pytest.approx(4.9, abs=0.05)  # the back wall, 3.9 + 1 from the camera
    assert planes["depth"][10, 0, 0] == 0 and planes["albedo"][10, 0].max() == 0  # past the open front: nothing
    assert np.mean(planes["variance"][8:, 10:27] > 0) > 0.95


def test_seeds(scalar):
    first, again, other = (scalar.render(scalar.camera, "independent", 2, seed) for seed in (5, 5, 6))
    assert same(first, again)
    assert not np.array_equal(first.planes["radiance"], other.planes["radiance"])
    fresh = Scene(TINY).render(scalar.camera, "independent", 2, 5)
    assert same(first, fresh)


def test_passes_are_independent(scalar):
    noise = np.stack([scalar.render(scalar.camera, "independent", 2, seed).planes["radiance"] for seed in range(40)])
    noise = (noise - noise.mean(0))[..., 1]
    lit = noise.std(0) > 0
    normal = np.clip(noise[:, lit] / noise[:, lit].std(0), -3, 3)
    seeds = np.corrcoef(normal)
    # 40 seeds over 600 pixels: correlations of independent passes have a spread of 1/sqrt(600), 1/39 less from the mean
    assert np.abs(seeds[~np.eye(40, dtype=bool)] + 1 / 39).max() < 6 / np.sqrt(lit.sum())
    neighbours = np.clip(noise[:, 5:-2, 10:27] / noise[:, 5:-2, 10:27].std(0), -3, 3)
    assert abs(np.mean(neighbours[:, :, 1:] * neighbours[:, :, :-1])) < 0.02  # a box filter shares no samples


def test_the_mean_over_seeds_is_that_of_a_long_render(scalar):
    passes = np.stack([scalar.render(scalar.camera, "independent", 4, s).planes["radiance"] for s in range(60)])
    long = scalar.render(scalar.camera, "independent", 512, 1 << 31).planes
    image = passes.mean((1, 2, 3))
    error = np.sqrt(image.var(ddof=1) / len(image) + long["variance"].sum() / long["variance"].size ** 2)
    assert abs(image.mean() - long["radiance"].mean()) < 4 * error
    z = (passes.mean(0) - long["radiance"]) / np.sqrt(passes.var(0, ddof=1) / len(passes) + long["variance"] + 1e-12)
    assert 0.8 < np.sqrt(np.mean(np.clip(z[2:, 8:29], -6, 6) ** 2)) < 1.3
    assert np.mean(np.abs(z) > 4) < 0.01


@pytest.mark.parametrize("spp", [2, 8])
def test_the_variance_is_that_over_seeds(scalar, spp):
    passes = [scalar.render(scalar.camera, "independent", spp, seed).planes for seed in range(80)]
    radiance = np.stack([planes["radiance"] for planes in passes]).astype(np.float64)
    claimed = np.stack([planes["variance"] for planes in passes]).astype(np.float64).sum((1, 2, 3))
    spread = ((radiance - radiance.mean(0)) ** 2).sum((1, 2, 3)) * len(passes) / (len(passes) - 1)
    # Both means over seeds estimate the same sum of pixel variances; their difference has the error of paired values.
    difference = claimed - spread
    assert abs(difference.mean()) < 4 * difference.std(ddof=1) / np.sqrt(len(passes))
    assert claimed.mean() == pytest.approx(spread.mean(), rel=0.3)


def test_one_sample_has_no_variance(scalar):
    assert set(scalar.render(scalar.camera, "independent", 1, 1).planes) == set(PLANES) - {"variance"}


def test_samplers_say_what_they_took():
    start(choose("scalar_rgb"))
    scene = Scene(TINY, size=(9, 7), samplers=SAMPLERS)
    taken = {name: scene.render(scene.camera, name, 5, 1).spp for name in SAMPLERS}
    assert taken["independent"] == 5 and min(taken.values()) == 5 and taken["stratified"] == 9
    pictures = [scene.render(scene.camera, name, 9, 1).planes["radiance"] for name in SAMPLERS]
    assert len({picture.tobytes() for picture in pictures}) == len(SAMPLERS)
    stratified, independent = (
        np.var([scene.render(scene.camera, name, 9, s).planes["depth"] for s in range(20)], axis=0).mean()
        for name in ("stratified", "independent")
    )
    assert stratified < 0.7 * independent


def test_size_and_depth_are_overridden(scalar):
    short = Scene(TINY, size=(11, 30), max_depth=1)
    assert short.size == (11, 30) and short.max_depth == 1
    planes = short.render(short.camera, "independent", 2, 1).planes
    assert planes["radiance"].shape == (30, 11, 3)
    assert np.mean(planes["radiance"] > 0) < 0.05 < np.mean(planes["albedo"] > 0)  # the lamp alone is bright


def test_wrappers_and_gaps_of_the_scene_make_no_difference(scalar, tmp_path):
    own = scalar.render(scalar.camera, "independent", 2, 3)
    wrapped = changed(
        tmp_path,
        ('<integrator type="path">', '<integrator type="moment"><integrator type="aov"><integrator type="path">'),
        ("</integrator>", '</integrator><string name="aovs" value="a:albedo,p:position"/></integrator></integrator>'),
        ('<film type="hdrfilm">', '<film type="hdrfilm"><rfilter type="gaussian"/>'),
        ('type="independent"', 'type="multijitter"'),
    )
    scene = Scene(wrapped)
    assert scene.max_depth == 6
    assert same(own, scene.render(scene.camera, "independent", 2, 3))
    bare = TINY.read_text()
    for start_, end in (("<integrator", "</integrator>"), ("<film", "</film>"), ("<sampler", "</sampler>")):
        bare = bare[: bare.index(start_)] + bare[bare.index(end) + len(end) :]
    (tmp_path / "bare.xml").write_text(bare)
    assert Scene(tmp_path / "bare.xml").size == (768, 576)
    scene = Scene(tmp_path / "bare.xml", size=SIZE, max_depth=6)
    assert same(own, scene.render(scene.camera, "independent", 2, 3))


def test_a_camera_is_moved_and_moved_back(scalar):
    own = scalar.render(scalar.camera, "independent", 2, 3)
    matrix = scalar.camera.to_world.copy()
    matrix[0, 3] += 0.2
    moved = scalar.render(replace(scalar.camera, to_world=matrix, fov=30.0), "independent", 2, 3)
    assert not np.allclose(own.planes["depth"], moved.planes["depth"])
    assert same(own, scalar.render(scalar.camera, "independent", 2, 3))
    assert scalar.camera.as_json() == {
        "to_world": [[-1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, pytest.approx(3.9)], [0, 0, 0, 1]],
        "fov": 40,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("</scene>", ""), r"changed\.xml: does not load: .*"),
        (('type="path"', 'type="pathh"'), "does not load: .*pathh"),
        (('<ref id="metal"/>', '<ref id="gold"/>'), "does not load: .*gold"),
        (("</scene>", '<shape type="ply"><string name="filename" value="gone.ply"/></shape></scene>'), r".*gone\.ply"),
        (('type="path"', 'type="ptracer"'), "does not sample along camera rays"),
        (('type="path"', 'type="aov"'), "aov integrator has none inside"),
        (('name="max_depth"', 'name="max_deph"'), "does not load: .*max_deph"),
    ],
)  # fmt: skip
def test_a_scene_that_does_not_load_says_why_in_one_line(scalar, tmp_path, change, message):
    with pytest.raises(RenderError, match=message) as caught:
        Scene(changed(tmp_path, change))
    assert str(caught.value).startswith(str(tmp_path / "changed.xml")) and "\n" not in str(caught.value)


def test_a_scene_that_is_not_there_or_has_no_sensor(scalar, tmp_path):
    with pytest.raises(RenderError, match=r"gone\.xml: cannot be read: No such file"):
        Scene(tmp_path / "gone.xml")
    (tmp_path / "empty.xml").write_text('<scene version="3.0.0"></scene>')
    with pytest.raises(RenderError, match=r"empty\.xml: has no sensor"):
        Scene(tmp_path / "empty.xml")


def test_each_scene_finds_its_own_files(scalar, tmp_path):
    """Two folders with a mesh of the same name: a path means the one beside the scene."""
    import mitsuba as mi

    depths = []
    for name, height in (("near", 0.5), ("far", -0.5)):
        folder = tmp_path / name
        folder.mkdir()
        mesh = mi.Mesh("plane", 3, 1)
        parameters = mi.traverse(mesh)
        parameters["vertex_positions"] = [-9, -9, height, 9, -9, height, 0, 18, height]
        parameters["faces"] = [0, 1, 2]
        parameters.update()
        mesh.write_ply(str(folder / "plane.ply"))
        ply = '<shape type="ply"><string name="filename" value="plane.ply"/></shape>'
        scene = Scene(changed(folder, ("</scene>", f"{ply}</scene>")))
        depths.append(float(np.median(scene.render(scene.camera, "independent", 1, 1).planes["depth"])))
    assert depths == pytest.approx([3.4, 4.4], abs=0.1)


def broken_lamp(folder: Path, value: str) -> Path:
    """The tiny scene with a panel whose light is NaN or infinite on a part of it."""
    import mitsuba as mi

    pixels = np.full((4, 4, 3), 1, np.float32)
    pixels[1, 1] = float(value)
    mi.Bitmap(pixels).write(str(folder / "lamp.exr"))
    panel = """<shape type="rectangle">
        <transform name="to_world"><scale value="0.3"/><translate x="0.2" z="-0.95"/></transform>
        <emitter type="area"><texture type="bitmap" name="radiance">
            <string name="filename" value="lamp.exr"/><boolean name="raw" value="true"/>
            <string name="filter_type" value="nearest"/>
        </texture></emitter>
    </shape></scene>"""
    return changed(folder, ("</scene>", panel))


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_what_is_not_finite_is_counted_and_left_out(scalar, tmp_path, value):
    scene = Scene(broken_lamp(tmp_path, value))
    result = scene.render(scene.camera, "independent", 2, 1)
    assert 0 < result.nonfinite < 37 * 23
    assert all(np.isfinite(plane).all() for plane in result.planes.values())
    assert result.planes["radiance"].max() < 100


def test_a_scene_of_nothing_but_nan_fails(scalar, tmp_path):
    sky = '<emitter type="constant"><rgb name="radiance" value="nan, nan, nan"/></emitter>'
    (tmp_path / "sky.xml").write_text(f'<scene version="3.0.0"><sensor type="perspective"/>{sky}</scene>')
    scene = Scene(tmp_path / "sky.xml", size=(5, 3))
    with pytest.raises(RenderError, match=r"sky\.xml: every pixel is NaN or infinite"):
        scene.render(scene.camera, "independent", 2, 1)


def test_rays(scalar):
    origins, directions = np.tile([[0.0, 0.0, 3.9]], (3, 1)), np.array([[0.0, 0, -1], [0, 0, 1], [0, 1, 0]])
    distance, normal = scalar.cast(origins, directions)
    np.testing.assert_allclose(distance, [4.9, np.inf, np.inf], atol=1e-4)
    np.testing.assert_allclose(normal, [[0, 0, 1], [0, 0, 0], [0, 0, 0]], atol=1e-6)


def test_another_libllvm_needs_another_process(scalar):
    with pytest.raises(RenderError, match="start another process"):
        start(Choice("llvm_ad_rgb", "/some/libLLVM.so", ""))
