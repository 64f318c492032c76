"""A scene file rendered by Mitsuba to one EXR, as its own film writes it: half, PIZ. Runs in our environment.

Run `python -m tools.renderers.mitsuba_scene scenes/studio.xml studio.exr --size 480x270 --spp 16`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import mitsuba

from tools.renderers.environments import FILTERS

#: Of the `aov` integrator; the names before the colons are the user's to choose.
_AOVS = "albedo:albedo,nn:sh_normal,dd:depth,pos:position,uv:uv,prim:prim_index,shape:shape_index"


def render(
    scene_file: Path, output: Path, size: tuple[int, int], spp: int, seed: int, moment: bool, rfilter: str
) -> None:
    """Render to a file.

    Args:
        scene_file: Mitsuba XML; camera and integrator are taken from it.
        output: the EXR to write.
        size: width, height in pixels.
        spp: samples a pixel.
        seed: of the sampler.
        moment: wrap all in the `moment` integrator, which adds E[x] and E[x^2] of every channel.
        rfilter: one of `environments.FILTERS`.
    """
    mitsuba.set_variant("scalar_rgb")
    scene = mitsuba.load_file(str(scene_file))
    width, height = size
    film = {"type": "hdrfilm", "width": width, "height": height, "rfilter": {"type": rfilter}, "pixel_format": "rgba"}
    sensor = mitsuba.load_dict(
        {
            "type": "perspective",
            "to_world": mitsuba.ScalarTransform4f(scene.sensors()[0].world_transform().matrix),
            "fov": float(mitsuba.traverse(scene.sensors()[0])["x_fov"]),
            "film": film,
            "sampler": {"type": "independent", "sample_count": spp},
        }
    )
    integrator = {"type": "aov", "aovs": _AOVS, "img": scene.integrator()}
    if moment:
        integrator = {"type": "moment", "nested": integrator}
    mitsuba.render(scene, sensor=sensor, integrator=mitsuba.load_dict(integrator), seed=seed)
    sensor.film().write(str(output))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scene", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--size", default="480x270", help="WxH")
    parser.add_argument("--spp", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--moment", action="store_true", help="with first and second moments")
    parser.add_argument("--filter", default="box", choices=FILTERS, help="of the film (default: box)")
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    render(
        arguments.scene,
        arguments.output,
        (width, height),
        arguments.spp,
        arguments.seed,
        arguments.moment,
        arguments.filter,
    )


if __name__ == "__main__":
    main()
