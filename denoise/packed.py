"""A packed training set: the decoded passes of many views in a few files, memory-mapped.

A trainer draws small crops from all over a data set. EXR files would be decoded whole for each; a file a view, mapped,
needs a mapping a view, and Linux allows a process 65,530 of them. So views lie one behind the other in files of some
gigabytes, as (passes, channels, height, width) of half floats, each at a multiple of a page. What is drawn often stays
in memory, what is not is read anew: the set may be larger than the memory.

    pack.jsonl          format and number of views; then a line a view: file, offset, shape, spp, split, weight
    pack-0000.bin ...   the views
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from denoise.errors import PairsError
from denoise.files import replacing

INDEX = "pack.jsonl"
FORMAT = 1
_PAGE = 4096
#: Bytes after which another file is begun: few mappings, and files that move well.
FILE_BYTES = 4 << 30


@dataclass(frozen=True)
class PackedView:
    """Where a view lies in a packed set.

    Attributes:
        name: of the view.
        scene: of the view.
        file: the file it lies in.
        offset: of its first byte.
        shape: passes, channels, height, width.
        spp: samples a pixel of each pass.
        split: as the manifest of the data set had it.
        weight: of its crops in the loss.
    """

    name: str
    scene: str
    file: str
    offset: int
    shape: tuple[int, int, int, int]
    spp: tuple[float, ...]
    split: str
    weight: float

    @property
    def bytes(self) -> int:
        """How many it takes."""
        return 2 * int(np.prod(self.shape))


def is_packed(directory: str | Path) -> bool:
    """Whether a folder is a packed set."""
    return (Path(directory) / INDEX).exists()


def read_index(directory: str | Path) -> list[PackedView]:
    """The views of a packed set.

    Raises:
        PairsError: no index, one that is broken, or a file that is shorter than the index says.
    """
    directory = Path(directory)
    path = directory / INDEX
    try:
        first, *lines = path.read_text(encoding="utf-8").splitlines()
        head = json.loads(first)
        if head["format"] != FORMAT or head["views"] != len(lines):
            raise ValueError(f"format {head['format']} of {head['views']} views, {len(lines)} lines")
        views = [_view(json.loads(line)) for line in lines]
    except OSError as error:
        raise PairsError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PairsError(f"{path}: is no index of a packed set ({error}); pack it again") from error
    ends: dict[str, int] = {}
    for view in views:
        ends[view.file] = max(ends.get(view.file, 0), view.offset + view.bytes)
    for file, end in ends.items():
        try:
            size = (directory / file).stat().st_size
        except OSError as error:
            raise PairsError(f"{directory / file}: cannot be read: {error.strerror}; pack the set again") from error
        if size < end:
            raise PairsError(f"{directory / file}: has {size} bytes instead of {end}; copy it or pack the set again")
    return views


def _view(entries: dict[str, Any]) -> PackedView:
    entries["shape"], entries["spp"] = tuple(entries["shape"]), tuple(entries["spp"])
    return PackedView(**entries)


class Mapping:
    """The files of a packed set, each mapped when it is first asked for."""

    def __init__(self, directory: str | Path) -> None:
        self._directory = Path(directory)
        self._files: dict[str, np.ndarray] = {}

    def passes(self, view: PackedView) -> np.ndarray:
        """A view's passes, (P, C, H, W) float16, mapped."""
        if view.file not in self._files:
            self._files[view.file] = np.memmap(self._directory / view.file, np.float16, "r")
        start = view.offset // 2
        return self._files[view.file][start : start + view.bytes // 2].reshape(view.shape)


def write_packed(
    directory: str | Path,
    views: Iterable[tuple[dict[str, Any], Callable[[], np.ndarray]]],
    file_bytes: int = FILE_BYTES,
) -> Iterator[PackedView]:
    """Write a packed set, view by view; its index comes last, so that a set without one was not finished.

    Args:
        directory: an empty folder, or one that is not there.
        views: what `PackedView` says of each but for its place (`weight` may be a function of the passes), and a
            function that reads its passes, (P, C, H, W) float16.
        file_bytes: after which another file is begun.

    Yields:
        Each view once it is written.

    Raises:
        PairsError: the folder is not empty, or it cannot be written.
    """
    directory = Path(directory)
    written: list[PackedView] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()):
            raise PairsError(f"{directory}: is not empty; pack into a new folder")
        number, stream = 0, None
        try:
            for facts, read in views:
                if stream is None or stream.tell() >= file_bytes:
                    if stream is not None:
                        _close(stream)
                    stream = open(directory / f"pack-{number:04d}.bin", "xb")
                    number += 1
                passes = read()
                stream.write(b"\0" * (-stream.tell() % _PAGE))
                entry = {"file": Path(stream.name).name, "offset": stream.tell(), "shape": passes.shape, **facts}
                entry["weight"] = float(facts["weight"](passes))
                written.append(_view(entry))
                stream.write(np.ascontiguousarray(passes, np.float16).data.cast("B"))
                yield written[-1]
        finally:
            if stream is not None:
                _close(stream)
        with replacing(directory / INDEX) as temporary:
            head = json.dumps({"format": FORMAT, "views": len(written)})
            lines = [json.dumps(asdict(view), separators=(",", ":")) for view in written]
            temporary.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    except OSError as error:
        raise PairsError(f"{directory}: cannot be written: {error.strerror}") from error


def _close(stream: Any) -> None:
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
