"""Interiors and exteriors: laid out for a renderer, with few materials and lights, each of them another place."""

import numpy as np
import pytest

from tests.procedural_samples import flat, made, shapes

SEEDS = (0, 3, 11)
PLACES = ("interiors", "exteriors")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", PLACES)
def test_meshes_have_texture_coordinates_and_materials(family, seed):
    scene = made(family, seed)
    for mesh in shapes(scene):
        assert len(mesh["vertices"]) == len(mesh["normals"]) == len(mesh["uv"])
        assert np.isfinite(mesh["uv"]).all()
    materials = [key for key in scene if key.startswith("bsdf_")]
    assert 3 <= len(materials) <= 40  # each costs time to compile
    assert all(mesh["bsdf"].get("id", materials[0]) in materials for mesh in shapes(scene))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("family", PLACES)
def test_there_is_light(family, seed):
    scene = made(family, seed)
    radiance = [mesh["emitter"]["radiance"] for mesh in shapes(scene) if "emitter" in mesh]
    strongest = max((float(np.max(r.get("value", r.get("image")))) for r in radiance), default=0.0)
    assert strongest > 0.1 or scene["sky"]["type"] in ("sunsky", "envmap", "constant")
    assert len(radiance) <= 12  # one of all is drawn for each sample


@pytest.mark.parametrize("family", PLACES)
def test_rooms_and_places_differ(family):
    """In what they are made of and in how they are seen."""
    counts = {len(flat(made(family, seed))) for seed in SEEDS}
    angles = {made(family, seed)["sensor"]["fov"] for seed in SEEDS}
    assert len(counts) == len(angles) == len(SEEDS)
    assert all(24 < angle < 93 for angle in angles)
