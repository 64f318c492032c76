"""The kit that procedural scenes are made of: meshes, patterns, textures, cameras, rooms."""

import math

import numpy as np
import pytest

from render.procedural.kit import building, lamps, organic, patterns, textures
from render.procedural.kit.assembly import Assembly, area
from render.procedural.kit.bsdfs import matte
from render.procedural.kit.cameras import camera, field_of_view, look_at
from render.procedural.kit.meshes import Mesh, ball, box, boxes, quad
from render.procedural.kit.pieces import SLOTS, Palette, Piece, Stage, standing
from render.procedural.kit.rooms import Room, plan, view
from render.procedural.kit.shapes import (
    bevelled_box,
    copies,
    curve,
    extrusion,
    placements,
    random_rotations,
    sweep,
    triangulated,
)


def rng(*seed: int) -> np.random.Generator:
    return np.random.default_rng(seed or 0)


def volume(mesh: Mesh) -> float:
    """Of a closed mesh, positive where its faces look outward."""
    a, b, c = (mesh.points[mesh.faces[:, i]] for i in range(3))
    return float(np.sum(a * np.cross(b, c)) / 6)


def disagreement(mesh: Mesh) -> float:
    """The least cosine between a face and the normals at its corners; faces without an area do not count."""
    a, b, c = (mesh.points[mesh.faces[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    size = np.linalg.norm(face, axis=1)
    face = face[size > 1e-10] / size[size > 1e-10, None]
    return min(float(np.sum(face * mesh.normals[mesh.faces[size > 1e-10, i]], axis=1).min()) for i in range(3))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (bevelled_box((-1, -1, -1), (1, 1, 1), 0.1), 8 - 12 * 2 * 0.1**2 / 2 + 8 * 0.1**3 / 3),
        (extrusion([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], 3), 9.0),
        (boxes(np.array([[0.0, 0, 0], [5, 0, 0]]), np.array([[1.0, 1, 1], [6, 2, 3]])), 7.0),
    ],
    ids=["bevelled", "prism over an L", "boxes"],
)
def test_closed_shapes_have_their_volume_and_face_outward(shape, expected):
    assert volume(shape) == pytest.approx(expected, rel=0.01)
    assert disagreement(shape) > 0.9


def test_a_sweep_is_round_and_follows_its_path():
    angle = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ring = sweep(np.stack([2 * np.cos(angle), 2 * np.sin(angle), 0 * angle], -1), 0.25, 24, closed=True)
    away = np.hypot(np.hypot(ring.points[:, 0], ring.points[:, 1]) - 2, ring.points[:, 2])
    np.testing.assert_allclose(away, 0.25, atol=0.005)
    assert volume(ring) == pytest.approx(2 * np.pi**2 * 2 * 0.25**2, rel=0.03)
    assert disagreement(ring) > 0.9


def test_a_curve_goes_through_its_points():
    points = np.array([(0, 0, 0), (1, 2, 0), (3, 1, 1), (4, 0, 0)], float)
    np.testing.assert_allclose(curve(points, 5)[::5], points, atol=1e-12)


def test_copies_stand_where_they_are_put_and_mirrored_ones_are_not_inside_out():
    up = np.array([[0, 0, 1.0], [1.0, 0, 0]])
    two = copies(
        box((0, 0, 0), (1, 1, 2)), placements(np.array([[5.0, 0, 0], [0, 7, 0]]), scales=np.array([1, 2.0]), up=up)
    )
    assert volume(two) == pytest.approx(2 + 16)
    assert two.points[:24, 2].max() == pytest.approx(2) and two.points[24:, 0].max() == pytest.approx(4)
    mirror = np.diag([-1.0, 1, 1, 1])
    assert volume(copies(ball((1, 0, 0), 0.5), mirror[None])) > 0
    assert disagreement(copies(ball((1, 0, 0), 0.5), mirror[None])) > 0.9


def test_random_rotations_are_rotations():
    turns = random_rotations(rng(3), 50)
    np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.broadcast_to(np.eye(3), (50, 3, 3)), atol=1e-12)
    assert np.linalg.det(turns) == pytest.approx(1)


