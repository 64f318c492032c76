"""Resolutions, crops at full pixel scale, and views that are dropped."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from denoise.errors import RenderError
from denoise.pairs import MANIFEST, open_pairs, read_manifest, view_planes
from render.backend import Scene, start
from render.cli import main
from render.entries import SceneEntry
from render.plan import AUX, Settings, of_shard, parse_shard, tasks_for
from render.quality import degenerate
from render.variants import choose
from render.window import Sizes, Window, parse_size

TINY = Path(__file__).parent / "data" / "tiny.xml"


def run(*words, exit_code=0):
    result = CliRunner().invoke(main, [*map(str, words), "--variant", "scalar_rgb"])
    assert result.exit_code == exit_code, result.output
    return result


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("640x360", Sizes((640, 360), (640, 360))),
        ("640X360-1920x1080", Sizes((640, 360), (1920, 1080))),
        ("5x5-5x5", Sizes((5, 5), (5, 5))),
    ],
)
def test_sizes_are_read(text, sizes):
    assert Sizes.parse(text) == sizes


@pytest.mark.parametrize("text", ["", "640", "0x5", "5x", "5x5-4x9", "5x5-9x4", "1x1-2x2-3x3", "40000x5", "²x5"])
def test_what_are_no_sizes(text):
    with pytest.raises(ValueError, match="is not like 640x360|is no range"):
        Sizes.parse(text)


def test_sizes_are_drawn_log_uniformly():
    sizes = Sizes((100, 50), (400, 800))
    assert sizes.draw(0.0) == (100, 50) and sizes.draw(0.5) == (200, 200) and sizes.draw(1.0) == (400, 800)
    assert parse_size("12x7") == (12, 7)


def test_views_draw_their_windows_alone():
    settings = Settings(views=40, size=Sizes((64, 48), (256, 192)), crop=(32, 16))
    tasks = tasks_for(SceneEntry(TINY, "tiny"), settings)
    assert tasks[:5] == tasks_for(SceneEntry(TINY, "tiny"), Settings(5, size=settings.size, crop=(32, 16)))
    windows = [task.window((1, 1)) for task in tasks]
    for window in windows:
        assert window.size == (32, 16) and 64 <= window.frame[0] <= 256
        assert 0 <= window.corner[0] <= window.frame[0] - 32 and 0 <= window.corner[1] <= window.frame[1] - 16
    assert len({window.corner for window in windows}) > 35 and len({window.frame for window in windows}) > 20
    (whole,) = tasks_for(SceneEntry(TINY, "tiny", "", (20, 10)), Settings())
    assert whole.window((9, 9)) == Window((20, 10), (20, 10)) and whole.window((9, 9)).as_json() == {}
    (task,) = tasks_for(SceneEntry(TINY, "tiny", "", (20, 10)), Settings(crop=(21, 10)))
    with pytest.raises(RenderError, match=r"tiny\.xml: a crop of 21x10 does not fit into 20x10; give a larger --size"):
        task.window((20, 10))


def test_a_crop_is_that_part_of_the_frame():
    start(choose("scalar_rgb"))
    scene = Scene(TINY, (48, 36))
    whole = scene.render(scene.camera, "independent", 64, 1).planes
    part = scene.render(scene.camera, "independent", 64, 1, Window((48, 36), (20, 13), (17, 9))).planes
    for name in ("albedo", "normal", "depth"):
        assert part[name].shape[:2] == (13, 20)
        difference = np.abs(part[name] - whole[name][9:22, 17:37])
        assert np.median(difference) < 0.02 * np.abs(whole[name]).mean(), name
    larger = scene.render(scene.camera, "independent", 64, 1, Window((96, 72), (40, 26), (34, 18))).planes["albedo"]
    means = larger.reshape(13, 2, 20, 2, 3).mean((1, 3))
    assert np.median(np.abs(means - part["albedo"])) < 0.01
    again = scene.render(scene.camera, "independent", 64, 1).planes
    assert all(np.array_equal(again[name], whole[name]) for name in whole)


def test_crops_in_a_data_set(tmp_path):
    words = (TINY, "-o", tmp_path, "--views", 3, "--spp", "1,1,4", "--size", "80x60-160x120", "--crop", "40x32")
    run(*words)
    views = open_pairs(tmp_path)
    assert [(view.width, view.height) for view in views] == [(40, 32)] * 3
    assert len({tuple(view.window["frame"]) for view in views}) == 3 == len({str(view.window) for view in views})
    assert view_planes(views[0], 2)["radiance"].shape == (32, 40, 3)
    assert "all 3 views are in" in run(*words).stderr
    assert "frame" in run(*words[:-3], "80x60", "--crop", "40x32", exit_code=1).stderr
    result = run(TINY, "-o", tmp_path / "small", "--size", "30x20", "--crop", "40x32", exit_code=1)
    assert "a crop of 40x32 does not fit into 30x20" in result.stderr


def test_shards_are_whole_and_apart():
    entries = [SceneEntry(Path(f"{name}.xml"), name) for name in "abcde"]
    tasks = [task for entry in entries for task in tasks_for(entry, Settings(views=2))]
    shards = [of_shard(tasks, (number, 3)) for number in range(3)]
    assert [{task.scene.name for task in shard} for shard in shards] == [set("ad"), set("be"), set("c")]
    many = [of_shard(tasks, (number, 7)) for number in range(7)]  # fewer scenes than shards: views are divided
    assert sorted(task.name for shard in many for task in shard) == sorted(task.name for task in tasks)
    assert {len(shard) for shard in many} == {1, 2}
    assert parse_shard("3/100") == (3, 100)
    for text, message in (("3", "is not like 3/100"), ("a/b", "is not like"), ("4/4", "the last of 4 is 3/4")):
        with pytest.raises(ValueError, match=message):
            parse_shard(text)


def passes(seed: int = 0, noise: float = 0.5, size=(40, 48)):
    """Two passes of 2 spp of a picture with a gradient, edges and noise."""
    rng = np.random.default_rng(seed)
    height, width = size
    picture = np.linspace(0.2, 1, width)[None, :, None] * np.ones((height, 1, 3))
    albedo = np.where(np.arange(width)[None, :, None] < width // 2, 0.2, 0.7) * np.ones((height, 1, 3))
    made = []
    for _ in range(2):
        factor = rng.gamma(2 / noise**2, noise**2 / 2, (height, width, 1)) if noise else 1
        made.append(
            {
                "radiance": (picture * factor).astype(np.float32),
                "albedo": albedo.astype(np.float32),
                "normal": np.broadcast_to(np.float32([0, 0, 1]), albedo.shape).copy(),
                "depth": np.ones((height, width, 1), np.float32),
            }
        )
    return made


def changed(name: str, value: float, noise: float = 0.5):
    pair = passes(noise=noise)
    for planes in pair:
        planes[name] = np.full_like(planes[name], value)
    return pair


def test_a_view_of_use_is_kept():
    assert degenerate(*passes(), (2, 2), 0.0) == ""
    assert degenerate(*passes(noise=0.1), (2, 2), 0.0) == ""
    dark = passes(noise=20.0)  # most of it black, a few bright pixels: just what has to be learned
    assert np.mean(dark[0]["radiance"] < 1e-6) > 0.5
    assert degenerate(*dark, (2, 2), 0.0) == ""


def test_views_of_no_use_are_told():
    assert degenerate(*passes(), (2, 2), 0.2) == "not finite"
    assert degenerate(*changed("radiance", 0.0), (2, 2), 0.0) == "black"
    assert degenerate(*changed("depth", 0.0), (2, 2), 0.0) == "nothing but background"
    assert degenerate(*passes(noise=0.0), (2, 2), 0.0) == "hardly any noise"
    flat = passes()
    for planes in flat:
        planes["radiance"] /= np.linspace(0.2, 1, 48, dtype=np.float32)[None, :, None]
        planes["albedo"][:] = 0.5
    assert degenerate(*flat, (2, 2), 0.0) == "one flat colour"
    assert degenerate(*passes(noise=0.0, size=(20, 20)), (2, 2), 0.0) == ""  # too few pixels to tell


def test_dropped_views_are_counted_and_not_rendered_to_their_end(tmp_path):
    dark = tmp_path / "dark.xml"
    dark.write_text(TINY.read_text().replace("14, 12, 9", "0, 0, 0"))
    out = tmp_path / "out"
    words = (TINY, dark, "-o", out, "--size", "44x36", "--spp", "4,1,1")
    result = run(*words)
    assert "1 views dropped: 1 black" in result.stderr and "1 views in" in result.stderr
    assert [view.name for view in open_pairs(out)] == ["tiny.0000"]
    dropped = next(view for view in read_manifest(out) if view.dropped)
    assert (dropped.name, dropped.dropped, dropped.passes) == ("dark.0000", "black", ())
    assert not list(out.glob("dark*.exr"))
    before = (out / MANIFEST).read_bytes()
    assert "all 2 views are in" in run(*words).stderr
    assert (out / MANIFEST).read_bytes() == before
    run(*words, "--keep-degenerate")
    assert len(open_pairs(out)) == 2 and len(json.loads((out / MANIFEST).read_text().splitlines()[1])["passes"]) == 3


def test_auxiliary_buffers_of_the_command_line(tmp_path):
    words = (TINY, "-o", tmp_path, "--size", "9x9", "--spp", "1")
    result = run(*words, "--aux", "follow", exit_code=1)
    assert "variant scalar_rgb cannot follow paths for albedo and normal; use --aux first-hit" in result.stderr
    run(*words)
    assert [view.aux for view in open_pairs(tmp_path)] == ["first-hit"]
    assert "all 1 views" in run(*words, "--aux", "first-hit").stderr
    result = run(*words, "--aux", "follow", exit_code=1)
    assert "aux first-hit where follow is asked for" in result.stderr
    drawn = {task.aux for task in tasks_for(SceneEntry(TINY, "tiny"), Settings(views=30, aux="random"))}
    assert drawn == set(AUX)
