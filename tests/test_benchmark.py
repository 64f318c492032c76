"""The benchmark from end to end on small real frames, and its parts with numbers worked out by hand."""

import csv
import io
import json
import math
import shutil
import sys

import numpy as np
import pytest
from rich.console import Console

from denoise.errors import FrameError, McdenoiseError
from denoise.metrics import energy, flip, psnr, relmse
from tests.benchmark_samples import write_frames, write_model
from tools.benchmark import __main__ as command
from tools.benchmark import maps, speed
from tools.benchmark.comparison import Spread, compare_differences, compare_ratios
from tools.benchmark.frames import find_cases, load
from tools.benchmark.measure import flip_floor

pytest.importorskip("pyoidn", reason="needs the extra bench")
pytest.importorskip("flip_evaluator", reason="needs the extra bench")

ONE_PASS = ["noisy", "mcdenoise", "OIDN fast", "OIDN high", "OIDN best"]
TWO_PASSES = ["mcdenoise, both passes", "OIDN best, both passes"]


@pytest.fixture(scope="module")
def frames(tmp_path_factory, tiny_pairs, tiny_reference):
    return write_frames(tmp_path_factory.mktemp("benchmark") / "frames", tiny_pairs, tiny_reference)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "untrained.safetensors")


def run(monkeypatch, *arguments):
    """The command, with what it prints."""
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    monkeypatch.setattr(command.process, "tune", lambda: None)  # of the whole process, and for good
    output = io.StringIO()
    return command.benchmark(command.parse(), Console(file=output, width=160)), output.getvalue()


def test_every_method_on_every_frame(frames, model, tmp_path, monkeypatch):
    outcome, printed = run(monkeypatch, frames, "-o", tmp_path / "out", "--model", model)

    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "frames.csv").read_text())))
    assert [(row["frame"], row["spp"], row["method"]) for row in rows] == [
        (frame, spp, method)
        for frame in ("corner", "tiny")
        for spp in ("1", "2")
        for method in ONE_PASS + (TWO_PASSES if spp == "1" else [])
    ]
    by_key = {(row["frame"], row["spp"], row["method"]): row for row in rows}
    case = next(case for case in find_cases(frames) if (case.name, case.spp) == ("tiny", 1))
    loaded = load(case)
    noisy = by_key["tiny", "1", "noisy"]
    for name, metric in (("relmse", relmse), ("psnr", psnr), ("flip", flip), ("energy", energy)):
        assert float(noisy[name]) == pytest.approx(metric(loaded.planes["radiance"], *loaded.halves), rel=1e-6)
    for frame in ("corner", "tiny"):
        assert float(by_key[frame, "1", "OIDN best"]["psnr"]) > float(by_key[frame, "1", "noisy"]["psnr"])
        assert float(by_key[frame, "1", "mcdenoise"]["psnr"]) > float(by_key[frame, "1", "noisy"]["psnr"])
        both, one = (float(by_key[frame, "1", f"mcdenoise{end}"]["relmse"]) for end in (", both passes", ""))
        assert both != one
    assert all(float(row["wall"]) > 0 and float(row["cpu"]) > 0 for row in rows if row["method"] != "noisy")

    data = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    ratio = next(one for one in data["ratios"] if one["spp"] == 1 and one["theirs"] == "OIDN best")
    pairs = [[float(by_key[f, "1", m]["relmse"]) for f in ("corner", "tiny")] for m in ("mcdenoise", "OIDN best")]
    assert ratio["relmse"]["value"] == pytest.approx(math.prod(np.divide(*pairs)) ** 0.5)
    assert ratio["relmse"]["low"] <= ratio["relmse"]["value"] <= ratio["relmse"]["high"]
    both = next(one for one in data["ratios"] if one["ours"] == "mcdenoise, both passes")
    assert both["theirs"] == "OIDN best, both passes" and both["relmse"]["frames"] == 2
    assert data["model"]["name"] == "untrained.safetensors" and data["machine"]["pyoidn"]
    assert f"{ratio['relmse']['value']:.2f} (" in printed and "corner" in printed
    everything = next(one for one in outcome.ratios if one.spp is None and one.theirs == "OIDN best")
    assert everything.relmse.frames == 4
    text = (tmp_path / "out" / "ratios.csv").read_text()
    assert text.startswith("spp,ours,theirs,relmse_value,relmse_low") and "\nall," in text

    page = (tmp_path / "out" / "index.html").read_text()
    assert "http:" not in page and "https:" not in page
    assert page.count('<script type="text/plain"') == 2 + 3 * len(rows)


