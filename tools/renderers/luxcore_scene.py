"""Balls and boxes in LuxCore, one EXR file per output. Runs in the environment of `pyluxcore`, not in ours.

    .renderers/luxcore/bin/python tools/renderers/luxcore_scene.py FOLDER --size 480x270 --spp 16

Writes RGB_IMAGEPIPELINE.exr, RGBA_IMAGEPIPELINE.exr, ALBEDO.exr, AVG_SHADING_NORMAL.exr, DEPTH.exr, POSITION.exr,
SAMPLECOUNT.exr and RADIANCE_GROUP_0.exr and _1.exr: the sky, which rays that miss see, and an area light.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import pyluxcore

#: File name of each output, and its number where one kind has several.
_OUTPUTS = {
    "RGB_IMAGEPIPELINE": None,
    "RGBA_IMAGEPIPELINE": None,
    "ALBEDO": None,
    "AVG_SHADING_NORMAL": None,
    "DEPTH": None,
    "POSITION": None,
    "SAMPLECOUNT": None,
    "RADIANCE_GROUP_0": 0,
    "RADIANCE_GROUP_1": 1,
}


def grid(point, columns: int, rows: int):
    """Points and triangles of a surface; `point(u, v)` with u, v in [0, 1]."""
    points = [point(i / columns, j / rows) for j in range(rows + 1) for i in range(columns + 1)]
    faces = []
    for j in range(rows):
        for i in range(columns):
            a = j * (columns + 1) + i
            c = a + columns + 1
            faces += [(a, a + 1, c + 1), (a, c + 1, c)]
    return points, faces


def sphere(centre, radius):
    """A sphere as a mesh, north up."""

    def point(u, v):
        turn, down = 2 * math.pi * u, math.pi * (1 - v)
        ring = radius * math.sin(down)
        return (
            centre[0] + ring * math.cos(turn),
            centre[1] + ring * math.sin(turn),
            centre[2] + radius * math.cos(down),
        )

    return grid(point, 48, 24)


def square(centre, half, facing=1):
    """A horizontal square that faces up (1) or down (-1)."""
    return grid(lambda u, v: (centre[0] + half * (2 * u - 1) * facing, centre[1] + half * (2 * v - 1), centre[2]), 1, 1)


def build() -> pyluxcore.Scene:
    """Scene with two lights of groups 0 and 1."""
    scene = pyluxcore.Scene()
    shapes = {
        "floor": (square((0, 0, 0), 3), "matte"),
        "red": (sphere((-0.9, 0.2, 0.6), 0.6), "red"),
        "mirror": (sphere((0.6, 0.5, 0.5), 0.5), "mirror"),
        "lamp": (square((0.3, -0.3, 2.4), 0.35, -1), "light"),
    }
    text = """
scene.camera.type = "perspective"
scene.camera.lookat.orig = 0 -5 1.8
scene.camera.lookat.target = 0 0 0.7
scene.camera.fieldofview = 45
scene.textures.tiles.type = "checkerboard2d"
scene.textures.tiles.texture1 = 0.6 0.55 0.45
scene.textures.tiles.texture2 = 0.15 0.15 0.2
scene.textures.tiles.mapping.type = "uvmapping2d"
scene.textures.tiles.mapping.uvscale = 8 8
scene.materials.matte.type = "matte"
scene.materials.matte.kd = "tiles"
scene.materials.red.type = "matte"
scene.materials.red.kd = 0.7 0.1 0.08
scene.textures.gold.type = "fresnelcolor"
scene.textures.gold.kr = 0.9 0.7 0.3
scene.materials.mirror.type = "metal2"
scene.materials.mirror.fresnel = "gold"
scene.materials.mirror.uroughness = 0.15
scene.materials.mirror.vroughness = 0.15
scene.materials.light.type = "matte"
scene.materials.light.kd = 0 0 0
scene.materials.light.emission = 18 14 9
scene.materials.light.emission.id = 1
scene.lights.sky.type = "constantinfinite"
scene.lights.sky.color = 0.15 0.25 0.5
scene.lights.sky.id = 0
"""
    properties = pyluxcore.Properties()
    properties.SetFromString(text)
    scene.Parse(properties)
    for name, ((points, faces), of) in shapes.items():
        uv = None
        if name == "floor":
            uv = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
        scene.DefineMesh(name, points, faces, None, uv, None, None)
        one = pyluxcore.Properties()
        one.SetFromString(f'scene.objects.{name}.shape = "{name}"\nscene.objects.{name}.material = "{of}"\n')
        scene.Parse(one)
    return scene


def settings(folder: Path, width: int, height: int, spp: int, seed: int) -> pyluxcore.Properties:
    """CPU path tracing, linear output without tone mapping."""
    lines = [
        'renderengine.type = "PATHCPU"',
        f"renderengine.seed = {seed}",
        'sampler.type = "RANDOM"',  # the others work by regions and stop unevenly in tiny images
        f"film.width = {width}",
        f"film.height = {height}",
        'film.filter.type = "NONE"',
        f"batch.haltspp = {spp}",
        'film.imagepipelines.0.0.type = "NOP"',
    ]
    for index, (name, number) in enumerate(_OUTPUTS.items()):
        kind = name if number is None else name.rpartition("_")[0]
        lines += [
            f'film.outputs.{index}.type = "{kind}"',
            f'film.outputs.{index}.filename = "{folder / name}.exr"',
        ]
        if number is not None:
            lines.append(f"film.outputs.{index}.id = {number}")
        if "IMAGEPIPELINE" in name:
            lines.append(f"film.outputs.{index}.index = 0")
    properties = pyluxcore.Properties()
    properties.SetFromString("\n".join(lines) + "\n")
    return properties


def main() -> None:
    """Build and render."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="480x270", help="WxH")
    parser.add_argument("--spp", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    width, height = map(int, arguments.size.split("x"))
    pyluxcore.Init()
    properties = settings(arguments.folder.resolve(), width, height, arguments.spp, arguments.seed)
    config = pyluxcore.RenderConfig(properties, build())
    session = pyluxcore.RenderSession(config)
    session.Start()
    while not session.HasDone():
        session.UpdateStats()
    session.Stop()
    session.GetFilm().SaveOutputs()


if __name__ == "__main__":
    main()
