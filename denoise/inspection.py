"""What `mcdenoise --inspect` prints: what was found in a frame and why, what would be done and what not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from denoise.additive import find_groups
from denoise.conventions import ROLES
from denoise.frame import Frame, Part
from denoise.layers import Channels, Layer, layer_name, layers_of
from denoise.lossy import warnings
from denoise.roles import Roles, find_all_roles, left_alone, radiance_layers

#: CIE x, y of red, green, blue and white, of the spaces that renderers work in.
_PRIMARIES = {
    "Rec. 709": (0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329),
    "Rec. 2020": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329),
    "P3-D65": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329),
    "ACEScg (AP1)": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "ACES2065-1 (AP0)": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767),
}
_WIDE = 100  # characters in a line


def inspect(frame: Frame, overrides: Mapping[str, str] = {}, chosen: tuple[str, ...] | None = None) -> list[str]:
    """A frame in words, line by line.

    Args:
        frame: as read from a file.
        overrides: as for `find_all_roles`.
        chosen: the layers to denoise along, as for `find_groups`.

    Raises:
        FrameError: as `find_all_roles` and `find_groups`.
    """
    every = find_all_roles(frame, overrides)
    lines = [*_of_file(frame), f"renderer: {every[0].renderer} ({every[0].reasons['renderer']})"]
    seen: set[tuple[int, str]] = set()
    for roles in every:
        lines += _of_view_layer(frame, roles, chosen, seen)
    others = [str(layer) for layer in layers_of(frame) if not seen & _places(layer)]
    if others:
        lines += ["", *_wrapped("of no view layer, left alone", others, "")]
    return lines


def _of_file(frame: Frame) -> Iterator[str]:
    parts = frame.parts
    types = dict.fromkeys(str(pixels.dtype) for part in parts for pixels in part.channels.values())
    names = {"float16": "half", "float32": "float", "uint32": "uint"}
    kinds = dict.fromkeys(_compression(part) for part in parts)
    channels = sum(len(part.channels) for part in parts)
    yield ", ".join(
        [
            f"{len(parts)} part{'s' if len(parts) > 1 else ''}",
            f"{channels} channels of {' and '.join(names[one] for one in types)}",
            " and ".join(kinds),
        ]
    )
    windows = dict.fromkeys((_box(part, "dataWindow"), _box(part, "displayWindow")) for part in parts)
    for data, display in windows:
        yield f"data window {data}" + (f" of display window {display}" if display != data else ", as displayed")
    for warning in warnings(frame):
        yield f"warning: {warning}"
    yield f"colours: {_colours(parts)}; denoised as they are, nothing is converted"


def _of_view_layer(
    frame: Frame, roles: Roles, chosen: tuple[str, ...] | None, seen: set[tuple[int, str]]
) -> Iterator[str]:
    yield ""
    yield f"view layer {roles.view}" if roles.view else "the frame"
    if roles.denoised:
        yield f"  already denoised {roles.denoised}; left alone without --force"
    for role in ROLES:
        channels: Channels | None = getattr(roles, role)
        if channels is None:
            yield f"  {role:<9} none"
            continue
        yield f"  {role:<9} {shown(frame, channels)}  ({roles.reasons[role]})"
    if roles.targets != (roles.beauty,):
        yield f"  {'written':<9} {', '.join(shown(frame, target) for target in roles.targets)}"
    groups = find_groups(frame, roles, chosen)
    along = {channels for group in groups for channels in group.layers}
    for group in groups:
        title = f"  along     {group.name}" + ("" if group.sums else ", which does not sum to the beauty")
        yield from _wrapped(title, _inside(frame, roles, group.layers), "  ")
    others = [light for light in radiance_layers(frame, roles) if light not in along]
    black = [light for light in others if not light.read(frame).any()]
    if noisy := [light for light in others if light not in black]:
        title = "  left noisy, as no sum of it is the beauty (see --layers)"
        yield from _wrapped(title, _inside(frame, roles, noisy), "  ")
    if black:
        yield from _wrapped("  black", _inside(frame, roles, black), "  ")
    alone = left_alone(frame, roles)
    kinds = dict.fromkeys(kind for _, kind in alone)
    if kinds:
        yield "  left alone"
    for kind in kinds:
        names = [layer.name[len(roles.prefix) :] or str(layer) for layer, own in alone if own == kind]
        yield from _wrapped(f"    {kind}", names, "    ")
    playing = (channels for role in ROLES if (channels := getattr(roles, role)))
    seen.update(
        (channels.part, name) for channels in (*playing, *roles.targets, *along, *others) for name in channels.names
    )
    for layer, _ in alone:
        seen |= _places(layer)


def shown(frame: Frame, channels: Channels) -> str:
    """As lines have it: `albedo.R/G/B`, bare `R G B`, and `R G B of key` in a part of that name."""
    layers = {name.rpartition(".")[0] for name in channels.names}
    if len(layers) == 1 and (layer := layers.pop()):
        return f"{layer}.{'/'.join(name.rpartition('.')[2] for name in channels.names)}"
    name = layer_name(frame, channels)
    return " ".join(channels.names) + (f" of {name}" if name and len(frame.parts) > 1 else "")


def _inside(frame: Frame, roles: Roles, lights: Iterable[Channels]) -> list[str]:
    """Names of layers without the view layer's before them."""
    return [layer_name(frame, light)[len(roles.prefix) :] or str(light) for light in lights]


def _places(layer: Layer) -> set[tuple[int, str]]:
    return {(layer.part, name) for name in (*layer.channels.values(), *layer.ids)}


def _wrapped(title: str, items: list[str], indent: str) -> Iterator[str]:
    """A title and its items, in lines that do not grow too wide."""
    line = f"{title}:"
    for index, item in enumerate(items):
        item += "," if index + 1 < len(items) else ""
        if len(line) + 1 + len(item) > _WIDE:
            yield line
            line = f"{indent}   "
        line += f" {item}"
    yield line


def _box(part: Part, name: str) -> str:
    if name not in part.header:
        height, width = part.size
        return f"{width}x{height} at 0,0"
    (x0, y0), (x1, y1) = ((int(x), int(y)) for x, y in part.header[name])
    return f"{x1 - x0 + 1}x{y1 - y0 + 1} at {x0},{y0}"


def _compression(part: Part) -> str:
    kind = part.header.get("compression")
    return str(getattr(kind, "name", "ZIP_COMPRESSION")).removesuffix("_COMPRESSION")


def _colours(parts: list[Part]) -> str:
    """The primaries that the file states."""
    header = {name: value for part in reversed(parts) for name, value in part.header.items()}
    told = [f"{name} {header[name]}" for name in ("colorInteropID", "oiio:ColorSpace") if name in header]
    stated = header.get("chromaticities")
    if isinstance(stated, tuple | list):
        known = (name for name, xy in _PRIMARIES.items() if np.allclose(stated, xy, atol=1e-3))
        told.append(next(known, "chromaticities " + " ".join(f"{value:g}" for value in stated)))
    return ", ".join(told) or "not stated, so Rec. 709 by the standard"
