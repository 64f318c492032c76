"""Held to AVX2, and by the same picture as otherwise."""

import platform
import re
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("pyoidn")
pytest.importorskip("elftools")
pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="AVX2 is of x86 processors")

DENOISE = """
import sys
import numpy as np
from tools.benchmark.oidn import denoise
from tools.held_to_avx2 import hold_oidn
held = hold_oidn() if sys.argv[1] == "held" else 0
rng = np.random.default_rng(0)
picture = denoise({"radiance": rng.random((64, 96, 3), np.float32)}, "high")
np.save(sys.argv[2], picture)
print(held)
"""


def test_oidn_held_to_avx2_makes_the_same_picture(tmp_path):
    pictures = []
    for how in ("held", "free"):
        command = [sys.executable, "-c", DENOISE, how, str(tmp_path / f"{how}.npy")]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        assert int(ran.stdout) > 0 or how == "free"
        pictures.append(np.load(tmp_path / f"{how}.npy"))
    np.testing.assert_allclose(*pictures, atol=1e-4)


@pytest.mark.slow  # numba compiles everything anew
def test_the_profile_runs_held():
    command = [sys.executable, "-m", "tools.held_to_avx2", "--size", "64x32"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.search(r"OIDN high \d\.\d\d s: the filter takes \d+\.\d\d times as long", said)
    assert "torch.float32, 4096 x 4096" in said  # bfloat16 is none of its types
