"""Full-size frames fresh from the real renderers: `make test-renderers`, which installs them first (2.5 GB)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from denoise.exr import read_frame
from denoise.frame import Frame
from tests.conftest import ROOT
from tests.test_exr_kept import LOSSY, assert_only_light_changed
from tools.renderers import fixtures

pytestmark = pytest.mark.renderers

SIZE, SPP = "480x270", 16

#: The layer that the renderer wrote without denoising, and the one that takes the result.
_LAYERS = {
    "cycles-4.5.exr": ("ViewLayer.Noisy Image.", "ViewLayer.Combined."),
    "cycles-5.0.exr": ("ViewLayer.Noisy Image.", "ViewLayer.Combined."),
    "cycles-4.5-float-dwaa.exr": ("ViewLayer.Combined.", "ViewLayer.Combined."),
    "cycles-5.0-float-dwaa.exr": ("ViewLayer.Combined.", "ViewLayer.Combined."),
    "cycles-5.0-acescg.exr": ("ViewLayer.Noisy Image.", "ViewLayer.Combined."),
    "luxcore": ("", ""),
    "mitsuba-aov.exr": ("", ""),
    "mitsuba-moment.exr": ("", ""),
}


def plane(frame: Frame, layer: str) -> np.ndarray:
    names = tuple(f"{layer}{component}" for component in "RGB")
    part = next(part for part in frame.parts if names[0] in part.channels)
    return part.stack(names).astype(np.float64)


def render(name: str, folder: Path, seed: int) -> Path:
    path = fixtures.render(name, folder / str(seed), SIZE, SPP, seed)
    return path / "RGB_IMAGEPIPELINE.exr" if path.is_dir() else path


def denoise(source: Path, output: Path, *options: object) -> str:
    command = [sys.executable, "-m", "denoise.cli", "-v", source, "-o", output, *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def error(image: np.ndarray, other: np.ndarray) -> float:
    """Squared difference to a pass of another seed, relative: its noise adds the same to whatever is compared."""
    return float(np.mean((image - other) ** 2 / (other.mean() ** 2 + other**2)))


@pytest.mark.parametrize("name", fixtures.FRAMES)
def test_a_frame_of(name, tmp_path):
    source, other = render(name, tmp_path, 1), render(name, tmp_path, 2)
    output, options = tmp_path / "clean.exr", ()
    if name == "luxcore":
        options = ("--albedo-file", source.with_name("ALBEDO.exr"))
        options += ("--normal-file", source.with_name("AVG_SHADING_NORMAL.exr"))
    said = denoise(source, output, *options)

    assert_only_light_changed(source, output, lossy=name in LOSSY)
    assert ("warning: DWAA is a lossy compression" in said) == (name in LOSSY)
    noisy_layer, clean_layer = _LAYERS[name]
    noisy, clean, independent = read_frame(source), read_frame(output), plane(read_frame(other), noisy_layer)
    assert error(plane(clean, clean_layer), independent) < 0.8 * error(plane(noisy, noisy_layer), independent)
    # Denoised by us, whatever the renderer had put there.
    assert not np.array_equal(plane(clean, clean_layer), plane(noisy, clean_layer))


@pytest.mark.parametrize("name", ["cycles-4.5.exr", "cycles-5.0.exr"])
def test_light_groups_still_sum_to_the_beauty(name, tmp_path):
    source = render(name, tmp_path, 1)
    denoise(source, tmp_path / "clean.exr")
    noisy, clean = read_frame(source), read_frame(tmp_path / "clean.exr")
    groups = ("ViewLayer.Combined_lamps.", "ViewLayer.Combined_window.")
    for frame, beauty in ((noisy, "ViewLayer.Noisy Image."), (clean, "ViewLayer.Combined.")):
        total = sum(plane(frame, group) for group in groups)
        # Each of the three is rounded to a half once: 2^-11 of its value.
        np.testing.assert_allclose(total, plane(frame, beauty), rtol=3 * 2.0**-11, atol=1e-6)
    for group in groups:
        assert not np.array_equal(plane(clean, group), plane(noisy, group))
