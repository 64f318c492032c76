"""`train-denoiser`: train a model on data sets of noisy passes."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from denoise.errors import McdenoiseError, TrainingError

if TYPE_CHECKING:
    import torch

    from denoise.distributed import Group
    from denoise.network import ModelConfig
    from denoise.pool import WatchedFolder
    from denoise.train import TrainConfig
    from denoise.yardsticks import Measure

_LOG_EVERY = 10  # steps
_SHIPPED = Path("shipped")  # the model, by name


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("directories", metavar="DIR...", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Model to write.")
@click.option(
    "--watch",
    type=click.Path(path_type=Path),
    metavar="POOL",
    help="Folder of data sets that come and go while the training draws from it, each a sub-folder.",
)
@click.option("--steps", type=click.IntRange(min=1), help="Train for so many steps.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Train for so long. [default: 60]")
@click.option(
    "--loss",
    type=click.Choice(["log-l2", "l-hdr", "l2", "l1", "naive-log-l2"]),
    default="log-l2",
    help="log-l2, l-hdr and l2 learn the mean; l1 and naive-log-l2 do not and are there to compare.",
)
@click.option(
    "--relative-to",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Squared errors, relative to what MODEL makes of passes that are not in the target, for --loss; best for "
    "relMSE, once there is a model; shipped is the shipped one.",
)
@click.option("--direct", is_flag=True, help="The direct-prediction U-Net of the Noise2Noise paper, as a baseline.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    default=8,
    help="Crops a step, of all processes together; with --relative-to a multiple of 4 for each of several.",
)
@click.option("--crop", type=click.IntRange(min=32), default=128, help="Side of a crop in pixels, a multiple of 32.")
@click.option(
    "--learning-rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Highest rate. [default: 2e-3, with --direct 1e-3, with --from a quarter of that]",
)
@click.option("--validate-every", type=click.IntRange(min=1), default=500, help="Steps between validations.")
@click.option(
    "--precision",
    type=click.Choice(["auto", "float32", "bfloat16"]),
    default="auto",
    help="Of the convolutions; auto takes bfloat16 where the processor is made for it.",
)
@click.option("--checkpoint-seconds", type=click.FloatRange(min=0), default=60.0, help="Between checkpoints.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Of weights and batches.")
@click.option("--resume", is_flag=True, help="Go on where the last checkpoint of the output stood, if there is one.")
@click.option(
    "--from",
    "start",
    type=click.Path(path_type=Path),
    metavar="MODEL",
    help="Begin with the weights of MODEL; shipped is the one that mcdenoise takes by itself.",
)
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", help="Where to train.")
@click.version_option(package_name="mcdenoise")
def main(directories: tuple[Path, ...], output: Path, **options: Any) -> None:
    """Train a denoiser on noisy passes alone (Noise2Noise).

    Each DIR holds views of two or more independent passes: what render-pairs wrote, or any renderer's EXRs named
    NAME.passA.exr, NAME.passB.exr and so on, or a packed set of either. Beside the model stand its state for --resume,
    its log (.jsonl) and the curve of its training (.png). Ctrl-C or SIGTERM saves the state and stops.

    A data set in POOL counts once it has a name that does not begin with a dot: make it under another and rename it. It
    may be deleted at any time. With --watch only views of a validation split are held out, and a training cannot be
    repeated exactly, since what a step sees depends on what was there.

    Several processes, on one GPU each: torchrun --nproc-per-node N -m denoise.training_cli DIR... -o MODEL
    """
    try:
        _train(directories, output, **options)
    except McdenoiseError as error:
        _say(f"train-denoiser: {error}")
        sys.exit(1)
    except OSError as error:
        _say(f"train-denoiser: {error.filename or output}: {error.strerror}; the last checkpoint stays")
        sys.exit(1)


def _say(line: str) -> None:
    """One line on stderr; of the processes that torchrun started, the first of each machine speaks for all."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        click.echo(line, err=True)


