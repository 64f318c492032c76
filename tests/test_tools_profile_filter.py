"""The profile's counts, against what the layers of a small network come to."""

import re
import subprocess
import sys

from denoise.checkpoint import save_model
from denoise.network import ModelConfig, build


def test_multiply_adds_are_those_of_the_layers(tmp_path):
    model = tmp_path / "small.safetensors"
    save_model(model, build(ModelConfig(widths=(8, 8), head=8, kernel=3, fine_kernel=3)), {})
    command = [sys.executable, "-m", "tools.profile_filter", "--size", "64x32", "--model", str(model)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    half = 9 * (47 * 8 + 8 * 8 + 16 * 8 + 8 * 8) + 8 * 4 * (9 + 9 + 6) + 8 * (9 + 9 + 4)  # enter, up, both heads there
    quarter = 9 * 3 * 8 * 8 + 8 * (9 + 9 + 4)  # down, bottom, and the coarsest head
    assert f"{(half / 4 + quarter / 16) / 1e3:.1f} thousand multiply-adds a pixel" in said
    assert re.search(r"\d\.\d\d s, of the processor \d\.\d\d s, \d+ threads", said)
