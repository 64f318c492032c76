"""What is to be rendered: scenes x views x passes, from the command line's words to a list of tasks."""

from __future__ import annotations

import glob
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from denoise.errors import RenderError
from render.seeds import generator, pass_seed

#: Samplers of Mitsuba 3 that `--sampler random` draws from, in this order.
SAMPLERS = ("independent", "stratified", "multijitter", "orthogonal", "ldsampler")

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
class SceneEntry:
    """A scene to render.

    Attributes:
        path: its XML.
        name: the file's name without its ending; names the views.
        split: of the manifest beside it, or empty.
        size: width and height of the manifest beside it, or None.
    """

    path: Path
    name: str
    split: str = ""
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Settings:
    """What the command line says of the views and passes.

    Attributes:
        views: of each scene.
        passes: of each view.
        spp: samples a pixel.
        size: width and height, None for the scene's.
        seed: from which all others come.
        sampler: of `SAMPLERS`, or `random` for one drawn for each view.
        max_depth: overrides the integrator's.
    """

    views: int = 1
    passes: int = 2
    spp: Spp = Spp(8, 8)
    size: tuple[int, int] | None = None
    seed: int = 0
    sampler: str = "independent"
    max_depth: int | None = None

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
    """

    scene: SceneEntry
    index: int
    name: str
    spp: tuple[int, ...]
    seeds: tuple[int, ...]
    sampler: str


def tasks_for(scene: SceneEntry, settings: Settings) -> list[Task]:
    """The views of a scene. Each depends on its own number alone, so more views never change those before."""
    tasks = []
    for index in range(settings.views):
        spp = settings.spp.draw(settings.passes, generator(settings.seed, scene.name, index, "spp").random())
        sampler = settings.sampler
        if sampler == "random":
            sampler = SAMPLERS[generator(settings.seed, scene.name, index, "sampler").integers(len(SAMPLERS))]
        seeds = tuple(pass_seed(settings.seed, scene.name, index, i) for i in range(len(spp)))
        tasks.append(Task(scene, index, f"{scene.name}.{index:04d}", spp, seeds, sampler))
    return tasks


def find_scenes(paths: Iterable[str | Path], split: str | None = None) -> list[SceneEntry]:
    """The scenes meant by files, patterns and folders.

    A folder means the scenes of its manifest.json, or all its XML files if it has none. A manifest beside a file says
    of which split and size it is. A file that does not exist is still listed: it fails when its turn comes.

    Args:
        paths: scene files, patterns as a shell would expand, and folders.
        split: keeps the scenes of this split only.

    Raises:
        RenderError: nothing is found, two scenes share a name, or a manifest is broken.
    """
    entries: list[SceneEntry] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            listed = [path / scene["file"] for scene in _manifest(path)] or sorted(path.glob("*.xml"))
            if not listed:
                raise RenderError(f"{path}: has no scenes; a folder needs a manifest.json or XML files")
        elif not path.exists() and glob.has_magic(str(given)):
            listed = [Path(match) for match in sorted(glob.glob(str(given)))]
            if not listed:
                raise RenderError(f"{given}: no file matches")
        else:
            listed = [path]
        entries += [_entry(file) for file in listed]
    entries = list({entry.path.resolve(): entry for entry in entries}.values())
    if split is not None:
        entries = [entry for entry in entries if entry.split == split]
        if not entries:
            raise RenderError(f"none of the scenes is of split {split!r}; the manifest.json beside them says of which")
    by_name: dict[str, Path] = {}
    for entry in entries:
        other = by_name.setdefault(entry.name, entry.path)
        if other is not entry.path:
            raise RenderError(
                f"{entry.path} and {other}: two scenes of one name would overwrite each other; rename one"
            )
    return entries


def _entry(path: Path) -> SceneEntry:
    for scene in _manifest(path.parent):
        if scene["file"] == path.name:
            size = (int(scene["width"]), int(scene["height"])) if "width" in scene and "height" in scene else None
            return SceneEntry(path, path.stem, str(scene.get("split", "")), size)
    return SceneEntry(path, path.stem)


def _manifest(folder: Path) -> list[dict[str, Any]]:
    path = folder / "manifest.json"
    try:
        scenes = json.loads(path.read_text(encoding="utf-8"))["scenes"]
        return [scene for scene in scenes if str(scene["file"])]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RenderError(f'{path}: is no list of scenes ({{"scenes": [{{"file": ...}}]}}): {error}') from error


def samples(spp: Iterable[int], size: tuple[int, int]) -> int:
    """Samples of a view's passes."""
    return math.prod(size) * sum(spp)