def test_cutting_ears_covers_a_polygon_that_is_not_convex():
    outline = np.array([(0, 0), (4, 0), (4, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)], float)
    faces = triangulated(outline)
    a, b, c = (outline[faces[:, i]] for i in range(3))
    areas = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert len(faces) == 6 and (areas > 0).all()
    assert areas.sum() == pytest.approx(12 - 2)


@pytest.mark.parametrize("kind", [*textures.KINDS, "photograph"])
def test_a_texture_is_a_function_of_its_generator(kind):
    one, same, other = (textures.texture(rng(seed), kind) for seed in (5, 5, 6))
    assert one["image"].dtype == np.uint8 and one["image"].ndim == 3 and one["image"].shape[2] == 3
    assert max(one["image"].shape) <= 512
    np.testing.assert_array_equal(one["image"], same["image"])
    assert other["image"].shape != one["image"].shape or (other["image"] != one["image"]).any()


@pytest.mark.parametrize("kind", [kind for kind in textures.KINDS if kind not in ("speckle", "grass", "planks")])
def test_textures_repeat_without_a_seam(kind):
    """Across the edge neighbours differ no more than they do elsewhere; boards, though, all end there."""
    for seed in range(3):
        image = textures.texture(rng(seed), kind, sharp=False)["image"].astype(float)
        for axis in (0, 1):
            inside = np.abs(np.diff(image, axis=axis)).mean(axis=(1 - axis, 2))
            edge = np.abs(image.take(0, axis) - image.take(-1, axis)).mean()
            assert edge <= 1.05 * inside.max() + 1


def test_colours_go_through_srgb_and_back():
    stops = np.array([[0.0, 0, 0], [0.2, 0.4, 0.8]])
    pixels = textures.coloured(np.array([[0.0, 0.5, 1.0]]), stops)
    np.testing.assert_allclose(textures.linear(pixels)[0], [[0, 0, 0], [0.1, 0.2, 0.4], [0.2, 0.4, 0.8]], atol=0.006)


def test_raw_textures_keep_to_their_range_and_normals_to_their_half():
    image = textures.values(rng(2), 0.1, 0.4, "clouds")["image"]
    assert image.dtype == np.float32 and image.min() == pytest.approx(0.1) and image.max() == pytest.approx(0.4)
    normal = textures.normals(rng(2), "tiles")["image"] * 2 - 1
    np.testing.assert_allclose(np.linalg.norm(normal, axis=-1), 1, atol=1e-5)
    assert normal[..., 2].min() > 0


def test_a_photograph_has_the_spectrum_of_one():
    """Power falls with the square of the frequency, more or less (Field 1987: 1/f amplitude)."""
    slopes = []
    for seed in range(6):
        grey = textures.linear(textures.photograph(rng(seed), 256)).mean(-1)
        power = np.abs(np.fft.fft2(grey - grey.mean())) ** 2
        frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
        bands = [(frequency > f) & (frequency <= 2 * f) for f in (0.01, 0.02, 0.04, 0.08, 0.16)]
        slopes.append(np.polyfit(range(5), [math.log2(power[band].mean()) for band in bands], 1)[0])
    assert -2.7 < np.mean(slopes) < -1.2


def test_painting_around_a_point_is_the_same_as_over_the_whole_image():
    size, cx, cy = 64, 1.3, 60.2
    where, dx, dy = patterns.around(cx, cy, 9.0, size)
    near = np.zeros((size, size), bool)
    near[where] = np.hypot(dx, dy) < 9
    y, x = np.mgrid[:size, :size]
    far = np.hypot((x - cx + 32) % 64 - 32, (y - cy + 32) % 64 - 32) < 9
    np.testing.assert_array_equal(near, far)


def test_a_camera_looks_at_its_target_with_the_world_upright():
    matrix = look_at((1, 2, 3), (4, 6, 3))
    np.testing.assert_allclose(matrix[:3, 2], [0.6, 0.8, 0], atol=1e-12)
    np.testing.assert_allclose(matrix[:3, 1], [0, 0, 1], atol=1e-12)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)
    rolled = look_at((1, 2, 3), (4, 6, 3), roll=90)
    np.testing.assert_allclose(rolled[:3, 1], -matrix[:3, 0], atol=1e-12)
    lens = camera((0, 0, 0), (0, 3, 4), 40, aperture=0.01)
    assert lens["type"] == "thinlens" and lens["focus_distance"] == pytest.approx(5)
    assert camera((0, 0, 0), (0, 3, 4), 40)["type"] == "perspective"


