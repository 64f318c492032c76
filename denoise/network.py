"""The networks: half-resolution U-Net that predicts kernels, and the Noise2Noise paper's direct U-Net.

                    radiance / albedo ─────────────────────────────────┐
    radiance ┐                                                         │
    albedo   │ features   unshuffle        kernels, alphas, weight     ▼
    normal   ├─────────> ───────────> U-Net ─────────────────────> filter pyramid ──> x albedo ──> out
    variance ┘  (B,10,H,W)  (B,40,H/2,W/2)    on 5 levels

Both take exposure-normalised `Inputs` and return exposure-normalised radiance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from denoise.kernels import TENT, Predictions, distances, filter_pyramid, upsample
from denoise.metrics import TONEMAP_POWER
from denoise.transfer import demodulate, log_encode, remodulate

#: Sharpness that kernels begin with, per squared difference of log light, of albedo, and of the normal.
_SHARPNESS = (1.0, 20.0, 10.0)


class Inputs(NamedTuple):
    """What a network sees. Planes that are absent are zero and marked so.

    Attributes:
        radiance: (B, 3, H, W), float32, linear, exposure-normalised (`transfer.exposure`).
        albedo: (B, 3, H, W) in [0, 1].
        normal: (B, 3, H, W) in [-1, 1].
        variance: (B, 3, H, W) of the pixel mean, in units of the normalised radiance squared.
        present: (B, 3) of 0 or 1: whether albedo, normal and variance are known.
    """

    radiance: Tensor
    albedo: Tensor
    normal: Tensor
    variance: Tensor
    present: Tensor

    def exposed(self, factor: Tensor) -> Inputs:
        """The same inputs with radiance and variance in another exposure; factor (B, 1, 1, 1)."""
        return self._replace(radiance=self.radiance * factor, variance=self.variance * factor**2)


@dataclass(frozen=True)
class ModelConfig:
    """Which network, and how large.

    Attributes:
        network: "kernels" (ours) or "direct" (the baseline of Lehtinen et al. 2018).
        widths: channels of the kernel network's levels, from half resolution to the coarsest.
        head: channels at half resolution before the full-resolution kernels.
        kernel: side of the gather kernels in pixels, odd.
    """

    network: str = "kernels"
    widths: tuple[int, ...] = (32, 56, 80, 112)
    head: int = 48
    kernel: int = 5


def build(config: ModelConfig) -> KernelNetwork | DirectNetwork:
    """The network that a config describes, with fresh weights."""
    return KernelNetwork(config) if config.network == "kernels" else DirectNetwork(config)


class KernelNetwork(nn.Module):
    """A U-Net at half resolution that predicts gather kernels on a pyramid, applied to demodulated radiance.

    Kernel prediction: Bako et al. 2017; on several levels: Vogels et al. 2018.
    """

    FEATURES = 10

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        w, taps = config.widths, config.kernel**2
        self.enter = _convs(4 * self.FEATURES + 3, w[0], w[0])
        self.down = nn.ModuleList(_convs(a, b, b) for a, b in zip(w, w[1:], strict=False))
        self.bottom = _convs(w[-1], w[-1])
        up = [config.head, *w[1:-1]]  # channels of each level on the way up
        self.up = nn.ModuleList(
            _convs(below + skip, out, out) for below, skip, out in zip([*up[1:], w[-1]], w[:-1], up, strict=True)
        )
        self.full_head = nn.Conv2d(config.head, 4 * (taps + 5), 1)  # four full-resolution pixels each
        self.heads = nn.ModuleList(nn.Conv2d(c, taps + 4, 1) for c in [*up, w[-1]])
        for head in [self.full_head, *self.heads]:  # begin as a cross-bilateral filter on all levels
            for parameter in head.parameters():
                nn.init.zeros_(parameter)

    @property
    def align(self) -> int:
        """Frame sizes must be multiples of this, in pixels."""
        return 2 ** len(self.config.widths)

    @property
    def reach(self) -> int:
        """No input pixel farther away than this, in pixels, has any influence."""
        depth, k = len(self.config.widths), self.config.kernel // 2
        convs = sum(2 * 2 * 2**level for level in range(1, depth)) + 3 * 2**depth + 2**depth
        filters = sum((k + 1) * 2**level for level in range(depth + 1))
        return convs + filters

    def forward(self, inputs: Inputs) -> Tensor:
        """Inputs, H and W multiples of `align`, to denoised radiance (B, 3, H, W)."""
        has_albedo = inputs.present[:, 0]
        light = demodulate(inputs.radiance, inputs.albedo, has_albedo)
        filtered = filter_pyramid(light, self.predict(inputs))
        return remodulate(filtered, inputs.albedo, has_albedo)

    def predict(self, inputs: Inputs) -> Predictions:
        """The kernels for a frame, to apply to its demodulated beauty or to any layer that sums to it."""
        features = self._features(inputs)
        x = F.pixel_unshuffle(features, 2)  # (B, 40, H/2, W/2)
        flags = inputs.present[:, :, None, None].expand(-1, -1, *x.shape[-2:])
        x = torch.cat([x, flags], 1).contiguous(memory_format=torch.channels_last)

        skips = [self.enter(x)]  # (B, w0, H/2, W/2)
        for down in self.down:
            skips.append(down(F.max_pool2d(skips[-1], 2)))  # (B, w_l, H/2^(l+1), ...)

        decoded = [self.bottom(skips.pop())]
        for up in reversed(self.up):
            below = upsample(decoded[0])
            decoded.insert(0, up(torch.cat([below, skips.pop()], 1)))

        return self._read_heads(decoded, features)

    def _features(self, inputs: Inputs) -> Tensor:
        light = demodulate(inputs.radiance, inputs.albedo, inputs.present[:, 0])
        deviation = inputs.variance.mean(1, keepdim=True).clamp_min(0).sqrt()
        return torch.cat([log_encode(light), inputs.albedo, inputs.normal, log_encode(deviation)], 1)  # (B, 10, H, W)

    def _read_heads(self, decoded: list[Tensor], features: Tensor) -> Predictions:
        taps = self.config.kernel**2
        full = F.pixel_shuffle(self.full_head(decoded[0]), 2).float()  # (B, taps + 5, H, W)
        levels = [full[:, : taps + 4], *(head(x).float() for head, x in zip(self.heads, decoded, strict=True))]
        kernels, upsamplers = [], []
        for level, x in enumerate(levels):
            logits, sharpness = x[:, :taps], x[:, taps : taps + 3]
            kernels.append(_edge_stopping(logits, sharpness, features, features))
            if level < len(levels) - 1:
                coarser = F.avg_pool2d(features, 2)
                tent = torch.tensor(TENT, device=x.device).log().view(1, 9, 1, 1)
                upsamplers.append(_edge_stopping(tent, sharpness, features, upsample(coarser)))
                features = coarser
        return Predictions(
            weight=torch.sigmoid(full[:, taps + 4 :]) + 1e-4,  # never zero: it is divided by
            kernels=kernels,
            upsamplers=upsamplers,
            alphas=[torch.sigmoid(x[:, taps + 3 : taps + 4]) for x in levels[:-1]],
        )


def _edge_stopping(logits: Tensor, sharpness: Tensor, features: Tensor, others: Tensor) -> Tensor:
    """Softmax kernels: free logits for each tap, less the distances in light, albedo and normal.

    The network need not learn to find the edges in its inputs; it decides, pixel by pixel, how far to trust each of
    them. Logits (B, k * k, H, W) or (1, k * k, 1, 1), sharpness (B, 3, H, W), features and others (B, 10, H, W).
    """
    size = round(logits.shape[1] ** 0.5)
    for group, scale in enumerate(_SHARPNESS):
        channels = slice(3 * group, 3 * group + 3)
        apart = distances(features[:, channels], others[:, channels], size)
        logits = torch.addcmul(logits, sharpness[:, group : group + 1].clamp_max(6).exp(), apart, value=-scale)
    return logits.softmax(1)


class DirectNetwork(nn.Module):
    """The U-Net of the Noise2Noise paper, predicting radiance itself: the baseline to compare with.

    Layers as in Lehtinen et al. 2018, appendix A.1, table 2; input T(radiance), albedo and normal, output linear, as in
    section 3.3.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = _paper_convs(9, 48, 48)
        self.down = nn.ModuleList(_paper_convs(48, 48) for _ in range(4))
        self.bottom = _paper_convs(48, 48)
        self.up = nn.ModuleList([_paper_convs(96, 96, 96), *(_paper_convs(144, 96, 96) for _ in range(3))])
        self.leave = nn.Sequential(_paper_convs(96 + 9, 64, 32), nn.Conv2d(32, 3, 3, padding=1))

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
            x = up(torch.cat([upsample(x), skips.pop()], 1))
        x = torch.cat([upsample(x), skips.pop()], 1)
        return self.leave(x).float()


def _convs(*channels: int) -> nn.Sequential:
    """3 x 3 convolutions with ReLU from each channel count to the next."""
    return nn.Sequential(*_layers(channels, slope=0.0))


def _paper_convs(*channels: int) -> nn.Sequential:
    """The same with the paper's leaky ReLU of slope 0.1."""
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
