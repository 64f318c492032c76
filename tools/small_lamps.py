"""How much of its light a lamp of a few pixels, or a glint, keeps, beside Open Image Denoise's best mode.

    python -m tools.small_lamps FOLDER [--model MODEL]...

A firefly is as bright, and a denoiser has to tell them apart: by a second pixel beside it, by a variance, by another
pass. FOLDER is as for `tools.benchmark`, with two passes of each frame. Into each frame squares are drawn, of 1 to 3
pixels a side and 10 to 1,000 times as bright as the median pixel, alike in both passes but for a twentieth of noise.
What they keep is what they add to the denoised frame, at their own pixels, over what they add to the noisy one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from denoise import process
from denoise.denoiser import Denoiser, Options
from denoise.errors import FrameError, McdenoiseError
from denoise.frame import PLANES, Frame, Part, Planes
from tools.benchmark.frames import Case, find_cases, load

SIDES, BRIGHTNESSES = (1, 2, 3), (10, 100, 1000)
_LAMPS = 6  # in a frame
_MARGIN = 8  # pixels between them and the frame's edge
_NOISE = 0.05  # deviation, relative to their light
_GUIDES = ("albedo", "normal")

#: From the planes of two passes, whatever of them it wants, to an image (H, W, 3).
Way = Callable[[Planes, Planes], np.ndarray]


def kept(cases: Sequence[Case], ways: Sequence[Way]) -> np.ndarray:
    """The share of their light that lamps keep, (ways, sides, brightnesses), the mean over cases.

    Args:
        cases: with a second pass each.
        ways: to denoise them.

    Raises:
        FrameError: a case of one pass, or a file that is broken.
    """
    shares = np.empty((len(cases), len(ways), len(SIDES), len(BRIGHTNESSES)))
    for of_case, case in zip(shares, cases, strict=True):
        loaded = load(case)
        if loaded.second_planes is None:
            raise FrameError(f"{case.first}: has no second pass, in which lamps are to be the same; render one")
        passes = loaded.planes, loaded.second_planes
        dark = [way(*passes) for way in ways]
        for i, side in enumerate(SIDES):
            for j, times in enumerate(BRIGHTNESSES):
                lit = with_lamps(passes, side, times)
                light = lit[0]["radiance"] - passes[0]["radiance"]
                for share, way, before in zip(of_case, ways, dark, strict=True):
                    share[i, j] = (way(*lit) - before)[light > 0].sum() / light.sum()
    return shares.mean(0)


def with_lamps(passes: Sequence[Planes], side: int, times: float) -> list[Planes]:
    """Passes with the same lamps in each, and noise of its own; radiance and variance have them.

    Args:
        passes: of one frame, planes (H, W, 3).
        side: of a lamp, in pixels.
        times: the frame's median pixel, the brightest lamp.
    """
    rng = np.random.default_rng(0)
    height, width, _ = passes[0]["radiance"].shape
    brightest = times * float(np.median(passes[0]["radiance"].mean(-1)))
    light = np.zeros((height, width, 3), np.float32)
    for _ in range(_LAMPS):
        y, x = (int(rng.integers(_MARGIN, length - _MARGIN - side)) for length in (height, width))
        light[y : y + side, x : x + side] = brightest * rng.uniform(0.5, 1, 3)
    lit = []
    for planes in passes:
        noise = 1 + _NOISE * rng.standard_normal((height, width, 1), np.float32)
        lit.append({**planes, "radiance": planes["radiance"] + light * noise})
        if "variance" in planes:
            lit[-1]["variance"] = planes["variance"] + (_NOISE * light) ** 2
    return lit


def ways_of(models: Sequence[Path | None]) -> Iterator[tuple[str, Way]]:
    """What is compared, by name: OIDN, and each model (None for the shipped one) with more and more to go by.

    Raises:
        ModelError: a model that cannot be used.
    """
    from tools.benchmark.oidn import denoise as oidn

    yield "OIDN best", lambda first, _: oidn(_only(first, *_GUIDES), "best")
    for model in models:
        name, denoiser = model.stem if model else "mcdenoise", Denoiser(model)
        yield name, lambda first, _, one=denoiser: _denoised(one, _only(first, *_GUIDES))
        yield f"{name}, with the variance", lambda first, _, one=denoiser: _denoised(one, first)
        yield (
            f"{name}, both passes",
            lambda *passes, one=denoiser: _denoised(one, *(_only(planes, *_GUIDES) for planes in passes)),
        )


def _only(planes: Planes, *names: str) -> Planes:
    return {name: planes[name] for name in ("radiance", *names) if name in planes}


def _denoised(denoiser: Denoiser, *passes: Planes) -> np.ndarray:
    first, *others = (Frame([Part({}, _channels(planes))]) for planes in passes)
    clean, _ = denoiser.denoise_frame(first, Options(passes=tuple(others)))
    return clean.parts[0].stack(PLANES["radiance"])


def _channels(planes: Planes) -> dict[str, np.ndarray]:
    named = ((PLANES[name], plane) for name, plane in planes.items())
    return {name: np.ascontiguousarray(plane[..., i]) for names, plane in named for i, name in enumerate(names)}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, action="append", help="(default: the shipped one)")
    arguments = parser.parse_args()
    process.tune()
    try:
        names, ways = zip(*ways_of(arguments.model or [None]), strict=True)
        shares = kept(find_cases(arguments.folder), ways)
    except McdenoiseError as error:
        raise SystemExit(f"small_lamps: {error}") from error
    table = Table("", *(f"{side}x{side}, x{times}" for side in SIDES for times in BRIGHTNESSES), box=box.SIMPLE_HEAD)
    for name, share in zip(names, shares, strict=True):
        table.add_row(name, *(f"{value:.2f}" for value in share.ravel()))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
