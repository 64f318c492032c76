import dataclasses

import numpy as np
import pytest
import torch

from denoise import crops
from denoise.crops import draw_batch
from denoise.data import StoredView
from denoise.features import Inputs


@pytest.fixture
def no_fireflies(monkeypatch):
    """Inputs are nothing but the mean of their passes, and targets likewise."""
    monkeypatch.setattr(crops, "_FIREFLIES", 0)
    monkeypatch.setattr(crops, "_LAMPS", 0)


@pytest.fixture
def no_lamps(monkeypatch):
    """Targets are nothing but the mean of their passes."""
    monkeypatch.setattr(crops, "_LAMPS", 0)


@pytest.fixture
def box_filter(monkeypatch):
    """Pixels are as they were rendered."""
    monkeypatch.setattr(crops, "_FILTERED", 0)


@pytest.fixture
def all_lit(monkeypatch):
    """No part of a crop is black, unless all is."""
    monkeypatch.setattr(crops, "_UNLIT", 0)


@pytest.fixture
def own_variance(monkeypatch):
    """Variances are each pixel's own."""
    monkeypatch.setattr(crops, "_SMOOTHED", 0)


def noise_view(height=37, width=45) -> StoredView:
    """Passes that tell which pass and column a value came from; no two subsets of them have the same mean."""
    passes = np.zeros((3, 12, height, width), np.float16)
    passes[:, :3] = np.arange(width)[None, None, None] / 64 + np.array([1, 2, 4])[:, None, None, None]
    passes[:, 3:6] = passes[:, :3] / 8
    passes[:, 6:] = np.nan
    return StoredView("set/view", passes, np.array([1, 1, 1], np.float32), held_out=False)


def test_batches_are_a_function_of_the_random_state():
    view = noise_view()
    drawn, a, ta, *_ = draw_batch([view] * 4, 32, np.random.default_rng((5, 9)))
    _, b, tb, *_ = draw_batch([view] * 4, 32, np.random.default_rng((5, 9)))
    _, c, *_ = draw_batch([view] * 4, 32, np.random.default_rng((5, 10)))
    assert [one.name for one in drawn] == ["set/view"] * 4
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True)) and torch.equal(ta, tb)
    assert not torch.equal(a.radiance, c.radiance)
    assert a.radiance.shape == ta.shape == (4, 3, 32, 32)


@pytest.mark.usefixtures("no_fireflies", "box_filter", "all_lit")
def test_fractions_are_of_the_passes_that_make_the_input():
    passes = np.full((3, 12, 128, 128), np.nan, np.float16)
    passes[:, :3] = np.array([1, 2, 4])[:, None, None, None]
    view = StoredView("set/view", passes, np.array([2, 3, 16], np.float32), held_out=False)
    _, inputs, _, _, fractions = draw_batch([view] * 200, 32, np.random.default_rng(1))
    of_passes = {1.0: 2, 2.0: 3, (2 * 1 + 3 * 2) / 5: 5}
    seen = set()
    for radiance, own in zip(inputs.radiance, fractions, strict=True):
        if radiance.any():  # else all of it is black
            own_passes = next(n for value, n in of_passes.items() if torch.allclose(radiance, torch.tensor(value)))
            seen.add(round(21 * float(own) / own_passes, 4))
    assert seen == {1, 4, 16}  # times as many, where a pixel is of 2x2 or 4x4


@pytest.mark.usefixtures("no_fireflies", "all_lit")
def test_auxiliary_planes_come_from_the_input_passes_and_stay_aligned():
    view = noise_view()
    checked = 0
    for seed in range(60):
        _, inputs, target, *_ = draw_batch([view], 32, np.random.default_rng(seed))
        if not inputs.present[0, 0] or not inputs.radiance.any():
            continue
        checked += 1
        # albedo = radiance / 8 pass for pass: equal only if both are of the same passes, the same crop and turn
        torch.testing.assert_close(inputs.albedo * 8, inputs.radiance, rtol=2e-3, atol=2e-3)
        # the same pixel of other passes: an offset that is the same everywhere, and never none
        difference = target - inputs.radiance
        assert difference.abs().min() > 0.4
        assert difference.max() - difference.min() < 5e-3
    assert checked > 30


