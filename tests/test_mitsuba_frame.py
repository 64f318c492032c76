"""A frame as Mitsuba itself writes it, through the installed command: found, denoised, and nothing else touched."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from denoise.metrics import psnr
from tests.conftest import TINY

_RENDER = """
import sys, mitsuba as mi
mi.set_variant("scalar_rgb")
scene = mi.load_file(sys.argv[1])
aov = {"type": "aov", "aovs": "alb:albedo,sn:sh_normal,dd:depth,id:shape_index", "own": scene.integrator()}
film = {"type": "hdrfilm", "width": 52, "height": 44, "rfilter": {"type": "box"}, "pixel_format": "rgba"}
to_world = mi.ScalarTransform4f().look_at([0, 0, 3.9], [0, 0, 0], [0, 1, 0])
sensor = {"type": "perspective", "fov": 40, "to_world": to_world, "film": film}
sensor["sampler"] = {"type": "independent", "sample_count": 2}
sensor = mi.load_dict(sensor)
mi.render(scene, sensor=sensor, integrator=mi.load_dict(aov), seed=5)
sensor.film().write(sys.argv[2])
"""


def read(path: Path):
    part = OpenEXR.File(str(path), separate_channels=True).parts[0]
    return part.header, {name: np.array(channel.pixels) for name, channel in part.channels.items()}


@pytest.fixture(scope="module")
def frame(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("mitsuba") / "tiny.exr"
    ran = subprocess.run([sys.executable, "-c", _RENDER, str(TINY), str(path)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return path


def test_it_is_denoised_and_all_else_is_kept(frame, tiny_reference, tmp_path):
    out = tmp_path / "clean.exr"
    command = shutil.which("mcdenoise", path=str(Path(sys.executable).parent))
    assert command, "mcdenoise is not installed: pip install -e ."
    ran = subprocess.run([command, str(frame), "-o", str(out), "--png"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr

    before_header, before = read(frame)
    after_header, after = read(out)
    beauty = {"R", "G", "B"}
    copies = {name for name in before if name.split(".")[-1] in beauty and "." in name and "alb" not in name}
    assert list(after) == list(before)
    for name in before:
        assert after[name].dtype == before[name].dtype
        same = np.array_equal(after[name], before[name])
        assert same == (name not in beauty | copies), name
    added = {name for name in after_header if name not in before_header}
    assert added and all(name.startswith("mcdenoise:") for name in added)
    assert "albedo normal" in after_header["mcdenoise:roles"]
    for name in ("compression", "generatedBy", "dataWindow", "displayWindow"):
        assert str(after_header[name]) == str(before_header[name])

    noisy, clean = (np.stack([part[c].astype(np.float32) for c in "RGB"], -1) for part in (before, after))
    assert psnr(clean, *tiny_reference) > psnr(noisy, *tiny_reference) + 2
    assert out.with_suffix(".png").stat().st_size > 1000
