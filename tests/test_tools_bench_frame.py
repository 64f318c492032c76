import numpy as np
import pytest

from denoise.exr import read_frame
from tools.bench_frame import make_frame, ours, theirs


@pytest.mark.parametrize(("layers", "channels"), [(3, 19), (0, 10)])
def test_its_frame_has_layers_that_sum_and_comes_through_unfiltered(tmp_path, layers, channels):
    source, ours_at, theirs_at = (tmp_path / name for name in ("noisy.exr", "ours.exr", "theirs.exr"))
    assert make_frame(source, 96, 54, layers) == channels
    ours(source, ours_at)
    theirs(source, theirs_at)
    before, mine, its = (read_frame(path).parts[0] for path in (source, ours_at, theirs_at))
    assert ("along: Combined_light*" in mine.header["mcdenoise:roles"]) == bool(layers)
    for name, pixels in before.channels.items():
        np.testing.assert_allclose(mine.channels[name].astype(float), pixels.astype(float), rtol=2e-3)
        np.testing.assert_array_equal(its.channels[name], pixels)