@pytest.mark.usefixtures("no_fireflies", "all_lit")
def test_yardsticks_are_of_passes_that_the_target_does_not_have():
    view = noise_view()
    column = view.passes[0, :3].astype(np.float32) - 1
    view = dataclasses.replace(view, yardsticks=np.stack([column + 10, column + 20]).astype(np.float16))
    seen = set()
    for seed in range(200):
        _, inputs, target, yardstick, _ = draw_batch([view], 32, np.random.default_rng(seed))
        if not inputs.radiance.any():
            assert not yardstick.any()
            continue
        offset = (target - yardstick).unique()  # the same everywhere: of the same crop and turn
        assert offset.max() - offset.min() < 0.02
        # passes are 1, 2 and 4 above the column; the first counts as the largest: measured by the others if a target
        seen.add(round(offset.mean().item(), 1))
    assert seen == {1.0 - 20, 2.0 - 10, 4.0 - 10, 3.0 - 10}


@pytest.mark.usefixtures("no_lamps", "all_lit")
def test_crops_of_a_view_smaller_than_the_crop_are_padded_with_its_edge():
    _, inputs, target, *_ = draw_batch([noise_view(9, 11)] * 8, 64, np.random.default_rng(0))
    assert inputs.radiance.shape == (8, 3, 64, 64)
    lit = inputs.radiance.flatten(1).any(1)
    assert (target[lit] > 0).all()


@pytest.mark.usefixtures("no_fireflies", "box_filter", "all_lit")
def test_some_crops_are_of_the_view_at_half_or_a_quarter_of_its_size():
    passes = np.zeros((2, 12, 70, 66), np.float16)
    passes[:, :3] = 2 * (np.indices((70, 66)).sum(0) % 2) + 1.0  # a chessboard of 1 and 3
    passes[:, 3:9], passes[:, 9:] = 0.5, 0.16
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False)
    scales = []
    for seed in range(1000):
        _, inputs, target, *_ = draw_batch([view], 32, np.random.default_rng(seed))
        if not (inputs.present.all() and inputs.radiance.any()):
            continue
        assert torch.equal(inputs.radiance, target)
        scales.append(round((0.16 / inputs.variance.max().item()) ** 0.5))
        assert inputs.variance.max().item() == pytest.approx(0.16 / scales[-1] ** 2, rel=1e-3)
        assert set(inputs.radiance.unique().tolist()) == ({1.0, 3.0} if scales[-1] == 1 else {2.0})
        assert inputs.albedo.unique().tolist() == [0.5]
    assert set(scales) == {1, 2, 4}
    assert 0.33 < np.mean(np.array(scales) == 4) < 0.47
    assert 0.23 < np.mean(np.array(scales) == 2) < 0.37
    # there is no half of a view that is smaller than two crops
    drawn = [draw_batch([view], 64, np.random.default_rng(seed))[1].radiance for seed in range(300)]
    assert {value for crop in drawn for value in crop.unique().tolist()} == {0.0, 1.0, 3.0}


@pytest.mark.usefixtures("no_fireflies", "all_lit")
def test_a_crop_at_a_quarter_of_the_size_of_a_small_view_is_filled_up_with_its_mirror_image(monkeypatch):
    monkeypatch.setattr(crops, "_QUARTERED", 1)
    monkeypatch.setattr(crops, "_SMALLER", 0)
    passes = np.random.default_rng(1).uniform(1, 2, (2, 12, 64, 64)).astype(np.float16)
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False)
    _, inputs, target, *_ = draw_batch([view] * 20, 32, np.random.default_rng(0))
    for plane in (inputs.radiance, inputs.albedo, target):
        assert torch.equal(plane, plane.flip(2)) and torch.equal(plane, plane.flip(3))
        assert not torch.equal(plane[..., :16, :16], plane[..., :16, :16].flip(3))


