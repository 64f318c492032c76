"""What tools/bench_render.py shows: that a pass costs no more than a bare render."""

import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tools.bench_render import ratio

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "data" / "tiny.xml"


def bench(*words: str) -> list[str]:
    command = [sys.executable, str(ROOT / "tools" / "bench_render.py"), str(TINY), *words]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_ratios_are_of_neighbours_in_time():
    rates = {"aov": [1e6, 2e6, 3e6], "moment": [2e6, 2e6, 2e6], "pass": [2e6, 2e6, 3e6]}
    assert ratio(rates, "aov") == "1.00 (0.50 .. 1.00)"
    assert statistics.median(a / p for a, p in zip(rates["aov"], rates["pass"], strict=True)) == 1


def test_it_prints_a_line_a_scene():
    lines = bench("--variant", "scalar_rgb", "--spp", "1", "--repeats", "3")
    assert "scalar_rgb" in lines[0] and lines[2].startswith("tiny ") and len(lines) == 3


@pytest.mark.bench
def test_a_pass_is_within_ten_percent():
    line = bench("--spp", "64", "--repeats", "15")[2]
    by_aov, by_moment = (float(part.split("(")[0].split()[-1]) for part in line.split(")")[:2])
    assert by_aov < 1.1 and by_moment < 1.1