def test_frames_are_found_by_name_and_what_is_wrong_is_said(frames, tmp_path):
    cases = find_cases(frames)
    assert [(case.name, case.spp, case.second is not None) for case in cases] == [
        ("corner", 1, True),
        ("corner", 2, False),
        ("tiny", 1, True),
        ("tiny", 2, False),
    ]
    with pytest.raises(FrameError, match="no such folder"):
        find_cases(tmp_path / "nowhere")
    with pytest.raises(FrameError, match=r"shot\.16spp\.a\.exr"):
        find_cases(tmp_path)
    broken = tmp_path / "broken"
    shutil.copytree(frames, broken)
    shutil.copy(frames / "corner.ref1.exr", broken / "tiny.ref1.exr")
    with pytest.raises(FrameError, match=r"tiny\.ref1\.exr: 41x37, but tiny\.1spp\.a\.exr is 52x44"):
        load(next(case for case in find_cases(broken) if case.name == "tiny"))
    (broken / "tiny.ref2.exr").unlink()
    with pytest.raises(FrameError, match=r"no tiny\.ref2\.exr"):
        find_cases(broken)


def test_ratios_by_hand():
    one = compare_ratios(["a", "b"], [2, 8], [1, 2])
    assert one.value == pytest.approx(math.sqrt(2 * 4))
    # drawn with replacement, both pictures are the same one in half of the draws
    assert (one.low, one.high) == (pytest.approx(2), pytest.approx(4))
    assert (one.best, one.worst, one.frames) == (pytest.approx(2), pytest.approx(4), 2)
    alone = compare_ratios(["a", "a"], [2, 8], [1, 2])
    assert alone.value == pytest.approx(math.sqrt(8)) and math.isnan(alone.low) and math.isnan(alone.high)
    below = compare_ratios(["a"], [-0.01], [2e-7])
    assert below.value == pytest.approx(0.5)


