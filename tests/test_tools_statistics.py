"""Statistics of a data set, against numbers worked out by hand and a real set."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from denoise.pairs import PassRecord, View, append_view, open_pairs, write_pass
from tools.bench_throughput import bound
from tools.dataset_statistics import _fireflies, dropped, figures, picked, table

ROOT = Path(__file__).parent.parent


def write_view(directory: Path, name: str, passes: list[np.ndarray], spp: list[int], **more) -> View:
    records = []
    for index, (radiance, count) in enumerate(zip(passes, spp, strict=True)):
        flat = np.full_like(radiance, 0.5)
        planes = {"radiance": radiance, "albedo": flat, "normal": flat, "depth": flat[..., :1]}
        write_pass(directory / f"{name}.{index}.exr", planes, {})
        records.append(PassRecord(f"{name}.{index}.exr", count, index, 1000, "", 0.5))
    height, width = passes[0].shape[:2]
    view = View(name, "room", width, height, tuple(records), directory, renderer="by hand", **more)
    append_view(directory, view)
    return view


def test_figures_by_hand(tmp_path):
    a, b = (np.full((8, 10, 3), value, np.float32) for value in (2.0, 4.0))
    made = figures(write_view(tmp_path, "room.0000", [np.zeros_like(a), a, b], [1, 2, 6]))
    assert made.spp == (1, 2, 6)
    assert made.luminance == pytest.approx((2 * 2 + 6 * 4) / 8, rel=1e-3)  # of the two passes of most samples
    # (a - b)^2 estimates sigma^2 (1/2 + 1/6)
    assert made.variance == pytest.approx(4 / (1 / 2 + 1 / 6) / 3.5**2, rel=1e-3)
    assert made.rate == pytest.approx(1.5 / (9 * 80)) and made.bytes == 3000 and made.fireflies == 0


def test_the_variance_is_that_of_a_sample(tmp_path):
    rng = np.random.default_rng(0)
    passes = [rng.exponential(1, (64, 64, n, 1)).mean(2) * np.ones(3, np.float32) for n in (4, 16)]
    made = figures(write_view(tmp_path, "room.0000", [p.astype(np.float32) for p in passes], [4, 16]))
    assert made.variance == pytest.approx(1, rel=0.1)  # exponential: sigma^2 = mean^2


def test_fireflies_are_bright_alone_and_in_one_pass():
    flat = np.ones((9, 11), np.float32)
    spot, pair = flat.copy(), flat.copy()
    spot[4, 5] = 9
    pair[4, 5:7] = 9
    assert _fireflies(spot, flat) == pytest.approx(1 / 99)
    assert _fireflies(spot, spot) == 0  # there in both passes: a lamp
    assert _fireflies(pair, flat) == 0  # two pixels beside each other: an edge
    spot[4, 5] = 7.9
    assert _fireflies(spot, flat) == 0


def test_views_are_picked_evenly():
    assert picked(list(range(5)), 9) == [0, 1, 2, 3, 4] and picked(list(range(10)), 4) == [0, 2, 5, 7]


def test_families_and_what_was_dropped(tmp_path):
    flat = np.ones((8, 8, 3), np.float32)
    one = write_view(tmp_path, "interiors-000001.0000", [flat, flat], [1, 2], family="interiors")
    append_view(tmp_path, View("b", "b", 8, 8, (), tmp_path, dropped="black"))
    shard = tmp_path / "shard-0000-of-0001"
    shard.mkdir()
    append_view(shard, View("c", "c", 8, 8, (), shard, dropped="black"))
    assert dropped(tmp_path) == {"black": 2}
    assert open_pairs(tmp_path) == [one]
    heading, line = table({"interiors": [figures(one)]})
    assert heading.split()[:3] == ["scenes", "views", "spp"] and line.split()[:3] == ["interiors", "1", "1..2"]


def test_the_command_on_a_real_set(tiny_pairs, tmp_path):
    words = [sys.executable, "-m", "tools.dataset_statistics", str(tiny_pairs), "-o", str(tmp_path / "new" / "s.png")]
    ran = subprocess.run(words, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0].endswith("pairs: 3 views of 1 scenes") and lines[2].split()[:3] == ["scenes", "3", "1..4"]
    assert (tmp_path / "new" / "s.png").read_bytes().startswith(b"\x89PNG")
    ran = subprocess.run([*words[:3], str(tmp_path / "nowhere")], capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 1 and ran.stderr.startswith("dataset_statistics: ") and len(ran.stderr.splitlines()) == 1


def test_throughput_is_bounded_by_the_rate_of_a_pass(monkeypatch):
    """The bound counts 16 spp of 256 x 256 in the seconds that a pass takes."""
    import tools.bench_throughput as bench

    class Slow:
        camera = None

        def __init__(self, source, size):
            assert size == (256, 256)

        def render(self, camera, sampler, spp, seed):
            clock[0] += 2.0

    clock = [0.0]
    monkeypatch.setattr(bench, "Scene", Slow)
    monkeypatch.setattr(bench.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(bench.time, "process_time", lambda: clock[0] / 4)
    assert bound("interiors", range(2)) == (16 * 65536 / 2, 16 * 65536 / 0.5)
