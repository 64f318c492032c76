"""From a plain description to Mitsuba's scene, and procedural scenes as render-pairs takes them."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import render.procedural
from denoise.errors import RenderError
from denoise.pairs import open_pairs
from render import job, sources
from render.backend import Scene, start
from render.cli import main
from render.description import edit, merge_meshes
from render.entries import SceneEntry, find_scenes
from render.sources import Procedural, digest, parse_seeds
from render.variants import choose
from tests import procedural_samples


@pytest.fixture
def family(monkeypatch):
    """A family `interiors` that is the sample."""
    start(choose("scalar_rgb"))
    monkeypatch.setattr(render.procedural, "build", lambda family, seed: procedural_samples.scene(seed))
    for module in (sources, job):
        monkeypatch.setattr(module, "family_digest", lambda family: hashlib.sha256(b"the sample").hexdigest())


def planes(change=lambda description: None, spp: int = 16, size=(48, 32)):
    description = procedural_samples.scene(3)
    change(description)
    made, render.procedural.build = render.procedural.build, lambda family, seed: description
    try:
        scene = Scene(Procedural("interiors", 3), size)
        return scene.render(scene.camera, "independent", spp, 1).planes
    finally:
        render.procedural.build = made


def test_everything_in_it_is_rendered(family):
    scene = Scene(Procedural("interiors", 3), (48, 32))
    assert (scene.name, scene.size, scene.max_depth) == ("interiors-000003", (48, 32), 4)
    assert scene.camera.fov == pytest.approx(40) and scene.camera.to_world[1, 3] == 4
    seen = scene.render(scene.camera, "independent", 16, 1).planes
    stripes = seen["albedo"][10:22, 14:20].reshape(-1, 3)  # an image of rows, every other one black
    bright = stripes[stripes[:, 0].argmax()]
    assert 0.45 < bright[0] < 0.578 and stripes[:, 0].min() < 0.1
    np.testing.assert_allclose(bright / bright[0], [1, 0.2199, 0.0553], atol=2e-3)  # sRGB 200, 100, 50, linear
    np.testing.assert_allclose(seen["normal"][3, 3], [0, 1, 0], atol=1e-5)  # the wall, which to_world moved back by 1
    assert seen["depth"][16, 1, 0] == pytest.approx(5 / np.cos(np.radians(19)), abs=0.1)
    assert np.abs(seen["normal"][..., 0]).max() > 0.3  # the ball alone is not flat
    unlit = planes(lambda d: d["lamp"].pop("emitter"))["radiance"].mean()
    assert seen["radiance"].mean() > 1.1 * unlit > 0.01


def test_normals_and_transforms_of_meshes(family):
    slanted = np.tile(np.float32([0, 1, 1]) / np.sqrt(2), (4, 1))

    def change(description):
        description["wall"]["normals"] = slanted
        description["wall"]["to_world"] = np.diag([1, 2, 1, 1.0]) @ description["wall"]["to_world"]

    # normals go with the inverse transposed: y shrinks by 2, (0, 1/2, 1) / sqrt(5/4)
    np.testing.assert_allclose(planes(change)["normal"][3, 3], [0, 0.4472, 0.8944], atol=1e-3)


def test_texture_transforms_shift_and_turn(family):
    def change(description):
        shift = np.eye(4)
        shift[1, 3] = 0.25  # one of four rows
        description["left"]["bsdf"]["reflectance"]["to_uv"] = shift

    stripes, shifted = planes()["albedo"][10:22, 15:17, 0], planes(change)["albedo"][10:22, 15:17, 0]
    assert np.corrcoef(stripes.ravel(), shifted.ravel())[0, 1] < -0.5


def test_equal_meshes_are_merged_and_look_the_same(family):
    description = procedural_samples.scene(3)
    merged = merge_meshes(description)
    meshes = [node for node in merged.values() if isinstance(node, dict) and node.get("type") == "mesh"]
    assert sorted(len(mesh["faces"]) for mesh in meshes) == [2, 2, 4]  # wall (moved), lamp (emits), both squares
    (both,) = (mesh for mesh in meshes if len(mesh["faces"]) == 4)
    np.testing.assert_array_equal(both["faces"], [[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    np.testing.assert_array_equal(both["vertices"][4:], description["right"]["vertices"])
    apart = planes(lambda d: [d[name].update(id=name) for name in ("left", "right")])  # an id keeps meshes apart
    for name, plane in planes().items():
        np.testing.assert_allclose(plane, apart[name], atol=1e-5, err_msg=name)


def test_meshes_that_differ_in_anything_stay_apart():
    one = procedural_samples.quad(0, 1, {"type": "diffuse"})
    bare = {key: value for key, value in one.items() if key != "uv"}
    other = {**one, "bsdf": {"type": "twosided", "bsdf": {"type": "diffuse"}}}
    assert len(merge_meshes({"a": one, "b": bare, "c": other, "d": dict(one)})) == 3


def test_longest_paths_and_sensors():
    description = procedural_samples.scene(0)
    for asked, given in ((None, 4), (7, 7), (-1, -1)):
        edited, depth = edit(description, (9, 5), ("independent", "multijitter"), asked)
        assert edited["integrator"]["max_depth"] == depth == given
    assert [key for key in edited if key.startswith("sensor")] == ["sensor_independent", "sensor_multijitter"]
    assert edited["sensor_multijitter"]["film"]["width"] == 9 and "film" not in description["sensor"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("sensor"), "has no sensor"),
        (lambda d: d["wall"].update(bsdf={"type": "ref", "id": "gold"}), "refers to 'gold', which is nothing in it"),
        (lambda d: d.update(grey={"type": "ref", "id": "grey"}), "refers to 'grey' from within 'grey'"),
        (lambda d: d["wall"].update(bsdf={"type": "difuse"}), "does not load: .*difuse"),
        (lambda d: d["wall"].update(bsdf={"kind": "diffuse"}), "has a node without a type, of kind"),
        (lambda d: d["grey"].update(reflectence=0.5), "does not load: .*reflectence"),
    ],
)
def test_a_description_that_does_not_load_says_why_in_one_line(family, change, message):
    with pytest.raises(RenderError, match=rf"^procedural:interiors of seed 3: {message}") as caught:
        planes(change)
    assert "\n" not in str(caught.value)


def test_a_family_that_fails_costs_one_scene(family, monkeypatch):
    def fails(family, seed):
        raise ZeroDivisionError("no room\nfor a chair")

    monkeypatch.setattr(render.procedural, "build", fails)
    message = r"procedural:interiors of seed 3: the family fails: ZeroDivisionError: no room for a chair"
    with pytest.raises(RenderError, match=message):
        Scene(Procedural("interiors", 3))


def test_procedural_scenes_of_the_command_line():
    one, two = find_scenes(["procedural:interiors"], seeds=(7, 8))
    assert one == SceneEntry(Procedural("interiors", 7), "interiors-000007", "", (256, 256))
    assert two.name == "interiors-000008" and str(two.source) == "procedural:interiors of seed 8"
    assert [entry.split for entry in find_scenes(["procedural:stills"], "train", (0, 0))] == ["train"]
    with pytest.raises(RenderError, match=r"procedural:castles: no such family; there are .*interiors"):
        find_scenes(["procedural:castles"], seeds=(0, 1))
    with pytest.raises(RenderError, match="procedural:stills: which seeds"):
        find_scenes(["procedural:stills"])
    with pytest.raises(RenderError, match="--seeds is for procedural scenes"):
        find_scenes([Path("room.xml")], seeds=(0, 1))


@pytest.mark.parametrize(("text", "seeds"), [("0-999", (0, 999)), ("7", (7, 7)), (" 3 - 4 ", (3, 4))])
def test_seeds_are_read(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "-1", "5-3", "1-2-3", "a-b", "0-9999999999", "²"])
def test_what_are_no_seeds(text):
    with pytest.raises(ValueError, match="is not like 0-999|is an empty range"):
        parse_seeds(text)


def test_versions_of_a_family_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(render.procedural, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "kit").mkdir()
    versions = set()
    for module, kit in (("a = 1", "b = 1"), ("a = 2", "b = 1"), ("a = 1", "b = 2")):
        (tmp_path / "interiors.py").write_text(module)
        (tmp_path / "kit" / "boxes.py").write_text(kit)
        sources.family_digest.cache_clear()
        versions |= {digest(Procedural("interiors", seed)) for seed in (1, 2)}
    sources.family_digest.cache_clear()
    assert len(versions) == 6


def test_render_pairs_renders_seeds_and_goes_on(family, tmp_path):
    words = ["procedural:interiors", "-o", str(tmp_path), "--spp", "1,2", "--size", "40x30", "--variant", "scalar_rgb"]
    words += ["--split", "train"]
    result = CliRunner().invoke(main, [*words, "--seeds", "2-3"])
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(main, [*words, "--seeds", "2-4"])
    assert ", 2 were there" in result.stderr
    views = open_pairs(tmp_path)
    assert [view.name for view in views] == ["interiors-000002.0000", "interiors-000003.0000", "interiors-000004.0000"]
    assert [(view.family, view.scene_seed, view.split, view.aux) for view in views] == [
        ("interiors", seed, "train", "first-hit") for seed in (2, 3, 4)
    ]
    assert {view.family_sha256 for view in views} == {hashlib.sha256(b"the sample").hexdigest()}
    result = CliRunner().invoke(main, [*words, "--seeds", "4-2"])
    assert result.exit_code == 2 and "empty range" in result.stderr


def test_an_edited_family_is_not_mixed_in(family, tmp_path, monkeypatch):
    words = ["procedural:interiors", "-o", str(tmp_path), "--spp", "1", "--size", "9x9", "--variant", "scalar_rgb"]
    assert CliRunner().invoke(main, [*words, "--seeds", "2"]).exit_code == 0
    monkeypatch.setattr(sources, "family_digest", lambda family: "another")
    result = CliRunner().invoke(main, [*words, "--seeds", "2"])
    assert result.exit_code == 1 and "another version of procedural:interiors of seed 2" in result.stderr