def test_fields_of_view_span_their_range():
    angles = [field_of_view(rng(7, seed), 25, 90) for seed in range(300)]
    assert 25 <= min(angles) < 27 and 85 < max(angles) <= 90


def test_a_wall_with_holes_has_what_is_left_of_its_area_and_closes_with_its_reveals():
    holes = [(0.5, 0.0, 1.4, 2.0), (2.0, 1.0, 3.0, 2.2)]
    wall = building.panel(4.0, 2.5, holes)
    assert area(wall) == pytest.approx(4 * 2.5 - 0.9 * 2 - 1.2)
    assert (wall.normals == [0, -1, 0]).all() and disagreement(wall) == pytest.approx(1)
    sides = building.reveal(holes[1], 0.3)
    assert area(sides) == pytest.approx(0.3 * 2 * (1.0 + 1.2))
    middle = np.array([2.5, 0.15, 1.6])
    assert (np.sum((middle - sides.points) * sides.normals, axis=1) > 0).all()  # they face into the hole


def test_walls_know_their_inside():
    room = Room(np.array([(0, 0), (4, 0), (4, 3), (0, 3)], float), 2.5)
    for wall in room.walls:
        sheet = wall.at(building.panel(wall.length, wall.height))
        inward = np.array([2, 1.5, 1.25]) - sheet.points.mean(0)
        assert (sheet.normals @ inward > 0).all()
        assert sheet.points[:, 0].min() >= -1e-9 and sheet.points[:, 0].max() <= 4 + 1e-9
    assert room.outer_walls == [0, 1, 2, 3]
    bent = Room(np.array([(0, 0), (4, 0), (4, 2), (2, 2), (2, 3), (0, 3)], float), 2.5)
    assert bent.outer_walls == [0, 1, 4, 5]


@pytest.mark.parametrize("seed", range(8))
def test_what_stands_in_a_room_stands_inside_and_in_nothing_else(seed):
    r = rng(seed)
    room = Room(plan(r, 4.5, 4.0), 2.6)
    room.holes[0].append((0.3, 0.0, 1.2, 2.0))
    assembly = Assembly()
    stage = Stage(r, Palette((9, seed), assembly), assembly)
    for number in range(14):
        piece = Piece({"wood": box((-0.4, -0.2, 0), (0.4, 0.2, 0.9))})
        place = room.against_wall(r, piece) if number % 2 else room.on_floor(r, piece)
        room.put(stage, piece, place)
    assert len(room.taken) >= 5
    for i, (low, high) in enumerate(room.taken):
        assert room.inside(np.array([low[:2] + 0.005, high[:2] - 0.005])).all()
        for other_low, other_high in room.taken[:i]:
            assert ((low >= other_high - 1e-6) | (high <= other_low + 1e-6)).any()
    door = room.walls[0].frame @ np.array([0.75, -0.1, 1, 1])
    assert not any((low[:2] < door[:2]).all() and (door[:2] < high[:2]).all() for low, high in room.taken)


def test_rays_in_a_room_end_at_walls_and_things():
    room = Room(np.array([(0, 0), (4, 0), (4, 3), (0, 3)], float), 2.5)
    directions = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, -1], [-0.6, -0.8, 0]])
    np.testing.assert_allclose(room.look(np.array([1, 1, 1.0]), directions), [3, 2, 1.5, 1, 1.25], atol=1e-6)
    room.taken.append(np.array([[2, 0.5, 0], [3, 1.5, 2.0]]))
    assert room.look(np.array([1, 1, 1.0]), directions)[0] == pytest.approx(1)


def test_a_view_shows_its_target():
    room = Room(np.array([(0, 0), (5, 0), (5, 4), (0, 4)], float), 2.5)
    assert view(rng(0), room, 60, (1, 1.7), (1, 5)) is None  # nothing to look at
    room.taken.append(np.array([[1.5, 0, 0], [2, 3.2, 2.4]]))  # a partition
    room.aim(np.array([4.5, 1, 1.0]), 1.0)
    eye, target = view(rng(1), room, 60, (1, 1.7), (1, 5))
    ahead = (target - eye) / np.linalg.norm(target - eye)
    assert room.look(eye, ahead[None])[0] >= 0.6 * np.linalg.norm(target - eye)
    assert view(rng(1), room, 60, (1, 1.7), (1, 5), near=True) is None


