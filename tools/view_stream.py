"""Fresh views for a training, without end: rendered in small chunks, packed, and put into a pool of bounded size.

A chunk is a few views of one scene: the next seed of a procedural family, or the next of the scenes that are files,
with other views each time its turn comes again. It is rendered into a folder of its own in the pool,
whose name begins with a dot, so that a run that was killed goes on with it; packed beside it; and renamed when whole.

    pool/000123-stills-000024/      a packed set (denoise.packed), number 123
    pool/.render-000124/            being rendered
    chunks.jsonl                    a line a chunk: number, scenes, views, seconds
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from denoise.errors import McdenoiseError, TrainingError
from denoise.packed import write_packed
from denoise.pairs import open_pairs
from render.entries import find_scenes
from render.plan import SAMPLERS
from tools import children
from tools.pack_pairs import described

ROOT = Path(__file__).parents[1]
#: A third each interiors, which most frames are, and stills; then exteriors, and a few of all else.
ORDER = (
    *("interiors", "stills", "exteriors", "interiors", "stills", "interiors"),
    *("scenes", "exteriors", "stills", "interiors", "stills", "abstract"),
)
_FAILURES = 10  # chunks in a row, after which it is not the scenes
_LOWER = 5  # priority of renders: training comes first, but they must not starve beside other work either


@dataclass(frozen=True)
class Recipe:
    """What is rendered.

    Attributes:
        order: procedural families in turn, and `scenes` where the turn is a file's.
        scenes: folder of scenes with a manifest.json; those of its train split are trained on.
        views: of a chunk; render-pairs gives up to 16 to one process.
        spp: ladders of passes, in turn: many views of few samples teach more than few of many.
        stratified_spp: likewise with samplers other than the independent one, for which each number of samples is a
            kernel of its own.
        crop: `WxH` of a view.
        size: `WxH`, or a range, of the frame that the crop is a piece of.
        variant: of Mitsuba.
    """

    order: tuple[str, ...] = ORDER
    scenes: Path = ROOT / "scenes"
    views: int = 4
    spp: tuple[str, ...] = ("1,1,2,4,8", "2,2,4,8,16", "1,1,2,4,8", "2,2,4,8", "1,1,2,4,8")
    stratified_spp: tuple[str, ...] = ("4,4,4,4", "4,4,16", "2,2,2,2,8", "4,4,4,4", "8,8,8")
    crop: str = "256x256"
    size: str = "400x300-800x600"
    variant: str = "auto"


@dataclass(frozen=True)
class Chunk:
    """Views of one scene.

    Attributes:
        number: its place in the stream.
        family: of the scene, or `scenes` for one that is a file.
        name: of the set in the pool.
        words: what render-pairs is given to render it, but for the folder.
    """

    number: int
    family: str
    name: str
    words: tuple[str, ...]


def chunk(number: int, recipe: Recipe) -> Chunk:
    """The chunk of a number: families and files in the recipe's order, each time with the next seed or file.

    Every other one of a family is rendered with the independent sampler, which renderers have by default, the others
    with one of the others in turn: each sampler is a kernel of its own, which takes as long to compile as a small view
    to render.
    """
    turn, place = divmod(number, len(recipe.order))
    family = recipe.order[place]
    nth = turn * recipe.order.count(family) + recipe.order[:place].count(family)
    if family != "scenes":
        name, words = f"{family}-{nth:06d}", [f"procedural:{family}", "--seeds", f"{nth}-{nth}"]
    else:
        files = [entry.source for entry in find_scenes([recipe.scenes], "train")]
        again, which = divmod(nth, len(files))
        file = files[which]
        assert isinstance(file, Path)
        name, words = f"{file.stem}-{again:06d}", [str(file), "--seed", str(again)]
        nth = again + which  # so that of an even number of files each gets all samplers
    independent, *others = SAMPLERS
    sampler = others[nth // 2 % len(others)] if nth % 2 else independent
    ladders = recipe.spp if sampler == independent else recipe.stratified_spp
    spp = ladders[number % len(ladders)]
    words += ["--split", "train", "--views", str(recipe.views), "--spp", spp, "--variant", recipe.variant]
    words += ["--crop", recipe.crop, "--size", recipe.size, "--sampler", sampler]
    words += ["--aux", "first-hit" if recipe.variant.startswith("scalar") else "random"]
    # as many workers as there are cores means one thread each, and a chunk is too small for more than one worker
    words += ["--workers", str(os.cpu_count() or 1)]
    return Chunk(number, family, f"{number:06d}-{name}", tuple(words))


class ViewStream:
    """Renders chunks, several at once, from where an earlier run stopped; `tend` has to be called again and again.

    Args:
        folder: gets `pool/`, `chunks.jsonl` and `render.log`.
        recipe: what to render.
        processes: chunks at once.
        limit: bytes that the pool may have; the oldest sets make room.
        lock: descriptor of the folder's lock.
    """

    def __init__(self, folder: Path, recipe: Recipe, processes: int, limit: int, lock: int) -> None:
        self.pool = folder / "pool"
        self._recipe, self._processes, self._limit, self._lock = recipe, processes, limit, lock
        self._journal, self._log = folder / "chunks.jsonl", folder / "render.log"
        self._running: dict[Chunk, tuple[subprocess.Popen[bytes], float]] = {}
        self._failures = 0
        self.pool.mkdir(parents=True, exist_ok=True)
        numbers = [int(line["number"]) for line in read_journal(folder)]
        done = {number_of(path) for path in self.sets()} | set(numbers)
        unfinished = set()
        for path in self.pool.glob(".*"):
            if path.name.startswith(".render-") and (number := int(path.name[8:])) not in done:
                unfinished.add(number)
            else:
                shutil.rmtree(path)
        self._next = max(done | unfinished, default=-1) + 1
        self._again = sorted(unfinished)

    def sets(self) -> list[Path]:
        """Finished sets, the oldest first."""
        return sorted(path for path in self.pool.iterdir() if re.match(r"\d{6,}-", path.name))

    def tend(self) -> None:
        """Take in what is finished, make room, and start what there are processes for.

        Raises:
            TrainingError: nothing renders.
        """
        for one, (process, began) in list(self._running.items()):
            if process.poll() is not None:
                del self._running[one]
                self._take_in(one, time.monotonic() - began)
        if self._failures >= _FAILURES:
            if not self.sets():
                raise TrainingError(f"{self._log}: the first {_FAILURES} renders failed; see there")
            return  # there is something to train on
        while len(self._running) < self._processes:
            self._start(chunk(self._number(), self._recipe))

    def stop(self) -> None:
        """End the renders; a later run goes on with them."""
        children.stop([process for process, _ in self._running.values()])
        self._running.clear()

    def _number(self) -> int:
        if self._again:
            return self._again.pop(0)
        self._next += 1
        return self._next - 1

    def _start(self, one: Chunk) -> None:
        command = ["-m", "render.cli", *one.words, "-o", self._rendered(one)]
        with open(self._log, "ab") as log:
            self._running[one] = children.start(command, self._lock, _LOWER, output=log), time.monotonic()

    def _rendered(self, one: Chunk) -> Path:
        return self.pool / f".render-{one.number:06d}"

    def _take_in(self, one: Chunk, seconds: float) -> None:
        rendered, packed = self._rendered(one), self.pool / f".pack-{one.number:06d}"
        try:
            count = sum(1 for _ in write_packed(packed, described(open_pairs(rendered))))
            os.replace(packed, self.pool / one.name)
            self._failures = 0
        except McdenoiseError as error:  # none of its views is of use, or the scene failed
            count = 0
            self._failures += 1
            with open(self._log, "a", encoding="utf-8") as log:
                log.write(f"{one.name}: {error}\n")
            shutil.rmtree(packed, ignore_errors=True)
        line = {"number": one.number, "family": one.family, "name": one.name, "views": count, "seconds": round(seconds)}
        with open(self._journal, "a", encoding="utf-8") as journal:
            journal.write(json.dumps(line) + "\n")
        shutil.rmtree(rendered, ignore_errors=True)
        self._make_room()

    def _make_room(self) -> None:
        """Take the oldest sets away until the others fit; the newest stays whatever its size."""
        sizes = [(path, sum(file.stat().st_size for file in path.rglob("*"))) for path in self.sets()]
        total = sum(size for _, size in sizes)
        for path, size in sizes[:-1]:
            if total <= self._limit:
                break
            total -= size
            gone = path.rename(self.pool / f".gone-{path.name}")  # at once, for whoever is looking
            shutil.rmtree(gone)


def number_of(path: Path) -> int:
    """The number of a set in the pool."""
    return int(path.name.split("-", 1)[0])


def read_journal(folder: Path) -> list[dict[str, Any]]:
    """The lines of `chunks.jsonl`; one that was being written when the run was killed is passed over."""
    path = folder / "chunks.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found
