"""The pair data set: a folder of views, each a group of passes that differ in the seed alone.

`render-pairs` writes `manifest.jsonl`, one line a view. A folder without one is read by naming, so that any
renderer's passes become a data set: `shot.0001.passA.exr` and `shot.0001.passB.exr`, `shot.0001_pass1.exr`,
`shot.0001.a.exr`, `shot.0001.0.exr`. What stands before the pass names the view.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR

from denoise.errors import FrameError, PairsError
from denoise.exr import read_frame, write_frame
from denoise.exr_header import read_parts
from denoise.files import replacing
from denoise.frame import PLANES, Frame, Part, Planes
from denoise.roles import find_roles, read_planes

MANIFEST = "manifest.jsonl"
FORMAT = 1
#: Folders within a data set that are data sets themselves, each written by a process of its own.
SHARDS = "shard-*-of-*"
#: The largest finite half; what lies beyond is clamped, never written as infinity.
HALF_MAX = 65504.0

#: The pass at the end of a foreign file name: `.passA`, `_pass12`, `-a`, `.0`. Without the word, one character only:
#: two files `shot.0001` and `shot.0002` are frames of a shot, not passes of a frame.
_PASS_NAME = re.compile(r"(?P<view>.+)[._-](?:pass[._-]?(?:[a-z]|\d+)|[a-z]|\d)", re.IGNORECASE)


@dataclass(frozen=True)
class PassRecord:
    """One pass of a view.

    Attributes:
        file: name within the view's directory.
        spp: samples a pixel that were taken; None where a foreign file does not say.
        seed: the renderer's seed; None where unknown.
        bytes: size of the file.
        sha256: checksum of the file, empty for foreign files (they are not read to be listed).
        seconds: time the renderer took.
    """

    file: str
    spp: int | None = None
    seed: int | None = None
    bytes: int = 0
    sha256: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class View:
    """A group of passes of the same picture, which differ in the seed alone.

    Attributes:
        name: unique in the data set, `scene.0003`.
        scene: name of the scene.
        width: pixels.
        height: pixels.
        passes: in order of their index.
        directory: where the files lie; not part of the manifest's line.
        split: train, validation, demo or empty.
        sampler: the renderer's sampler.
        variant: the renderer's variant.
        max_depth: longest path, -1 for unlimited, None where unknown.
        renderer: name and version.
        camera: to_world (4x4, rows), fov in degrees along x, focus distance; as far as the sensor has them.
        nonfinite: samples (pixels, with the scalar variant) that were NaN or infinite and were replaced.
        requested_spp: the samples asked for; samplers that need squares and the like round up.
        scene_sha256: checksum of the scene's XML, or of what makes the procedural scene.
        aux: whose albedo and normal the passes have: `follow` for those of the first surface that is no mirror and no
            clear glass, `first-hit` for those of the first; empty where unknown.
        window: of a crop the `frame` (width, height) it was taken from and its upper left `corner` (x, y).
        dropped: why the view was not rendered to its end, such as `black`; it has no passes then.
        family: of a procedural scene, empty otherwise.
        scene_seed: of a procedural scene.
        family_sha256: checksum of the sources of the family.
    """

    name: str
    scene: str
    width: int
    height: int
    passes: tuple[PassRecord, ...]
    directory: Path
    split: str = ""
    sampler: str = ""
    variant: str = ""
    max_depth: int | None = None
    renderer: str = ""
    camera: dict[str, Any] = field(default_factory=dict)
    nonfinite: int = 0
    requested_spp: tuple[int, ...] = ()
    scene_sha256: str = ""
    aux: str = ""
    window: dict[str, Any] = field(default_factory=dict)
    dropped: str = ""
    family: str = ""
    scene_seed: int | None = None
    family_sha256: str = ""

    def path(self, index: int) -> Path:
        """Where pass `index` lies."""
        return self.directory / self.passes[index].file

    def to_json(self) -> str:
        """The manifest's line, without the line end."""
        entries = {"format": FORMAT, "view": self.name}
        for key, value in asdict(self).items():
            if key not in ("name", "directory"):
                entries[key] = value
        return json.dumps(entries, separators=(",", ":"), sort_keys=False)

    @staticmethod
    def from_json(line: str, directory: Path) -> View:
        """The view a manifest line tells of. Raises ValueError, KeyError or TypeError on anything else.

        Unknown keys are passed over, so that later additions to the manifest stay readable.
        """
        entries = json.loads(line)
        if entries["format"] != FORMAT:
            raise ValueError(f"format {entries['format']}, known is {FORMAT}")
        passes = tuple(
            PassRecord(**{key: value for key, value in record.items() if key in PassRecord.__dataclass_fields__})
            for record in entries["passes"]
        )
        known = {key: value for key, value in entries.items() if key in View.__dataclass_fields__}
        known.update(name=entries["view"], passes=passes, directory=directory)
        known["requested_spp"] = tuple(entries.get("requested_spp", ()))
        return View(**known)