def test_a_palette_gives_each_slot_its_own_until_there_are_too_many():
    assembly = Assembly()
    palette = Palette((1, 2), assembly, most=3)
    assert palette.material("glass") == "glass_0"
    assert palette.material("book", 1) == "book_1" == palette.material("book", 1 + SLOTS["book"][1])
    palette.material("wood")
    palette.material("cloth")
    assert palette.material("stone") in ("book_1", "wood_0", "cloth_0")
    assert palette.material("mirror") == "mirror_0"


def test_an_assembly_turns_everything_alike():
    turn = standing(1, 2, 0, 90)
    assembly = Assembly(turn)
    assembly.material("grey", matte((0.5, 0.5, 0.5)))
    assembly.put("grey", [quad((0, 0, 0), (1, 0, 0), (0, 1, 0)), quad((0, 0, 1), (1, 0, 0), (0, 1, 0))])
    assembly.light(quad((0, 0, 2), (0, 1, 0), (1, 0, 0)), np.array([3.0, 2, 1]))
    scene = assembly.describe(camera((2, 0, 1), (0, 0, 1), 40))
    assert len(scene["mesh_grey"]["faces"]) == 4 and assembly.triangles() == 6
    np.testing.assert_allclose(scene["mesh_grey"]["vertices"][1], [1, 3, 0], atol=1e-6)
    np.testing.assert_allclose(scene["light_0"]["vertices"][2], [0, 3, 2], atol=1e-6)
    np.testing.assert_allclose(scene["sensor"]["to_world"][:3, 3], [1, 4, 1], atol=1e-12)
    assert scene["light_0"]["emitter"]["radiance"]["value"] == [3, 2, 1]


@pytest.mark.parametrize(
    "make",
    [
        lamps.floor_lamp,
        lamps.table_lamp,
        lamps.ceiling_lamp,
        lamps.wall_lamp,
        lamps.candle,
        lambda r: lamps.pendant(r, 0.7),
        lambda r: lamps.screen(r, 0.6),
    ],
    ids=["floor", "table", "ceiling", "wall", "candle", "pendant", "screen"],
)
def test_lamps_know_how_large_they_look(make):
    """Within a factor of what a closed or a flat mesh of their area shows from a side."""
    for seed in range(12):
        for lamp in make(rng(seed)).lamps:
            assert 0.2 < area(lamp.mesh) / lamp.size < 8


def test_trees_and_grass_are_sound_and_stand_on_the_ground():
    for seed in range(6):
        for mesh in organic.tree(rng(seed), 4.0, 300).values():
            assert np.isfinite(mesh.points).all() and np.isfinite(mesh.normals).all()
            np.testing.assert_allclose(np.linalg.norm(mesh.normals, axis=1), 1, atol=1e-6)
    blades = organic.grass(rng(1), np.array([[1.0, 2, 0.5]] * 40), 0.3)
    assert len(blades.faces) == 120 and blades.points[:, 2].min() > 0.5 - 0.1


def test_bulbs_of_one_lamp_are_one_light_and_lamps_beyond_the_most_are_dark():
    assembly = Assembly()
    stage = Stage(rng(1), Palette((9, 9), assembly), assembly, most=1)
    bulbs = tuple(lamps.Lamp(ball((x, 0, 1), 0.02, 8), math.pi * 0.02**2, 0.5) for x in (0.0, 0.3))
    lamp = Piece({"metal": box((0, 0, 0), (0.1, 0.1, 1))}, bulbs)
    stage.put(lamp, light=1.0)
    assert assembly.lights == 1
    stage.put(lamp, standing(1, 0, 0), light=1.0)
    assert assembly.lights == 1
    scene = assembly.describe(camera((2, 0, 1), (0, 0, 1), 40))
    assert len(scene["light_0"]["faces"]) == 2 * len(bulbs[0].mesh.faces)
    # Together they light a wall two metres away as one lamp of that irradiance would.
    radiance = np.array(scene["light_0"]["emitter"]["radiance"]["value"]) @ (0.2126, 0.7152, 0.0722)
    assert radiance * 2 * math.pi * 0.02**2 / 2.0**2 == pytest.approx(1.0, rel=0.02)
