"""A network whose convolutions multiply bytes: on CPUs without AMX two to four times as fast as in float32.

Weights are whole multiples of a step of their own for each output channel, activations of one step for each layer
(Jacob et al. 2018, section 2). What a step is depends on how large activations become, and that is seen once, when the
model is loaded, on pictures made here: the same for every frame, so that tiles agree. So that each channel makes use of
the steps, all are first brought to like size, which ReLU lets through (Nagel et al. 2019, "Data-free quantization
through weight equalization and bias correction", section 4.1).

The inputs' convolution stays as it is, for what it reads is negative too. relMSE stays the same to a few thousandths
(`python -m tools.compare_models FRAMES MODEL --precision int8`).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from denoise.calibration import pictures
from denoise.compiled import find
from denoise.convolutions import Convs, convolve, join, kind
from denoise.kernels import pixel_shuffle
from denoise.network import KernelNetwork
from denoise.precision import has_fast_bfloat16

_LEVELS = 255
#: Where the processor has no VNNI, it adds two products of bytes in 16 bits, which would overflow with more.
_LEVELS_IN_16_BITS = 127
_WEIGHT_LEVELS = 127
_LEAST = 0.2  # what a channel's largest activation counts as at least, where that of all is one
_MARGIN = 2.0  # activations up to so many times the largest one seen are told apart; others count as that one
_SIZE = (270, 960)  # pixels that weights are laid out for; others work too
_ROWS = 32  # that heads say at once


class QuantizedConvs(nn.Module):
    """As `Convs`, in bytes.

    Args:
        convs: what to compute, one after the other, with ReLU.
        steps: of what each convolution reads.
        levels: of activations.
        below: step of the coarser level's bytes, where such are read.
        gives: step of the bytes that come out; None where `convolutions.kind` does.
    """

    def __init__(
        self,
        convs: Sequence[nn.Module],
        steps: Sequence[float],
        levels: int,
        below: float = 1.0,
        gives: float | None = None,
    ) -> None:
        super().__init__()
        self._levels, self._steps, self._below, self._gives = levels, steps, below, gives
        self._convs = [_QuantizedConv(conv, step) for conv, step in zip(convs, steps, strict=True)]

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, C, H, W), none of it negative, to (B, C', H, W); with a skip connection, x is bytes."""
        step = self._steps[0]
        if skip is None:
            x = quantize(x, step, self._levels)
        else:
            x = join_quantized(x, self._below / step, skip, step, self._levels)
        for conv, step in zip(self._convs, self._steps[1:], strict=False):
            x = self._within(conv(x, torch.uint8, step))
        last = self._convs[-1]
        return last(x, kind()) if self._gives is None else self._within(last(x, torch.uint8, self._gives))

    def _within(self, x: Tensor) -> Tensor:
        return x.clamp_max_(self._levels) if self._levels < _LEVELS else x


