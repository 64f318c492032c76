"""What a reader of the figures must know; the same words on the terminal and on the page."""

from __future__ import annotations

import math

from tools.benchmark.comparison import CONFIDENCE
from tools.benchmark.outcome import Outcome
from tools.benchmark.speed import ratios
from tools.benchmark.summary import Ratio

RATIOS = (
    "relMSE and FLIP: ours divided by theirs on the same frame, geometric mean over the frames; below 1, ours is "
    "better. PSNR: ours minus theirs, mean. Worst frame: the largest ratio of a single one.",
    f"In brackets the {CONFIDENCE:.0%} interval of a bootstrap over pictures: how much depends on which were chosen. "
    "With fewer than ten pictures it is too narrow. The reference's noise is not in it.",
)
SUMMARIES = (
    "relMSE: geometric mean; PSNR and FLIP: mean; energy: mean of the absolute error of the image's mean. Its floor: "
    "the FLIP that a perfect image would get from the reference's noise. Seconds are of one run each, ours with "
    "finding the channels and repairing pixels: for speed, see --speed.",
)
METHODS = (
    "noisy: the pass as it is. mcdenoise: ours. OIDN fast and high: Intel's Open Image Denoise with the noisy albedo "
    "and normal, in these qualities. OIDN best: albedo and normal denoised first, then cleanAux. Both passes: two "
    "passes of the same spp go in.",
    "The reference is two independent halves; relMSE and PSNR are measured against both at once, so that its noise "
    "drops out (denoise/metrics.py says how). relMSE divides by the brightness around a pixel.",
)


def speed(outcome: Outcome) -> tuple[str, ...]:
    """How the timings were made."""
    width, height = outcome.speed_size
    repeats = len(next(iter(outcome.filters.values())))
    return (
        f"{width}x{height} with albedo and normal, a real frame mirrored at its edges. The candidates ran in turn, "
        f"{repeats} times each after one uncounted run: medians, and the ratio of runs that are neighbours in time, "
        "with its smallest and largest value.",
        "Filter alone: in one process, each run right after an uncounted one of its own; no reading, writing or "
        "loading. File to file: a program from its start to the written file, OIDN in a script of Python with the same "
        "libraries (tools/benchmark/oidn_file.py). Peak: the most memory the program held.",
    )


def verdict(outcome: Outcome) -> list[tuple[str, str]]:
    """The outcome in one line: figures, and what each is."""
    parts = []
    yardstick = _against_best(outcome)
    if yardstick is not None:
        for name, one in (("relMSE", yardstick.relmse), ("FLIP", yardstick.flip)):
            interval = "" if math.isnan(one.low) else f" ({one.low:.2f} to {one.high:.2f})"
            parts.append((f"{one.value:.2f}", f"times the {name} of {yardstick.theirs}{interval}"))
    if outcome.programs:
        fast = ratios(outcome.filters, "wall")["OIDN high"]
        parts.append((f"{fast.median:.2f}", "times the time of OIDN high"))
    pictures = len({result.frame for result in outcome.results})
    frames = len({(result.frame, result.spp) for result in outcome.results})
    parts.append((str(frames), f"frames of {pictures} pictures"))
    return parts


def _against_best(outcome: Outcome) -> Ratio | None:
    """Ours with one pass against OIDN's best mode, over all frames."""
    return next((one for one in reversed(outcome.ratios) if one.theirs == "OIDN best"), None)
