"""How much of a network is at work: the units that no pixel of a data set brings above zero, layer by layer.

    python -m tools.idle_units [--model MODEL] DIR... [--batches 6]

What follows ReLU is zero for them, whatever the picture: the network is as if it had fewer channels there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from rich import box
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from denoise.checkpoint import load_model
from denoise.crops import draw_batch
from denoise.data import StoredView, load_sets
from denoise.errors import McdenoiseError
from denoise.rounds import in_rounds
from denoise.transfer import exposure

_BATCH, _CROP = 8, 128


def activity(network: nn.Module, views: list[StoredView], batches: int) -> dict[str, Tensor]:
    """The share of pixels in which each unit is above zero.

    Args:
        network: with ReLU modules.
        views: to draw crops from, as a training does.
        batches: of 8 crops.

    Returns:
        By the name of the ReLU, (channels,) in [0, 1].
    """
    shares: dict[str, list[Tensor]] = {}
    hooks = [
        module.register_forward_hook(
            lambda _module, _inputs, out, name=name: shares.setdefault(name, []).append(
                (out > 0).float().mean((0, 2, 3))
            )
        )
        for name, module in network.named_modules()
        if isinstance(module, nn.ReLU)
    ]
    for number in range(batches):
        drawn = in_rounds(views, number * _BATCH, _BATCH, 0)
        _, inputs, *_ = draw_batch(drawn, _CROP, np.random.default_rng(number))
        network(inputs.exposed(exposure(inputs.radiance)))  # with gradients: without, convolutions do ReLU themselves
    for hook in hooks:
        hook.remove()
    return {name: torch.stack(each).mean(0) for name, each in shares.items()}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--model", type=Path, help="(default: the shipped one)")
    parser.add_argument("--batches", type=int, default=6)
    arguments = parser.parse_args()
    try:
        network, _ = load_model(arguments.model)
        shares = activity(network, load_sets(arguments.directories), arguments.batches)
    except McdenoiseError as error:
        raise SystemExit(f"idle_units: {error}") from error
    table = Table("after", "units", "never above zero", "in less than 1 % of pixels", "mean share", box=box.SIMPLE)
    for name, share in shares.items():
        idle, rare = int((share == 0).sum()), int((share < 0.01).sum())
        table.add_row(name, str(len(share)), str(idle), str(rare), f"{share.mean():.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
