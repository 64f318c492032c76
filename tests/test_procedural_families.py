"""What every family of procedural scenes promises: pure, made without the renderer, sound, free to look at, lit."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import mitsuba as mi
import numpy as np
import pytest

from denoise.errors import RenderError
from render.description import Builder, edit, merge_meshes
from render.procedural import FAMILIES, build
from tests.procedural_samples import flat, made, shapes


@dataclass(frozen=True)
class Bounds:
    """Of a family: seeds to look at, how many triangles, how near to the eye in metres, how dark at least."""

    seeds: tuple[int, ...]
    triangles: tuple[int, int]
    nearest: float
    darkest: float
    rendered: int  # of the seeds, the first


BOUNDS = {
    "interiors": Bounds((0, 3, 11), (2_000, 500_000), nearest=0.03, darkest=1e-5, rendered=2),
    "stills": Bounds((0, 1, 2, 9, 57), (3_000, 400_000), nearest=0.01, darkest=1e-3, rendered=3),
    "exteriors": Bounds((0, 3, 11), (2_000, 500_000), nearest=0.03, darkest=1e-5, rendered=2),
    "abstract": Bounds((0, 3, 4, 17, 31), (3_000, 400_000), nearest=0.01, darkest=1e-3, rendered=3),
}
EACH = pytest.mark.parametrize(
    ("family", "seed"), [(family, seed) for family, bounds in BOUNDS.items() for seed in bounds.seeds]
)


def test_bounds_are_of_all_families():
    assert BOUNDS.keys() == FAMILIES.keys()


@pytest.mark.parametrize("family", BOUNDS)
def test_a_scene_is_a_function_of_its_seed(family):
    one, other = BOUNDS[family].seeds[:2]
    assert flat(build(family, other)) == flat(made(family, other))
    assert flat(made(family, one)) != flat(made(family, other))


@pytest.mark.parametrize("family", BOUNDS)
def test_scenes_are_made_without_the_renderer(family):
    code = f"import sys; from render.procedural import build; build({family!r}, 3); sys.exit('mitsuba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0


def test_a_family_that_is_not_there_and_a_negative_seed_are_errors():
    with pytest.raises(RenderError, match="procedural:palaces: no such family; there are interiors, stills"):
        build("palaces", 0)
    with pytest.raises(RenderError, match="seed -1 is negative"):
        build("interiors", -1)


@EACH
def test_meshes_are_sound(family, seed):
    triangles = 0
    for mesh in shapes(made(family, seed)):
        assert mesh["faces"].dtype == np.uint32 and mesh["vertices"].dtype == np.float32
        assert mesh["faces"].max() < len(mesh["vertices"])
        assert np.isfinite(mesh["vertices"]).all()
        assert np.linalg.norm(mesh["normals"], axis=1) == pytest.approx(1, abs=1e-3)
        triangles += len(mesh["faces"])
    least, most = BOUNDS[family].triangles
    assert least < triangles < most


@EACH
def test_the_camera_stands_free(family, seed):
    scene = made(family, seed)
    assert {"film", "sampler"}.isdisjoint(scene["sensor"])
    eye = scene["sensor"]["to_world"][:3, 3]
    for mesh in shapes(scene):
        assert np.linalg.norm(mesh["vertices"] - eye, axis=1).min() > BOUNDS[family].nearest


@pytest.mark.parametrize(
    ("family", "seed"),
    [(family, seed) for family, bounds in BOUNDS.items() for seed in bounds.seeds[: bounds.rendered]],
)
def test_a_scene_renders_to_a_picture(family, seed):
    mi.set_variant("scalar_rgb")
    edited, _ = edit(made(family, seed), (32, 24), ("independent",), 6)
    image = np.array(mi.render(Builder(mi, merge_meshes(edited)).scene(), spp=16, seed=0)).mean(-1)
    assert np.isfinite(image).all()
    blocks = image.reshape(4, 6, 4, 8).mean((1, 3))
    assert blocks.mean() > BOUNDS[family].darkest
    assert blocks.std() > 0.05 * blocks.mean()
