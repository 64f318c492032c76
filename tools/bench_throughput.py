"""Views an hour of render-pairs, and how much of its time it traces.

    python -m tools.bench_throughput interiors stills --seeds 5000-5003 --views 1,8

For each family, number of views a scene, and number of processes: scenes are rendered from nothing into a data set that
is thrown away, at 256x256 with the ladder 1,1,2,4,8,16. The bound is the samples a second of a pass of 16 spp of the
same scenes, their kernels compiled; "tracing" is the share of the run that its samples would take at that rate. Each
figure is also given in processor time, which other programs on the machine change little.

Dr.Jit keeps compiled kernels (~/.drjit), so that seeds rendered here before compile nothing: each run takes seeds of
its own, one block behind the other from the first of --seeds on. Give fresh ones.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from denoise.errors import McdenoiseError
from render.backend import Scene, start
from render.sources import Procedural, parse_seeds
from render.variants import VARIANTS, choose

_LADDER = "1,1,2,4,8,16"
_SAMPLES = 32 * 256 * 256
_AGAIN = 3


def bound(family: str, seeds: range) -> tuple[float, float]:
    """Samples a second of a compiled pass, of wall time and of processor time: medians over scenes and repetitions."""
    wall, busy = [], []
    for seed in seeds:
        scene = Scene(Procedural(family, seed), (256, 256))
        scene.render(scene.camera, "independent", 16, 0)
        for again in range(1, _AGAIN + 1):
            began, worked = time.perf_counter(), time.process_time()
            scene.render(scene.camera, "independent", 16, again)
            wall.append(_SAMPLES / 2 / (time.perf_counter() - began))
            busy.append(_SAMPLES / 2 / (time.process_time() - worked))
    return statistics.median(wall), statistics.median(busy)


def run(family: str, seeds: range, views: int, workers: int, variant: str) -> tuple[int, float, float]:
    """Views, wall time and processor time (seconds) of a run of render-pairs."""
    began, worked = time.perf_counter(), _children()
    with tempfile.TemporaryDirectory() as folder:
        words = [f"procedural:{family}", "--seeds", f"{seeds[0]}-{seeds[-1]}", "--views", str(views), "-o", folder]
        words += ["--spp", _LADDER, "--workers", str(workers), "--variant", variant, "--keep-degenerate"]
        done = subprocess.run([sys.executable, "-m", "render.cli", *words], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return views * len(seeds), time.perf_counter() - began, _children() - worked


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print a line for each family, number of views and number of processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="+")
    parser.add_argument("--seeds", default="5000-5003", help="the first block of seeds (default: 5000-5003)")
    parser.add_argument("--views", default="1,8", help="of each scene, one run for each number (default: 1,8)")
    parser.add_argument("--workers", default="1", help="processes, one run for each number (default: 1)")
    parser.add_argument("--variant", choices=VARIANTS, default="llvm_ad_rgb")
    arguments = parser.parse_args()
    try:
        first, last = parse_seeds(arguments.seeds)
        count = last - first + 1
        print(f"{start(choose(arguments.variant))}, {arguments.variant}, {os.cpu_count()} cores; {count} scenes a run")
        for family in arguments.families:
            block = range(first, last + 1)
            for workers in map(int, arguments.workers.split(",")):
                for views in map(int, arguments.views.split(",")):
                    made, seconds, worked = run(family, block, views, workers, arguments.variant)
                    wall, busy = bound(family, block)
                    samples = made * _SAMPLES
                    rates = f"{wall / 1e6:.3f}, {busy / 1e6:.3f} a second of processor time"
                    print(
                        f"{family}, {views} views a scene, {workers} processes: {3600 * made / seconds:.0f} views an "
                        f"hour, {samples / wall / seconds:.0%} tracing; by processor time {3600 * made / worked:.0f} "
                        f"views an hour and core, {samples / busy / worked:.0%} tracing; bound {rates}, Msamples/s",
                        flush=True,
                    )
                    block = range(block[-1] + 1, block[-1] + 1 + count)
    except (McdenoiseError, ValueError) as error:
        sys.exit(f"bench_throughput: {error}")


if __name__ == "__main__":
    main()
