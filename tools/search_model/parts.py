"""What stands in place of parts of the network and of the filter, to see what these are worth."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from denoise import data, kernels
from denoise.convolutions import Convs, pool
from denoise.features import FEATURES, GUIDES, Inputs, features, guides_of, prominence
from denoise.frame import Planes
from denoise.heads import Head
from denoise.kernels import BILINEAR, Level, Predictions, halve, pixel_shuffle, upsample
from denoise.network import KernelNetwork, ModelConfig, _read_kernels, _read_level, _read_weight
from denoise.strips import Rows, made
from denoise.transfer import demodulate, exposure, remodulate

_PLANES = (FEATURES - 3) // 4  # that `features` has of each of 2 x 2 pixels
_FULL = 16  # channels at full resolution, in place of what a head of 80 for 64 channels costs


def partition(image: Tensor, predictions: Predictions) -> Tensor:
    """A pyramid that splats, for `kernels.filter_pyramid`: Balint et al. 2023, section 3.

    Each pixel's light is parted among the levels, and strewn there by the pixel's own kernel, where `filter_pyramid`
    gathers by the receiving pixel's. Means are weighted likewise.

    Args:
        image: (B, 3, H, W); H and W divisible by 2^levels.
        predictions: for the same B, H and W.

    Returns:
        (B, 3, H, W).
    """
    light = demodulate(image, predictions.modulation)
    rest = torch.cat([light * predictions.weight, predictions.weight], 1)
    parts = []
    for level in predictions.levels:
        parts.append(_strewn(rest * (1 - level.alpha), level.kernels))
        rest = halve((rest * level.alpha).contiguous())

    out = _strewn(rest, predictions.coarsest)
    for level in reversed(predictions.levels):
        out = parts.pop() + upsample(out, level.upsampler)
    light, weight = out.split([3, 1], 1)
    return remodulate(light / weight, predictions.modulation)


def _strewn(image: Tensor, strewing: Tensor) -> Tensor:
    """Light (B, C, H, W) spread over k x k pixels, each by its own kernel (B, k * k, H, W); the transpose of gather."""
    size = round(strewing.shape[1] ** 0.5)
    columns = image[:, :, None] * strewing[:, None].to(image.dtype)  # (B, C, k * k, H, W)
    return F.fold(columns.flatten(1, 2).flatten(2), image.shape[-2:], size, padding=size // 2)


def unweighed(image: Tensor, predictions: Predictions) -> Tensor:
    """`kernels.filter_pyramid` where every pixel counts alike in all means."""
    even = torch.ones_like(predictions.weight)
    return kernels.filter_pyramid(image, predictions._replace(weight=even))


def undivided(albedo: Tensor, *_: object) -> Tensor:
    """`transfer.modulation` where radiance is filtered as it is."""
    return torch.ones_like(albedo)


def unguided(logits: Tensor, *_: Tensor, rows: Rows | None = None) -> Tensor:
    """`kernels.edge_stopping` by the logits alone."""
    kernels = logits.float().softmax(1)
    return rows.put(kernels) if rows else kernels


def bilinear(sharpness: Tensor, *_: Tensor, rows: Rows | None = None) -> Tensor:
    """`kernels.corner_stopping` that stops nowhere."""
    shares = sharpness.new_tensor(BILINEAR).view(1, 4, 1, 1)
    upsampler = shares.expand(len(sharpness), -1, *sharpness.shape[-2:]).contiguous()
    return rows.put(upsampler) if rows else upsampler


def merged_and_counted(passes: object, spp: object) -> Planes:
    """`data.merge_passes` with the inverse of the samples in the variance's place, times the crop's grey, squared."""
    planes = data.merge_passes(passes, spp)  # type: ignore[arg-type]
    return counted(planes, float(spp.sum()))  # type: ignore[attr-defined]


def counted(planes: Planes, spp: float) -> Planes:
    """Planes with a variance that tells the samples alone; (3, H, W) or (H, W, 3), in units of the radiance squared."""
    radiance = torch.from_numpy(planes["radiance"])
    image = radiance if len(radiance) == 3 else radiance.permute(2, 0, 1)
    grey = 1 / exposure(image[None]).item()
    return {**planes, "variance": torch.full_like(radiance, grey**2 / spp).numpy()}


class Counting(KernelNetwork):
    """The network told by how many samples a picture is, one number for all of it, in the variance's place."""

    def predict(self, inputs: Inputs) -> Predictions:
        """The kernels, the exposure's jitter taken off what tells the samples."""
        told = inputs.variance.flatten(1).median(1).values.view(-1, 1, 1, 1) * exposure(inputs.radiance) ** 2
        return super().predict(inputs._replace(variance=told.expand_as(inputs.variance).contiguous()))


class FullResolution(KernelNetwork):
    """A U-Net whose first and last convolutions are at full resolution, few channels wide; otherwise the same.

    At half resolution its first ones see what those made, in place of 2 x 2 pixels' planes.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        widest = config.widths[0]
        self.first = Convs(_PLANES + 3, _FULL, _FULL)
        self.enter = Convs(_FULL, widest, widest)
        self.last = Convs(config.head + _FULL, _FULL)
        self.full_head = Head(_FULL, config.fine_kernel**2 + GUIDES + 6)

    def hidden(self) -> list[Tensor]:
        """As the kernel network's, with those at full resolution."""
        return [*super().hidden(), *(conv.weight for conv in (self.first[0], self.first[2], self.last[0]))]

    def balance(self) -> None:
        """Nothing to do: weights begin at the norm that they are held at."""

    def predict(self, inputs: Inputs) -> Predictions:
        """The kernels, those of full resolution by what is there."""
        prominent = prominence(inputs)
        planes, flags = features(inputs, prominent).split([4 * _PLANES, 3], 1)
        flags = F.interpolate(flags, scale_factor=2)
        whole = self.first(torch.cat([pixel_shuffle(planes.contiguous()), flags], 1))  # (B, 16, H, W)
        skips = [self.enter(pool(whole))]  # (B, w0, H/2, W/2)
        for down in self.down:
            skips.append(down(pool(skips[-1])))

        decoded = [self.bottom(skips.pop())]
        for up in reversed(self.up):
            decoded.insert(0, up(decoded[0], skips.pop()))

        full = self.full_head(self.last(decoded[0], whole))
        floor, weight, said = full.split([1, 1, full.shape[1] - 2], 1)
        divisor, weight = _read_weight(floor, weight, inputs, prominent)
        guides, levels = guides_of(inputs), []
        for head, x in zip(self.heads, decoded, strict=True):
            *level, guides = made(_read_level(said, guides))
            levels.append(Level(*level))
            said = head(x)
        coarsest, *_ = made(_read_kernels(said, guides))
        return Predictions(divisor, weight, levels, coarsest)
