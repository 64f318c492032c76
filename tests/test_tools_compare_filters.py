"""Frames of Mitsuba with a reconstruction filter, small but real."""

import numpy as np
import pytest

pytest.importorskip("pyoidn", reason="needs the extra bench")

from denoise.exr import read_frame
from denoise.metrics import relmse
from tests.benchmark_samples import write_model
from tests.conftest import ROOT, TINY
from tools.benchmark.frames import find_cases, load
from tools.compare_filters import judge, render_frames


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("filters")
    for rfilter in ("box", "gaussian"):
        render_frames(folder / rfilter, TINY, rfilter, "40x30", 4, 64)
    return folder


def test_a_gaussian_s_noise_is_alike_in_neighbours(frames):
    def alike(rfilter):
        first, second = (read_frame(frames / rfilter / f"tiny.ref{i}.exr").parts[0].stack("RGB") for i in (1, 2))
        noise = np.sign(first - second)  # few fireflies would be all of the products of the noise itself
        return (noise[:, 1:] * noise[:, :-1]).mean()

    assert abs(alike("box")) < 0.1 < alike("gaussian")


def test_what_is_rendered_is_judged_and_not_rendered_again(frames, tmp_path):
    folder = frames / "gaussian"
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert set(before) == {"tiny.4spp.a.exr", "tiny.ref1.exr", "tiny.ref2.exr"}
    render_frames(folder, TINY, "gaussian", "40x30", 4, 64)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    (row,) = judge(folder, "gaussian", write_model(tmp_path / "a.safetensors"))
    loaded = load(find_cases(folder)[0])
    assert (row.scene, row.rfilter) == ("tiny", "gaussian")
    assert row.noisy == pytest.approx(relmse(loaded.planes["radiance"], *loaded.halves))
    assert row.oidn != row.ours != row.noisy


def test_the_shipped_model_tells_noise_that_neighbours_share_from_texture(tmp_path):
    render_frames(tmp_path, ROOT / "scenes" / "glassware.xml", "gaussian", "80x52", 4, 64)
    (row,) = judge(tmp_path, "gaussian", None)
    assert row.ours < 0.25 * row.noisy
