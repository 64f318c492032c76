"""The progress bar on a terminal; nothing at all elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from denoise.pairs import View
from render.plan import Task


class Progress:
    """Views done, samples a second, remaining time; a context in which the bar stands.

    Counts a view's work as its samples a pixel times the size of its scene where that is known beforehand.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._work = {task.name: self._weight(task) for task in tasks}
        console = Console(file=sys.stderr)
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[views]} views  {task.fields[rate]}  left"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
            transient=True,
            speed_estimate_period=600,
        )
        self._total = len(self._work)
        self._done = 0
        self._samples = 0
        self._id = self._bar.add_task("rendering", total=sum(self._work.values()), views=f"0/{self._total}", rate="")

    @staticmethod
    def _weight(task: Task) -> float:
        width, height = task.size((256, 256))
        return sum(task.spp) * width * height

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()

    def advance(self, view: View, samples: int) -> None:
        """A view is done."""
        self._done += 1
        self._samples += samples
        elapsed = self._bar.tasks[0].elapsed or 0.0
        rate = f"{self._samples / elapsed / 1e6:.2f} Msamples/s" if elapsed > 0 else ""
        self._bar.update(
            self._id,
            advance=self._work.get(view.name, 0),
            description=view.name,
            views=f"{self._done}/{self._total}",
            rate=rate,
        )

    def say(self, message: str) -> None:
        """A line on stderr, above the bar where there is one."""
        self._bar.console.print(message, markup=False, highlight=False, soft_wrap=True)

    def skip(self, tasks: Iterable[Task]) -> None:
        """These will not be done."""
        for task in tasks:
            self._total -= 1
            self._bar.update(self._id, total=(self._bar.tasks[0].total or 0) - self._work.get(task.name, 0))
