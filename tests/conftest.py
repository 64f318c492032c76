"""Real data for the tests: passes of a tiny scene, rendered once a session."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Tiny networks gain nothing from more threads, and threads that wait for each other starve on a busy machine.
os.environ["OMP_NUM_THREADS"] = "1"

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "data" / "tiny.xml"


def render_tiny(directory: Path, *options: str) -> Path:
    """Render the tiny scene, 52 x 44, into a data set."""
    command = [sys.executable, "-m", "render.cli", str(TINY), "-o", str(directory), *options]
    command += ["--size", "52x44", "--variant", "scalar_rgb"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return directory


@pytest.fixture(scope="session")
def tiny_pairs(tmp_path_factory):
    """A data set of three views of the tiny scene, passes of 1, 1, 2 and 4 spp."""
    return render_tiny(tmp_path_factory.mktemp("tiny") / "pairs", "--spp", "1,1,2,4", "--views", "3")


@pytest.fixture(scope="session")
def tiny_reference(tmp_path_factory):
    """The first view's reference as two halves of 128 spp, each (44, 52, 3); of a seed of its own."""
    from denoise.pairs import open_pairs, view_planes

    directory = render_tiny(tmp_path_factory.mktemp("tiny") / "reference", "--spp", "128", "--seed", "1")
    (view,) = open_pairs(directory)
    return tuple(view_planes(view, index)["radiance"] for index in (0, 1))


@pytest.fixture
def unheld(monkeypatch):
    """Filters change frames as they like, right or wrong: an untrained one errs, and would be held back."""
    from denoise import bootstrap, shrinkage

    monkeypatch.setattr(shrinkage, "understated", lambda *_: math.inf)
    monkeypatch.setattr(bootstrap, "quiet", lambda *_: 0.0)
