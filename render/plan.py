"""What is to be rendered: scenes x views x passes, from the command line's words to a list of tasks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from denoise.errors import RenderError
from render.entries import SceneEntry
from render.seeds import generator, pass_seed
from render.window import Size, Sizes, Window

#: Samplers of Mitsuba 3 that `--sampler random` draws from, in this order.
SAMPLERS = ("independent", "stratified", "multijitter", "orthogonal", "ldsampler")

#: Of which surface albedo and normal are: the first that is no mirror and no clear glass, or the first.
AUX = ("follow", "first-hit")

#: Beyond this a single pass would overflow the renderer's 32-bit counters long before it ends.
_MOST_SPP = 1 << 16


@dataclass(frozen=True)
class Spp:
    """Samples a pixel: one number, a range drawn from for each view, or one number for each pass.

    Attributes:
        low: smallest number of the range, or the number.
        high: largest of the range, the same as `low` without a range.
        ladder: a number for each pass; empty otherwise.
    """

    low: int
    high: int
    ladder: tuple[int, ...] = ()

    @staticmethod
    def parse(text: str) -> Spp:
        """Read `8`, `1-64` or `1,1,2,4,8,16`.

        Raises:
            ValueError: anything else, with what is wrong.
        """
        separator = "," if "," in text else "-"
        words = [word.strip() for word in text.split(separator)]
        if not all(word.isascii() and word.isdigit() and 1 <= int(word[:9]) <= _MOST_SPP for word in words):
            raise ValueError(f"{text!r} is not like 8, 1-64 or 1,1,2,4,8,16 with numbers from 1 to {_MOST_SPP}")
        numbers = [int(word) for word in words]
        if separator == ",":
            return Spp(min(numbers), max(numbers), tuple(numbers))
        if len(numbers) > 2 or numbers[0] > numbers[-1]:
            raise ValueError(f"{text!r} is no range; write the smaller number first, as in 1-64")
        return Spp(numbers[0], numbers[-1])

    def draw(self, passes: int, uniform: float) -> tuple[int, ...]:
        """The numbers of one view's passes; a range gives all of them one number, log-uniform.

        Args:
            passes: how many; a ladder has its own number of them.
            uniform: in [0, 1).
        """
        if self.ladder:
            return self.ladder
        # low .. high + 1, rounded down: each number has the share of its interval of the logarithm.
        return (min(self.high, int(self.low * ((self.high + 1) / self.low) ** uniform)),) * passes


@dataclass(frozen=True)
class Settings:
    """What the command line says of the views and passes.

    Attributes:
        views: of each scene.
        passes: of each view.
        spp: samples a pixel.
        size: resolutions, None for the scene's.
        crop: width and height of the part of the frame that is rendered, at a place drawn for each view; None for all.
        seed: from which all others come.
        sampler: of `SAMPLERS`, or `random` for one drawn for each view.
        max_depth: overrides the integrator's.
        aux: `follow` or `first-hit` (see `render.features`), `random` for one drawn for each view; None follows where
            the variant can.
        keep: keep views that are degenerate (see `render.quality`).
    """

    views: int = 1
    passes: int = 2
    spp: Spp = Spp(8, 8)
    size: Sizes | None = None
    crop: Size | None = None
    seed: int = 0
    sampler: str = "independent"
    max_depth: int | None = None
    aux: str | None = None
    keep: bool = False

    def samplers(self) -> tuple[str, ...]:
        """The samplers a scene has to be loaded with."""
        return SAMPLERS if self.sampler == "random" else (self.sampler,)


@dataclass(frozen=True)
class Task:
    """One view to render.

    Attributes:
        scene: of which scene.
        index: number of the view within the scene.
        name: `scene.0003`.
        spp: samples a pixel of each pass.
        seeds: of each pass.
        sampler: of all its passes.
        frame: width and height of the whole picture; None takes the scene's.
        crop: width and height of what is rendered of it; None takes all.
        place: of the crop, (0, 0) at the upper left, (1, 1) at the lower right.
        aux: `follow` or `first-hit`; None follows where the variant can.
    """

    scene: SceneEntry
    index: int
    name: str
    spp: tuple[int, ...]
    seeds: tuple[int, ...]
    sampler: str
    frame: Size | None = None
    crop: Size | None = None
    place: tuple[float, float] = (0.0, 0.0)
    aux: str | None = None

    def size(self, default: Size) -> Size:
        """Width and height of what is rendered, where the scene's own are `default`."""
        return self.crop or self.frame or default

    def window(self, default: Size) -> Window:
        """What is rendered, where the scene's own frame is `default`.

        Raises:
            RenderError: the crop is larger than the frame.
        """
        frame = self.frame or default
        if self.crop is None:
            return Window(frame, frame)
        free = frame[0] - self.crop[0], frame[1] - self.crop[1]
        if min(free) < 0:
            raise RenderError(
                f"{self.scene.source}: a crop of {_by(self.crop)} does not fit into {_by(frame)}; give a larger --size"
            )
        corner = round(self.place[0] * free[0]), round(self.place[1] * free[1])
        return Window(frame, self.crop, corner)


