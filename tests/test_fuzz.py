"""Damaged files, by the hundred here and by the thousand with -m slow: refused in a line, never a crash or a hang."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
import torch

from denoise.checkpoint import save_model
from denoise.network import KernelNetwork, ModelConfig
from tests import exr_samples as samples
from tests.conftest import ROOT

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.fixture
def folder(tmp_path) -> Path:
    """The files to damage: every compression, tiles, parts, attributes of every type, and real renderers' frames."""
    for index, name in enumerate(samples.LOSSLESS + samples.LOSSY):
        header = {"compression": samples.compression(name), "comments": "hello", "name": "main"}
        if index % 3 == 1:
            header |= {"type": OpenEXR.tiledimage, "tiles": samples.tiles(16, 16)}
        # Rounded, so that chunks are compressed and not stored as they are, and damage reaches the decoders.
        channels = {key: np.round(plane) for key, plane in samples.beauty_channels(23, 37).items()}
        parts = [(header, channels)]
        if index % 2:
            display = {"displayWindow": samples.window(0, 0, 37, 23)}
            parts.append(({"name": "second"} | display, {"Y": samples.pixels(3, 7, "float32")}))
        samples.write(tmp_path / f"{name}.base", parts)
    samples.write(tmp_path / "attributes.base", [(samples.many_attributes(), {"R": samples.pixels(3, 7, "float16")})])
    for path in FIXTURES.rglob("*.exr"):
        (tmp_path / f"{path.stem}.base").write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def model(tmp_path) -> Path:
    """Untrained: what it makes of the pixels is of no matter here."""
    torch.manual_seed(0)
    path = tmp_path / "untrained.safetensors"
    save_model(path, KernelNetwork(ModelConfig(widths=(8, 8), head=8, kernel=3)), {})
    return path


def work(how: str, folder: Path, first: int, count: int, *more: object) -> dict[str, int]:
    command = [sys.executable, "-m", "tests.fuzz", how, folder, first, count, *more]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", cwd=ROOT)
    seed = (folder / "seed.txt").read_text()
    assert done.returncode == 0, f"status {done.returncode} at seed {seed}: {done.stderr[-3000:]}"
    counts = json.loads(done.stdout.splitlines()[-1])
    assert sum(counts.values()) == count
    return counts


def test_hundreds_of_damaged_files_through_the_reader(folder):
    counts = work("reader", folder, 0, 200)
    # Some damage does no harm, and then the file is read: neither must be the rule.
    assert counts["read"] > 20 and counts["refused"] > 80


def test_damaged_files_through_the_command(folder, model):
    counts = work("command", folder, 0, 40, model)
    assert counts["denoised"] > 2 and counts["refused"] > 15


@pytest.mark.slow
def test_thousands_of_damaged_files_through_the_reader(folder):
    for first in range(1000, 11000, 1000):
        work("reader", folder, first, 1000)


@pytest.mark.slow
def test_a_thousand_damaged_files_through_the_command(folder, model):
    for first in range(1000, 2000, 250):
        work("command", folder, first, 250, model)