def open_pairs(directory: str | Path) -> list[View]:
    """The views of a data set, sorted by name.

    Reads `manifest.jsonl`, and those of the folder's shards (`shard-0003-of-0100`); without any, groups the folder's
    EXR files by their names. A last manifest line without its line end was being written when the renderer was killed,
    and is passed over, as are views that were dropped.

    Raises:
        PairsError: no such folder, no view with two passes in it, or a manifest that is not one.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise PairsError(f"{directory}: no such folder; render-pairs makes one, or give a folder of EXR passes")
    listed = [folder for folder in (directory, *sorted(directory.glob(SHARDS))) if (folder / MANIFEST).exists()]
    if listed:
        views = [view for folder in listed for view in read_manifest(folder) if not view.dropped]
        if not views:
            raise PairsError(f"{listed[0] / MANIFEST}: lists no view of use yet; let render-pairs finish one")
    else:
        views = _views_by_name(directory)
        if not views:
            raise PairsError(
                f"{directory}: neither {MANIFEST} nor passes named like shot.0001.passA.exr and shot.0001.passB.exr"
            )
    return sorted(views, key=lambda view: view.name)


def read_manifest(directory: str | Path) -> list[View]:
    """The manifest's views in the order written; an empty list where there is no manifest.

    Raises:
        PairsError: a whole line that is no manifest line.
    """
    directory = Path(directory)
    path = directory / MANIFEST
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PairsError(f"{path}: cannot be read: {error.strerror}") from error
    views: dict[str, View] = {}
    whole, _, _half = data.rpartition(b"\n")
    for number, line in enumerate(whole.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            view = View.from_json(line.decode("utf-8"), directory)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PairsError(f"{path}, line {number}: not a manifest line ({error}); remove that line") from error
        views[view.name] = view  # the last line of a name counts
    return list(views.values())


def lines_of_manifest(directory: str | Path) -> int:
    """Number of lines in the manifest, superseded and half-written ones included; 0 where there is no manifest."""
    path = Path(directory) / MANIFEST
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def append_view(directory: str | Path, view: View) -> None:
    """Add one line to the manifest, whole or (after a kill) without its line end, which readers pass over.

    What an earlier kill left after the last line end is cut off first.

    Raises:
        PairsError: it cannot be written.
    """
    path = Path(directory) / MANIFEST
    try:
        with open(path, "a+b") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - (1 << 20)))
            tail = stream.read()
            if tail and not tail.endswith(b"\n"):
                stream.truncate(size - (len(tail) - (tail.rfind(b"\n") + 1)))
            stream.write(view.to_json().encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise PairsError(f"{path}: cannot be written: {error.strerror}") from error


def rewrite_manifest(directory: str | Path, views: list[View]) -> None:
    """Replace the manifest by these views in this order, at once.

    Raises:
        PairsError: it cannot be written.
    """
    path = Path(directory) / MANIFEST
    try:
        with replacing(path) as temporary:
            temporary.write_bytes("".join(view.to_json() + "\n" for view in views).encode("utf-8"))
    except OSError as error:
        raise PairsError(f"{path}: cannot be written: {error.strerror or error}") from error


def write_pass(path: str | Path, planes: Planes, attributes: dict[str, str | int | float]) -> None:
    """Write one pass: half, ZIP, the channels of `PLANES`.

    Args:
        path: written to a temporary file beside it first, then renamed.
        planes: (H, W, C) float32 by name of `PLANES`; `variance` may be missing (one sample has none).
        attributes: go into the header as string, int or float.

    Raises:
        FrameError: a plane that is not finite or not of the right shape, or a file that cannot be written.
    """
    height, width = planes["radiance"].shape[:2]
    channels: dict[str, np.ndarray] = {}
    for name, plane in planes.items():
        names = PLANES[name]
        if plane.shape != (height, width, len(names)):
            raise FrameError(f"{path}: {name} has shape {plane.shape}, expected {(height, width, len(names))}")
        if not np.isfinite(plane).all():
            raise FrameError(f"{path}: {name} is not finite; it would poison a training")
        half = np.clip(plane, -HALF_MAX, HALF_MAX).astype(np.float16)
        for i, channel in enumerate(names):
            channels[channel] = np.ascontiguousarray(half[..., i])
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage, **attributes}
    write_frame(path, Frame([Part(header, channels)]))


def view_planes(view: View, index: int) -> Planes:
    """The planes of one pass, (H, W, C) float32 by the names of `PLANES`; only those the file has.

    Our own passes are read by `PLANES`, foreign ones through `denoise.roles`.

    Raises:
        PairsError: the file is missing, broken, or not of the view's size.
    """
    path = view.path(index)
    try:
        frame = read_frame(path)
        if view.renderer and set(PLANES["radiance"]) <= set(frame.parts[0].channels):
            part = frame.parts[0]
            planes = {
                name: part.stack(names) for name, names in PLANES.items() if all(n in part.channels for n in names)
            }
        else:
            planes = read_planes(frame, find_roles(frame))
    except FrameError as error:
        raise PairsError(f"view {view.name}: {error}") from error
    height, width = planes["radiance"].shape[:2]
    if view.width and (width, height) != (view.width, view.height):
        raise PairsError(
            f"{path}: {width}x{height}, but view {view.name} is {view.width}x{view.height}; render it again"
        )
    return planes


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_view(view: View) -> str | None:
    """What is wrong with the files of a view, in a few words; None if all are whole.

    Files whose record has no checksum (foreign ones) need only be there.
    """
    for record in view.passes:
        path = view.directory / record.file
        try:
            size = path.stat().st_size
            if record.sha256 and size != record.bytes:
                return f"{record.file} has {size} bytes instead of {record.bytes}"
            if record.sha256 and file_sha256(path) != record.sha256:
                return f"{record.file} does not have the checksum it was written with"
        except FileNotFoundError:
            return f"{record.file} is missing"
        except OSError as error:
            return f"{record.file} cannot be read ({error.strerror})"
    return None


def validate(directory: str | Path) -> list[str]:
    """What is wrong with a data set, one line a view; an empty list if all is whole.

    Raises:
        PairsError: as `open_pairs`.
    """
    problems = []
    for view in open_pairs(directory):
        problem = check_view(view)
        if problem is not None:
            problems.append(f"view {view.name}: {problem}")
        elif len(view.passes) < 2:
            problems.append(f"view {view.name}: only one pass; a pair needs two")
    return problems


def _views_by_name(directory: Path) -> list[View]:
    """Groups foreign EXR files by name; only groups of two passes or more are views."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(directory.glob("*.exr")):
        match = _PASS_NAME.fullmatch(path.stem)
        if match:
            groups[match["view"]].append(path)
    views = []
    for name, paths in groups.items():
        if len(paths) < 2:
            continue
        try:
            width, height = _size(paths[0])
            passes = tuple(PassRecord(path.name, bytes=path.stat().st_size) for path in paths)
        except (FrameError, OSError) as error:
            raise PairsError(f"view {name}: {error}") from error
        views.append(View(name, re.split(r"[._-]\d+$", name)[0], width, height, passes, directory))
    return views


def _size(path: Path) -> tuple[int, int]:
    """Width and height of a frame, from its header alone."""
    with path.open("rb") as file:
        parts = read_parts(path, file, os.fstat(file.fileno()).st_size)
    left, top, right, bottom = struct.unpack("<4i", parts[0].attributes["dataWindow"].value)
    return right - left + 1, bottom - top + 1
