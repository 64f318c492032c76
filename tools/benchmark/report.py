"""The outcome as tables on the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from tools.benchmark import notes, speed
from tools.benchmark.comparison import Comparison
from tools.benchmark.measure import Result
from tools.benchmark.outcome import Outcome
from tools.benchmark.summary import Ratio, Summary


def print_outcome(console: Console, outcome: Outcome) -> None:
    """Print all there is."""
    if outcome.results:
        console.print(frames_table(outcome.results))
        console.print(summary_table(outcome.summaries))
        console.print(ratios_table(outcome.ratios))
        for line in (*notes.RATIOS, *notes.SUMMARIES):
            console.print(line, highlight=False)
    for title, runs in (("filter alone", outcome.filters), ("file to file", outcome.programs)):
        if runs:
            console.print(speed_table(title, runs))
    if outcome.filters:
        for line in notes.speed(outcome):
            console.print(line, highlight=False)


def frames_table(results: Sequence[Result]) -> Table:
    """Every method on every frame."""
    table = _table(("frame", "spp", "method"), ("relMSE", "PSNR, dB", "FLIP", "energy, %", "wall, s", "CPU, s"))
    before: tuple[str, int] | None = None
    for result in results:
        here = result.frame, result.spp
        if here != before and before is not None:
            table.add_section()
        name, spp = ("", "") if here == before else (result.frame, str(result.spp))
        figures = (f"{result.relmse:.4f}", f"{result.psnr:.2f}", f"{result.flip:.4f}", f"{100 * result.energy:+.2f}")
        table.add_row(name, spp, result.method, *figures, f"{result.wall:.2f}", f"{result.cpu:.2f}")
        before = here
    return table


def summary_table(summaries: Sequence[Summary]) -> Table:
    """Every method over all frames of each spp."""
    headings = ("frames", "relMSE", "PSNR, dB", "FLIP", "its floor", "energy, %", "wall, s", "CPU, s")
    table = _table(("spp", "method"), headings)
    before: object = ""
    for row in summaries:
        if row.spp != before and before != "":
            table.add_section()
        table.add_row(
            "" if row.spp == before else spp_name(row.spp),
            row.method,
            str(row.frames),
            f"{row.relmse:.4f}",
            f"{row.psnr:.2f}",
            f"{row.flip:.4f}",
            f"{row.flip_floor:.4f}",
            f"{100 * row.energy:.2f}",
            f"{row.wall:.2f}",
            f"{row.cpu:.2f}",
        )
        before = row.spp
    return table


def ratios_table(ratios: Sequence[Ratio]) -> Table:
    """Ours over the others, with intervals."""
    table = _table(("spp", "ours / theirs"), ("relMSE ratio", "worst frame", "FLIP ratio", "worst", "PSNR, dB more"))
    before: object = ""
    for row in ratios:
        if row.spp != before and before != "":
            table.add_section()
        table.add_row(
            "" if row.spp == before else spp_name(row.spp),
            f"{row.ours} / {row.theirs}",
            with_interval(row.relmse),
            f"{row.relmse.worst:.2f}",
            with_interval(row.flip),
            f"{row.flip.worst:.2f}",
            with_interval(row.psnr, "+.2f"),
        )
        before = row.spp
    return table


def speed_table(title: str, runs: speed.Runs) -> Table:
    """The medians of each candidate, and ours over it with the smallest and the largest ratio."""
    medians = speed.medians(runs)
    measured = list(medians[speed.OURS])
    names = {"wall": "wall, s", "cpu": "CPU, s", "peak": "peak, MB"}
    table = _table((title,), [names[field] for field in measured] + [f"ours / it: {field}" for field in measured])
    over = {field: speed.ratios(runs, field) for field in measured}
    for name, own in medians.items():
        figures = [f"{own[field] / 1e6:.0f}" if field == "peak" else f"{own[field]:.2f}" for field in measured]
        spreads = [over[field].get(name) for field in measured]
        cells = [f"{one.median:.2f} ({one.low:.2f} to {one.high:.2f})" if one else "" for one in spreads]
        table.add_row(name, *figures, *cells)
    return table


def with_interval(one: Comparison, form: str = ".2f") -> str:
    """`0.93 (0.88 to 0.99)`; without the brackets where there is no interval."""
    value = format(one.value, form)
    return value if math.isnan(one.low) else f"{value} ({one.low:{form}} to {one.high:{form}})"


def spp_name(spp: int | None) -> str:
    """How a count of samples is headed."""
    return "all" if spp is None else str(spp)


def _table(names: Sequence[str], figures: Sequence[str]) -> Table:
    table = Table(*names, *figures, box=box.SIMPLE_HEAD)
    for column in table.columns[len(names) :]:
        column.justify = "right"
    return table
