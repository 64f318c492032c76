"""Render on a cluster of dask.distributed: one single-threaded worker a node, and a folder that all of them see.

A task is a few views of one scene. It writes their files and returns their names, so that next to nothing goes over the
network. A worker that is lost costs the time of what it had in hand: the scheduler gives that to another, which writes
the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from denoise.errors import McdenoiseError, PairsError, RenderError
from denoise.pairs import append_view
from render.job import Failed, Outcome, Rendered
from render.plan import Settings, Task, by_scene
from render.work import BATCH, render_started, usable_variant

#: Seconds to wait for a scheduler to answer.
_ANSWER = 10
#: Tasks that wait for each worker: never idle, and the scheduler's tables stay small however large the data set.
_AHEAD = 3


def connect(address: str) -> Any:
    """A client of the scheduler.

    Raises:
        RenderError: dask.distributed is not installed, or no scheduler answers.
    """
    try:
        import distributed
    except ImportError as error:
        raise RenderError(
            f"--scheduler needs dask.distributed ({error}); pip install 'mcdenoise[dask]' here and on each worker"
        ) from error
    try:
        return distributed.Client(address, timeout=_ANSWER, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise RenderError(
            f"--scheduler {address}: no scheduler answers ({type(error).__name__}); is `dask scheduler` running there, "
            "and is the address like tcp://host:8786?"
        ) from error


def workers(client: Any) -> int:
    """How many workers there are now."""
    return len(client.scheduler_info(n_workers=-1)["workers"])


def pick_variant(client: Any, variant: str) -> str:
    """The variant for all workers, as the first of them finds it: the same for all, so that retries give equal bytes.

    Raises:
        RenderError: the variant does not work there.
    """
    return str(client.submit(usable_variant, variant, pure=False).result())


def render_on_cluster(
    directory: Path, tasks: list[Task], settings: Settings, client: Any, variant: str
) -> Iterator[Outcome]:
    """Render tasks on the workers of a cluster, and enter the views in the manifest.

    Args:
        directory: of the data set, locked by this process; the workers see it under the same path.
        tasks: what to render; files of scenes are seen by the workers under the same paths, too.
        settings: they were made with.
        client: of `connect`.
        variant: of `pick_variant`.

    Yields:
        What became of each view, and each scene that failed.

    Raises:
        FrameError: a worker cannot write a pass (the disk is full, say).
        PairsError: what a worker wrote is not to be seen here, or the manifest cannot be written.
        RenderError: the variant does not work on a worker, or the scheduler is gone.
    """
    import distributed

    directory = directory.resolve()
    groups = iter(by_scene(tasks, BATCH))
    given: dict[Any, list[Task]] = {}
    ended = distributed.as_completed(loop=client.loop)

    def give() -> None:
        while len(given) < _AHEAD * max(1, workers(client)):
            group = next(groups, None)
            if group is None:
                return
            future = client.submit(
                render_started, directory, group, settings, variant,
                key=f"render-{group[0].name}", pure=False, retries=1,  # of errors; a lost worker is none, to dask
           
            )  # fmt: skip
            given[future] = group
            ended.add(future)

    give()
    try:
        while given:
            future = next(ended)
            group = given.pop(future)
            yield from _outcomes(directory, future, group, distributed)
            give()
    finally:
        client.cancel(list(given), force=True)


def _outcomes(directory: Path, future: Any, group: list[Task], distributed: Any) -> Iterator[Outcome]:
    try:
        outcomes = future.result()
    except distributed.KilledWorker as error:
        entry = group[0].scene
        why = " ".join(str(error).split())[:200]
        yield Failed(entry, f"{entry.source}: its workers died; is there memory enough? ({why})", tuple(group))
        return
    except McdenoiseError:
        raise
    except Exception as error:  # what dask makes of a lost scheduler, of a worker with another version, ...
        words = " ".join(str(error).split())[:300]
        raise RenderError(f"the cluster gave up on {group[0].scene.source}: {type(error).__name__}: {words}") from error
    for outcome in outcomes:
        if isinstance(outcome, Rendered):
            _look(directory, outcome)
            append_view(directory, outcome.view)
        yield outcome


def _look(directory: Path, rendered: Rendered) -> None:
    """A worker that writes into a folder of its own, of the same name, has rendered for nothing: say so at once."""
    for record in rendered.view.passes:
        if not (directory / record.file).is_file():
            raise PairsError(
                f"{directory / record.file}: a worker wrote it, but it is not here; "
                "the folder must be the same for all workers"
            )
