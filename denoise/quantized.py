"""A network whose convolutions multiply bytes: on CPUs without AMX two to four times as fast as in float32.

Weights are whole multiples of a step of their own for each output channel, activations of one step for each layer
(Jacob et al. 2018, section 2). What a step is depends on how large activations become, and that is seen once, when the
model is loaded, on pictures made here: the same for every frame, so that tiles agree.

The inputs' convolution stays as it is, for what it reads is negative too, and so do the heads, which kernels are read
from. relMSE stays the same to a few thousandths (`python -m tools.compare_models FRAMES MODEL --precision int8`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from denoise.calibration import pictures
from denoise.compiled import find
from denoise.convolutions import Convs, convolve
from denoise.network import KernelNetwork
from denoise.precision import mixed

_LEVELS = 255
#: Where the processor has no VNNI, it adds two products of bytes in 16 bits, which would overflow with more.
_LEVELS_IN_16_BITS = 127
_WEIGHT_LEVELS = 127
_MARGIN = 2.0  # activations up to so many times the largest one seen are told apart; others count as that one
_SIZE = (270, 960)  # pixels that weights are laid out for; others work too


class QuantizedConvs(nn.Module):
    """As `Convs`, in bytes.

    Args:
        convs: what to compute, one after the other, with ReLU.
        largest: activation that each convolution can be expected to read.
        levels: of activations.
    """

    def __init__(self, convs: Sequence[nn.Module], largest: Sequence[float], levels: int) -> None:
        super().__init__()
        self._levels = levels
        self._steps = [_MARGIN * most / levels for most in largest]
        self._convs = [_QuantizedConv(conv, step) for conv, step in zip(convs, self._steps, strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W), none of it negative, to (B, C', H, W) in the same type."""
        kind, x = x.dtype, quantize(x, self._steps[0], self._levels)
        for conv, step in zip(self._convs, self._steps[1:], strict=False):
            x = conv(x, torch.uint8, step)
            if self._levels < _LEVELS:
                x = x.clamp_max_(self._levels)
        return self._convs[-1](x, kind)


class _QuantizedConv:
    """A 3 x 3 convolution of bytes, and ReLU; operations that torch's compiler uses."""

    def __init__(self, conv: nn.Module, step: float) -> None:
        assert isinstance(conv, nn.Conv2d)
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
        return torch.ops.onednn.qconv2d_pointwise(x, self._step, 0, *packed, step, 0, kind, "relu", [], "")


class _Watched(nn.Module):
    """As `Convs`, and `largest` tells what each convolution has read."""

    def __init__(self, block: Convs) -> None:
        super().__init__()
        self._convs = block.convolutions()
        self.largest = [1e-6] * len(self._convs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H, W)."""
        for i, conv in enumerate(self._convs):
            self.largest[i] = max(self.largest[i], x.max().item())
            x = convolve(conv, x)
        return x


class _First(nn.Module):
    """The inputs' convolution and ReLU, not in bytes."""

    def __init__(self, conv: nn.Module) -> None:
        super().__init__()
        self._conv = conv

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H, W)."""
        return convolve(self._conv, x)


def quantize(x: Tensor, step: float, levels: int) -> Tensor:
    """Whole multiples of a step, at most `levels` of them, of what is not negative; (B, C, H, W), uint8."""
    if fused := find("fused_convolutions", ()):
        return fused.quantize(x, step, levels)
    return (x.float() / step + 0.5).clamp_max_(levels).to(torch.uint8)


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
    watched = _with_blocks(network, _Watched)
    with torch.inference_mode(), mixed(torch.device("cpu")):
        watched.predict(pictures())
    seen = iter([block.largest for block in watched.modules() if isinstance(block, _Watched)])

    def in_bytes(block: Convs) -> nn.Module:
        largest = next(seen)
        first, *others = convs = block.convolutions()
        if block is network.enter:
            return nn.Sequential(_First(first), QuantizedConvs(others, largest[1:], levels))
        return QuantizedConvs(convs, largest, levels)

    return _with_blocks(network, in_bytes)


def _with_blocks(network: KernelNetwork, make: Callable[[Convs], nn.Module]) -> KernelNetwork:
    other = copy.deepcopy(network)
    for name, block in network.named_modules():
        if isinstance(block, Convs):
            other.set_submodule(name, make(block))
    return other
