"""From file to file by Open Image Denoise: the program that `mcdenoise` is timed against.

    python -m tools.benchmark.oidn_file frame.exr clean.exr {none,fast,high,best}

Reads, denoises, puts the result in the place of R G B, writes: no more than that, and nothing of ours but oidn.py. The
channels are those of render-pairs. `none` reads and writes alone.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import OpenEXR

_PLANES = {
    "radiance": ("R", "G", "B"),
    "albedo": ("albedo.R", "albedo.G", "albedo.B"),
    "normal": ("N.X", "N.Y", "N.Z"),
}


def main() -> None:
    """Run the command."""
    source, target, mode = sys.argv[1:]
    OpenEXR.set_global_thread_count(os.cpu_count() or 1)
    part = OpenEXR.File(source, separate_channels=True).parts[0]
    if mode != "none":
        sys.modules["torch"] = None  # pyoidn would import it where it is installed, for more than a second
        from tools.benchmark import oidn

        planes = {
            name: np.stack([part.channels[channel].pixels.astype(np.float32) for channel in channels], axis=-1)
            for name, channels in _PLANES.items()
        }
        clean = oidn.denoise(planes, mode)
        for i, channel in enumerate(_PLANES["radiance"]):
            old = part.channels[channel].pixels
            part.channels[channel].pixels = np.ascontiguousarray(clean[..., i].astype(old.dtype))
    OpenEXR.File([part]).write(target)


if __name__ == "__main__":
    main()
