"""Interiors and exteriors: pure, sound, lit, of a size that renders, with cameras that stand free."""

import subprocess
import sys
from pathlib import Path

import mitsuba as mi
import numpy as np
import pytest

from denoise.errors import RenderError
from render.description import Builder, edit, merge_meshes
from render.procedural import FAMILIES, build
from tests.procedural_samples import flat, shapes

SEEDS = (0, 3, 11)
PLACES = ("interiors", "exteriors")


@pytest.fixture(scope="module")
def scenes() -> dict[tuple[str, int], dict]:
    return {(family, seed): build(family, seed) for family in PLACES for seed in SEEDS}


@pytest.mark.parametrize("family", PLACES)
def test_a_scene_is_a_function_of_its_seed(scenes, family):
    assert flat(build(family, 3)) == flat(scenes[family, 3])
    assert flat(scenes[family, 0]) != flat(scenes[family, 3])


def test_scenes_are_made_without_the_renderer():
    code = "import sys; from render.procedural import build; build('interiors', 3); sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0


def test_a_family_that_is_not_there_and_a_negative_seed_are_errors():
    with pytest.raises(RenderError, match="procedural:palaces: no such family; there are interiors, stills"):
        build("palaces", 0)
    with pytest.raises(RenderError, match="seed -1 is negative"):
        build("interiors", -1)
    assert {"interiors", "exteriors"} <= FAMILIES.keys()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", PLACES)
def test_meshes_are_sound(scenes, family, seed):
    scene = scenes[family, seed]
    triangles = 0
    for mesh in shapes(scene):
        assert mesh["faces"].dtype == np.uint32 and mesh["vertices"].dtype == np.float32
        assert mesh["faces"].max() < len(mesh["vertices"]) == len(mesh["normals"]) == len(mesh["uv"])
        assert np.isfinite(mesh["vertices"]).all() and np.isfinite(mesh["uv"]).all()
        assert np.linalg.norm(mesh["normals"], axis=1) == pytest.approx(1, abs=1e-3)
        triangles += len(mesh["faces"])
    assert 2_000 < triangles < 500_000
    materials = [key for key in scene if key.startswith("bsdf_")]
    assert 3 <= len(materials) <= 40  # each costs time to compile
    assert all(mesh["bsdf"].get("id", materials[0]) in materials for mesh in shapes(scene))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", PLACES)
def test_there_is_light(scenes, family, seed):
    scene = scenes[family, seed]
    radiance = [mesh["emitter"]["radiance"] for mesh in shapes(scene) if "emitter" in mesh]
    strongest = max((float(np.max(r.get("value", r.get("image")))) for r in radiance), default=0.0)
    assert strongest > 0.1 or scene["sky"]["type"] in ("sunsky", "envmap", "constant")
    assert len(radiance) <= 12  # one of all is drawn for each sample


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", PLACES)
def test_the_camera_stands_free(scenes, family, seed):
    scene = scenes[family, seed]
    assert 24 < scene["sensor"]["fov"] < 93
    assert {"film", "sampler"}.isdisjoint(scene["sensor"])
    eye = scene["sensor"]["to_world"][:3, 3]
    for mesh in shapes(scene):
        assert np.linalg.norm(mesh["vertices"] - eye, axis=1).min() > 0.03


@pytest.mark.parametrize("family", PLACES)
def test_rooms_and_places_differ(scenes, family):
    """In what they are made of, in how they are seen, and in how bright they are."""
    counts = {len(flat(scenes[family, seed])) for seed in SEEDS}
    angles = {scenes[family, seed]["sensor"]["fov"] for seed in SEEDS}
    assert len(counts) == len(angles) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS[:2])
@pytest.mark.parametrize("family", PLACES)
def test_a_scene_renders_to_a_picture(scenes, family, seed):
    mi.set_variant("scalar_rgb")
    edited, _ = edit(scenes[family, seed], (32, 24), ("independent",), 6)
    image = np.array(mi.render(Builder(mi, merge_meshes(edited)).scene(), spp=16, seed=0)).mean(-1)
    assert np.isfinite(image).all()
    blocks = image.reshape(4, 6, 4, 8).mean((1, 3))
    assert blocks.mean() > 1e-5
    assert blocks.std() > 0.05 * blocks.mean()
