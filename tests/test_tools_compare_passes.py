import io
import itertools
import re

import numpy as np
import pytest
from rich.console import Console

from denoise.denoiser import Denoiser
from denoise.errors import FrameError
from denoise.exr import write_frame
from denoise.frame import Frame, Part
from denoise.metrics import relmse
from tests.layer_samples import put
from tests.test_denoiser import model  # noqa: F401  the fixture
from tools.compare_passes import compare, denoise_each, of_folder


def test_table_of_a_folder(tmp_path, model):  # noqa: F811
    truth = np.ones((24, 40, 3)) * np.linspace(0.5, 2, 40)[:, None]
    for seed, name in enumerate(("box.4spp.a", "box.4spp.b", "box.4spp.c", "box.ref1", "box.ref2")):
        noise = np.random.default_rng(seed).gamma(1.0 if "spp" in name else 200.0, 1.0, truth.shape)
        channels = {}
        put(channels, "", truth * noise / noise.mean())
        write_frame(tmp_path / f"{name}.exr", Frame([Part({}, channels)]))
    shown = io.StringIO()
    errors = compare(of_folder(tmp_path), Denoiser(model), Console(file=shown, width=160))
    assert list(errors) == [("box", 4)]
    alone, other, mean, both = errors["box", 4]
    assert both < min(alone, other) and mean < min(alone, other)
    assert f"both: relMSE is {both / min(alone, other):.3f} times" in shown.getvalue()
    [(_, _, passes, r1, r2)] = of_folder(tmp_path)
    pairs = [denoise_each(Denoiser(model), *pair)[2:] for pair in itertools.combinations(passes, 2)]
    worse = sum(relmse(together, r1, r2) > relmse(first, r1, r2) for first, together in pairs)
    assert f"of 3 single pairs {worse} are worse" in shown.getvalue()
    assert re.search(r"box +4 +3 +0\.", shown.getvalue())  # every two of the three passes


def test_one_pass_is_no_pair(model):  # noqa: F811
    image = np.ones((4, 5, 3))
    with pytest.raises(FrameError, match="box: one pass of 4 spp"):
        compare(iter([("box", 4, [Frame([])], image, image)]), Denoiser(model), Console(quiet=True))
