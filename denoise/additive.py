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
    layers = [light for light in layers if any(_bits(frame, light.part, name).any() for name in light.names)]
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
    grid = (np.arange(0, height, step)[:, None] * width + np.arange(0, width, step)).ravel()
    grid = np.random.default_rng(0).permutation(np.setdiff1d(grid, peaks))
    at = np.concatenate([peaks, grid])
    total = _values(frame, beauty, at)  # (P, C)
    lights = np.stack([_values(frame, light, at) for light in layers])  # (N, P, C)

    finite = np.isfinite(total).all(-1) & np.isfinite(lights).all((0, 2))
    total, lights, few = total[finite], lights[:, finite], int(finite[: len(peaks)].sum()) + _SEARCHED
    below = lights.min(-1, initial=0) < 0  # (N, P)
    # The search needs light that is 0 or more; a layer that takes light away has to be named.
    plain = [index for index in range(len(layers)) if below[index].mean() <= STRAY] if len(total) else []
    good = ~below[plain].any(0) & (total >= 0).all(-1)
    few = int(good[:few].sum())
    total, lights = total[good], lights[plain][:, good]

    lossy = any(set(one.names) & set(lossy_channels(frame.parts[one.part])) for one in (beauty, *layers))
    # What is nowhere above the rounding of halves would fit any sum.
    told = np.flatnonzero((lights > _SMALLEST).any((1, 2)))
    plain, lights = [plain[index] for index in told], lights[told]
    tolerance = total * np.float32(_LOSSY if lossy else _ROUNDED) + np.float32(_SMALLEST)
    found = find_sums(total[:few], lights[:, :few], tolerance[:few], [names[index] for index in plain])
    off = [np.abs(lights[list(members)].sum(0) - total) > tolerance for members in found]
    return [tuple(plain[i] for i in one) for one, miss in zip(found, off, strict=True) if miss.any(-1).mean() <= STRAY]


def _peaks(frame: Frame, light: Channels) -> np.ndarray:
    """Where a layer is brightest, in each of some bands: a lamp that few pixels show must not be missed."""
    places = []
    for name in light.names:
        bits = _bits(frame, light.part, name)
        for band in np.array_split(np.arange(bits.shape[0]), min(_BANDS, bits.shape[0])):
            rows = bits[band[0] : band[-1] + 1]
            places.append(band[0] * bits.shape[1] + int(rows.argmax()))
    return np.unique(places)


def _bits(frame: Frame, part: int, name: str) -> np.ndarray:
    """A channel as integers, in the same order where it is not negative, and many times as fast to look at."""
    pixels = frame.parts[part].channels[name]
    return pixels.view(f"i{pixels.itemsize}")


def _values(frame: Frame, channels: Channels, at: np.ndarray) -> np.ndarray:
    """The pixels of flat indices (P,), as (P, C) float32."""
    pixels = frame.parts[channels.part].channels
    return np.stack([pixels[name].reshape(-1)[at] for name in channels.names], axis=-1).astype(np.float32)
