import dataclasses
from collections import Counter

import numpy as np

from denoise.data import StoredView
from denoise.prefetch import Prefetcher
from denoise.rounds import in_rounds


def test_every_view_has_its_turn_before_any_comes_again_in_another_order():
    views = list("abcdefghij")
    rounds = [in_rounds(views, 10 * number, 10, 3) for number in range(20)]
    assert all(sorted(one) == views for one in rounds)
    assert len({tuple(one) for one in rounds}) == 20
    assert len({one[0] for one in rounds}) > 5
    assert in_rounds(views, 0, 10, 4) != rounds[0] and in_rounds(views, 0, 10, (3, 1)) != rounds[0]


def test_turns_are_the_same_however_they_are_taken():
    views = list(range(7))
    whole = in_rounds(views, 0, 40, 1)
    assert [one for first in range(0, 40, 4) for one in in_rounds(views, first, 4, 1)] == whole
    assert in_rounds(["only"], 5, 3, 1) == ["only"] * 3


def test_a_training_sees_all_views_equally_often_in_small_crops_and_in_large_ones():
    passes = np.random.default_rng(0).random((3, 12, 64, 64)).astype(np.float16)
    one = StoredView("", passes, np.ones(3, np.float32), False, yardsticks=np.ones((2, 3, 64, 64), np.float16))
    views = [dataclasses.replace(one, name=str(number)) for number in range(12)]
    batches = Prefetcher(views, None, batch=8, share=slice(None), crop=32, seed=0, step=0)
    try:
        drawn = [[view.name for view in batches.next().crops.views] for _ in range(24)]
    finally:
        batches.close()
    small = Counter(name for names in drawn if len(names) == 8 for name in names)
    large = Counter(name for names in drawn if len(names) == 2 for name in names)
    assert set(small.values()) == {8} and set(large.values()) == {2}
    assert len(small) == len(large) == 12
