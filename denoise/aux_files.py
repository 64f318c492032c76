"""Albedo, normal and further passes that stand in files of their own, one file an output as LuxCore writes them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np

from denoise.conventions import CONVENTIONS
from denoise.errors import FrameError
from denoise.exr import read_frame
from denoise.layers import COLOUR, VECTOR, Channels, Layer, layers_of, listed
from denoise.roles import decode_normal

#: A place for the frame number in a file name: as many digits as there are #, or as printf's %04d says.
_PLACE = re.compile(r"#+|%0?(\d*)d")


def read_aux(path: str | Path, role: str, height: int, width: int) -> np.ndarray:
    """The plane of a role from a file of its own.

    Taken is the layer that goes by one of the role's names, else the bare channels, else the only layer there is.

    Args:
        path: an EXR file.
        role: "albedo" or "normal".
        height: of the frame that it belongs to, in pixels of the data window.
        width: likewise.

    Returns:
        (H, W, 3) float32, normals in [-1, 1].

    Raises:
        FrameError: if the file cannot be read, is of another size, or it is not clear which of its layers it is.
    """
    frame = read_frame(path)
    channels = _channels(Path(path), layers_of(frame), role)
    plane = channels.read(frame)
    if plane.shape[:2] != (height, width):
        raise FrameError(
            f"{path}: is {plane.shape[1]}x{plane.shape[0]}, but the frame is {width}x{height}; "
            f"render the {role} at the frame's size and with its crop"
        )
    return decode_normal(plane) if role == "normal" else plane


def for_several(template: str) -> bool:
    """Whether a file is given so that each frame of a sequence has its own: by a pattern or a folder."""
    return bool(_PLACE.search(template)) or Path(template).is_dir()


def locate(template: str, frame: Path) -> Path:
    """The file that belongs to a frame.

    Args:
        template: a file; a pattern with # or %04d where the frame number stands; or a folder, in which the file has
            the frame's name or is the only EXR file with its number.
        frame: its number is the last one in its file's name.

    Raises:
        FrameError: if there is no such file, or several.
    """
    number = _number(frame)
    if _PLACE.search(template):
        if number is None:
            raise FrameError(f"{frame}: has no frame number in its name to put into {template}")
        return Path(_PLACE.sub(lambda place: str(int(number)).zfill(_digits(place)), template))
    path = Path(template)
    if not path.is_dir():
        return path
    others = [file for file in path.glob("*.exr") if os.path.realpath(file) != os.path.realpath(frame)]
    if path / frame.name in others:
        return path / frame.name
    found = sorted(file for file in others if number is not None and _same_number(file, number))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(file.name for file in found)
        raise FrameError(f"{path}: several files may belong to {frame.name}: {names}; give a pattern with #### instead")
    raise FrameError(f"{path}: no file of the name or the number of {frame.name} in it")


def _channels(path: Path, layers: list[Layer], role: str) -> Channels:
    choices = VECTOR if role == "normal" else COLOUR
    names = dict.fromkeys(name.lower() for convention in CONVENTIONS for name in getattr(convention, role))
    for name in names:
        for layer in layers:
            # A view layer's name may stand before it.
            if f".{layer.name.lower()}".endswith(f".{name}") and (channels := layer.pick(choices)):
                return channels
    fitting = [channels for layer in layers if (channels := layer.pick(choices))]
    bare = [channels for channels in fitting if "." not in channels.names[0]]
    if len(bare or fitting) != 1:
        raise FrameError(
            f"{path}: which of its layers ({listed(layers)}) is the {role}? None goes by a known name; "
            "give a file with R G B alone"
        )
    return (bare or fitting)[0]


def _digits(place: re.Match[str]) -> int:
    return len(place[0]) if place[0].startswith("#") else int(place[1] or 1)


def _number(frame: Path) -> str | None:
    numbers = re.findall(r"\d+", frame.stem)
    return numbers[-1] if numbers else None


def _same_number(file: Path, number: str) -> bool:
    own = _number(file)
    return own is not None and int(own) == int(number)
