"""Cameras around a scene's own: in the same room, clear of things, and looking at something."""

import math
from pathlib import Path

import numpy as np
import pytest

from render.backend import Camera, Scene, start
from render.variants import choose
from render.views import Sight, acceptable, camera_for, propose, see

TINY = Path(__file__).parent / "data" / "tiny.xml"

#: A closed room of 4 x 3 x 2 with a block in it and the camera in a corner.
ROOM = """<scene version="3.0.0">
    <sensor type="{sensor}">
        <float name="fov" value="70"/>{lens}
        <transform name="to_world"><lookat origin="-1.6, -1.1, 0.4" target="1, 0.6, -0.3" up="0, 0, 1"/></transform>
    </sensor>
    <shape type="cube"><boolean name="flip_normals" value="true"/>
        <transform name="to_world"><scale x="2" y="1.5" z="1"/></transform></shape>
    <shape type="cube"><transform name="to_world">
        <scale value="0.4"/><translate x="0.5" y="0.2" z="-0.6"/></transform></shape>
    <shape type="sphere"><point name="center" x="1.2" y="-0.7" z="0"/><float name="radius" value="0.3"/></shape>
    <emitter type="point"><point name="position" x="0" y="0" z="0.9"/></emitter>
</scene>"""


@pytest.fixture
def room(tmp_path):
    start(choose("scalar_rgb"))
    (tmp_path / "room.xml").write_text(ROOM.format(sensor="perspective", lens=""))
    return Scene(tmp_path / "room.xml", size=(40, 30))


def test_the_first_view_is_the_scenes_own(room):
    assert camera_for(room, 0, 0) is room.camera


def test_views_stay_in_the_room_and_out_of_things(room):
    positions = []
    for view in range(1, 13):
        camera = camera_for(room, view, 0)
        position = camera.to_world[:3, 3]
        positions.append(position)
        assert np.all(np.abs(position) < [1.97, 1.47, 0.97])
        assert np.any(np.abs(position - [0.5, 0.2, -0.6]) > 0.42)
        assert np.linalg.norm(position - [1.2, -0.7, 0]) > 0.32
        np.testing.assert_allclose(camera.to_world[:3, :3] @ camera.to_world[:3, :3].T, np.eye(3), atol=1e-6)
        assert np.linalg.det(camera.to_world[:3, :3]) == pytest.approx(1)
        assert 40 < camera.fov < 100 and camera.focus is None
        assert acceptable(see(room, camera), see(room, room.camera))
    assert np.std(positions, axis=0).max() > 0.1


def test_a_view_depends_on_seed_scene_and_number(room):
    one = camera_for(room, 3, 0)
    assert np.array_equal(one.to_world, camera_for(room, 3, 0).to_world)
    assert not np.allclose(one.to_world, camera_for(room, 3, 1).to_world)
    assert not np.allclose(one.to_world, camera_for(room, 4, 0).to_world)


def test_a_lens_keeps_its_focus_near_the_target(tmp_path):
    start(choose("scalar_rgb"))
    lens = '<float name="aperture_radius" value="0.02"/><float name="focus_distance" value="3"/>'
    (tmp_path / "lens.xml").write_text(ROOM.format(sensor="thinlens", lens=lens))
    scene = Scene(tmp_path / "lens.xml", size=(40, 30))
    assert scene.camera.focus == pytest.approx(3)
    focus = [camera_for(scene, view, 0).focus for view in range(1, 6)]
    assert all(1.5 < distance < 4 for distance in focus) and len(set(focus)) > 1
    assert "focus" in camera_for(scene, 1, 0).as_json()


def test_an_empty_scene_is_only_turned_a_little(tmp_path):
    start(choose("scalar_rgb"))
    (tmp_path / "sky.xml").write_text(
        '<scene version="3.0.0"><sensor type="perspective"/><emitter type="constant"/></scene>'
    )
    scene = Scene(tmp_path / "sky.xml", size=(8, 8))
    assert see(scene, scene.camera) == Sight(0, math.inf, math.inf, 0, math.inf)
    camera = camera_for(scene, 1, 0)
    np.testing.assert_array_equal(camera.to_world[:3, 3], [0, 0, 0])
    assert 0.8 < camera.to_world[2, 2] < 1


def test_what_a_camera_sees(room):
    sight = see(room, Camera(room.camera.to_world, 70.0))
    assert sight.hits == 1
    assert 1.5 < sight.depth < 4.3
    assert 0 < sight.near < sight.depth
    assert sight.room == pytest.approx(0.4, abs=0.03)  # the nearest walls are 0.4 away
    assert 0.02 < sight.detail < 0.6


@pytest.mark.parametrize(
    ("sight", "good"),
    [
        (Sight(1.0, 2.0, 1.0, 0.2, 0.5), True),
        (Sight(0.5, 2.0, 1.0, 0.2, 0.5), False),  # half of it looks into nothing
        (Sight(1.0, 0.5, 0.4, 0.2, 0.5), False),  # a wall before the eyes
        (Sight(1.0, 9.0, 1.0, 0.2, 0.5), False),  # everything far away
        (Sight(1.0, 2.0, 0.05, 0.2, 0.5), False),  # something large in the way
        (Sight(1.0, 2.0, 1.0, 0.05, 0.5), False),  # a bare wall
        (Sight(1.0, 2.0, 1.0, 0.2, 0.01), False),  # all but inside something
        (Sight(0.0, math.inf, math.inf, 0.0, 1.0), False),
    ],
)
def test_which_views_are_kept(sight, good):
    assert acceptable(sight, Sight(1.0, 2.0, 1.0, 0.2, 0.5)) is good


def test_no_variation_is_the_same_camera():
    to_world = np.eye(4)
    to_world[:3, 3] = 1, 2, 3
    camera = propose(Camera(to_world, 50.0, 2.0), 3.0, 0.0, np.random.default_rng(0))
    np.testing.assert_allclose(camera.to_world, to_world, atol=1e-12)
    assert camera.fov == pytest.approx(50) and camera.focus == pytest.approx(2)
