"""What a pass of render-pairs costs, against a bare `mi.render` of the same scene with the same channels.

    python -m tools.bench_render scenes/attic.xml scenes/garden.xml --spp 8 --repeats 9

Two yardsticks, each loaded by `mi.load_file` as anybody would: `aov` around the scene's integrator (albedo, shading
normal, depth), and `moment` around that, which also gives the squares that the variance needs. The three run in turn,
in a new order each time, so that a busy machine is busy for all of them; the ratios are of neighbours in time. The
first render of each compiles and is not counted. Below 1 is faster than the yardstick; the promise is 1.1 or less. The
last column is what albedo and normal by `follow` cost over those of the first hit (1 with the scalar variant, which has
no other).
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from denoise.errors import McdenoiseError
from render.backend import Scene, start
from render.variants import VARIANTS, choose

_AOV = {"type": "aov", "aovs": "albedo:albedo,normal:sh_normal,depth:depth"}


def bare(path: Path, spp: int, moment: bool) -> Callable[[int], None]:
    """A function that renders the scene the plain way with a seed."""
    import mitsuba as mi
    import numpy as np

    scene: Any = mi.load_file(str(path))
    integrator: dict[str, Any] = {**_AOV, "own": scene.integrator()}
    made = mi.load_dict({"type": "moment", "aov": integrator} if moment else integrator)

    def render(seed: int) -> None:
        np.array(mi.render(scene, integrator=made, spp=spp, seed=seed))  # the array waits for the kernel's end

    return render


def ours(scene: Scene, spp: int, aux: str | None) -> Callable[[int], None]:
    """A function that renders a pass of render-pairs with a seed."""

    def render(seed: int) -> None:
        scene.render(scene.camera, scene.samplers[0], spp, seed, None, aux)

    return render


def measure(path: Path, spp: int, repeats: int) -> dict[str, list[float]]:
    """Samples a second of each way, one figure for each repetition."""
    scene = Scene(path)
    pixels = scene.size[0] * scene.size[1]
    ways = {"aov": bare(path, spp, moment=False), "moment": bare(path, spp, moment=True)}
    ways |= {"pass": ours(scene, spp, None), "first-hit": ours(scene, spp, "first-hit")}
    for render in ways.values():
        render(0)
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(1, repeats + 1):
        for name, render in random.sample(list(ways.items()), len(ways)):
            began = time.perf_counter()
            render(seed)
            rates[name].append(pixels * spp / (time.perf_counter() - began))
    return rates


def ratio(rates: dict[str, list[float]], yardstick: str) -> str:
    """Time of a pass over the yardstick's, median and quartiles over the repetitions."""
    ratios = [bare / own for bare, own in zip(rates[yardstick], rates["pass"], strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return f"{middle:.2f} ({low:.2f} .. {high:.2f})"


def main() -> None:
    """Print one line a scene."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", nargs="+", type=Path)
    parser.add_argument("--spp", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--variant", choices=("auto", *VARIANTS), default="auto")
    arguments = parser.parse_args()
    if arguments.repeats < 2 or arguments.spp < 1:
        parser.error("--repeats must be 2 or more, --spp 1 or more")
    try:
        choice = choose(arguments.variant)
        print(f"{start(choice)}, {choice.notice}; {arguments.spp} spp, {arguments.repeats} repetitions")
        print(
            f"{'scene':20} {'Msamples/s of a pass':>22} {'time / aov':>22} {'time / moment(aov)':>22} "
            f"{'time / first-hit':>22}"
        )
        for path in arguments.scenes:
            rates = measure(path, arguments.spp, arguments.repeats)
            speed = f"{statistics.median(rates['pass']) / 1e6:.2f}"
            ratios = [ratio(rates, yardstick) for yardstick in ("aov", "moment", "first-hit")]
            print(f"{path.stem:20} {speed:>22} " + " ".join(f"{each:>22}" for each in ratios), flush=True)
    except McdenoiseError as error:
        sys.exit(f"bench_render: {error}")


if __name__ == "__main__":
    main()
