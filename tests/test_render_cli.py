"""`render-pairs`: data sets from scenes, killed and gone on with, and everything that can go wrong on the way."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from denoise.exr import read_frame
from denoise.pairs import MANIFEST, open_pairs, validate, view_planes
from render import generate, rates
from render.cli import main
from render.dry_run import duration

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "data" / "tiny.xml"
COMMAND = [sys.executable, "-m", "render.cli"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def signals():
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def run(*words, scalar=True, exit_code=0):
    arguments = [str(word) for word in words] + (["--variant", "scalar_rgb"] if scalar else [])
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == exit_code, result.output
    assert not result.exception or isinstance(result.exception, SystemExit)
    return result


def content(directory: Path) -> dict[str, bytes]:
    """Everything of a data set that must not depend on how it came about: all but the seconds."""
    files = {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}
    files[MANIFEST] = re.sub(rb'"seconds":[\d.e-]+', b"", files[MANIFEST])
    return files


def scenes(folder: Path, *names: str) -> list[Path]:
    return [Path(shutil.copy(TINY, folder / f"{name}.xml")) for name in names]


def test_a_data_set(tmp_path):
    out = tmp_path / "new" / "pairs"
    result = run(TINY, "-o", out, "--views", 2, "--spp", "1,2", "--size", "21x11")
    assert "variant scalar_rgb" in result.stderr and "2 views in" in result.stderr and not result.stdout
    assert "\x1b" not in result.stderr and len(result.stderr.splitlines()) == 2  # quiet: no terminal
    views = open_pairs(out)
    assert [view.name for view in views] == ["tiny.0000", "tiny.0001"]
    assert validate(out) == []
    view = views[1]
    assert (view.width, view.height, view.scene, view.sampler) == (21, 11, "tiny", "independent")
    assert (view.variant, view.max_depth, view.nonfinite, view.requested_spp) == ("scalar_rgb", 6, 0, (1, 2))
    assert [record.spp for record in view.passes] == [1, 2]
    assert [record.file for record in view.passes] == ["tiny.0001.0.exr", "tiny.0001.1.exr"]
    assert view.camera["fov"] != views[0].camera["fov"] == 40
    assert "variance" not in view_planes(view, 0) and "variance" in view_planes(view, 1)
    header = read_frame(view.path(1)).parts[0].header
    assert header["render:scene"] == "tiny" and header["render:view"] == "tiny.0001"
    assert header["render:spp"] == 2 and header["render:seed"] == str(view.passes[1].seed)
    assert header["render:variant"] == "scalar_rgb" and header["render:renderer"].startswith("mitsuba 3")
    lines = [json.loads(line) for line in (out / MANIFEST).read_text().splitlines()]
    assert [line["view"] for line in lines] == ["tiny.0000", "tiny.0001"]


def test_a_repeat_gives_the_same_bytes_and_another_seed_others(tmp_path):
    options = ("--views", 2, "--spp", 2, "--size", "12x9", "--sampler", "random")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(TINY, "-o", tmp_path / name, "--seed", seed, *options)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "a").keys() == content(tmp_path / "c").keys()
    assert not set(content(tmp_path / "a").values()) & set(content(tmp_path / "c").values())


def test_a_range_and_passes(tmp_path):
    run(TINY, "-o", tmp_path, "--views", 6, "--passes", 3, "--spp", "1-5", "--size", "4x3", "--max-depth", 2)
    views = open_pairs(tmp_path)
    assert all(len(view.passes) == 3 and len({record.spp for record in view.passes}) == 1 for view in views)
    assert len({view.passes[0].spp for view in views}) > 1
    assert len({record.seed for view in views for record in view.passes}) == 18
    assert {view.max_depth for view in views} == {2}


def test_the_manifest_beside_the_scenes_gives_size_and_split(tmp_path):
    scenes(tmp_path, "one", "two")
    listed = [
        {"name": "one", "file": "one.xml", "split": "train", "width": 8, "height": 6},
        {"name": "two", "file": "two.xml", "split": "demo", "width": 6, "height": 8},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"scenes": listed}))
    run(tmp_path, "-o", tmp_path / "train", "--split", "train", "--spp", 1)
    (view,) = open_pairs(tmp_path / "train")
    assert (view.name, view.split, view.width, view.height) == ("one.0000", "train", 8, 6)
    run(tmp_path / "two.xml", "-o", tmp_path / "two", "--spp", 1)
    (view,) = open_pairs(tmp_path / "two")
    assert (view.split, view.width, view.height) == ("demo", 6, 8)
    result = run(tmp_path, "-o", tmp_path / "none", "--split", "test", exit_code=1)
    assert "none of the scenes is of split 'test'" in result.stderr


def test_killed_at_any_instant_and_gone_on_with(tmp_path):
    """kill -9 again and again: in the end the data set is the one of an unbroken run."""
    words = [str(TINY), "--views", "5", "--spp", "2,9,30", "--size", "64x40", "--variant", "scalar_rgb"]
    run(*words, "-o", tmp_path / "whole", scalar=False)
    out = tmp_path / "killed"
    kills = 0
    while kills < 3:
        process = subprocess.Popen([*COMMAND, *words, "-o", str(out)], stderr=subprocess.PIPE, cwd=ROOT)
        wanted = len(list(out.glob("*.exr"))) + 2
        while process.poll() is None and len(list(out.glob("*.exr"))) < wanted:
            time.sleep(0.002)
        process.kill()
        process.communicate()
        kills += 1
        assert validate(out) == [] if (out / MANIFEST).exists() else True
    before = {path.name: path.stat().st_mtime_ns for path in out.glob("*.exr")}
    listed = [record.file for view in open_pairs(out) for record in view.passes]
    result = run(*words, "-o", out, scalar=False)
    assert f", {len(listed) // 3} were there" in result.stderr
    assert all((out / name).stat().st_mtime_ns == before[name] for name in listed)  # only what was missing
    assert content(out) == content(tmp_path / "whole")


def test_what_is_damaged_is_rendered_again(tmp_path):
    words = (TINY, "--views", 6, "--spp", 1, "--size", "8x5", "-o")
    run(*words, tmp_path / "whole")
    out = tmp_path / "damaged"
    shutil.copytree(tmp_path / "whole", out)
    (out / "tiny.0000.1.exr").unlink()
    os.truncate(out / "tiny.0002.0.exr", 300)
    data = bytearray((out / "tiny.0003.0.exr").read_bytes())
    data[-3] ^= 4
    (out / "tiny.0003.0.exr").write_bytes(data)
    (out / ".mcdenoise-123-abc.exr").write_bytes(b"half a pass")
    os.truncate(out / MANIFEST, (out / MANIFEST).stat().st_size - 40)
    result = run(*words, out)
    assert "4 views in" in result.stderr and "2 were there" in result.stderr
    assert content(out) == content(tmp_path / "whole")
    assert "all 6 views are in" in run(*words, out).stderr


def test_more_views_are_added_to_those_there(tmp_path):
    run(TINY, "-o", tmp_path / "grown", "--views", 1, "--spp", 1, "--size", "8x5")
    run(TINY, "-o", tmp_path / "grown", "--views", 3, "--spp", 1, "--size", "8x5")
    run(TINY, "-o", tmp_path / "at-once", "--views", 3, "--spp", 1, "--size", "8x5")
    assert content(tmp_path / "grown") == content(tmp_path / "at-once")


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--size", "8x6", "size 8x5 where 8x6 is asked for"),
        ("--spp", "1,2", "spp 2,2 where 1,2 is asked for"),
        ("--passes", "3", "spp 2,2 where 2,2,2 is asked for"),
        ("--seed", "1", "seeds "),
        ("--sampler", "stratified", "sampler independent where stratified is asked for"),
        ("--max-depth", "3", "max depth 6 where 3 is asked for"),
    ],
)
def test_other_settings_are_not_mixed_in(tmp_path, option, value, message):
    words = {"--size": "8x5", "--spp": "2"}
    run(TINY, "-o", tmp_path, *(word for pair in words.items() for word in pair))
    before = content(tmp_path)
    words[option] = value
    result = run(TINY, "-o", tmp_path, *(word for pair in words.items() for word in pair), exit_code=1)
    assert message in result.stderr and "use the same settings, or another folder" in result.stderr
    assert content(tmp_path) == before


def test_an_edited_scene_is_not_mixed_in(tmp_path):
    (scene,) = scenes(tmp_path, "room")
    run(scene, "-o", tmp_path / "out", "--spp", 1, "--size", "4x3")
    scene.write_text(scene.read_text().replace("14, 12, 9", "14, 12, 8"))
    result = run(scene, "-o", tmp_path / "out", "--spp", 1, "--size", "4x3", exit_code=1)
    assert "another version of" in result.stderr


def test_a_scene_that_fails_does_not_cost_the_others(tmp_path):
    good, broken, last = scenes(tmp_path, "good", "broken", "last")
    broken.write_text(broken.read_text().replace("</scene>", ""))
    gone = tmp_path / "gone.xml"
    out = tmp_path / "out"
    result = run(good, broken, gone, last, "-o", out, "--spp", 1, "--size", "4x3", "--views", 2, exit_code=1)
    assert [view.name for view in open_pairs(out)] == ["good.0000", "good.0001", "last.0000", "last.0001"]
    lines = result.stderr.splitlines()
    assert sum(str(broken) in line for line in lines) == 1 and sum(str(gone) in line for line in lines) == 1
    assert lines[-1] == "render-pairs: failed: broken, gone" and len(lines) == 5
    shutil.copy(TINY, broken)
    shutil.copy(TINY, gone)
    run(good, broken, gone, last, "-o", out, "--spp", 1, "--size", "4x3", "--views", 2)
    names = [json.loads(line)["scene"] for line in (out / MANIFEST).read_text().splitlines()]
    assert names == ["good"] * 2 + ["broken"] * 2 + ["gone"] * 2 + ["last"] * 2


def test_what_is_not_finite_is_reported(tmp_path):
    (scene,) = scenes(tmp_path, "room")
    sky = '<emitter type="constant"><rgb name="radiance" value="nan"/></emitter></scene>'
    scene.write_text(scene.read_text().replace("</scene>", sky))
    result = run(scene, "-o", tmp_path / "out", "--spp", 2)
    (view,) = open_pairs(tmp_path / "out")
    assert view.nonfinite > 0
    assert f"room: {view.nonfinite} pixels were NaN or infinite and were left out" in result.stderr
    planes = [view_planes(view, index) for index in (0, 1)]
    assert all(abs(plane).max() <= 65504 for each in planes for plane in each.values())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--spp", "0"], "is not like 8, 1-64 or 1,1,2,4,8,16"),
        (["--spp", "9-3"], "is no range"),
        (["--spp", "1,2", "--passes", "3"], "--passes 3 contradicts the 2 passes that --spp names"),
        (["--size", "640"], "is not like 640x360"),
        (["--size", "0x5"], "is not like 640x360"),
        (["--views", "0"], "0 is not in the range"),
        (["--seed", "-1"], "-1 is not in the range"),
        (["--sampler", "sobol"], "'sobol' is not one of"),
        (["--variant", "cuda"], "'cuda' is not one of"),
        (["--max-depth", "-2"], "-2 is not in the range"),
    ],
)
def test_words_that_mean_nothing(tmp_path, words, message):
    result = run(TINY, "-o", tmp_path / "out", *words, scalar=False, exit_code=2)
    assert message in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_two_scenes_of_one_name(tmp_path):
    (tmp_path / "other").mkdir()
    (scene,) = scenes(tmp_path / "other", "tiny")
    result = run(TINY, scene, "-o", tmp_path / "out", exit_code=1)
    assert "two scenes of one name" in result.stderr


def test_a_dry_run_writes_nothing_and_says_what_would_be(tmp_path):
    out = tmp_path / "out"
    words = (TINY, tmp_path / "gone.xml", "-o", out, "--views", 3, "--spp", "1,2,4", "--size", "20x10", "--dry-run")
    result = run(*words, exit_code=1)
    assert "tiny: 3 views of 3 passes at 20x10, 1 to 4 spp, 0.00 Msamples" in result.stdout
    assert "total: 3 views" in result.stdout
    assert "the rate just measured on tiny" in result.stdout
    assert "gone.xml: cannot be read" in result.stderr
    assert not out.exists()
    rates.remember("scalar_rgb", rates.Rate(20_000, 60))
    run(TINY, "-o", out, "--views", 1, "--spp", "1,2,4", "--size", "20x10")
    result = run(TINY, "-o", out, "--views", 3, "--spp", "1,2,4", "--size", "20x10", "--dry-run")
    assert "tiny: 2 views of 3 passes" in result.stdout and "1 views are there" in result.stdout
    assert "time: about 60 s, by the rate remembered from the last run (0.02 Msamples/s)" in result.stdout


def test_two_at_once_in_one_folder(tmp_path):
    with generate.locked(tmp_path):
        result = run(TINY, "-o", tmp_path, exit_code=1)
    assert "another render-pairs is writing there" in result.stderr


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    result = run(TINY, "-o", tmp_path / "file" / "out", exit_code=1)
    assert "cannot be made or written: Not a directory" in result.stderr


def test_a_full_disk_stops_with_one_line(tmp_path):
    """A limit on the size of files stands in for it."""
    words = [*COMMAND, str(TINY), "-o", str(tmp_path), "--size", "200x150", "--spp", "1", "--variant", "scalar_rgb"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # noqa: E731
    ran = subprocess.run(words, preexec_fn=limit, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert ran.returncode == 1
    lines = ran.stderr.splitlines()
    assert len(lines) == 2 and re.search(r"tiny\.0000\.0\.exr: .*written", lines[1])
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_says_how_to_go_on(tmp_path, number, status):
    words = [*COMMAND, str(TINY), "-o", str(tmp_path), "--views", "200", "--size", "64x40", "--variant", "scalar_rgb"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    while process.poll() is None and not (tmp_path / MANIFEST).exists():
        time.sleep(0.01)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == status, errors
    assert errors.splitlines()[1:] == [f"render-pairs: stopped; the same command goes on where it was in {tmp_path}"]
    assert validate(tmp_path) == []
    assert not list(tmp_path.glob(".mcdenoise-*"))


def test_durations():
    assert [duration(seconds) for seconds in (0.2, 89, 120, 7200)] == ["0 s", "89 s", "2 min", "2.0 h"]


def test_the_installed_command():
    script = Path(sys.executable).parent / "render-pairs"
    if not script.exists():
        pytest.skip("not installed")
    ran = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    for option in "--passes --spp --views --size --seed --sampler --variant --max-depth --split --dry-run".split():
        assert option in ran.stdout
