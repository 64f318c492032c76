"""What kernels are read from: 1 x 1 convolutions whose output channels are planes of their own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from denoise.compiled import find
from denoise.convolutions import at_once, kind
from denoise.kernels import pixel_shuffle


class Head(nn.Conv2d):
    """A 1 x 1 convolution that begins with zeros."""

    def __init__(self, channels: int, planes: int) -> None:
        super().__init__(channels, planes, 1)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor, shuffled: bool = False) -> Tensor:
        """Planes, contiguous, as what follows works on them.

        Under autocast in bfloat16, which to three digits of relMSE gives the same results as float32.

        Args:
            x: (B, C, H, W).
            shuffled: four channels are of 2 x 2 pixels for each pixel of x.

        Returns:
            (B, C', H, W) or (B, C' / 4, 2 H, 2 W), float32; bfloat16 where no gradient is wanted and the planes come
            out so at once.
        """
        if at_once(x) and find("fused", ()):
            weight, bias = (parameter.to(kind()) for parameter in self.parameters())
            said = x.new_empty(len(x), len(weight), *x.shape[2:], dtype=kind())
            for one, planes in zip(x.to(kind()), said, strict=True):
                torch.addmm(bias[:, None], weight.flatten(1), one.flatten(1), out=planes.view(len(planes), -1))
        else:
            said = super().forward(x).to(torch.float32, memory_format=torch.contiguous_format)
        return pixel_shuffle(said) if shuffled else said
