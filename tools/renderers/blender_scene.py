"""A room in Cycles, rendered to one multilayer EXR. Runs in the environment of a `bpy` package, not in ours.

    .renderers/blender-4.5/bin/python tools/renderers/blender_scene.py room.exr --size 480x270 --spp 16 --all-passes

By day a room with one window: sky and sun come through it (light group `window`), two small lamps burn inside
(light group `lamps`), as a paper lantern does, unless it is told to be in no group: the groups then do not sum to
the beauty. There is what makes frames noisy and layers differ: indirect light, a mirror ball, a glass ball, rough
metal, a checkered floor, a moving ball. On the CPU, so that machines agree.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

import bpy

_GROUPS = ("window", "lamps")

#: Colours of the books.
_COVERS = ((0.6, 0.08, 0.06), (0.1, 0.2, 0.5), (0.7, 0.55, 0.1), (0.1, 0.4, 0.2), (0.4, 0.1, 0.4))

#: Of a view layer, where both Blender versions name them alike.
_PASSES = (
    "combined z mist position normal vector uv object_index material_index diffuse_direct diffuse_indirect "
    "diffuse_color glossy_direct glossy_indirect glossy_color transmission_direct transmission_indirect "
    "transmission_color emit environment shadow ambient_occlusion cryptomatte_object cryptomatte_material"
).split()


def material(
    name: str, colour: tuple[float, float, float], roughness: float = 0.5, **inputs: float
) -> bpy.types.Material:
    """A principled material; `inputs` by their names in lower case with underscores."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Roughness"].default_value = roughness
    for key, value in inputs.items():
        shader.inputs[key.replace("_", " ").title()].default_value = value
    return made