class QuantizedHead(nn.Module):
    """As `Head`, of bytes.

    Args:
        head: what to compute.
        step: of what it reads.
    """

    def __init__(self, head: nn.Module, step: float) -> None:
        super().__init__()
        self._conv = _QuantizedConv(head, step, "none")

    def forward(self, x: Tensor, shuffled: bool = False) -> Tensor:
        """Planes: (B, C, H, W) uint8, channels last, to (B, C', H, W) or (B, C' / 4, 2 H, 2 W)."""
        fused = find("fused_convolutions", ())
        if fused is None or kind() is not torch.bfloat16:
            said = self._conv(x, torch.float32).contiguous()
            return pixel_shuffle(said) if shuffled else said
        (count, _, height, width), side = x.shape, 2 if shuffled else 1
        out = torch.empty(count, self._conv.channels // side**2, side * height, side * width, dtype=torch.bfloat16)
        for one, planes in zip(x.split(1), out, strict=True):
            for top in range(0, height, _ROWS):  # few, so that they stay in the cache
                rows = self._conv(one[:, :, top : top + _ROWS], torch.bfloat16)
                fused.part(rows[0], planes, top, shuffled)
        return out


class _QuantizedConv:
    """A convolution of bytes, and ReLU or "none"; operations that torch's compiler uses."""

    def __init__(self, conv: nn.Module, step: float, then: str = "relu") -> None:
        assert isinstance(conv, nn.Conv2d)
        self.channels, self._then = conv.out_channels, then
        weight = conv.weight.detach()
        self._steps = weight.abs().amax((1, 2, 3)).clamp_min(1e-12) / _WEIGHT_LEVELS
        whole = (weight / self._steps[:, None, None, None]).round().to(torch.int8)
        self._spans = [*conv.stride], [*conv.padding], [*conv.dilation]
        shape = [1, conv.in_channels, *_SIZE]
        self._weight = torch.ops.onednn.qconv_prepack(whole, self._steps, step, 0, *self._spans, 1, shape)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._bias, self._step = None if conv.bias is None else conv.bias.detach(), step

    def __call__(self, x: Tensor, kind: torch.dtype, step: float = 1.0) -> Tensor:
        """Bytes to `kind`; to bytes in another step."""
        packed = self._weight, self._steps, self._zeros, self._bias, *self._spans, 1
        return torch.ops.onednn.qconv2d_pointwise(x, self._step, 0, *packed, step, 0, kind, self._then, [], "")


class _Watched(nn.Module):
    """As `Convs`, and `seen` tells the largest in each channel, (C,), of the input and behind each convolution."""

    def __init__(self, block: Convs) -> None:
        super().__init__()
        self.convs = block.convolutions()
        self.seen: list[Tensor] = []

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """As `Convs`."""
        x = x if skip is None else join(x, skip)
        planes = [x]
        for conv in self.convs:
            planes.append(convolve(conv, planes[-1], torch.float32))
        self.seen = [plane.amax((0, 2, 3)).clamp_min(1e-6) for plane in planes]
        return planes[-1]


class _First(nn.Module):
    """The inputs' convolution and ReLU, not in bytes, but in what the processor multiplies fast."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self._conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H, W)."""
        return convolve(self._conv, x, kind() if has_fast_bfloat16(x.device) else torch.float32)


def quantize(x: Tensor, step: float, levels: int) -> Tensor:
    """Whole multiples of a step, at most `levels` of them, of what is not negative; (B, C, H, W), uint8."""
    if fused := find("fused_convolutions", ()):
        return fused.quantize(x, step, levels)
    return (x.float() / step + 0.5).clamp_max_(levels).to(torch.uint8)


def join_quantized(below: Tensor, ratio: float, skip: Tensor, step: float, levels: int) -> Tensor:
    """The bytes of what `convolutions.join` makes of a coarser level and a skip connection.

    Args:
        below: (B, C, H / 2, W / 2) uint8.
        ratio: of its step to the result's.
        skip: (B, C', H, W), not negative.
        step: of the result.
        levels: that it may have.

    Returns:
        (B, C + C', H, W) uint8.
    """
    if fused := find("fused_convolutions", ()):
        return fused.join_quantized(below, ratio, skip, step, levels)
    return quantize(join(below * (ratio * step), skip.float()), step, levels)


def can_quantize(device: torch.device) -> bool:
    """Whether convolutions of bytes can be had: on x86 CPUs since AVX2."""
    there = device.type == "cpu" and torch.cpu._is_avx2_supported() and torch.backends.mkldnn.is_available()
    return there and hasattr(torch.ops.onednn, "qconv2d_pointwise")


def quantized(network: KernelNetwork) -> KernelNetwork:
    """A copy for inference on the CPU, its convolutions in bytes.

    Args:
        network: on the CPU.
    """
    levels = _LEVELS if torch.cpu._is_vnni_supported() else _LEVELS_IN_16_BITS
    network = copy.deepcopy(network)
    behind = {
        conv: largest
        for block in _watched(network).values()
        for conv, largest in zip(block.convs, block.seen[1:], strict=True)
    }
    network.rescale(lambda conv: (behind[conv] / behind[conv].max()).clamp_min(_LEAST))
    steps = {
        name: [_MARGIN * largest.max().item() / levels for largest in block.seen]
        for name, block in _watched(network).items()
    }
    decoded = [*(f"up.{level}" for level in range(len(network.up))), "bottom"]  # what heads read, the finest first
    below = {fine: steps[coarse][-1] for fine, coarse in itertools.pairwise(decoded)}

    def in_bytes(name: str, block: Convs) -> nn.Module:
        convs, (*reads, gives) = block.convolutions(), steps[name]
        if block is network.enter:
            return nn.Sequential(_First(convs[0]), QuantizedConvs(convs[1:], reads[1:], levels))
        if name not in decoded:
            return QuantizedConvs(convs, reads, levels)
        return QuantizedConvs(convs, reads, levels, below.get(name, 1.0), gives)

    other = _with_blocks(network, in_bytes)
    other.set_submodule("full_head", QuantizedHead(network.full_head, steps[decoded[0]][-1]))
    other.heads = nn.ModuleList(
        QuantizedHead(head, steps[name][-1]) for head, name in zip(network.heads, decoded, strict=True)
    )
    return other


def _watched(network: KernelNetwork) -> dict[str, _Watched]:
    """The blocks by name, having seen the calibration's pictures."""
    watched = _with_blocks(network, lambda _, block: _Watched(block))
    with torch.inference_mode():
        watched.predict(pictures())
    return {name: block for name, block in watched.named_modules() if isinstance(block, _Watched)}


def _with_blocks(network: KernelNetwork, make: Callable[[str, Convs], nn.Module]) -> KernelNetwork:
    other = copy.deepcopy(network)
    for name, block in network.named_modules():
        if isinstance(block, Convs):
            other.set_submodule(name, make(name, block))
    return other
