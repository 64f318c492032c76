"""A packed set holds what the EXR files hold, and a training reads it as it reads them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from denoise.crops import draw_batch
from denoise.data import decode, load_sets, load_views
from denoise.errors import PairsError
from denoise.packed import INDEX, Mapping, is_packed, read_index, write_packed
from denoise.pairs import open_pairs
from tools import bench_loading
from tools.pack_pairs import described

ROOT = Path(__file__).parent.parent


def pack(pairs: Path, directory: Path, **options) -> Path:
    list(write_packed(directory, described(open_pairs(pairs)), **options))
    return directory


def test_a_packed_set_holds_what_the_files_hold(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack", file_bytes=1)
    assert is_packed(packed) and not is_packed(tiny_pairs)
    assert len(list(packed.glob("*.bin"))) == 3  # a file is begun once the last is full
    index, mapping = read_index(packed), Mapping(packed)
    for view, entry in zip(open_pairs(tiny_pairs), index, strict=True):
        assert (entry.name, entry.scene, entry.shape, entry.spp) == (view.name, "tiny", (4, 12, 44, 52), (1, 1, 2, 4))
        np.testing.assert_array_equal(mapping.passes(entry), decode(view))
        assert entry.offset % 4096 == 0


def test_views_of_one_file_begin_at_pages(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack")
    first, second, _ = read_index(packed)
    assert first.file == second.file == "pack-0000.bin" and first.offset == 0
    # 4 x 12 x 44 x 52 halves are 219,648 bytes, 53.6 pages
    assert second.offset == 54 * 4096 and first.bytes == 219648
    mapping = Mapping(packed)
    assert mapping.passes(first).base is not None and not mapping.passes(first).flags.owndata


def test_a_training_draws_the_same_batches_from_it(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack")
    from_files, from_pack = load_sets([tiny_pairs]), load_sets([packed])
    assert [view.held_out for view in from_pack] == [view.held_out for view in load_views(open_pairs(tiny_pairs))]
    assert [view.weight for view in from_pack] == [view.weight for view in from_files]
    _, one, target, *_ = draw_batch(from_files, 32, np.random.default_rng(3))
    _, other, same, *_ = draw_batch(from_pack, 32, np.random.default_rng(3))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True)) and torch.equal(target, same)


def test_sets_of_both_kinds_are_one(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack")
    lines = (packed / INDEX).read_text().splitlines()
    lines[1:] = [line.replace('"split":""', '"split":"validation"') for line in lines[1:]]
    (packed / INDEX).write_text("\n".join(lines) + "\n")
    assert [view.held_out for view in load_sets([tiny_pairs, packed])] == [False] * 3 + [True] * 3


def test_the_commands_pack_and_train(tiny_pairs, tmp_path):
    def run(*words):
        return subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True, cwd=ROOT)

    ran = run("tools.pack_pairs", tiny_pairs, "-o", tmp_path / "pack")
    assert ran.returncode == 0 and "3 views, 0.001 GB, 0.22 MB a view" in ran.stdout, ran.stderr
    assert "is not empty; pack into a new folder" in run("tools.pack_pairs", tiny_pairs, "-o", tmp_path / "pack").stderr
    words = ("--steps", 2, "--batch", 1, "--crop", 32, "--device", "cpu")
    ran = run("denoise.training_cli", tmp_path / "pack", "-o", tmp_path / "model.safetensors", *words)
    assert ran.returncode == 0 and (tmp_path / "model.safetensors").exists(), ran.stderr


def test_a_set_that_was_not_finished_is_none(tiny_pairs, tmp_path):
    views = write_packed(tmp_path / "pack", described(open_pairs(tiny_pairs)))
    next(views)
    views.close()
    assert not is_packed(tmp_path / "pack")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_text(""), "is no index of a packed set"),
        (lambda path: path.write_text("nonsense\n"), "is no index of a packed set"),
        (lambda path: path.write_text(path.read_text().rsplit("\n", 2)[0] + "\n"), "is no index of a packed set"),
        (lambda path: path.write_text(path.read_text().replace('"format": 1', '"format": 2')), "format 2 of 3 views"),
        (lambda path: path.write_text(path.read_text().replace('"offset"', '"place"')), "is no index"),
        (lambda path: (path.parent / "pack-0000.bin").unlink(), r"pack-0000\.bin: cannot be read: No such file"),
        (
            lambda path: (path.parent / "pack-0000.bin").write_bytes(b"short"),
            r"pack-0000\.bin: has 5 bytes instead of 662016",  # two views of 54 pages and 219,648 bytes
        ),
    ],
)
def test_a_broken_set_is_named(tiny_pairs, tmp_path, spoil, message):
    packed = pack(tiny_pairs, tmp_path / "pack")
    spoil(packed / INDEX)
    with pytest.raises(PairsError, match=message):
        load_sets([packed])


def test_a_folder_that_cannot_be_written(tiny_pairs, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PairsError, match="cannot be written: Not a directory"):
        pack(tiny_pairs, tmp_path / "file" / "pack")


def test_an_index_line_is_small(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack")
    lines = (packed / INDEX).read_text().splitlines()
    assert json.loads(lines[0]) == {"format": 1, "views": 3} and max(map(len, lines)) < 300


def test_rates_of_loading(tiny_pairs, tmp_path):
    packed = pack(tiny_pairs, tmp_path / "pack")
    sizes = [bench_loading.packed(packed, False)(np.random.default_rng(0)).shape]
    sizes += [bench_loading.packed(packed, True)(np.random.default_rng(0)).shape]
    sizes += [bench_loading.unpacked(tiny_pairs)(np.random.default_rng(0)).shape]
    assert sizes == [(4, 12, 44, 52)] * 3
    amount, crops, core = bench_loading.rate(lambda rng: np.zeros((2, 12, 40, 50), np.float16), 32, 0.2)
    assert amount == pytest.approx(crops * 2 * 12 * 32 * 32 * 2) and core > 0
