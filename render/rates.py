"""How fast this machine renders: remembered from run to run, for estimates of the time."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from denoise.files import replacing
from denoise.pairs import View
from render.plan import samples
from render.variants import cache_folder

#: Runs with fewer samples mostly show how long starting takes.
_ENOUGH = 2_000_000


@dataclass(frozen=True)
class Rate:
    """What rendering costs.

    Attributes:
        samples_per_second: while a pass renders.
        seconds_per_scene: for loading and compiling it, and for whatever else comes on top.
    """

    samples_per_second: float
    seconds_per_scene: float

    def estimate(self, count: int, scenes: int) -> float:
        """Seconds for so many samples of so many scenes."""
        return count / self.samples_per_second + scenes * self.seconds_per_scene


def measured(views: Sequence[View], seconds: float) -> Rate | None:
    """The rate of a run from its views and its whole time; None if it was too short to tell.

    The first view of each scene compiles, so it counts among the costs of the scene where there are others.
    """
    scenes = {view.scene: view.name for view in reversed(views)}
    later = [view for view in views if view.name not in scenes.values()] or list(views)
    if _samples(views) < _ENOUGH or seconds <= 0:
        return None
    rate = _samples(later) / max(1e-9, sum(record.seconds for view in later for record in view.passes))
    return Rate(rate, max(0.0, seconds - _samples(views) / rate) / len(scenes))


def _samples(views: Sequence[View]) -> int:
    return sum(samples((record.spp or 0 for record in view.passes), (view.width, view.height)) for view in views)


def remembered(variant: str) -> Rate | None:
    """The rate of the last run with this variant on this machine; None if unknown."""
    try:
        rate = Rate(**_read()[_key(variant)])
        return rate if rate.samples_per_second > 0 and rate.seconds_per_scene >= 0 else None
    except (KeyError, TypeError):
        return None


def remember(variant: str, rate: Rate) -> None:
    """Keep it for the next estimate; a folder that cannot be written is no error."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        with replacing(cache_folder() / "rates.json") as temporary:
            temporary.write_text(json.dumps({**_read(), _key(variant): asdict(rate)}, indent=1))
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        pass


def _read() -> dict[str, dict[str, float]]:
    try:
        rates = json.loads((cache_folder() / "rates.json").read_text())
    except (OSError, ValueError, RuntimeError):
        return {}
    return rates if isinstance(rates, dict) else {}


def _key(variant: str) -> str:
    return f"{variant} on {socket.gethostname()}"
