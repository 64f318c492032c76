"""`make train-demo`: from random weights to a clean frame, by noise alone.

python -m tools.train_demo FOLDER
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from denoise import process
from denoise.errors import McdenoiseError


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Train a denoiser on noisy renders of one scene, and show it.")
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--minutes", type=float, default=4, help="of training (default: 4)")
    arguments = parser.parse_args()
    process.tune()
    from tools.noise2noise import TRAINING, make_train_demo

    try:
        make_train_demo(arguments.folder, Console(), training=replace(TRAINING, minutes=arguments.minutes))
    except McdenoiseError as error:
        raise SystemExit(f"train-demo: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("train-demo: stopped; the same command goes on where the last checkpoint stood") from None


if __name__ == "__main__":
    main()
