"""A folder of data sets that come and go while a training draws from it.

Who renders makes a set under a name that begins with a dot and renames it when it is whole; who bounds the folder takes
old sets away. A set is read once, when it is first seen. The files of one that was deleted stay readable, on Linux, for
as long as they are mapped, so that nobody need wait for anybody.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from denoise.data import StoredView, load_sets
from denoise.distributed import ALONE, Group
from denoise.errors import McdenoiseError, PairsError
from denoise.yardsticks import Measure

_RESCAN_SECONDS = 5.0


class WatchedFolder:
    """The views of all data sets in a folder, each a sub-folder whose name does not begin with a dot.

    Args:
        directory: the folder.
        rescan_seconds: how often to look for changes.
        measure: gives each view that comes its yardsticks, if there shall be any.
        group: the processes that watch it, and measure views together.

    Attributes:
        directory: the folder.
        notices: lines about sets that could not be read, and were passed over; whoever shows them takes them out.

    Raises:
        PairsError: there is no such folder.
    """

    def __init__(
        self,
        directory: Path,
        rescan_seconds: float = _RESCAN_SECONDS,
        measure: Measure | None = None,
        group: Group = ALONE,
    ) -> None:
        if not directory.is_dir():
            raise PairsError(f"{directory}: no such folder to watch; make it, data sets may come later")
        self.notices: deque[str] = deque()
        self.directory = directory
        self._rescan_seconds, self._measure, self._group = rescan_seconds, measure, group
        self._looked = float("-inf")
        self._sets: dict[str, list[StoredView]] = {}
        self._views: list[StoredView] = []

    def views(self) -> Sequence[StoredView]:
        """The views there are, in the order of the sets' names; the same list while nothing changes.

        Views of a validation split are left out. Where all sets have gone, the last ones' views stay.
        """
        now = time.monotonic()
        if now - self._looked >= self._rescan_seconds:
            self._looked = now
            self._look()
        return self._views

    def _look(self) -> None:
        there = sorted(path.name for path in self.directory.iterdir() if path.is_dir() and path.name[0] != ".")
        sets = {name: self._sets[name] if name in self._sets else self._load(name) for name in there}
        changed, self._sets = sets.keys() != self._sets.keys(), sets
        views = [view for name in there for view in sets[name]]
        if changed and views:
            self._views = views

    def _load(self, name: str) -> list[StoredView]:
        path = self.directory / name
        try:
            views = [view for view in load_sets([path], sample=False) if not view.held_out]
            return self._group.mapped(self._measure, views) if self._measure else views
        except (McdenoiseError, OSError) as error:
            if path.exists():  # or it was taken away while it was read
                self.notices.append(f"{error}; this data set is passed over")
            return []
