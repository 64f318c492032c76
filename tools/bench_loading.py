"""How fast random crops come out of a data set: packed, from files that are decoded whole, and from a cold disk.

    python -m tools.bench_loading runs/train runs/train.pack [--crop 128] [--seconds 5]

For a packed set: the bytes of all passes of a crop, copied out, a second; with the pages in memory, and (Linux) after
the system was told to forget them before each crop, as with a set much larger than the memory. For a folder of EXR
files: the same bytes, each crop from a view that is decoded for it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from denoise.data import decode
from denoise.errors import McdenoiseError
from denoise.packed import Mapping, is_packed, read_index
from denoise.pairs import open_pairs

Read = Callable[[np.random.Generator], np.ndarray]


def rate(read: Read, crop: int, seconds: float) -> tuple[float, float, float]:
    """Bytes a second, crops a second, bytes a second of one core; `read` gives the passes (P, C, H, W) of a view."""
    rng = np.random.default_rng(0)
    amount = count = 0
    began, worked = time.perf_counter(), time.process_time()
    while (spent := time.perf_counter() - began) < seconds:
        passes = read(rng)
        height, width = (min(crop, n) for n in passes.shape[-2:])
        y, x = (int(rng.integers(n - m + 1)) for n, m in zip(passes.shape[-2:], (height, width), strict=True))
        amount += np.ascontiguousarray(passes[..., y : y + height, x : x + width]).nbytes
        count += 1
    return amount / spent, count / spent, amount / (time.process_time() - worked)


def unpacked(directory: Path) -> Read:
    """Random views of a folder of EXR files, decoded each time."""
    views = open_pairs(directory)
    return lambda rng: decode(views[int(rng.integers(len(views)))])


def packed(directory: Path, forget: bool) -> Read:
    """Random views of a packed set; with `forget` the pages of each are dropped from memory first."""
    views, mapping = read_index(directory), Mapping(directory)
    files = {view.file: os.open(directory / view.file, os.O_RDONLY) for view in views}

    def read(rng: np.random.Generator) -> np.ndarray:
        view = views[int(rng.integers(len(views)))]
        if forget:
            os.posix_fadvise(files[view.file], view.offset, view.bytes, os.POSIX_FADV_DONTNEED)
            return Mapping(directory).passes(view)  # a mapping that was never touched: mapped pages are not dropped
        return mapping.passes(view)

    return read


def main() -> None:
    """Print a line or two for each data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--crop", type=int, default=128)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    ways: list[tuple[str, Read]] = []
    try:
        for directory in arguments.directories:
            if is_packed(directory):
                ways.append((f"{directory}, in memory", packed(directory, False)))
                if hasattr(os, "posix_fadvise"):
                    ways.append((f"{directory}, cold", packed(directory, True)))
            else:
                ways.append((f"{directory}, EXR", unpacked(directory)))
        for name, read in ways:
            amount, count, core = rate(read, arguments.crop, arguments.seconds)
            print(
                f"{name}: {amount / 1e9:.3f} GB/s, {count:.1f} crops of {arguments.crop} a second; "
                f"{core / 1e9:.3f} GB a second of one core's time", flush=True,
            )  # fmt: skip
    except McdenoiseError as error:
        sys.exit(f"bench_loading: {error}")


if __name__ == "__main__":
    main()
