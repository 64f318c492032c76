"""Many processes: on this machine, on a real cluster of two workers, in shards; some of them killed on the way."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from denoise.pairs import MANIFEST, open_pairs, validate

ROOT = Path(__file__).parent.parent
TINY = ROOT / "tests" / "data" / "tiny.xml"
RENDER = [sys.executable, "-m", "render.cli"]
#: Passes long enough that a kill finds one of them under way.
WORDS = ["--views", "2", "--spp", "1,2,40", "--size", "64x40", "--variant", "scalar_rgb"]


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    return [Path(shutil.copy(TINY, folder / f"room-{number}.xml")) for number in range(4)]


@pytest.fixture(scope="module")
def whole(scenes, tmp_path_factory):
    """What one process makes of the scenes."""
    out = tmp_path_factory.mktemp("whole") / "pairs"
    subprocess.run([*RENDER, *map(str, scenes), "-o", str(out), *WORDS], check=True, cwd=ROOT, capture_output=True)
    return content(out)


def content(directory: Path) -> dict[str, bytes]:
    """Everything of a data set that must not depend on how it came about: all but the seconds."""
    files = {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"}
    files[MANIFEST] = re.sub(rb'"seconds":[\d.e-]+', b'"seconds":0', files[MANIFEST])
    return files


def children(process: int) -> list[int]:
    """Processes that a process started and that render: not Python's own keeper of shared resources."""
    tasks = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in tasks if b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()]


def wait_for(happened, seconds: float = 60.0):
    """What `happened` gives, once it gives anything."""
    until = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.01)
    return found


def test_two_processes_make_what_one_makes(scenes, whole, tmp_path):
    ran = subprocess.run([*RENDER, *map(str, scenes), "-o", str(tmp_path), *WORDS, "--workers", "2"],
                         capture_output=True, text=True, cwd=ROOT)  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "8 views in" in ran.stderr
    assert content(tmp_path) == whole


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find the processes")
def test_a_process_that_is_killed_costs_nothing_but_time(scenes, whole, tmp_path):
    command = [*RENDER, *map(str, scenes), "-o", str(tmp_path), *WORDS, "--workers", "2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    for number in (1, 2):
        wait_for(lambda number=number: len(list(tmp_path.glob("*.exr"))) >= number)
        os.kill(children(process.pid)[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    for leftover in tmp_path.glob(".mcdenoise-*"):  # what the killed were writing; the next run clears it away
        leftover.unlink()
    assert content(tmp_path) == whole


def test_a_scene_whose_process_dies_each_time_is_given_up(scenes, tmp_path, monkeypatch):
    """A limit on the processor's time stands in for one that runs out of memory."""
    from render import pool
    from render.entries import SceneEntry
    from render.job import Failed
    from render.plan import Settings, tasks_for
    from render.variants import choose

    monkeypatch.setattr(pool, "_serve", _die)
    tasks = tasks_for(SceneEntry(scenes[0], "room-0"), Settings(views=2))
    (outcome,) = pool.render_in_processes(tmp_path, tasks, Settings(), choose("scalar_rgb"), 2)
    assert isinstance(outcome, Failed) and outcome.skipped == tuple(tasks)
    assert re.search(r"room-0\.xml: the process that rendered it died 3 times \(exit status 7\)", outcome.message)


def _die(*_: object) -> None:
    os._exit(7)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc to find the processes")
def test_an_interrupt_ends_all_processes(scenes, tmp_path):
    command = [*RENDER, *map(str, scenes), "-o", str(tmp_path), *WORDS, "--workers", "2", "--views", "50"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    wait_for(lambda: (tmp_path / MANIFEST).exists())
    own = children(process.pid)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.splitlines()[-1].startswith("render-pairs: stopped; the same command goes on")
    assert len(own) == 2
    wait_for(lambda: not any(Path(f"/proc/{one}").exists() for one in own))


def test_a_full_disk_in_a_process_stops_with_one_line(scenes, tmp_path):
    import resource

    command = [*RENDER, str(scenes[0]), "-o", str(tmp_path), *WORDS, "--workers", "2", "--size", "200x150"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))  # noqa: E731
    ran = subprocess.run(command, preexec_fn=limit, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert ran.returncode == 1
    lines = ran.stderr.splitlines()
    assert len(lines) == 2 and re.search(r"room-0\.0000\.0\.exr: .*written", lines[1])


def test_shards_are_data_sets_that_make_one(scenes, whole, tmp_path):
    for number in range(3):
        command = [*RENDER, *map(str, scenes), "-o", str(tmp_path), *WORDS, "--shard", f"{number}/3"]
        ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
        assert ran.returncode == 0, ran.stderr
    folders = sorted(path.name for path in tmp_path.iterdir())
    assert folders == ["shard-0000-of-0003", "shard-0001-of-0003", "shard-0002-of-0003"]
    files = {}
    for folder in folders:
        files |= {name: data for name, data in content(tmp_path / folder).items() if name != MANIFEST}
    assert files == {name: data for name, data in whole.items() if name != MANIFEST}
    views = open_pairs(tmp_path)
    assert [view.name for view in views] == sorted(json.loads(line)["view"] for line in whole[MANIFEST].splitlines())
    assert validate(tmp_path) == []


@pytest.fixture
def cluster(tmp_path_factory):
    """Address of a scheduler and the two worker processes."""
    pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("cluster")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    dask, started = [sys.executable, "-m", "dask"], []

    def start(*words: str) -> None:
        with open(folder / f"{len(started)}.log", "w") as log:
            started.append(subprocess.Popen([*dask, *words], stdout=log, stderr=log, env=environment, cwd=folder))

    start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
    for _ in range(2):
        start("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(folder))
    try:
        yield address, started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_a_cluster_that_loses_a_worker_makes_what_one_process_makes(scenes, whole, tmp_path, cluster):
    address, workers = cluster
    command = [*RENDER, *map(str, scenes), "-o", str(tmp_path), *WORDS, "--scheduler", address]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    wait_for(lambda: len(list(tmp_path.glob("*.exr"))) >= 2)
    workers[0].send_signal(signal.SIGKILL)
    _, errors = process.communicate(timeout=180)
    assert process.returncode == 0, errors
    assert "8 views in" in errors
    for leftover in tmp_path.glob(".mcdenoise-*"):
        leftover.unlink()
    assert content(tmp_path) == whole


def test_a_scheduler_that_is_not_there(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    code = "import sys; from render import farm, cli; farm._ANSWER = 0.5; cli.main()"
    command = [sys.executable, "-c", code, str(TINY), "-o", str(tmp_path), "--scheduler", address]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 1
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"render-pairs: --scheduler {address}: no scheduler answers")
