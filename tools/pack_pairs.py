"""Pack data sets for training: decoded once, a few large files, random crops at the speed of memory.

    python -m tools.pack_pairs DIR... -o PACK

Each DIR is what render-pairs wrote (shards included), or any renderer's passes. train-denoiser takes PACK in place of
them; the EXR files are not needed for training any more.
"""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from denoise.data import decode, noise_weight, samples_of
from denoise.errors import McdenoiseError
from denoise.packed import FILE_BYTES, write_packed
from denoise.pairs import View, open_pairs


def described(views: list[View]) -> Iterator[tuple[dict[str, Any], Callable[[], np.ndarray]]]:
    """Views as `write_packed` takes them."""
    for view in views:
        spp = samples_of(view)
        weight = functools.partial(noise_weight, spp=spp)
        facts = {"name": view.name, "scene": view.scene, "spp": spp.tolist(), "split": view.split, "weight": weight}
        yield facts, functools.partial(decode, view)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="PACK")
    parser.add_argument("--file-bytes", type=int, default=FILE_BYTES, help="size of the files (default: 4 GiB)")
    arguments = parser.parse_args()
    total = count = 0
    try:
        views = [view for directory in arguments.directories for view in open_pairs(directory)]
        for packed in write_packed(arguments.output, described(views), arguments.file_bytes):
            total, count = total + packed.bytes, count + 1
    except McdenoiseError as error:
        sys.exit(f"pack_pairs: {error}")
    print(f"{arguments.output}: {count} views, {total / 1e9:.3f} GB, {total / max(1, count) / 1e6:.2f} MB a view")


if __name__ == "__main__":
    main()