def checkered(
    name: str, one: tuple[float, float, float], other: tuple[float, float, float], scale: float = 14
) -> bpy.types.Material:
    """A material with a checker texture, for texture detail that a denoiser must keep."""
    made = material(name, one, 0.35)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    checker = nodes.new("ShaderNodeTexChecker")
    checker.inputs["Color1"].default_value, checker.inputs["Color2"].default_value = (*one, 1), (*other, 1)
    checker.inputs["Scale"].default_value = scale
    coordinates = nodes.new("ShaderNodeTexCoord")
    links.new(coordinates.outputs["UV"], checker.inputs["Vector"])
    links.new(checker.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return made


def box(
    name: str,
    centre: tuple[float, float, float],
    size: tuple[float, float, float],
    of: bpy.types.Material,
    turn: float = 0,
) -> bpy.types.Object:
    """A box of full side lengths `size`, turned about the vertical by `turn` radians."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=centre, rotation=(0, 0, turn))
    return _named(name, of, scale=size)


def ball(name: str, centre: tuple[float, float, float], radius: float, of: bpy.types.Material) -> bpy.types.Object:
    """A smooth sphere."""
    bpy.ops.mesh.primitive_uv_sphere_add(radius=radius, location=centre, segments=48, ring_count=24)
    bpy.ops.object.shade_smooth()
    return _named(name, of)


def _named(name: str, of: bpy.types.Material, scale: tuple[float, float, float] = (1, 1, 1)) -> bpy.types.Object:
    made = bpy.context.object
    made.name, made.scale = name, scale
    made.data.materials.append(of)
    return made


def build_room(lantern_alone: bool) -> list[bpy.types.Object]:
    """Room, furniture, lights and camera; returns the furniture, which the second view layer shows alone."""
    plaster, wood = material("plaster", (0.75, 0.72, 0.66), 0.9), material("wood", (0.32, 0.16, 0.07), 0.4)
    floor = checkered("tiles", (0.5, 0.42, 0.33), (0.12, 0.1, 0.09), 70)
    box("floor", (0, 0, -0.05), (5, 6, 0.1), floor)
    box("ceiling", (0, 0, 2.65), (5, 6, 0.1), plaster)
    box("back wall", (0, 3.05, 1.3), (5, 0.1, 2.7), material("green wall", (0.25, 0.42, 0.3), 0.9))
    box("right wall", (2.55, 0, 1.3), (0.1, 6, 2.7), plaster)
    # The left wall leaves a window of 1.6 by 1.2.
    box("wall below", (-2.55, 0, 0.45), (0.1, 6, 0.9), plaster)
    box("wall above", (-2.55, 0, 2.35), (0.1, 6, 0.5), plaster)
    box("wall before", (-2.55, -1.4, 1.5), (0.1, 3.2, 1.2), plaster)
    box("wall behind", (-2.55, 2.4, 1.5), (0.1, 1.2, 1.2), plaster)

    furniture = [
        box("table top", (0.3, 1.2, 0.72), (1.5, 0.9, 0.06), wood, 0.2),
        *(
            box(f"leg {x}{y}", (0.3 + 0.6 * x, 1.2 + 0.3 * y, 0.35), (0.07, 0.07, 0.7), wood)
            for x in (-1, 1)
            for y in (-1, 1)
        ),
        box("shelf", (1.7, 2.8, 1.5), (1.2, 0.3, 0.04), wood),
        *(
            box(
                f"book {i}",
                (1.3 + 0.09 * i, 2.82, 1.66),
                (0.06, 0.2, 0.22 + 0.05 * (i % 3)),
                material(f"cover {i}", of),
            )
            for i, of in enumerate(_COVERS)
        ),
        ball("mirror", (-0.1, 1.1, 0.97), 0.22, material("chrome", (0.9, 0.9, 0.9), 0.02, metallic=1)),
        ball("glass", (0.55, 1.0, 0.93), 0.18, material("glass", (0.95, 1, 0.97), 0.0, transmission_weight=1)),
        ball("copper", (0.75, 1.45, 0.9), 0.15, material("copper", (0.8, 0.4, 0.25), 0.35, metallic=1)),
        ball("floor ball", (-1.2, 0.6, 0.3), 0.3, material("rubber", (0.65, 0.1, 0.08), 0.6)),
        box("cube", (1.5, 0.3, 0.3), (0.6, 0.6, 0.6), checkered("cloth", (0.55, 0.5, 0.2), (0.1, 0.15, 0.3)), 0.5),
    ]
    moving = furniture[-2]
    moving.keyframe_insert("location", frame=1)
    moving.location.x += 0.3
    moving.keyframe_insert("location", frame=2)
    paper = material("paper", (0.9, 0.85, 0.7), 0.8, emission_strength=2.5)
    paper.node_tree.nodes["Principled BSDF"].inputs["Emission Color"].default_value = (1, 0.75, 0.4, 1)
    lantern = ball("lantern", (-1.7, 2.3, 1.9), 0.22, paper)
    if not lantern_alone:
        lantern.lightgroup = "lamps"
    for index, thing in enumerate(bpy.data.objects):
        thing.pass_index = index + 1
    for index, made in enumerate(bpy.data.materials):
        made.pass_index = index + 1

    slant = (0, math.radians(-58), math.radians(-14))
    lamp("sun", "SUN", (0, 0, 3), slant, 12, (1, 0.92, 0.8), "window", angle=0.01)
    lamp("desk lamp", "POINT", (1.2, 1.9, 1.25), (0, 0, 0), 18, (1, 0.7, 0.4), "lamps", shadow_soft_size=0.04)
    cone = {"shadow_soft_size": 0.02, "spot_size": 1.0}
    lamp("spot", "SPOT", (-0.9, 2.2, 2.5), (0.1, 0, 0), 40, (0.6, 0.75, 1), "lamps", **cone)
    world = bpy.data.worlds.new("sky")
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.35, 0.55, 1, 1)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 4
    world.lightgroup = "window"
    bpy.context.scene.world = world

    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    bpy.context.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.55, -2.75, 1.45), (math.radians(83), 0, math.radians(6))
    camera.data.lens, camera.data.sensor_width = 24, 36
    bpy.context.scene.camera = camera
    return furniture


def lamp(
    name: str,
    kind: str,
    at: tuple[float, float, float],
    turn: tuple[float, float, float],
    energy: float,
    colour: tuple[float, float, float],
    group: str,
    **settings: float,
) -> None:
    """A lamp in a light group."""
    data = bpy.data.lights.new(name, kind)
    data.energy, data.color = energy, colour
    for key, value in settings.items():
        setattr(data, key, value)
    made = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(made)
    made.location, made.rotation_euler, made.lightgroup = at, turn, group


def add_view_layers(furniture: list[bpy.types.Object], all_passes: bool, count: int) -> None:
    """The first shows all; a second one shows the furniture without the room, so that rays miss."""
    scene = bpy.context.scene
    things = bpy.data.collections.new("furniture")
    scene.collection.children.link(things)
    for thing in furniture:
        for holder in tuple(thing.users_collection):
            holder.objects.unlink(thing)
        things.objects.link(thing)
    layers = [scene.view_layers[0]]
    layers[0].name = "ViewLayer"
    if count > 1:
        layers.append(scene.view_layers.new("Furniture only"))
        room = next(child for child in layers[1].layer_collection.children if child.name != "furniture")
        room.exclude = True
    for index, layer in enumerate(layers):
        for name in _PASSES:
            # The second layer is a small one: what a TD leaves on is the beauty, ids and denoising data.
            always = name.startswith(("combined", "crypto"))
            setattr(layer, f"use_pass_{name}", always or (all_passes and index == 0))
        layer.pass_cryptomatte_depth = 4
        layer.cycles.denoising_store_passes = True
        layer.cycles.pass_debug_sample_count = all_passes and index == 0
        if index == 0:
            for group in _GROUPS:
                layer.lightgroups.add(name=group)


def configure(arguments: argparse.Namespace) -> None:
    """Cycles, and the file to write."""
    scene = bpy.context.scene
    render, cycles, image = scene.render, scene.cycles, scene.render.image_settings
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = map(int, arguments.size.split("x"))
    render.resolution_percentage = 100
    render.use_motion_blur = False  # with it, Cycles gives no vectors
    render.film_transparent = False
    render.threads_mode, render.threads = "FIXED", arguments.threads
    render.fps, render.fps_base = 24, 1.001
    render.use_stamp_note, render.stamp_note_text = True, "room, by tools/renderers/blender_scene.py"
    cycles.device, cycles.samples, cycles.seed = "CPU", arguments.spp, arguments.seed
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = arguments.denoise
    cycles.sample_clamp_indirect = 0  # clamping is a bias, and references would share it
    cycles.max_bounces = 8
    if hasattr(image, "media_type"):  # Blender 5
        image.media_type = "MULTI_LAYER_IMAGE"
    image.file_format = "OPEN_EXR_MULTILAYER"
    image.color_depth, image.exr_codec = arguments.depth, arguments.codec
    render.filepath = str(arguments.output.resolve())
    scene.frame_set(1)


def main() -> None:
    """Build and render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--size", default="480x270", help="WxH")
    parser.add_argument("--spp", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--all-passes", action="store_true", help="every pass that Cycles has, not the beauty's alone")
    parser.add_argument("--view-layers", type=int, choices=(1, 2), default=1)
    parser.add_argument("--lantern-alone", action="store_true", help="in no light group")
    parser.add_argument("--denoise", action="store_true", help="by Cycles itself, into Combined")
    parser.add_argument("--working-space", help="of Blender 5: Linear Rec.709, Linear Rec.2020 or ACEScg")
    parser.add_argument("--depth", choices=("16", "32"), default="16", help="bits a channel")
    parser.add_argument("--codec", default="ZIP")
    arguments = parser.parse_args(sys.argv[1:])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if arguments.working_space:
        bpy.ops.wm.set_working_color_space(working_space=arguments.working_space)
    # Both versions name an empty scene's collection differently; the room goes into one of its own.
    room = bpy.data.collections.new("room")
    bpy.context.scene.collection.children.link(room)
    view = bpy.context.view_layer
    view.active_layer_collection = view.layer_collection.children["room"]
    furniture = build_room(arguments.lantern_alone)
    configure(arguments)
    add_view_layers(furniture, arguments.all_passes, arguments.view_layers)
    bpy.ops.render.render(write_still=True)
    if not arguments.output.is_file():
        raise SystemExit(f"Blender wrote no {arguments.output}")


if __name__ == "__main__":
    main()
