"""What a frame costs besides the network: memory at the peak, and time of I/O and bookkeeping.

    python -m tools.bench_frame [--size 1920x1080] [--layers 10] [--repeats 7] [--model MODEL] [--skip-memory]

Makes a frame of half channels, ZIP: beauty, albedo, normal, and light groups that sum to the beauty. The defaults make
40 channels with alpha, and the memory's figure is that of a whole `mcdenoise` in a process of its own. Time is that of
reading, finding roles and sums, repairing, cutting and writing, the network left out, over OpenEXR's own read plus
write of the same file with as many threads. The two run in turn, each first in every second pair, so that a busy
machine is busy for both; of the ratios of the pairs the median counts. Each has a target of its own, and the disk is
idle when it begins: ours waits until its file is on the disk, and with it would wait for what OpenEXR, which does not,
has left to be written. The ratio of processor time says the same with less noise, but for that wait.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from denoise import process


def seconds(function: Callable[[], object]) -> tuple[float, float]:
    """Wall time and processor time of one call that begins with nothing left to be written to the disk."""
    if hasattr(os, "sync"):
        os.sync()
    started, busy = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - started, time.process_time() - busy


def paired(ours: Callable[[], object], theirs: Callable[[], object], repeats: int) -> np.ndarray:
    """Times of two functions that run in turn: (repeats, 2, 2), of ours and theirs by wall and by processor."""
    times = []
    for repeat in range(repeats + 1):
        if repeat % 2:
            pair = seconds(ours), seconds(theirs)
        else:
            pair = seconds(theirs), seconds(ours)
            pair = pair[::-1]
        times.append(pair)
    return np.array(times[1:])  # the first of each loads libraries


def make_frame(path: Path, width: int, height: int, layers: int) -> int:
    """Write the frame; returns its number of channels."""
    from denoise.exr import write_frame
    from denoise.frame import Frame, Part

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    edges = (np.sin(x / 40) > np.cos(y / 30)).astype(np.float32)

    def noisy(level: float) -> np.ndarray:
        return (edges + level) * rng.standard_exponential((height, width), np.float32)

    channels: dict[str, np.ndarray] = {}
    for c in "RGB":
        groups = [noisy(0.2 + index) for index in range(layers)]
        channels |= {f"Combined_light{i}.{c}": light.astype(np.float16) for i, light in enumerate(groups)}
        channels[c] = (sum(groups) if groups else noisy(1)).astype(np.float16)
        channels[f"albedo.{c}"] = (edges * 0.4 + 0.3).astype(np.float16)
    for c, values in zip("XYZ", (edges * 0, 1 - 2 * edges, edges * 0), strict=True):
        channels[f"N.{c}"] = values.astype(np.float16)
    channels["A"] = np.ones((height, width), np.float16)
    write_frame(path, Frame([Part({}, channels)]))
    return len(channels)


def peak(command: list[str]) -> float:
    """Largest memory of a command, in GB."""
    code = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    ran = subprocess.run([sys.executable, "-c", code, *command], check=True, capture_output=True, text=True)
    return int(ran.stdout.split()[-1]) * 1024 / 1e9


def ours(source: Path, target: Path) -> None:
    """All that `mcdenoise` does with a frame, but for the network: results are the noisy pixels."""
    import torch

    from denoise.exr import read_frame, write_frame
    from denoise.filtering import Guide, LayerCrops, Put
    from denoise.frame_denoiser import denoise_frame
    from denoise.options import Options
    from denoise.tiles import tiles

    def unfiltered(guide: Guide, put: Put, layers: LayerCrops | None) -> None:
        (whole,) = tiles(*guide.beauties[0].shape[:2], tile=0, align=1, reach=0)
        put(0, whole, torch.from_numpy(guide.beauties[0]).permute(2, 0, 1))
        for index, passes in enumerate(layers(whole.crop) if layers else (), start=1):
            put(index, whole, passes[0])

    clean, _ = denoise_frame(read_frame(source), Options(), unfiltered, "none")
    write_frame(target, clean)


def theirs(source: Path, target: Path) -> None:
    """OpenEXR alone."""
    import OpenEXR

    file = OpenEXR.File(str(source), separate_channels=True)
    file.write(str(target))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1920x1080", help="WxH (default: 1920x1080)")
    parser.add_argument("--layers", type=int, default=10, help="light groups (default: 10)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--model", type=Path, help="model file (default: the shipped one)")
    parser.add_argument("--skip-memory", action="store_true", help="measure the time alone")
    arguments = parser.parse_args()

    process.tune()
    from denoise import exr

    exr.use_threads(os.cpu_count() or 1)
    width, height = map(int, arguments.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        source, target, copy = (Path(folder, name) for name in ("noisy.exr", "clean.exr", "copy.exr"))
        channels = make_frame(source, width, height, arguments.layers)
        print(f"{width}x{height}, {channels} half channels, {source.stat().st_size / 1e6:.0f} MB")
        times = paired(lambda: ours(source, target), lambda: theirs(source, copy), arguments.repeats)
        for kind, (mine, its) in zip(("wall", "processor"), np.moveaxis(times, 0, 2).swapaxes(0, 1), strict=True):
            ratios = mine / its
            print(
                f"{kind} time: I/O and bookkeeping {np.median(mine):.2f} s, OpenEXR's read and write "
                f"{np.median(its):.2f} s; ratio {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})"
            )
        if not arguments.skip_memory:
            command = [sys.executable, "-m", "denoise.cli", str(source), "-o", str(target), "--device", "cpu"]
            command += ["--model", str(arguments.model)] if arguments.model else []
            started = time.perf_counter()
            print(f"mcdenoise: {peak(command):.2f} GB at the peak, {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
