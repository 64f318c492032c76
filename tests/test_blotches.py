import numpy as np
import pytest
import torch

from denoise.blotches import REACH, shares


def image(value):
    return torch.full((1, 3, 5, 6), value)


def test_shares_by_hand():
    a, b = shares([image(0.09), image(0.59)], [1, 1])  # with 0.01 for black: 0.1 and 0.6, twice what is allowed
    assert a.shape == (1, 1, 5, 6)
    torch.testing.assert_close(b, torch.full_like(b, 1 / 17))
    torch.testing.assert_close(a + b, torch.ones_like(a))


@pytest.mark.parametrize("counts", [(1, 1), (2, 1), (2, 1, 2, 1)])
def test_images_that_agree_count_by_their_passes(counts):
    for share, count in zip(shares([image(0.1 + 0.02 * k) for k, _ in enumerate(counts)], counts), counts, strict=True):
        torch.testing.assert_close(share, torch.full_like(share, count / sum(counts)))


def test_one_of_three_with_a_blotch_hardly_counts_and_only_there():
    spoilt = torch.full((1, 3, 40, 50), 0.2)
    spoilt[..., 10:20, 10:20] = 20
    share = shares([torch.full_like(spoilt, 0.2), spoilt, torch.full_like(spoilt, 0.2)], [1, 1, 1])[1][0, 0]
    assert share[10:20, 10:20].max() < 1e-3
    away = torch.ones(40, 50, dtype=torch.bool)
    away[10 - REACH : 20 + REACH, 10 - REACH : 20 + REACH] = False
    torch.testing.assert_close(share[away], torch.full((int(away.sum()),), 1 / 3))


def test_shares_of_black_images_are_equal():
    np.testing.assert_allclose(torch.stack(shares([image(0.0), image(-0.1)], [1, 1])), 0.5)