@pytest.mark.usefixtures("no_lamps", "box_filter", "all_lit", "own_variance")
def test_some_inputs_have_fireflies_that_their_targets_do_not_have(monkeypatch):
    monkeypatch.setattr(crops, "_SMALLER", 0)  # whose last pixels are repeated
    monkeypatch.setattr(crops, "_QUARTERED", 0)  # which are mirrored
    passes = np.zeros((2, 12, 64, 64), np.float16)
    passes[:, :3], passes[:, 3:9], passes[:, 9:] = 1, 0.5, 0.25
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False)
    _, inputs, target, *_ = draw_batch([view] * 1000, 32, np.random.default_rng(0))
    lit = target.flatten(1).any(1)
    assert (target[lit] == 1).all()
    light = inputs.radiance[lit] - 1
    bright = light.amin(1) > 0
    assert (light.amax(1) > 0).eq(bright).all()  # in all three channels, or in none
    assert 0.03 < bright.flatten(1).any(1).float().mean() < 0.07
    assert set(bright.sum((1, 2)).tolist()) == {0, 1, 2, 3, 4}
    assert light.amax() > 1000
    known = inputs.present[lit, 2] == 1
    without = inputs.variance[lit][known].amin((1, 2, 3), keepdim=True)
    assert set(without.flatten().tolist()) == {0.25, 0.0625}  # a quarter where the crop is at half its size
    torch.testing.assert_close(inputs.variance[lit][known], without + light[known] ** 2)


@pytest.mark.usefixtures("no_lamps", "box_filter", "all_lit")
def test_larger_crops_have_as_many_fireflies_for_their_size(monkeypatch):
    for chance in ("_SMALLER", "_HALVED", "_QUARTERED", "_BLACK"):
        monkeypatch.setattr(crops, chance, 0)
    passes = np.full((2, 12, 256, 256), 1, np.float16)
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False)
    _, inputs, *_ = draw_batch([view] * 150, 256, np.random.default_rng(0))
    pieces = inputs.radiance.amin(1).unflatten(2, (2, 128)).unflatten(1, (2, 128)).amax((2, 4)) > 1
    # in each of the four pieces, whose fireflies are up to four anywhere in the crop
    assert 0.14 < pieces.flatten(1).any(1).float().mean() < 0.24
    assert (inputs.radiance.amin(1) > 1).sum((1, 2)).max() > 4


@pytest.mark.usefixtures("box_filter", "all_lit", "own_variance")
def test_some_crops_have_lamps_in_the_input_and_in_the_target_with_little_noise(monkeypatch):
    monkeypatch.setattr(crops, "_FIREFLIES", 0)
    passes, yardsticks = np.full((2, 12, 64, 64), 0.5, np.float16), np.ones((2, 3, 64, 64), np.float16)
    passes[:, :3], passes[:, 9:] = 1, 0
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False, yardsticks=yardsticks)
    _, inputs, target, yardstick, _ = draw_batch([view] * 1000, 32, np.random.default_rng(0))
    lit = target.flatten(1).any(1)
    inputs, target, yardstick = Inputs._make(plane[lit] for plane in inputs), target[lit], yardstick[lit]
    bright = yardstick.amin(1) > 1
    assert abs(bright.flatten(1).any(1).float().mean() / crops._LAMPS - 1) < 1 / 3
    assert inputs.radiance.max() > 1000 and inputs.albedo.max() == 0.5
    for seen in (inputs.radiance, target):
        noise = (seen / yardstick - 1)[bright[:, None].expand_as(seen)]
        assert 0.01 < noise.std() < 0.1 and abs(noise.mean()) < 0.01  # single lamps up to a tenth
        assert torch.equal(seen[~bright[:, None].expand_as(seen)].unique(), torch.ones(1))
    assert not torch.equal(inputs.radiance, target)
    known = (inputs.present[:, 2] == 1) & bright.flatten(1).any(1)
    variance = inputs.variance[known] / yardstick[known] ** 2
    assert 0 < variance.max() <= 0.0101
    assert variance[~bright[known][:, None].expand_as(variance)].max() == 0


def test_a_wider_filter_keeps_the_light_and_spreads_noise_as_its_variance_says():
    rng = np.random.default_rng(0)
    light = np.full((3, 200, 200), 2, np.float32)
    noise = rng.standard_normal(light.shape, np.float32)
    wide = crops.filtered({"radiance": light + noise, "albedo": light, "variance": np.ones_like(light)}, 0.5)
    assert all(plane.shape == light.shape and plane.dtype == np.float32 for plane in wide.values())
    np.testing.assert_allclose(wide["albedo"], light, rtol=1e-6)
    left = wide["radiance"] - light
    assert left.mean() == pytest.approx(0, abs=0.02)
    assert left.var() == pytest.approx(wide["variance"].mean(), rel=0.03)
    assert 0.3 < wide["variance"][:, 5:-5, 5:-5].mean() < 0.45
    neighbours = (left[..., 1:] * left[..., :-1]).mean() / left.var()
    assert 0.2 < neighbours < 0.35


