"""How much of small lamps is left, on small real frames."""

import numpy as np
import pytest

from denoise.errors import FrameError
from tests.benchmark_samples import write_frames, write_model
from tools.benchmark.frames import find_cases, load
from tools.small_lamps import BRIGHTNESSES, SIDES, kept, ways_of, with_lamps

pytest.importorskip("pyoidn", reason="needs the extra bench")


@pytest.fixture
def cases(tiny_pairs, tiny_reference, tmp_path):
    """At 1 spp, which has two passes."""
    found = find_cases(write_frames(tmp_path / "frames", tiny_pairs, tiny_reference))
    return [case for case in found if case.spp == 1]


def test_lamps_are_the_same_in_both_passes_but_for_noise_that_the_variance_tells():
    grey = np.full((60, 80, 3), 0.5, np.float32)
    passes = [{"radiance": grey, "variance": 0 * grey}, {"radiance": grey}]
    first, second = with_lamps(passes, 3, 1000)
    light = first["radiance"] - 0.5
    lit = light.any(-1)
    assert 9 <= lit.sum() <= 6 * 9 and 250 * 0.8 < light[lit].min() and light.max() < 500 * 1.2
    np.testing.assert_array_equal(second["radiance"] > 0.5, first["radiance"] > 0.5)
    apart = (first["radiance"] / second["radiance"])[lit]
    assert 0.02 < apart.std() < 0.2
    np.testing.assert_allclose(np.sqrt(first["variance"][lit]) / light[lit], 0.05, rtol=0.2)
    assert not first["variance"][~lit].any() and "variance" not in second


def test_what_is_kept_is_a_share_of_the_light(cases):
    ways = [
        lambda first, _: first["radiance"],
        lambda first, _: 0.25 * first["radiance"],
        lambda first, _: np.zeros_like(first["radiance"]),
    ]
    shares = kept(cases, ways)
    assert shares.shape == (3, len(SIDES), len(BRIGHTNESSES))
    np.testing.assert_allclose(shares[0], 1, rtol=1e-4)
    np.testing.assert_allclose(shares[1], 0.25, rtol=1e-4)
    assert not shares[2].any()


def test_oidn_and_a_model_with_more_and_more_to_go_by(cases, tmp_path):
    model = write_model(tmp_path / "a.safetensors")
    names, ways = zip(*ways_of([model]), strict=True)
    assert names == ("OIDN best", "a", "a, with the variance", "a, both passes")
    loaded = load(cases[0])
    lit = with_lamps([loaded.planes, loaded.second_planes], 2, 100)
    images = [way(*lit) for way in ways]
    assert all(image.shape == images[0].shape and np.isfinite(image).all() for image in images)
    assert not np.array_equal(images[1], images[3])


def test_a_frame_of_one_pass_is_named(tiny_pairs, tiny_reference, tmp_path):
    frames = write_frames(tmp_path / "frames", tiny_pairs, tiny_reference)
    with pytest.raises(FrameError, match=r"2spp\.a\.exr: has no second pass"):
        kept(find_cases(frames), [lambda first, _: first["radiance"]])