def _train(
    directories: tuple[Path, ...],
    output: Path,
    watch: Path | None,
    steps: int | None,
    minutes: float | None,
    direct: bool,
    relative_to: Path | None,
    start: Path | None,
    resume: bool,
    device: str,
    **settings: Any,
) -> None:
    if not directories and watch is None:
        raise click.UsageError("give data sets to train on, or --watch a folder of them")
    if steps and minutes:
        raise click.UsageError("give --steps or --minutes, not both")
    if settings["crop"] % 32:
        raise click.UsageError(f"--crop {settings['crop']}: must be a multiple of 32")
    from denoise import process

    process.tune()  # before torch allocates anything
    from denoise.checkpoint import load_model, shipped_model
    from denoise.denoiser import pick_device
    from denoise.distributed import joined
    from denoise.network import ModelConfig
    from denoise.pool import WatchedFolder
    from denoise.train import TrainConfig
    from denoise.training_state import state_path
    from denoise.yardsticks import measured_by

    if not output.parent.is_dir():
        raise TrainingError(f"{output.parent}: no such folder; make it first, or give another --output")
    state = state_path(output)
    if state.exists() and not resume:
        raise TrainingError(f"{state}: a training of this model stands here; add --resume to go on, or remove it")
    resume = resume and state.exists()
    start, relative_to = (shipped_model() if model == _SHIPPED else model for model in (start, relative_to))
    measured = relative_to.name if relative_to else None
    config = TrainConfig(steps=steps, minutes=None if steps else minutes or 60.0, relative_to=measured, **settings)
    model = load_model(start)[0].config if start else ModelConfig(network="direct" if direct else "kernels")
    with joined(pick_device(device)) as (group, place):
        measure = measured_by(load_model(relative_to)[0].to(place), place) if relative_to else None
        watched = WatchedFolder(watch, measure=measure, group=group) if watch is not None else None
        _run(config, model, directories, watched, output, resume, start, measure, group, place)


def _run(
    config: TrainConfig,
    model: ModelConfig,
    directories: tuple[Path, ...],
    watched: WatchedFolder | None,
    output: Path,
    resume: bool,
    start: Path | None,
    measure: Measure | None,
    group: Group,
    place: torch.device,
) -> None:
    from denoise.data import load_sets, worth_learning
    from denoise.provenance import describe
    from denoise.train import train
    from denoise.training_log import TrainingLog, draw_curve

    stop = _StopRequest()
    with group.main_first():
        views = load_sets(directories, sample=watched is None)
    if watched is not None:
        _wait_for_views(watched)
    if measure is not None:
        views = group.mapped(lambda view: view if view.held_out else measure(view), views)
    training = [view for view in views if not view.held_out]
    noisy = len(training) - len(worth_learning(training))
    left_out = f", {noisy} of them left out as too noisy to learn from" if noisy else ""
    more = f", and those of {watched.directory}" if watched is not None else ""
    _say(f"{len(training)} views to train on{more}{left_out}, {len(views) - len(training)} held out")

    log = TrainingLog(output.with_suffix(".jsonl"), resume) if group.main else None
    data = [*directories, *([watched.directory] if watched is not None else [])]
    provenance = describe(data, views, place)
    records = train(config, model, views, output, place, provenance, resume, start, watched, group)
    stopped = 0
    stop.training = True
    with _ProgressBar(group.main) as show:
        for record in records:
            if log is not None and (record["step"] % _LOG_EVERY == 0 or "val_loss" in record):
                log.add(record)
            show(record)
            while watched is not None and watched.notices:
                click.echo(f"train-denoiser: {watched.notices.popleft()}", err=True)
            if stopped := group.most(stop.signal):
                records.close()  # saves the state
                break
    if log is not None and log.path.exists():
        draw_curve(log.path, output.with_suffix(".png"))
    if stopped:
        _say(f"train-denoiser: stopped at step {record['step']}; --resume goes on from there")
        sys.exit(128 + stopped)


def _wait_for_views(watched: WatchedFolder) -> None:
    """Until the first data set is there."""
    said = False
    while not watched.views():
        if not said:
            _say(f"train-denoiser: waiting for a first data set in {watched.directory}")
            said = True
        time.sleep(0.2)


class _StopRequest:
    """Remembers Ctrl-C or SIGTERM until the step at hand is whole; before there are steps, it is done at once.

    Attributes:
        training: whether there is a state to save.
        signal: what was asked for; 0 for nothing.
    """

    def __init__(self) -> None:
        self.training, self.signal = False, 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: Any) -> None:
        if not self.training:
            sys.exit(128 + number)
        self.signal = number


class _ProgressBar:
    """A bar on a terminal; elsewhere one line for each validation. Nothing where it is not wanted."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def __enter__(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = [BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), TimeRemainingColumn()]
        self._progress = Progress(*columns, console=console, disable=not (self._wanted and console.is_terminal))
        self._task = self._progress.add_task("", total=1.0)
        self._gain = ""
        self._progress.start()
        return self._show

    def _show(self, record: dict[str, float]) -> None:
        rate = record["pixels"] / record["seconds"] / 1e6
        text = f"step {record['step']}  loss {record['loss']:.4f}  {rate:.2f} Mpixel/s  waited {record['waited']:.1%}"
        if "val_db" in record:
            self._gain = f"  held out {record['val_loss']:.4f}, {record['val_db']:+.2f} dB"
            if self._progress.disable:
                click.echo(text + self._gain, err=True)
        self._progress.update(self._task, completed=record["progress"], description=text + self._gain)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


if __name__ == "__main__":
    main()
