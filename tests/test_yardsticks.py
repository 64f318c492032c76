"""What errors are measured by: independent of the target's noise, as large as the picture and its noise."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from denoise.data import StoredView
from denoise.network import ModelConfig, build
from denoise.yardsticks import measured_by

CPU = torch.device("cpu")
SMALL = ModelConfig(widths=(8, 8, 8), head=8, fine_kernel=3, kernel=3)


@pytest.fixture(scope="module")
def measure():
    return measured_by(build(SMALL), CPU)


def view(noise: float, spp=(1, 2, 1)) -> StoredView:
    """A grey wall, and noise of a pass of one sample."""
    rng = np.random.default_rng(3)
    passes = np.full((len(spp), 12, 40, 56), np.nan, np.float16)
    for one, n in zip(passes, spp, strict=True):
        one[:3] = 1 + noise * rng.standard_normal((40, 56)) / n**0.5
    return StoredView("set/view", passes, np.array(spp, np.float32), held_out=False)


def test_without_noise_it_is_the_picture(measure):
    measured = measure(view(0))
    assert measured.yardsticks.shape == (2, 3, 40, 56) and measured.yardsticks.dtype == np.float16
    assert_close(torch.from_numpy(measured.yardsticks).float(), torch.ones(2, 3, 40, 56), rtol=2e-3, atol=0)
    assert measured.weight == pytest.approx(1 / 0.2, rel=1e-3)


def test_noise_is_added_at_the_samples_of_the_targets(measure):
    measured = measure(view(0.3))
    by_largest, by_others = (each.astype(np.float32).mean() for each in measured.yardsticks)
    # the noise's variance is 0.09 a sample: one sample, half of the others, and two, the largest pass
    assert by_largest == pytest.approx((1 + 0.09) ** 0.5, rel=0.03)
    assert by_others == pytest.approx((1 + 0.045) ** 0.5, rel=0.03)
    assert measured.weight < measure(view(0.1)).weight


def test_each_knows_nothing_of_the_others_passes(measure):
    one = view(0.3)
    passes = one.passes.copy()
    passes[1, :3] *= 3  # the largest
    before, after = measure(one).yardsticks, measure(dataclasses.replace(one, passes=passes)).yardsticks
    assert np.array_equal(before[1], after[1])
    assert not np.array_equal(before[0], after[0])


def test_two_passes_measure_each_other(measure):
    measured = measure(view(0.3, spp=(4, 4)))
    assert np.isfinite(measured.yardsticks).all() and 0 < measured.weight < 5


def test_they_are_kept_in_the_data_set_for_the_same_model_and_passes(tmp_path, monkeypatch):
    network = build(SMALL)
    measure = measured_by(network, CPU)
    one = dataclasses.replace(view(0.3), folder=tmp_path)
    first = measure(one)
    (kept,) = (tmp_path / ".cache").iterdir()
    assert kept.name.startswith("view.")

    def never(*_):
        raise AssertionError("measured anew")

    with monkeypatch.context() as patched:
        patched.setattr("denoise.yardsticks._measure", never)
        again = measured_by(network, CPU)(one)
        assert np.array_equal(again.yardsticks, first.yardsticks) and again.weight == first.weight
        with pytest.raises(AssertionError, match="anew"):
            measure(dataclasses.replace(view(0.1), folder=tmp_path))
        with torch.no_grad():
            network.bottom[0].bias += 1
        with pytest.raises(AssertionError, match="anew"):
            measured_by(network, CPU)(one)
    kept.write_bytes(b"broken")
    assert np.array_equal(measure(one).yardsticks, first.yardsticks)
    assert np.array_equal(measured_by(network, CPU)(one).yardsticks, first.yardsticks) and kept.stat().st_size > 100


def test_where_nothing_can_be_written_they_are_measured_all_the_same(tmp_path):
    gone = dataclasses.replace(view(0.3), folder=tmp_path / "gone")
    assert measured_by(build(SMALL), CPU)(gone).yardsticks is not None
    assert not (tmp_path / "gone").exists()
