"""The networks: half-resolution U-Net that predicts kernels, and the Noise2Noise paper's direct U-Net.

                    radiance / albedo ─────────────────────────────────┐
    radiance ┐                                                         │
    albedo   │      features           kernels, alphas, weight         ▼
    normal   ├─────────────────────> U-Net ──────────────────> filter pyramid ──> x albedo ──> out
    variance ┘    (B,47,H/2,W/2)    on 5 levels

Both take exposure-normalised `Inputs` and return exposure-normalised radiance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from denoise.compiled import find
from denoise.convolutions import Convs, at_once, he_norm, paper_convs, pool, rescale
from denoise.features import FEATURES, GUIDES, Inputs, features, guides_of, prominence
from denoise.heads import Head
from denoise.kernels import Level, Predictions, corner_stopping, edge_stopping, filter_pyramid, halve
from denoise.metrics import TONEMAP_POWER
from denoise.strips import Later, by_strips, made
from denoise.transfer import ALBEDO_FLOOR, modulation

#: Sharpness that kernels begin with, per squared difference of log light, of albedo, and of the normal.
_SHARPNESS = (1.0, 20.0, 10.0)
#: What every pixel counts for in means at least; less if that times its light were more than its neighbour's.
_LEAST_WEIGHT = 1e-4
#: Pixels of a strip of convolutions: few, and the rows that strips share cost more.
_STRIP = 520_000


@dataclass(frozen=True)
class ModelConfig:
    """Which network, and how large.

    Attributes:
        network: "kernels" (ours) or "direct" (the baseline of Lehtinen et al. 2018).
        widths: channels of the kernel network's levels, from half resolution to the coarsest.
        head: channels at half resolution before the full-resolution kernels.
        fine_kernel: side of the gather kernels at full resolution in pixels, odd.
        kernel: the same on all coarser levels.
    """

    network: str = "kernels"
    widths: tuple[int, ...] = (64, 88, 104, 112, 112)
    head: int = 80
    fine_kernel: int = 5
    kernel: int = 7


def build(config: ModelConfig) -> KernelNetwork | DirectNetwork:
    """The network that a config describes, with fresh weights."""
    return KernelNetwork(config) if config.network == "kernels" else DirectNetwork(config)


class KernelNetwork(nn.Module):
    """A U-Net at half resolution that predicts gather kernels on a pyramid, applied to demodulated radiance.

    Kernel prediction: Bako et al. 2017; on several levels: Vogels et al. 2018; kernels that fall off with the distance
    of learned guides: Isik et al. 2021, which here begin as the inputs themselves.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.see: Callable[[Inputs, Tensor], Tensor] = features
        w = config.widths
        self.enter = Convs(FEATURES, w[0], w[0])
        self.down = nn.ModuleList(Convs(a, b, b) for a, b in zip(w, w[1:], strict=False))
        self.bottom = Convs(w[-1], w[-1])
        up = [config.head, *w[1:-1]]  # channels of each level on the way up
        self.up = nn.ModuleList(
            Convs(below + skip, out, out) for below, skip, out in zip([*up[1:], w[-1]], w[:-1], up, strict=True)
        )
        # begin as a cross-bilateral filter on all levels
        self.full_head = Head(config.head, 4 * (config.fine_kernel**2 + GUIDES + 6))  # of 2 x 2 pixels each
        self.heads = nn.ModuleList(Head(c, config.kernel**2 + GUIDES + 4) for c in [*up, w[-1]])

    @property
    def align(self) -> int:
        """Frame sizes must be multiples of this, in pixels."""
        return 2 ** len(self.config.widths)

    @property
    def reach(self) -> int:
        """No input pixel farther away than this, in pixels, has any influence."""
        depth = len(self.config.widths)
        convs = 1 + sum(2 * 2 * 2**level for level in range(1, depth)) + 3 * 2**depth + 2**depth
        filters = self.config.fine_kernel // 2 + 1 + sum((self.config.kernel // 2 + 1) * 2**n for n in range(1, depth))
        guides = self.config.kernel // 2 * 2**depth
        return convs + filters + 2 * guides

    def hidden(self) -> list[Tensor]:
        """Weights of the convolutions whose outputs ReLU follows: their scale alone means nothing."""
        blocks = [self.enter, *self.down, self.bottom, *self.up]
        return [conv.weight for block in blocks for conv in block if isinstance(conv, nn.Conv2d)]

    def balance(self) -> None:
        """Bring hidden convolutions to the norm that He et al. 2015 begin with, and leave what is computed as it is."""
        self.rescale(lambda conv: conv.weight.norm() / he_norm(conv.weight))

    @torch.no_grad()
    def rescale(self, divisor: Callable[[nn.Conv2d], Tensor]) -> None:
        """Divide what hidden convolutions give, as `convolutions.rescale`, and leave what is computed as it is.

        ReLU passes factors on: what one layer is divided by, the next ones are multiplied with, and the heads last.
        """
        skips = [rescale(self.enter, torch.ones(FEATURES), divisor)]
        for down in self.down:
            skips.append(rescale(down, skips[-1], divisor))
        decoded = [rescale(self.bottom, skips.pop(), divisor)]
        for up in reversed(self.up):
            decoded.insert(0, rescale(up, torch.cat([decoded[0], skips.pop()]), divisor))
        for head, scale in zip([self.full_head, *self.heads], [decoded[0], *decoded], strict=True):
            head.weight.mul_(scale.to(head.weight)[:, None, None])

    def forward(self, inputs: Inputs) -> Tensor:
        """Inputs, H and W multiples of `align`, to denoised radiance (B, 3, H, W)."""
        return filter_pyramid(inputs.radiance, self.predict(inputs))

    def predict(self, inputs: Inputs) -> Predictions:
        """The kernels for a frame, to apply to its beauty or to any layer that sums to it."""
        *planes, present = inputs
        prominent, skip = by_strips(partial(self._enter, present), planes, _STRIP, halo=6, align=2)
        skips = [skip]  # (B, w0, H/2, W/2)
        for down in self.down:
            skips.append(down(pool(skips[-1])))  # (B, w_l, H/2^(l+1), ...)

        decoded = [self.bottom(skips.pop())]
        for up in reversed(self.up[1:]):
            decoded.insert(0, up(decoded[0], skips.pop()))

        planes += [prominent, skips.pop(), decoded[0]]
        halo = 4 * math.ceil((2 * 2 + self.config.fine_kernel // 2 + 1) / 4)  # two convolutions, and kernels' guides
        leave = by_strips(partial(self._leave, present), planes, _STRIP, halo, align=4)
        modulation, weight, *level, guides, said = leave
        levels = [Level(*level)]
        for head, x in zip(self.heads[1:], decoded, strict=True):
            *level, guides = made(_read_level(said, guides))
            levels.append(Level(*level))
            said = head(x)
        coarsest, *_ = made(_read_kernels(said, guides))
        return Predictions(modulation, weight, levels, coarsest)

    def _enter(self, present: Tensor, *planes: Tensor) -> Sequence[Tensor]:
        """The inputs' prominence, and the first block's output at half resolution."""
        inputs = Inputs._make([*(plane.contiguous() for plane in planes), present])  # once, for all that read them
        prominent = prominence(inputs)  # (B, 1, H, W)
        return prominent, self.enter(self.see(inputs, prominent))  # (B, w0, H/2, W/2)

    def _leave(self, present: Tensor, *planes: Tensor) -> Sequence[Tensor | Later]:
        """The way up to half resolution, what is read for full resolution, and guides and head of half resolution."""
        *inputs, prominent, skip, below = planes
        x = self.up[0](below, skip)  # (B, head, H/2, W/2)
        full = self.full_head(x, shuffled=True)  # (B, ., H, W)
        floor, weight, full = full.split([1, 1, full.shape[1] - 2], 1)
        seen = Inputs._make([*inputs, present])
        divisor, weight = _read_weight(floor, weight, seen, prominent)
        kernels, upsampler, alpha, guides = _read_level(full, guides_of(seen))
        return divisor, weight, kernels, upsampler, alpha, guides, self.heads[0](x)


def _read_weight(floor: Tensor, weight: Tensor, inputs: Inputs, prominent: Tensor) -> tuple[Tensor, Tensor]:
    """What light is divided by, (B, 3, H, W), and how much a pixel counts in means, (B, 1, H, W).

    A pixel begins with at most the light of its brightest neighbour; never zero, it is divided by.
    """
    if at_once(floor) and (fused := find("fused", (inputs.albedo, prominent))):
        return fused.read_weight(floor, weight, inputs.albedo, inputs.present[:, 0], prominent, _LEAST_WEIGHT)
    divisor = modulation(inputs.albedo, inputs.present[:, 0], ALBEDO_FLOOR * floor.float().clamp(-3, 2).exp())
    least = prominent.reciprocal().clamp_max(_LEAST_WEIGHT)  # of one of 1e18, too
    return divisor, torch.sigmoid(weight.float() - prominent.clamp_min(1).log()) + least


def _read_level(x: Tensor, guides: Tensor) -> tuple[Later, Later, Tensor, Tensor]:
    """A head's output and the guides of its level: kernels, upsampler, alpha, and the guides of the coarser level."""
    kernels, guides, sharpness, alpha = _read_kernels(x, guides)
    coarser = halve(guides)
    return kernels, Later(corner_stopping, (sharpness, guides, coarser), sharpness, 4), alpha, coarser


def _read_kernels(x: Tensor, guides: Tensor) -> tuple[Later, Tensor, Tensor, Tensor]:
    """Kernels, corrected guides, sharpness and alpha.

    The network need not learn to find the edges in its inputs: it corrects what they show, their noise above all, and
    decides, pixel by pixel, how far to trust each group of them.
    """
    correction, sharpness, alpha, logits = x.split([GUIDES, 3, 1, x.shape[1] - GUIDES - 4], 1)
    if at_once(x) and (fused := find("fused", (guides,))):
        guides, sharpness, alpha = fused.read(correction, sharpness, alpha, guides, _SHARPNESS)
    else:
        correction, sharpness, alpha = correction.float(), sharpness.float(), alpha.float()
        guides = guides + correction
        sharpness = sharpness.clamp_max(6).exp() * sharpness.new_tensor(_SHARPNESS).view(1, 3, 1, 1)
        alpha = torch.sigmoid(alpha)
    kernels = Later(edge_stopping, (logits, sharpness, guides), logits, logits.shape[1])
    return kernels, guides, sharpness, alpha


class DirectNetwork(nn.Module):
    """The U-Net of the Noise2Noise paper, predicting radiance itself: the baseline to compare with.

    Layers as in Lehtinen et al. 2018, appendix A.1, table 2; input T(radiance), albedo and normal, output linear, as in
    section 3.3.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = paper_convs(9, 48, 48)
        self.down = nn.ModuleList(paper_convs(48, 48) for _ in range(4))
        self.bottom = paper_convs(48, 48)
        self.up = nn.ModuleList([paper_convs(96, 96, 96), *(paper_convs(144, 96, 96) for _ in range(3))])
        self.leave = nn.Sequential(paper_convs(96 + 9, 64, 32), nn.Conv2d(32, 3, 3, padding=1))

    def hidden(self) -> list[Tensor]:
        """None: the paper's network is trained as the paper does."""
        return []

    def balance(self) -> None:
        """Nothing to do."""

    align = 32
    reach = 2 * (1 + 1 + 2 + 4 + 8 + 16) * 2 + 64

    def forward(self, inputs: Inputs) -> Tensor:
        """Inputs, H and W multiples of `align`, to denoised radiance (B, 3, H, W)."""
        v = inputs.radiance.clamp_min(0)
        tonemapped = (v / (1 + v) + 1e-8) ** TONEMAP_POWER  # T(v); the small term keeps the slope at black finite
        x = torch.cat([tonemapped, inputs.albedo, inputs.normal], 1).contiguous(memory_format=torch.channels_last)

        skips = [x, F.max_pool2d(self.enter(x), 2)]
        for down in self.down:
            skips.append(F.max_pool2d(down(skips[-1]), 2))

        x = self.bottom(skips.pop())
        for up in self.up:
            x = up(torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1))
        x = torch.cat([F.interpolate(x, scale_factor=2), skips.pop()], 1)
        return self.leave(x).float()
