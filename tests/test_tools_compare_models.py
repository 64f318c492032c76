"""Models beside each other on small real frames."""

import pytest

from denoise import metrics
from denoise.errors import FrameError
from tests.benchmark_samples import write_frames, write_model
from tools.benchmark.frames import find_cases, load
from tools.compare_models import METRICS, errors


@pytest.mark.parametrize("metric", METRICS)
def test_each_model_and_the_noisy_frame_are_judged(tiny_pairs, tiny_reference, tmp_path, metric):
    if metric == "flip":
        pytest.importorskip("flip_evaluator", reason="needs the extra bench")
    frames = write_frames(tmp_path / "frames", tiny_pairs, tiny_reference)
    model = write_model(tmp_path / "a.safetensors")
    rows = list(errors(frames, [model, model], metric=metric))
    assert [(name, spp) for name, spp, _ in rows] == [("corner", 1), ("corner", 2), ("tiny", 1), ("tiny", 2)]
    for (_, _, (noisy, first, second)), case in zip(rows, find_cases(frames), strict=True):
        loaded = load(case)
        assert noisy == pytest.approx(getattr(metrics, metric)(loaded.planes["radiance"], *loaded.halves))
        assert first == second != noisy


def test_a_folder_without_frames_is_named(tmp_path):
    with pytest.raises(FrameError, match="no frames named like"):
        list(errors(tmp_path, [write_model(tmp_path / "a.safetensors")]))
