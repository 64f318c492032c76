"""How fast a training runs on this machine, and how much of its time it waits for data.

    python -m tools.bench_training DIR... [--steps 60]

Trains the default network on the data sets, writes nothing that stays, and prints Mpixel/s and the share of time spent
waiting for the loader, after the first tenth of the steps.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from denoise import process


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()

    process.tune()
    from denoise.data import load_sets
    from denoise.denoiser import pick_device
    from denoise.network import ModelConfig
    from denoise.train import TrainConfig, train

    views = load_sets(arguments.directories)
    config = TrainConfig(steps=arguments.steps, validate_every=10**9, checkpoint_seconds=1e9)
    warm = max(1, arguments.steps // 10)
    with tempfile.TemporaryDirectory() as folder:
        records = list(
            train(config, ModelConfig(), views, Path(folder) / "model.safetensors", pick_device("auto"), {})
        )[warm:]
    seconds = records[-1]["seconds"] - records[0]["seconds"]
    pixels = records[-1]["pixels"] - records[0]["pixels"]
    waited = records[-1]["waited"] * records[-1]["seconds"] - records[0]["waited"] * records[0]["seconds"]
    rate = pixels / seconds / 1e6
    print(f"{len(records) - 1} steps, {rate:.3f} Mpixel/s, {waited / seconds:.2%} of the time waiting for data")


if __name__ == "__main__":
    main()
