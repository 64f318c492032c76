"""Layers that sum to the beauty: light groups, light path expressions, diffuse and specular.

The network's kernels are linear in the light they are applied to. Predicted once from the beauty and applied to
every layer of it, they leave the sum of the layers what it was: the denoised beauty.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from denoise.bits import ordered
from denoise.errors import FrameError
from denoise.frame import Frame
from denoise.layers import Channels, layers_of, window
from denoise.lossy import lossy_channels
from denoise.roles import Roles, left_alone, radiance_layers
from denoise.sums import STRAY, find_sums

#: By how much of the beauty a sum may miss it: the layers and the beauty are rounded to half by up to 2^-11 of
#: themselves each, and as much again for what a renderer rounds on the way.
_ROUNDED = 2.0**-9
_LOSSY = 2.0**-5  # ... where a lossy compression has changed them
_SMALLEST = 1e-6  # radiance; the smallest halves are steps of 6e-8

_GRID = 1 << 15  # pixels at which a sum is verified
_SEARCHED = 192  # of them that the search looks at, beside the peaks
_BANDS = 8  # horizontal ones; each channel's brightest pixel in each is a peak

#: What must stay as it is whatever is asked for.
_NEVER = ("id", "cryptomatte")


@dataclass(frozen=True)
class Group:
    """Layers that are denoised with the beauty's kernels.

    Attributes:
        name: what their names have in common, or the names.
        layers: of the beauty's size and number of channels, in the file's order.
        sums: whether they sum to the beauty.
    """

    name: str
    layers: tuple[Channels, ...]
    sums: bool = True


def find_groups(frame: Frame, roles: Roles, chosen: Sequence[str] | None = None) -> tuple[Group, ...]:
    """The groups of layers to denoise along with a beauty.

    Several may each sum to the beauty, and share layers: light groups, diffuse and specular, direct and indirect.
    Black layers are in none: they are black before and after.

    Args:
        frame: the frame.
        roles: of one of its view layers.
        chosen: names of layers, or patterns such as `Combined_*`, with or without the view layer's name before them;
            those that do not sum to the beauty make a group of their own. None for all that do, empty for none.

    Raises:
        FrameError: a chosen name that no colour layer of the frame has; the message lists them.
    """
    layers = radiance_layers(frame, roles) if chosen is None else _chosen(frame, roles, chosen)
    layers = [light for light in layers if any(map(_is_lit, _pixels(frame, light)))]
    if not layers:
        return ()
    names = {layer.light: layer.name for layer in layers_of(frame)}
    groups = []
    for members in _sums(frame, roles.beauty, layers, [names[light] for light in layers]):
        group = tuple(layers[index] for index in members)
        groups.append(Group(_common_name([names[light] for light in group]), group))
    if chosen is not None:
        summing = {light for group in groups for light in group.layers}
        if others := tuple(light for light in layers if light not in summing):
            groups.append(Group(_common_name([names[light] for light in others]), others, sums=False))
    return tuple(groups)


def _chosen(frame: Frame, roles: Roles, chosen: Sequence[str]) -> list[Channels]:
    """The layers of the view layer with these names; also some whose names say that they hold no light."""
    allowed = set(radiance_layers(frame, roles))
    allowed |= {
        light
        for layer, kind in left_alone(frame, roles)
        if kind not in _NEVER and not layer.ids and (light := layer.light) and _fits(frame, roles.beauty, light)
    }
    colours = {layer.name: light for layer in layers_of(frame) if (light := layer.light) and layer.name}
    found: list[Channels] = []
    for wanted in chosen:
        matching = [name for name in colours if _is_named(name, wanted)]
        if not matching:
            raise FrameError(f"no colour layer is named {wanted!r}; there are: {', '.join(colours) or 'none'}")
        found += [colours[name] for name in matching if colours[name] in allowed and colours[name] not in found]
    return found


def _is_named(name: str, wanted: str) -> bool:
    name, wanted = name.lower(), wanted.lower()
    return fnmatchcase(name, wanted) or fnmatchcase(name, f"*.{wanted}")


def _fits(frame: Frame, beauty: Channels, light: Channels) -> bool:
    same_window = window(frame.parts[light.part]) == window(frame.parts[beauty.part])
    return same_window and len(light.names) == len(beauty.names)


def _common_name(names: Sequence[str]) -> str:
    before = os.path.commonprefix(list(names))
    return f"{before}*" if len(names) > 1 and before.strip("._ -") else ", ".join(names)


def _sums(frame: Frame, beauty: Channels, layers: list[Channels], names: list[str]) -> list[tuple[int, ...]]:
    """Sets of layers that sum to the beauty, by their indices: searched at a few pixels, verified at many."""
    height, width = frame.parts[beauty.part].size
    peaks = np.unique(np.concatenate([_peaks(frame, light) for light in layers]))
    step = max(1, int(np.ceil((height * width / _GRID) ** 0.5)))
    total = _values(frame, beauty, peaks, step)  # (C, P), peaks first
    lights = np.stack([_values(frame, light, peaks, step) for light in layers])  # (N, C, P)

    finite = np.isfinite(total).all(0) & np.isfinite(lights).all((0, 1))
    below = np.any(lights < 0, axis=1)  # (N, P)
    # The search needs light that is 0 or more; a layer that takes light away has to be named.
    plain = [index for index in range(len(layers)) if below[index, finite].mean() <= STRAY] if finite.any() else []
    good = finite & ~below[plain].any(0) & (total >= 0).all(0)
    total, lights = total[:, good], lights[plain][..., good]

    lossy = any(set(one.names) & set(lossy_channels(frame.parts[one.part])) for one in (beauty, *layers))
    # What is nowhere above the rounding of halves would fit any sum.
    told = np.flatnonzero((lights > _SMALLEST).any((1, 2)))
    plain, lights = [plain[index] for index in told], lights[told]
    tolerance = total * np.float32(_LOSSY if lossy else _ROUNDED) + np.float32(_SMALLEST)
    few = _searched(int(good[: len(peaks)].sum()), total.shape[1])
    found = find_sums(
        total[:, few].T, lights[..., few].swapaxes(1, 2), tolerance[:, few].T, [names[index] for index in plain]
    )
    off = [np.abs(lights[list(members)].sum(0) - total) > tolerance for members in found]
    return [tuple(plain[i] for i in one) for one, miss in zip(found, off, strict=True) if miss.any(0).mean() <= STRAY]


def _searched(peaks: int, samples: int) -> np.ndarray:
    """Which samples the search looks at: the peaks, which come first, and some of the others."""
    others = np.random.default_rng(0).choice(samples - peaks, min(_SEARCHED, samples - peaks), replace=False)
    return np.concatenate([np.arange(peaks), peaks + others])


def _peaks(frame: Frame, light: Channels) -> np.ndarray:
    """Where a layer is brightest, in each of some bands: a lamp that few pixels show must not be missed."""
    places = []
    for pixels in _pixels(frame, light):
        bits = ordered(pixels)
        for band in np.array_split(np.arange(bits.shape[0]), min(_BANDS, bits.shape[0])):
            rows = bits[band[0] : band[-1] + 1]
            places.append(band[0] * bits.shape[1] + int(rows.argmax()))
    return np.unique(places)


def _values(frame: Frame, channels: Channels, peaks: np.ndarray, step: int) -> np.ndarray:
    """The pixels of flat indices (P,), then those of every so many rows and columns; (C, P + Q) float32."""
    both = [(pixels.reshape(-1)[peaks], pixels[::step, ::step].ravel()) for pixels in _pixels(frame, channels)]
    return np.stack([np.concatenate(pair) for pair in both]).astype(np.float32)


def _pixels(frame: Frame, channels: Channels) -> list[np.ndarray]:
    return [frame.parts[channels.part].channels[name] for name in channels.names]


def _is_lit(pixels: np.ndarray) -> bool:
    """Whether any pixel is not black: most often a few rows tell."""
    bits = ordered(pixels)
    return bool(bits[::64].any() or bits.any())
