"""Where a scene comes from: a Mitsuba XML file, or a seed of a procedural family."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from denoise.errors import RenderError

#: What a procedural scene is called by on the command line, before the family's name.
PREFIX = "procedural:"


@dataclass(frozen=True)
class Procedural:
    """One scene of a procedural family.

    Attributes:
        family: one of `families()`.
        seed: of the scene; the family is a pure function of it.
    """

    family: str
    seed: int

    @property
    def stem(self) -> str:
        """Names the scene, as a file's stem does: `interiors-000123`."""
        return f"{self.family}-{self.seed:06d}"

    def __str__(self) -> str:
        return f"{PREFIX}{self.family} of seed {self.seed}"

    def describe(self) -> dict[str, Any]:
        """The scene's description (see render/procedural/).

        Raises:
            RenderError: the family failed on this seed.
        """
        import render.procedural

        try:
            return render.procedural.build(self.family, self.seed)
        except Exception as error:  # a fault of the family costs one scene, like a broken file
            words = " ".join(str(error).split()) or type(error).__name__
            raise RenderError(f"{self}: the family fails: {type(error).__name__}: {words[:300]}") from error


Source = Path | Procedural


def digest(source: Source) -> str:
    """What tells one version of a scene from another, in hex.

    The SHA-256 of a file; of a procedural scene that of the family's source, of the kit, and of the seed, so that a
    family that was edited does not go on in an old data set.

    Raises:
        OSError: a file that cannot be read.
    """
    if isinstance(source, Procedural):
        return hashlib.sha256(f"{family_digest(source.family)} {source.seed}".encode()).hexdigest()
    with open(source, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@functools.cache
def family_digest(family: str) -> str:
    """SHA-256 of a family's source and of the kit that all families share, in hex."""
    import render.procedural

    folder = Path(render.procedural.__file__).parent
    total = hashlib.sha256()
    for path in [folder / f"{family}.py", *sorted((folder / "kit").rglob("*.py"))]:
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


def families() -> list[str]:
    """Names of the procedural families."""
    import render.procedural

    return list(render.procedural.FAMILIES)


def expand(word: str, seeds: tuple[int, int] | None) -> Iterator[Procedural]:
    """The scenes that `procedural:FAMILY` and `--seeds A-B` mean.

    Args:
        word: as given on the command line.
        seeds: first and last.

    Raises:
        RenderError: no such family, or no seeds given.
    """
    family = word.removeprefix(PREFIX)
    if family not in families():
        raise RenderError(f"{word}: no such family; there are {', '.join(families())}")
    if seeds is None:
        raise RenderError(f"{word}: which seeds? add --seeds 0-999, say")
    for seed in range(seeds[0], seeds[1] + 1):
        yield Procedural(family, seed)


def parse_seeds(text: str) -> tuple[int, int]:
    """Read `0-999` or `7`: the first and the last seed.

    Raises:
        ValueError: anything else, an empty range among it, with what is wrong.
    """
    words = [word.strip() for word in text.split("-")]
    if len(words) > 2 or not all(word.isascii() and word.isdigit() and len(word) <= 9 for word in words):
        raise ValueError(f"{text!r} is not like 0-999 or 7, with numbers below a billion")
    first, last = int(words[0]), int(words[-1])
    if first > last:
        raise ValueError(f"{text!r} is an empty range; write the smaller seed first, as in 0-999")
    return first, last