def _by(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def tasks_for(scene: SceneEntry, settings: Settings) -> list[Task]:
    """The views of a scene. Each depends on its own number alone, so more views never change those before."""
    tasks = []
    for index in range(settings.views):

        def draw(purpose: str, index: int = index) -> np.random.Generator:
            return generator(settings.seed, scene.name, index, purpose)

        spp = settings.spp.draw(settings.passes, draw("spp").random())
        sampler, aux, frame = settings.sampler, settings.aux, scene.size
        if sampler == "random":
            sampler = SAMPLERS[draw("sampler").integers(len(SAMPLERS))]
        if aux == "random":
            aux = AUX[draw("aux").integers(len(AUX))]
        if settings.size is not None:
            frame = settings.size.draw(draw("size").random())
        x, y = draw("crop").random(2)
        seeds = tuple(pass_seed(settings.seed, scene.name, index, i) for i in range(len(spp)))
        name = f"{scene.name}.{index:04d}"
        tasks.append(Task(scene, index, name, spp, seeds, sampler, frame, settings.crop, (float(x), float(y)), aux))
    return tasks


def of_shard(tasks: list[Task], shard: tuple[int, int]) -> list[Task]:
    """The tasks of one shard of several: whole scenes where there are enough of them, single views otherwise.

    Args:
        tasks: all of them.
        shard: number, from 0, and how many there are.
    """
    number, count = shard
    scenes = list(dict.fromkeys(task.scene for task in tasks))
    if len(scenes) < count:
        return tasks[number::count]
    own = set(scenes[number::count])
    return [task for task in tasks if task.scene in own]


def parse_shard(text: str) -> tuple[int, int]:
    """Read `3/100`: number, from 0, and how many.

    Raises:
        ValueError: anything else, with what is wrong.
    """
    words = text.split("/")
    if len(words) != 2 or not all(word.isascii() and word.isdigit() and len(word) <= 6 for word in words):
        raise ValueError(f"{text!r} is not like 3/100")
    number, count = int(words[0]), int(words[1])
    if number >= count:
        raise ValueError(f"{text!r}: shards count from 0, so the last of {count} is {count - 1}/{count}")
    return number, count


def by_scene(tasks: Iterable[Task], most: int | None = None) -> list[list[Task]]:
    """Tasks in groups of one scene each, at most so many in a group."""
    groups: dict[SceneEntry, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.scene, []).append(task)
    return [
        group[at : at + (most or len(group))]
        for group in groups.values()
        for at in range(0, len(group), most or len(group))
    ]


def samples(spp: Iterable[int], size: tuple[int, int]) -> int:
    """Samples of a view's passes."""
    return math.prod(size) * sum(spp)
