"""Which channels a lossy kind of compression changes each time a file is written, and a warning where those are ids.

Rules of OpenEXR 3.5.3; a test holds them against the library.
"""

from __future__ import annotations

import numpy as np

from denoise.frame import Frame, Part
from denoise.layer_kinds import kind_of
from denoise.layers import Layer, layers_of

#: Channel types that a kind of compression changes, and of which components alone.
_LOSSY: dict[str, tuple[tuple[type[np.floating], ...], frozenset[str]]] = {
    "PXR24": ((np.float32,), frozenset()),
    "B44": ((np.float16,), frozenset()),
    "B44A": ((np.float16,), frozenset()),
    "DWAA": ((np.float16, np.float32), frozenset(("R", "G", "B", "Y", "RY", "BY"))),
    "DWAB": ((np.float16, np.float32), frozenset(("R", "G", "B", "Y", "RY", "BY"))),
}

#: Kinds of layers that a change spoils, since their values are compared and not looked at.
_EXACT = frozenset(("cryptomatte", "id"))


def lossy_channels(part: Part) -> list[str]:
    """The channels of a part that writing it changes."""
    types, components = _LOSSY.get(_compression(part), ((), frozenset()))
    return [
        name
        for name, pixels in part.channels.items()
        if pixels.dtype in types and (not components or name.rpartition(".")[2] in components)
    ]


def warnings(frame: Frame) -> list[str]:
    """One line for each lossy kind of compression that a frame's ids are written with; none where all is well.

    Ids are cryptomattes, by whatever name their attributes give them, and object and material ids. DWA keeps channels
    exact that are not named R, G or B, as Blender's `CryptoObject00.r`: the line then says so.
    """
    cryptomattes = _cryptomattes(frame)
    spoiled: dict[str, list[str]] = {}
    exact: dict[str, list[str]] = {}
    for layer in layers_of(frame):
        part = frame.parts[layer.part]
        kind = _compression(part)
        if kind in _LOSSY and (_is_exact(layer) or layer.name.startswith(cryptomattes)):
            lossy = set(lossy_channels(part)) & set(layer.channels.values())
            (spoiled if lossy else exact).setdefault(kind, []).append(layer.name or str(layer))
    lines = [
        f"{kind} is a lossy compression, and changes ids: {_some(layers)}; render with ZIP to keep them exact"
        for kind, layers in spoiled.items()
    ]
    lines += [
        f"{kind} is a lossy compression; it keeps these ids exact, but encodes other layers anew: {_some(layers)}"
        for kind, layers in exact.items()
        if kind not in spoiled
    ]
    return lines


def _compression(part: Part) -> str:
    return str(getattr(part.header.get("compression"), "name", "")).removesuffix("_COMPRESSION")


def _is_exact(layer: Layer) -> bool:
    # Unreal's masks of actors are cryptomattes without the name.
    return bool(layer.ids) or kind_of(layer.name.rpartition(".")[2]) in _EXACT or "HitProxy" in layer.name


def _cryptomattes(frame: Frame) -> tuple[str, ...]:
    """How the names of layers begin that the attributes `cryptomatte/<key>/name` declare."""
    attributes = (item for part in frame.parts for item in part.header.items())
    return tuple(
        value
        for name, value in attributes
        if name.startswith("cryptomatte/") and name.endswith("/name") and isinstance(value, str) and value
    )


def _some(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
