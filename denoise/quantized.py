"""A network whose convolutions multiply bytes: on CPUs without AMX two to four times as fast as in float32.

Weights are whole multiples of a step of their own for each output channel, activations of one step for all (Jacob et
al. 2018, section 2). So that each channel makes use of it, all are first divided by how large they become, which ReLU
lets through (as Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction", section
4.1). That is seen once, when the model is loaded, on pictures made here: the same for every frame, so that tiles agree.

What the network sees is put into bytes as well (`digits`). relMSE stays the same to a few thousandths (`python -m
tools.compare_models FRAMES MODEL --precision int8`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from denoise.calibration import pictures
from denoise.compiled import find
from denoise.convolutions import Convs, convolve, join, kind
from denoise.digits import digits, of_digits
from denoise.kernels import pixel_shuffle
from denoise.network import KernelNetwork

_LEVELS = 255
#: Where the processor has no VNNI, it adds two products of bytes in 16 bits, which would overflow with more.
_LEVELS_IN_16_BITS = 127
_WEIGHT_LEVELS = 127
_LEAST = 0.6  # what a channel's largest activation counts as at least, where that of all is one
_MOST = 2.0  # activations up to so much are told apart, where the largest one seen is one; others count as that
_SIZE = (270, 960)  # pixels that weights are laid out for; others work too
_ROWS = 32  # that heads say at once


class QuantizedConvs(nn.Module):
    """As `Convs`, in bytes.

    Args:
        convs: what to compute, one after the other, with ReLU.
        levels: of activations.
    """

    def __init__(self, convs: Sequence[nn.Module], levels: int) -> None:
        super().__init__()
        self._levels = levels
        self._convs = [_QuantizedConv(conv, levels, "relu") for conv in convs]

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """Bytes (B, C, H, W) to (B, C', H, W); with a skip connection, of what `join` makes of both."""
        x = x if skip is None else join(x, skip)
        for conv in self._convs:
            x = conv(x, torch.uint8)
            if self._levels < _LEVELS:
                x = x.clamp_max_(self._levels)
        return x


class QuantizedHead(nn.Module):
    """As `Head`, of bytes.

    Args:
        head: what to compute.
        levels: of activations.
    """

    def __init__(self, head: nn.Module, levels: int) -> None:
        super().__init__()
        self._conv = _QuantizedConv(head, levels, "none")

    def forward(self, x: Tensor, shuffled: bool = False) -> Tensor:
        """Bytes (B, C, H, W), channels last, to planes (B, C', H, W) or (B, C' / 4, 2 H, 2 W)."""
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
    """A convolution of bytes, and what follows it, "relu" or "none"; operations that torch's compiler uses."""

    def __init__(self, conv: nn.Module, levels: int, then: str) -> None:
        assert isinstance(conv, nn.Conv2d)
        self.channels, self._step, self._then = conv.out_channels, _MOST / levels, then
        weight = conv.weight.detach()
        self._steps = weight.abs().amax((1, 2, 3)).clamp_min(1e-12) / _WEIGHT_LEVELS
        whole = (weight / self._steps[:, None, None, None]).round().to(torch.int8)
        self._spans = [*conv.stride], [*conv.padding], [*conv.dilation]
        shape = [1, conv.in_channels, *_SIZE]
        self._weight = torch.ops.onednn.qconv_prepack(whole, self._steps, self._step, 0, *self._spans, 1, shape)
        self._zeros = torch.zeros(len(weight), dtype=torch.int32)
        self._bias = None if conv.bias is None else conv.bias.detach()

    def __call__(self, x: Tensor, dtype: torch.dtype) -> Tensor:
        """Bytes to this type; to bytes in the same step."""
        packed = self._weight, self._steps, self._zeros, self._bias, *self._spans, 1
        step = self._step if dtype is torch.uint8 else 1.0
        return torch.ops.onednn.qconv2d_pointwise(x, self._step, 0, *packed, step, 0, dtype, self._then, [], "")


class _Watched(nn.Module):
    """As `Convs`, and `largest` tells the largest in each channel, (C,), behind each convolution."""

    def __init__(self, block: Convs) -> None:
        super().__init__()
        self._block = block
        self.largest: dict[nn.Module, Tensor] = {}

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """As `Convs`."""
        x = x if skip is None else join(x, skip)
        for conv in self._block.convolutions():
            x = convolve(conv, x, torch.float32)
            self.largest[conv] = x.amax((0, 2, 3)).clamp_min(1e-6)
        return x


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
    even = copy.deepcopy(network)
    largest = _largest(even)
    even.rescale(lambda conv: largest[conv].clamp_min(_LEAST * largest[conv].max()))  # the largest are one

    def in_bytes(block: Convs) -> nn.Module:
        first, *others = convs = block.convolutions()
        if block is even.enter:
            convs = [of_digits(first, levels, _MOST / levels), *others]
        return QuantizedConvs(convs, levels)

    made = _with_blocks(even, in_bytes)
    made.see = partial(digits, levels=levels)
    made.set_submodule("full_head", QuantizedHead(even.full_head, levels))
    made.heads = nn.ModuleList(QuantizedHead(head, levels) for head in even.heads)
    return made


def _largest(network: KernelNetwork) -> dict[nn.Module, Tensor]:
    """Of each hidden convolution, how large its channels become in the calibration's pictures, (C,)."""
    watched = _with_blocks(network, _Watched)
    with torch.inference_mode():
        watched.predict(pictures())
    blocks = [block for block in watched.modules() if isinstance(block, _Watched)]
    return {conv: largest for block in blocks for conv, largest in block.largest.items()}


def _with_blocks(network: KernelNetwork, make: Callable[[Convs], nn.Module]) -> KernelNetwork:
    other = copy.deepcopy(network)
    for name, block in network.named_modules():
        if isinstance(block, Convs):
            other.set_submodule(name, make(block))
    return other
