"""Where the time of the filter goes, and how near to what the machine can do.

    python -m tools.profile_filter [--size 1920x1080] [--model MODEL] [--precision auto]

Prints wall and processor time of a frame with albedo and normal, how that compares with Open Image Denoise in its
quality `high`, the share of each of torch's operations in the time of the thread that calls them (the other threads
help with the same one), the multiply-adds of the network, the bytes that it must move at least, and what both would
take at the rates that this machine reaches on a large product of matrices and on copying memory.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from denoise import process

_ROUNDS = 5
_SHOWN = 12  # operations; the others' sum is the last row


def seconds(function: Callable[[], object], rounds: int = _ROUNDS) -> tuple[float, float]:
    """Medians of wall time and of processor time of a call, after one that is not counted."""
    function()
    walls, processors = [], []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        function()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return statistics.median(walls), statistics.median(processors)


def main() -> None:
    """Run the profile."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--precision", default="auto", help="as mcdenoise has it (default: auto)")
    arguments = parser.parse_args()
    process.tune()

    import numpy as np
    import torch
    from rich.console import Console
    from rich.table import Table
    from torch.profiler import ProfilerActivity, profile
    from torch.utils.flop_counter import FlopCounterMode

    from denoise.checkpoint import load_model
    from denoise.denoiser import Denoiser, to_inputs
    from denoise.precision import has_fast_bfloat16
    from tools.benchmark.oidn import denoise as oidn

    width, height = map(int, arguments.size.split("x"))
    rng = np.random.default_rng(0)
    planes = {name: rng.random((height, width, 3), np.float32) for name in ("radiance", "albedo", "normal")}
    denoiser = Denoiser(arguments.model, device="cpu", precision=arguments.precision)

    def run() -> None:
        denoiser.denoise(*planes.values())

    wall, processor = seconds(run)
    theirs, _ = seconds(lambda: oidn(planes, "high"))
    for _ in range(2):  # at first memory moves, for what is recorded
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            began = time.perf_counter()
            run()
            profiled = time.perf_counter() - began
    events = sorted(profiler.key_averages(), key=lambda event: -event.self_cpu_time_total)

    network, _ = load_model(arguments.model)
    small = 8 * network.align  # multiply-adds a pixel do not depend on the size, but for repeated edges
    inputs = to_inputs({name: plane[:small, :small] for name, plane in planes.items()})
    with FlopCounterMode(display=False) as counter:  # with gradients, since it knows no other convolutions
        predictions = network.predict(inputs) if hasattr(network, "predict") else ()
    macs = counter.get_total_flops() / 2 * width * height / small**2
    # inputs are read twice, the picture once, and written; predictions are written and read
    moved = 4 * (2 * 9 + 3 + 3 + 2 * _values(predictions) / small**2) * width * height
    half = torch.bfloat16 if has_fast_bfloat16(torch.device("cpu")) else torch.float32
    matrix = torch.rand(4096, 4096).to(half)
    rate = 4096**3 / seconds(lambda: matrix @ matrix)[0]
    block = torch.rand(1 << 26)
    target = torch.empty_like(block)
    bandwidth = 2 * 4 * block.numel() / seconds(lambda: target.copy_(block))[0]

    table = Table("operation", "share of the time", "calls")
    total = sum(event.self_cpu_time_total for event in events)
    for event in events[:_SHOWN]:
        table.add_row(event.key, f"{event.self_cpu_time_total / 1e6 / profiled:.1%}", str(event.count))
    rest = total - sum(event.self_cpu_time_total for event in events[:_SHOWN])
    table.add_row("others in torch", f"{rest / 1e6 / profiled:.1%}", "")
    table.add_row("outside torch's operations", f"{max(1 - total / 1e6 / profiled, 0):.1%}", "")
    console = Console()
    console.print(table)
    console.print(f"{wall:.2f} s, of the processor {processor:.2f} s, {torch.get_num_threads()} threads")
    console.print(f"OIDN high {theirs:.2f} s: the filter takes {wall / theirs:.2f} times as long")
    console.print(f"{macs / width / height / 1e3:.1f} thousand multiply-adds a pixel, {macs / 1e9:.0f} billion")
    console.print(f"  at {rate / 1e9:.0f} billion a second ({half}, 4096 x 4096 matrices): {macs / rate:.2f} s")
    console.print(f"{moved / 1e9:.2f} GB; at {bandwidth / 1e9:.1f} GB/s: {moved / bandwidth:.2f} s")


def _values(predictions: object) -> int:
    """Numbers in all planes of predictions."""
    if isinstance(predictions, (tuple, list)):
        return sum(map(_values, predictions))
    return predictions.numel()  # type: ignore[attr-defined,no-any-return]


if __name__ == "__main__":
    main()
