"""Blocks of 3 x 3 convolutions: how they begin, how their scale is held, and how they run fast on CPUs."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from denoise.compiled import find


class Convs(nn.Sequential):
    """3 x 3 convolutions with ReLU from each channel count to the next.

    Where no gradient is wanted, oneDNN does both in one pass over memory on the CPU.
    """

    def __init__(self, *channels: int) -> None:
        super().__init__(*_layers(channels, slope=0.0))

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, C, H, W) to (B, C', H, W); with a skip connection, of what `join` makes of both."""
        x = x if skip is None else join(x, skip)
        if not at_once(x):
            return super().forward(x)
        for conv in self.convolutions():
            x = convolve(conv, x, kind())
        return x

    def convolutions(self) -> list[nn.Module]:
        """Without what is in between."""
        return list(self)[::2]


def he_norm(weight: Tensor) -> float:
    """The norm that weights of a convolution with ReLU begin with (He et al. 2015): it keeps the size of signals."""
    return (2 * len(weight)) ** 0.5


@torch.no_grad()
def rescale(block: nn.Module, scale: Tensor, divisor: Callable[[nn.Conv2d], Tensor]) -> Tensor:
    """Divide what each convolution of a block gives, and multiply what reads it, which ReLU lets through.

    Args:
        block: convolutions with ReLU.
        scale: (C,) of its input channels, as they were over as they are.
        divisor: of a convolution that already reads what was divided; a number, or (C,) of its channels, positive.

    Returns:
        As `scale`, of its output channels.
    """
    for conv in block.children():
        if isinstance(conv, nn.Conv2d) and conv.bias is not None:
            conv.weight.mul_(scale.to(conv.weight)[:, None, None])
            scale = divisor(conv).expand(len(conv.weight))
            conv.weight.div_(scale[:, None, None, None])
            conv.bias.div_(scale)
    return scale


def at_once(x: Tensor) -> bool:
    """Whether `convolve` computes what torch's own operations would: on the CPU, no gradient wanted."""
    return x.device.type == "cpu" and not torch.is_grad_enabled() and torch.backends.mkldnn.is_available()


def kind() -> torch.dtype:
    """What convolutions on the CPU compute in: bfloat16 under autocast, else float32."""
    return torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32


def convolve(conv: nn.Module, x: Tensor, dtype: torch.dtype) -> Tensor:
    """A convolution and ReLU, all in this type; an operation that torch's compiler uses."""
    weight, bias = (parameter.to(dtype) for parameter in conv.parameters())
    assert isinstance(conv, nn.Conv2d)
    spans = conv.padding, conv.stride, conv.dilation
    return torch.ops.mkldnn._convolution_pointwise(x.to(dtype), weight, bias, *spans, 1, "relu", [], "")


def join(below: Tensor, skip: Tensor) -> Tensor:
    """The coarser level, each of its pixels as 2 x 2, and the skip connection: what a level on the way up begins with.

    Args:
        below: (B, C, H / 2, W / 2).
        skip: (B, C', H, W).

    Returns:
        (B, C + C', H, W).
    """
    if fused := _fused(below, skip):
        return fused.join(below, skip)
    return torch.cat([F.interpolate(below, scale_factor=2), skip], 1)


def pool(x: Tensor) -> Tensor:
    """The largest of 2 x 2 pixels, none of them negative: (B, C, H, W) to (B, C, H / 2, W / 2)."""
    if fused := _fused(x):
        return fused.pool(x)
    if x.dtype is torch.uint8:  # which torch does not take more than 255 pixels of
        squares = x.unflatten(-1, (-1, 2)).unflatten(-3, (-1, 2))
        return squares.amax((-1, -3)).contiguous(memory_format=torch.channels_last)
    return F.max_pool2d(x, 2)


def _fused(*planes: Tensor) -> ModuleType | None:
    """`denoise.fused_convolutions` where it can be used on the planes."""
    return find("fused_convolutions", ()) if all(map(at_once, planes)) else None


def paper_convs(*channels: int) -> nn.Sequential:
    """The same with leaky ReLU of slope 0.1 (Lehtinen et al. 2018, appendix A.1)."""
    return nn.Sequential(*_layers(channels, slope=0.1))


def _layers(channels: tuple[int, ...], slope: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for a, b in zip(channels, channels[1:], strict=False):
        conv = nn.Conv2d(a, b, 3, padding=1)
        nn.init.kaiming_normal_(conv.weight, a=slope)  # He et al. 2015
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
        layers += [conv, nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)]
    return layers