def test_frames_of_one_picture_stay_together_in_the_bootstrap():
    pictures = [name for name in "abcdefgh" for _ in range(10)]
    values = [float(index // 10) for index in range(80)]
    together = compare_differences(pictures, values, [0.0] * 80)
    apart = compare_differences([str(index) for index in range(80)], values, [0.0] * 80)
    assert together.value == apart.value == 3.5
    assert together.high - together.low > 2 * (apart.high - apart.low)
    # of a mean of 80 independent values: 1.96 standard errors to either side
    assert apart.high - apart.low == pytest.approx(2 * 1.96 * np.std(values) / math.sqrt(80), rel=0.05)


def test_flip_floor_is_what_a_perfect_image_gets():
    rng = np.random.default_rng(0)
    truth = np.linspace(0.1, 2, 61)[None, :, None] * np.ones((47, 1, 3))
    first, second = (truth * rng.gamma(20, 1 / 20, truth.shape) for _ in range(2))
    assert flip_floor(first, second) == pytest.approx(flip(truth, first, second), rel=0.05)


def test_signed_error_and_the_worst_place_by_hand():
    reference = np.ones((30, 40, 3))
    image = reference.copy()
    image[12:19, 20:27] = 1.21
    error = maps.signed_error(image, reference)
    assert error[15, 23] == pytest.approx(0.21 / 1.05) and error[5, 30] == pytest.approx(0)
    assert maps.worst_place(error) == {"x": 23.5, "y": 15.5}
    assert maps.worst_place(np.eye(3)) == {"x": 0.5, "y": 0.5}  # smaller than what is around a pixel
    edge = maps.SIGNED.colour(np.array([[-9, 9]]))
    assert edge.tolist() == [[[0xBF, 0xE3, 0xFF], [0xFF, 0xE6, 0xBD]]]
    assert maps.FLIP.colour(np.zeros((1, 1))).tolist() == [[[0, 0, 4]]]


def test_the_timed_frame_is_the_real_one_mirrored(frames):
    planes = load(find_cases(frames)[0]).planes
    large = speed.timed_frame(planes, 100, 60)
    assert {name: plane.shape for name, plane in large.items()} == {
        name: (60, 100, 3) for name in ("radiance", "albedo", "normal")
    }
    np.testing.assert_array_equal(large["albedo"][:37, :41], planes["albedo"])
    np.testing.assert_array_equal(large["normal"][37, 41:82], planes["normal"][36, ::-1])
    assert speed.timed_frame(planes, 20, 10)["radiance"].shape == (10, 20, 3)
    with pytest.raises(McdenoiseError, match="has no normal"):
        speed.timed_frame({name: planes[name] for name in ("radiance", "albedo")}, 20, 10)


def test_ratios_of_times_are_of_neighbours():
    runs = {
        speed.OURS: [speed.Run(1, 2), speed.Run(4, 4), speed.Run(1, 1)],
        "OIDN high": [speed.Run(2, 4), speed.Run(4, 16), speed.Run(4, 2)],
        speed.NO_FILTER: [speed.Run(1, 1)] * 3,
    }
    assert speed.ratios(runs, "wall") == {"OIDN high": Spread(0.5, 0.25, 1.0)}
    assert speed.ratios(runs, "cpu") == {"OIDN high": Spread(0.5, 0.25, 0.5)}
    assert speed.medians(runs)["OIDN high"] == {"wall": 4, "cpu": 4}


def test_memory_is_the_programs_own_and_not_ours():
    ours = np.ones(60_000_000)  # 480 MB
    small = speed.run_program([sys.executable, "-c", "sum(range(10**6))"])
    large = speed.run_program([sys.executable, "-c", "len(bytearray(b'1') * 200_000_000)"])
    assert small.peak < 100e6 < ours.nbytes
    assert 200e6 < large.peak < 300e6
    assert 0 < small.cpu and small.wall > 0
    with pytest.raises(McdenoiseError, match="failed: ValueError: no such mode"):
        speed.run_program([sys.executable, "-c", "raise ValueError('no such mode')"])


@pytest.mark.slow
def test_speed_from_file_to_file(frames, model, tmp_path, monkeypatch):
    options = ("--model", model, "--speed", 2, "--speed-size", "64x48", "--no-quality")
    outcome, printed = run(monkeypatch, frames, "-o", tmp_path / "out", *options)
    assert list(outcome.filters) == ["mcdenoise", "OIDN fast", "OIDN high", "OIDN best"]
    assert list(outcome.programs) == [*outcome.filters, speed.NO_FILTER]
    assert all(len(runs) == 2 for runs in (*outcome.filters.values(), *outcome.programs.values()))
    alone, whole = outcome.programs[speed.NO_FILTER][0], outcome.programs["OIDN best"][0]
    assert alone.peak < whole.peak and alone.cpu < whole.cpu
    data = json.loads((tmp_path / "out" / "benchmark.json").read_text())
    assert data["programs"]["medians"]["mcdenoise"]["peak"] > 50e6
    assert data["filters"]["ratios"]["wall"]["OIDN high"]["low"] > 0
    assert "64x48 with albedo and normal" in printed and "peak, MB" in printed
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["benchmark.json"]


@pytest.mark.slow
def test_frames_that_the_repository_renders(tmp_path, monkeypatch):
    options = ("--render", "--size", "24x16", "--reference-spp", 16, "--split", "demo")
    outcome, printed = run(monkeypatch, tmp_path / "frames", "-o", tmp_path / "out", *options)
    assert {(result.frame, result.spp) for result in outcome.results} == {("studio", spp) for spp in (4, 16, 64)}
    assert len(outcome.results) == 3 * len(ONE_PASS + TWO_PASSES)
    noisy = {result.spp: result.psnr for result in outcome.results if result.method == "noisy"}
    assert noisy[4] < noisy[16] < noisy[64]
    assert printed.count("$ render-pairs") == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--no-quality"], "add --speed"),
        (["--speed", "1", "--speed-size", "big"], "1920x1080"),
    ],
)
def test_options_that_make_no_sense(arguments, complaint, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmark", "frames", "-o", "out", *arguments])
    with pytest.raises(SystemExit):
        command.parse()
    assert complaint in capsys.readouterr().err


def test_an_error_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmark", str(tmp_path / "nowhere"), "-o", str(tmp_path / "out")])
    monkeypatch.setattr(command.process, "tune", lambda: None)
    with pytest.raises(SystemExit, match="benchmark: .*nowhere: no such folder"):
        command.main()
