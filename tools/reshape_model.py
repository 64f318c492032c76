"""A model whose network has other widths and computes the same: where units do nothing they leave, and others come in.

    python -m tools.reshape_model MODEL DIR... -o MODEL --down 80,112,104,88,80 --up 112,112,64,80 [--batches 60]

Units that no pixel of the data sets brings above zero (`tools/idle_units.py`) go first, then those that are so most
rarely. New ones read at random, and nothing reads them until they have learned what to say (Chen, Goodfellow and Shlens
2016, "Net2Net: accelerating learning via knowledge transfer", section 2.4, where copies of old ones come in instead).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from denoise.checkpoint import load_model, save_model
from denoise.convolutions import Convs
from denoise.data import load_sets
from denoise.errors import McdenoiseError, ModelError
from denoise.network import KernelNetwork
from tools.idle_units import activity


@dataclass(frozen=True)
class _Channels:
    """Where channels of one network are in the other.

    Attributes:
        kept: indices in the old network, of those that are the first in the new one.
        old: how many there were.
        new: how many there are.
    """

    kept: Tensor
    old: int
    new: int


def reshaped(
    network: KernelNetwork, down: tuple[int, ...], up: tuple[int, ...], work: dict[str, Tensor]
) -> KernelNetwork:
    """A network of other widths that computes the same, but for what units said that had no place any more.

    Args:
        network: whose scales are balanced in place, which changes nothing that it computes.
        down: channels, as `ModelConfig` has them; as many levels as there are.
        up: likewise.
        work: by the name of each ReLU, the share of pixels that each unit is above zero in, as `activity` finds it.

    Returns:
        The new network, balanced.

    Raises:
        ModelError: widths of another number of levels.
    """
    if (len(down), len(up)) != (len(network.config.down), len(network.config.up)):
        raise ModelError(f"its network has {len(network.config.down)} levels down and {len(network.config.up)} up")
    network.balance()
    new = KernelNetwork(replace(network.config, down=down, up=up))

    def block(name: str, *inputs: _Channels) -> _Channels:
        old_block, new_block = network.get_submodule(name), new.get_submodule(name)
        assert isinstance(old_block, Convs) and isinstance(new_block, Convs)
        for index, (old_conv, new_conv) in enumerate(
            zip(old_block.convolutions(), new_block.convolutions(), strict=True)
        ):
            outputs = _busiest(work[f"{name}.{2 * index + 1}"], len(_weight(new_conv)))
            _place(old_conv, new_conv, inputs, outputs)
            inputs = (outputs,)
        return inputs[0]

    skips = [block("enter", _all(network.enter.convolutions()[0], dim=1))]
    for level in range(len(network.down)):
        skips.append(block(f"down.{level}", skips[-1]))
    decoded = [block("bottom", skips.pop())]
    for level in reversed(range(len(network.up))):
        decoded.insert(0, block(f"up.{level}", decoded[0], skips.pop()))
    for old_head, new_head, read in zip(_heads(network), _heads(new), [decoded[0], *decoded], strict=True):
        _place(old_head, new_head, (read,), _all(old_head, dim=0))
    new.balance()
    return new


def _heads(network: KernelNetwork) -> list[nn.Module]:
    return [network.full_head, *network.heads]


def _weight(conv: nn.Module) -> Tensor:
    assert isinstance(conv, nn.Conv2d)
    return conv.weight


def _all(conv: nn.Module, dim: int) -> _Channels:
    """All of a convolution's inputs or outputs, as they are."""
    count = _weight(conv).shape[dim]
    return _Channels(torch.arange(count), count, count)


def _busiest(shares: Tensor, places: int) -> _Channels:
    count = min(places, int((shares > 0).sum()))
    return _Channels(shares.argsort(descending=True, stable=True)[:count].sort().values, len(shares), places)


@torch.no_grad()
def _place(old: nn.Module, new: nn.Module, inputs: tuple[_Channels, ...], outputs: _Channels) -> None:
    """Weights of the old convolution into the new one; what is new reads at random, and nothing reads what is new."""
    assert isinstance(old, nn.Conv2d) and isinstance(new, nn.Conv2d) and old.bias is not None and new.bias is not None
    ends_old, ends_new = [0], [0]
    for one in inputs:  # one after the other, where levels are joined
        ends_old.append(ends_old[-1] + one.old)
        ends_new.append(ends_new[-1] + one.new)
    columns_old = torch.cat([end + one.kept for end, one in zip(ends_old, inputs, strict=False)])
    columns_new = torch.cat([end + torch.arange(len(one.kept)) for end, one in zip(ends_new, inputs, strict=False)])
    kept = old.weight[outputs.kept][:, columns_old]
    count = len(kept)
    random = torch.randn_like(new.weight[count:])
    usual = kept.flatten(1).norm(dim=1).square().mean().sqrt()
    new.weight.zero_()
    new.weight[:count, columns_new] = kept
    new.weight[count:] = random * (usual / random.flatten(1).norm(dim=1))[:, None, None, None]
    new.bias.zero_()
    new.bias[:count] = old.bias[outputs.kept]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--down", type=_widths, required=True, help="channels from half resolution to the coarsest")
    parser.add_argument("--up", type=_widths, required=True, help="channels on the way up, from half resolution")
    parser.add_argument("--batches", type=int, default=60, help="of 8 crops, to find the units at work by")
    arguments = parser.parse_args()
    try:
        network, provenance = load_model(arguments.model)
        if not isinstance(network, KernelNetwork):
            raise ModelError("is no kernel network")
        torch.manual_seed(0)
        work = activity(network, load_sets(arguments.directories), arguments.batches)
        save_model(arguments.output, reshaped(network, arguments.down, arguments.up, work), provenance)
    except McdenoiseError as error:
        raise SystemExit(f"reshape_model: {error}") from error


def _widths(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    main()
