"""The layers of a frame: groups of channels with one name, wherever in the file they stand.

A layer is what stands before the last dot of its channels' names: `albedo.R albedo.G albedo.B` is the layer
`albedo`; bare `R G B A Z` is the layer of no name. In files of several parts the part's name is the layer's, or
stands before it: Blender 5 writes `R G B A` into a part `ViewLayer.Combined`, or `ViewLayer.Combined.R` and so on.
A stereo frame has each layer once an eye, told by the parts' `view` attribute or by `multiView` and the names
(https://openexr.com/en/latest/MultiViewOpenEXR.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from denoise.frame import Frame, Part

#: Choices of components; of the first that a layer has, the channels are taken.
Choices = tuple[tuple[str, ...], ...]

COLOUR: Choices = (("R", "G", "B"), ("r", "g", "b"), ("red", "green", "blue"), ("Red", "Green", "Blue"))
VECTOR: Choices = (("X", "Y", "Z"), ("x", "y", "z"), *COLOUR)
SCALAR: Choices = tuple((name,) for name in ("", "Z", "z", "T", "V", "Y", "R", "r", "X", "x", "red", "I"))
ALPHA: Choices = tuple((name,) for name in ("A", "a", "alpha", "Alpha"))
LUMINANCE: Choices = (("Y",), ("y",), ("R",), ("r",))

#: What a bare channel is named that is a component; any other bare channel is a layer of its own, as pbrt's `dzdx`.
_COMPONENTS = frozenset("r g b a x y z t u v w i red green blue alpha ra ga ba ry by".split())

_EYES = ("left", "right")

_SHOWN = 24  # layers in a message


@dataclass(frozen=True)
class Channels:
    """Channels of one part, by full name, in the order of their components."""

    part: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        """The layer's name, or the names of bare channels."""
        return self.names[0].rpartition(".")[0] or " ".join(self.names)

    def read(self, frame: Frame) -> np.ndarray:
        """The pixels as stored, (H, W, C) float32."""
        return frame.parts[self.part].stack(self.names)


@dataclass(frozen=True)
class Layer:
    """The channels of one name in one part.

    Attributes:
        eye: of a stereo frame, else "".
        name: with the part's name where that is part of it; "" for bare channels.
        part: its index.
        channels: full channel name by component; ids (uint32) are not among them.
        ids: full names of uint32 channels.
        bare: whether the channels have no name of their own in the part.
    """

    eye: str
    name: str
    part: int
    channels: Mapping[str, str]
    ids: tuple[str, ...]
    bare: bool

    def pick(self, choices: Choices) -> Channels | None:
        """The channels of the first choice of components that the layer has."""
        for components in choices:
            if all(component in self.channels for component in components):
                return Channels(self.part, tuple(self.channels[component] for component in components))
        return None

    @property
    def light(self) -> Channels | None:
        """Its three colour channels, or the one of a luminance layer; None where it is neither.

        X Y Z is a vector or a colour of the CIE, and Y with RY BY luminance and chroma: neither is light by itself.
        """
        if colour := self.pick(COLOUR):
            return colour
        colours = {component for component in self.channels if component.lower() not in ("a", "alpha", "z")}
        return self.pick(LUMINANCE) if len(colours) == 1 else None

    def __str__(self) -> str:
        """As shown in messages: `albedo.R/G/B`, `R G B A`."""
        components = [*self.channels, *(name.rpartition(".")[2] for name in self.ids)]
        if not self.name:
            return " ".join(components)
        return f"{self.name}.{'/'.join(components)}" if any(components) else self.name


def layers_of(frame: Frame) -> list[Layer]:
    """Every layer of every part, in the file's order."""
    return [layer for index, part in enumerate(frame.parts) for layer in _of_part(index, part, len(frame.parts) > 1)]


def layer_name(frame: Frame, channels: Channels) -> str:
    """The name of the layer that holds the channels, which may be that of its part; "" for bare channels."""
    return next(
        layer.name
        for layer in layers_of(frame)
        if layer.part == channels.part and channels.names[0] in layer.channels.values()
    )


def window(part: Part) -> tuple[int, int, int, int]:
    """The data window: x and y of its first pixel, height and width."""
    height, width = part.size
    first = part.header["dataWindow"][0] if "dataWindow" in part.header else (0, 0)
    return int(first[0]), int(first[1]), height, width


def in_window(plane: np.ndarray, of: Part, to: Part) -> np.ndarray:
    """A plane (H, W, C) of one part, cut and filled with 0 to the data window of another."""
    (x, y, height, width), (to_x, to_y, to_height, to_width) = window(of), window(to)
    if (x, y, height, width) == (to_x, to_y, to_height, to_width):
        return plane
    placed = np.zeros((to_height, to_width, plane.shape[-1]), plane.dtype)
    top, left = max(y, to_y), max(x, to_x)
    bottom, right = min(y + height, to_y + to_height), min(x + width, to_x + to_width)
    if top < bottom and left < right:
        inside = plane[top - y : bottom - y, left - x : right - x]
        placed[top - to_y : bottom - to_y, left - to_x : right - to_x] = inside
    return placed


def listed(layers: list[Layer]) -> str:
    """Layers as a message shows them, ids apart."""
    shown = [str(layer) for layer in layers if layer.channels]
    more = f", and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return (", ".join(shown[:_SHOWN]) or "none but ids") + more


def _of_part(index: int, part: Part, several: bool) -> Iterator[Layer]:
    part_name = str(part.header.get("name", "")) if several else ""
    view = part.header.get("view", "")
    if not isinstance(view, str) or not view:
        view = part_name if part_name.lower() in _EYES else ""
    part_name = _without_eye(part_name, view)
    eyes = [] if view else _eyes(part)
    found: dict[tuple[str, str, bool], tuple[dict[str, str], list[str]]] = {}
    for channel, pixels in part.channels.items():
        own, _, component = channel.rpartition(".")
        eye = view or (eyes[0] if eyes else "")
        before, _, last = own.rpartition(".")
        if last in eyes:
            own, eye = before, last
        elif view:
            own = _without_eye(own, view)
        if not own and component.lower() not in _COMPONENTS:
            own, component = component, ""
        channels, ids = found.setdefault((eye, _full_name(part_name, own), not own), ({}, []))
        if pixels.dtype == np.uint32:
            ids.append(channel)
        else:
            channels[component] = channel
    for (eye, name, bare), (channels, ids) in found.items():
        yield Layer(eye, name, index, channels, tuple(ids), bare)


def _eyes(part: Part) -> list[str]:
    """The views of a part that holds several, the one that goes unnamed first."""
    eyes = part.header.get("multiView", [])
    return [str(eye) for eye in eyes] if isinstance(eyes, list | tuple) and len(eyes) > 1 else []


def _without_eye(name: str, eye: str) -> str:
    """`rgba_left`, `rgba.left` and `left.rgba` are all `rgba`."""
    if not eye:
        return name
    eye = re.escape(eye)
    return re.sub(rf"(?i)^{eye}$|[._ -]{eye}$|^{eye}[._ -]", "", name)


def _full_name(part_name: str, own: str) -> str:
    """A layer's name of that of its part and its own, which may say the same."""
    if not own or not part_name:
        return own or part_name
    if own.lower() == part_name.lower() or own.lower().startswith(part_name.lower() + "."):
        return own
    if part_name.lower().endswith("." + own.lower()):
        return part_name
    return f"{part_name}.{own}"
