"""From the command line's words to views, samples and seeds."""

import json
import math

import numpy as np
import pytest

from denoise.errors import RenderError
from render.entries import SceneEntry, find_scenes
from render.plan import SAMPLERS, Settings, Spp, samples, tasks_for
from render.seeds import generator, pass_seed, run_seed


@pytest.mark.parametrize(
    ("text", "spp"),
    [
        ("8", Spp(8, 8)),
        ("1-64", Spp(1, 64)),
        ("1,1,2,4,8,16", Spp(1, 16, (1, 1, 2, 4, 8, 16))),
        (" 4 , 2 ", Spp(2, 4, (4, 2))),
        ("3-3", Spp(3, 3)),
        ("65536", Spp(65536, 65536)),
    ],
)
def test_spp_is_read(text, spp):
    assert Spp.parse(text) == spp


@pytest.mark.parametrize(
    "text", ["", "0", "-4", "1-", "64-1", "1-2-3", "1,,2", "1,0", "1.5", "8x", "1-64,2", "65537", "9" * 40, "²", "４"]
)
def test_what_is_no_spp_is_refused(text):
    with pytest.raises(ValueError, match="is not like 8, 1-64 or|is no range"):
        Spp.parse(text)


def test_a_range_is_drawn_log_uniformly_and_shared_by_the_passes():
    draws = [Spp(1, 64).draw(3, u) for u in np.linspace(0, 1, 10000, endpoint=False)]
    assert all(len(set(draw)) == 1 and len(draw) == 3 for draw in draws)
    numbers = np.array([draw[0] for draw in draws])
    assert numbers.min() == 1 and numbers.max() == 64
    for low, high in ((1, 1), (2, 7), (8, 31), (32, 64)):
        share = np.mean((numbers >= low) & (numbers <= high))
        assert share == pytest.approx(math.log((high + 1) / low) / math.log(65), abs=2e-3)


def test_a_number_and_a_ladder_are_not_drawn():
    assert Spp(8, 8).draw(2, 0.999) == (8, 8)
    assert Spp.parse("1,2,4").draw(3, 0.5) == (1, 2, 4)


def test_seeds_depend_on_scene_view_and_pass_and_nothing_else():
    seeds = {
        pass_seed(seed, scene, view, index)
        for seed in (0, 1)
        for scene in ("a", "b", "a1")
        for view in range(12)
        for index in range(3)
    }
    assert len(seeds) == 2 * 3 * 12 * 3
    assert all(0 <= seed < 1 << 32 for seed in seeds)
    assert pass_seed(0, "attic", 3, 1) == 1530980418  # never to change: data sets are gone on with
    assert run_seed(77, 0) == 77 != run_seed(77, 1) != run_seed(77, 2)
    assert generator(0, "a", 1, "spp").random() != generator(0, "a", 1, "camera").random()


def test_more_views_leave_those_before_as_they_were():
    entry = SceneEntry("room.xml", "room")
    few = tasks_for(entry, Settings(3, 2, Spp(1, 64), sampler="random"))
    many = tasks_for(entry, Settings(40, 2, Spp(1, 64), sampler="random"))
    assert many[:3] == few
    assert [task.name for task in few] == ["room.0000", "room.0001", "room.0002"]
    assert {task.sampler for task in many} == set(SAMPLERS)
    assert len({task.spp for task in many}) > 10
    assert tasks_for(entry, Settings(3, 2, Spp(1, 64), seed=1))[0].seeds != few[0].seeds


def test_samples_of_a_view():
    assert samples((1, 1, 2), (37, 23)) == 4 * 37 * 23


@pytest.fixture
def folder(tmp_path):
    for name in ("attic", "cellar", "odd"):
        (tmp_path / f"{name}.xml").write_text("<scene/>")
    listed = [
        {"name": "cellar", "file": "cellar.xml", "split": "validation", "width": 20, "height": 10},
        {"name": "attic", "file": "attic.xml", "split": "train"},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"scenes": listed}))
    return tmp_path


def test_a_folder_means_its_manifest(folder):
    assert find_scenes([folder]) == [
        SceneEntry(folder / "cellar.xml", "cellar", "validation", (20, 10)),
        SceneEntry(folder / "attic.xml", "attic", "train", None),
    ]
    assert [entry.name for entry in find_scenes([folder], "train")] == ["attic"]


def test_a_folder_without_a_manifest_means_its_files(folder):
    (folder / "manifest.json").unlink()
    assert [entry.name for entry in find_scenes([folder])] == ["attic", "cellar", "odd"]


def test_files_and_patterns(folder):
    assert [entry.name for entry in find_scenes([folder / "odd.xml", f"{folder}/c*.xml"])] == ["odd", "cellar"]
    assert find_scenes([folder / "cellar.xml"])[0].size == (20, 10)
    assert len(find_scenes([folder / "odd.xml", folder / ".." / folder.name / "odd.xml"])) == 1
    assert find_scenes([folder / "gone.xml"])[0].name == "gone"


def test_scenes_that_cannot_be_meant(folder, tmp_path):
    (tmp_path / "more").mkdir()
    with pytest.raises(RenderError, match="has no scenes"):
        find_scenes([tmp_path / "more"])
    with pytest.raises(RenderError, match="no file matches"):
        find_scenes([f"{folder}/x*.xml"])
    with pytest.raises(RenderError, match="none of the scenes is of split 'test'"):
        find_scenes([folder], "test")
    (tmp_path / "more" / "odd.xml").write_text("<scene/>")
    with pytest.raises(RenderError, match="two scenes of one name"):
        find_scenes([folder / "odd.xml", tmp_path / "more" / "odd.xml"])


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenes": [{}]}', '{"scenes": 3}', "\\"])
def test_a_broken_manifest_is_named(folder, text):
    (folder / "manifest.json").write_text(text)
    with pytest.raises(RenderError, match=r"manifest\.json: is no list of scenes"):
        find_scenes([folder])
