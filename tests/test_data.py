import dataclasses

import numpy as np
import pytest

from denoise.data import StoredView, merge_passes, noise_weight, split_passes, worth_learning


def stored(samples: np.ndarray, groups: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Passes as stored, made of the samples (N, 3, H, W) that each group names."""
    passes = np.full((len(groups), 12, *samples.shape[2:]), np.nan, np.float64)
    for out, group in zip(passes, groups, strict=True):
        out[:3] = samples[group].mean(0)
        out[3:9] = 0.5
        if len(group) > 1:
            out[9:] = samples[group].var(0, ddof=1) / len(group)
    return passes, np.array([len(group) for group in groups], np.float32)


def test_merged_passes_are_as_if_rendered_at_once():
    samples = np.random.default_rng(0).exponential(1.0, (15, 3, 5, 7))
    passes, spp = stored(samples, [[0], [1], [2, 3], [4, 5, 6, 7], list(range(8, 15))])
    planes = merge_passes(passes, spp)
    np.testing.assert_allclose(planes["radiance"], samples.mean(0), rtol=1e-5)
    np.testing.assert_allclose(planes["variance"], samples.var(0, ddof=1) / 15, rtol=1e-4)


def test_variance_of_one_sample_is_unknown_and_that_of_two_passes_of_one_is_known():
    samples = np.random.default_rng(0).exponential(1.0, (2, 3, 5, 7))
    passes, spp = stored(samples, [[0], [1]])
    assert "variance" not in merge_passes(passes[:1], spp[:1])
    np.testing.assert_allclose(merge_passes(passes, spp)["variance"], samples.var(0, ddof=1) / 2, rtol=1e-5)


def test_a_plane_that_one_pass_lacks_is_absent():
    passes, spp = stored(np.ones((4, 3, 5, 7)), [[0, 1], [2, 3]])
    passes[1, 6:9] = np.nan
    passes[1, 9:] = np.nan
    assert set(merge_passes(passes, spp)) == {"radiance", "albedo"}


@pytest.mark.parametrize("spp", [[8, 8], [1, 1, 2, 4, 8, 16], [4, 4, 4], [1, 64]])
def test_splits_are_disjoint_whole_and_varied(spp):
    spp = np.array(spp, np.float32)
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(200):
        chosen, rest = split_passes(spp, rng)
        assert len(chosen) and len(rest)
        assert sorted([*chosen, *rest]) == list(range(len(spp)))
        seen.add(tuple(chosen))
    assert len(seen) >= (1 if len(spp) == 2 and spp[0] != spp[1] else 2)
    if len(spp) == 6:
        totals = [spp[list(s)].sum() for s in seen]
        assert min(totals) == 1 and max(totals) >= 16


def test_noisier_views_weigh_less():
    rng = np.random.default_rng(0)
    weights = []
    for noise in (0.02, 0.5, 1.5):
        passes = np.zeros((2, 12, 64, 64), np.float16)
        passes[:, :3] = rng.lognormal(-(noise**2) / 2, noise, (2, 3, 64, 64))
        weights.append(noise_weight(passes, np.ones(2, np.float32)))
    assert weights[0] > 2 * weights[1] > 8 * weights[2]
    # E[ratio - log ratio - 1] of two lognormals: exp(noise^2) - 1; beside the floor of the loss
    assert weights[1] == pytest.approx(1 / (np.exp(0.25) - 1 + 0.2), rel=0.15)


def measured(*noises: float) -> list[StoredView]:
    """Views with yardsticks, by which their noise is a loss of so much."""
    passes, yardsticks = np.zeros((2, 12, 32, 32), np.float16), np.ones((2, 3, 32, 32), np.float16)
    spp = np.ones(2, np.float32)
    return [StoredView(str(n), passes, spp, False, 1 / (n + 0.2), yardsticks) for n in noises]


def names(views) -> list[str]:
    return [view.name for view in views]


def test_views_of_which_fireflies_hide_everything_are_left_out():
    assert names(worth_learning(measured(0.1, 40.0, 0.5, 0.01, 700.0))) == ["0.1", "0.5", "0.01"]


def test_where_all_are_noisy_the_quieter_third_is_learned_from():
    assert names(worth_learning(measured(40.0, 3.0, 8.0, 5.0, 9.0, 7.0))) == ["3.0", "5.0"]
    assert names(worth_learning(measured(40.0))) == ["40.0"]


def test_without_yardsticks_nothing_is_left_out():
    views = [dataclasses.replace(view, yardsticks=None) for view in measured(0.1, 40.0)]
    assert worth_learning(views) == views
    assert worth_learning([]) == []