@pytest.mark.usefixtures("no_fireflies")
def test_some_crops_are_of_a_wider_filter_input_and_target_alike(monkeypatch):
    view = noise_view(64, 64)
    rng = np.random.default_rng(1)
    view.passes[:, :3] += rng.standard_normal((3, 1, 64, 64)).astype(np.float16) / 8  # the same in all passes
    detail = {}
    for share in (0, 1):
        monkeypatch.setattr(crops, "_FILTERED", share)
        _, inputs, target, *_ = draw_batch([view] * 64, 32, np.random.default_rng(2))
        lit = inputs.radiance.flatten(1).any(1)
        detail[share] = [plane[lit].diff(dim=-1).var().item() for plane in (inputs.radiance, target)]
    assert all(wide < 0.7 * narrow for narrow, wide in zip(detail[0], detail[1], strict=True))


@pytest.mark.usefixtures("no_fireflies", "box_filter", "own_variance")
def test_some_crops_are_black_in_part_in_the_input_and_in_the_target(monkeypatch):
    monkeypatch.setattr(crops, "_BLACK", 0)
    passes = np.ones((2, 12, 64, 64), np.float16)
    yardsticks = np.ones((2, 3, 64, 64), np.float16)
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False, yardsticks=yardsticks)
    _, inputs, target, yardstick, _ = draw_batch([view] * 3000, 32, np.random.default_rng(0))
    assert torch.equal(inputs.radiance, target) and torch.equal(yardstick, target)
    partly = ((target < 1).flatten(1).any(1) & (target > 0).flatten(1).any(1)).nonzero().flatten()
    assert 0.015 < len(partly) / 3000 < 0.04  # some shapes leave all of it, or nothing
    edges = (target[partly] > 0) & (target[partly] < 1)
    assert 0 < edges.float().mean() < 0.2  # a pixel wide
    assert 0.2 < target[partly].mean() < 0.8
    known = partly[inputs.present[partly].all(1)]
    variance = inputs.variance[known] / inputs.variance[known].amax((1, 2, 3), keepdim=True)
    torch.testing.assert_close(variance, target[known] ** 2)
    gone = inputs.albedo[known].eq(target[known]).flatten(1).all(1)
    kept = inputs.albedo[known].eq(1).flatten(1).all(1)
    assert (gone ^ kept).all() and 0.2 < gone.float().mean() < 0.8


@pytest.mark.usefixtures("no_fireflies", "box_filter", "all_lit")
def test_some_variances_are_smoothed(monkeypatch):
    for chance in ("_SMALLER", "_HALVED", "_QUARTERED", "_BLACK", "_DROP_VARIANCE"):
        monkeypatch.setattr(crops, chance, 0)
    passes = np.ones((2, 12, 32, 32), np.float16)
    passes[:, 9:] = np.random.default_rng(0).exponential(1, (3, 32, 32))  # the same in both, of which one is seen
    view = StoredView("set/view", passes, np.array([2, 2], np.float32), held_out=False)
    _, inputs, *_ = draw_batch([view] * 200, 32, np.random.default_rng(0))
    spread = inputs.variance.std((1, 2, 3))
    assert abs((spread < 0.6).float().mean() - 0.5) < 0.1 and spread.min() > 0.4  # half of it, and a ninth of the rest
    assert ((spread - passes[0, 9:].astype(np.float32).std()).abs()[spread >= 0.6] < 0.05).all()
    torch.testing.assert_close(inputs.variance.mean((1, 2, 3)), torch.ones(200), atol=0.05, rtol=0)


def test_inputs_are_dropped_sometimes():
    view = noise_view()
    view.passes[:, 6:] = 0.5
    view.spp[:] = 2
    _, inputs, *_ = draw_batch([view] * 200, 32, np.random.default_rng(0))
    shares = inputs.present.mean(0)
    assert 0.8 < shares[0] < 0.97 and 0.8 < shares[1] < 0.97
    assert 0.15 < shares[2] < 0.35
