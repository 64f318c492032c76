"""Still lifes: pure, sound, full of things, lit."""

import subprocess
import sys
from pathlib import Path

import mitsuba as mi
import numpy as np
import pytest

from render.description import Builder, edit, merge_meshes
from render.procedural import stills
from tests.procedural_samples import flat, shapes

SEEDS = (0, 1, 2, 9, 57)


@pytest.fixture(scope="module")
def scenes() -> dict[int, dict]:
    return {seed: stills.scene(seed) for seed in SEEDS}


def test_a_scene_is_a_function_of_its_seed(scenes):
    again = stills.scene(1)
    assert flat(again) == flat(scenes[1])
    assert flat(scenes[0]) != flat(scenes[1])


def test_scenes_are_made_without_the_renderer():
    code = "import sys; from render.procedural import stills; stills.scene(3); sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_meshes_are_sound(scenes, seed):
    triangles = 0
    for mesh in shapes(scenes[seed]):
        assert mesh["faces"].dtype == np.uint32 and mesh["vertices"].dtype == np.float32
        assert mesh["faces"].max() < len(mesh["vertices"])
        assert np.isfinite(mesh["vertices"]).all()
        assert np.linalg.norm(mesh["normals"], axis=1) == pytest.approx(1, abs=1e-3)
        triangles += len(mesh["faces"])
    assert 3_000 < triangles < 400_000


@pytest.mark.parametrize("seed", SEEDS)
def test_the_camera_is_inside_nothing(scenes, seed):
    eye = scenes[seed]["sensor"]["to_world"][:3, 3]
    for mesh in shapes(scenes[seed]):
        nearest = np.linalg.norm(mesh["vertices"] - eye, axis=1).min()
        assert nearest > 0.01


def test_clouded_liquids_are_traced_as_volumes():
    for seed in range(200):
        scene = stills.scene(seed)
        assert scene["integrator"]["type"] == ("volpath" if "tea" in scene else "path")
        sides = {key for mesh in shapes(scene) for key in mesh if key in ("interior", "exterior")}
        if sides:
            break
    assert sides == {"interior", "exterior"}


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_a_scene_renders_to_a_picture(scenes, seed):
    mi.set_variant("scalar_rgb")
    edited, _ = edit(scenes[seed], (32, 24), ("independent",), 6)
    image = np.array(mi.render(Builder(mi, merge_meshes(edited)).scene(), spp=16, seed=0)).mean(-1)
    assert np.isfinite(image).all()
    blocks = image.reshape(4, 6, 4, 8).mean((1, 3))
    assert blocks.mean() > 1e-3
    assert blocks.std() > 0.05 * blocks.mean()
