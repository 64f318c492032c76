"""The pictures of known failures from end to end, at a size that takes seconds; and the letters of their print."""

import io

import imageio.v3 as iio
import numpy as np
import pytest
from rich.console import Console

from denoise.metrics import psnr, relmse
from denoise.pairs import open_pairs, view_planes
from tests.benchmark_samples import write_model
from tools.probe_pictures import probe_pictures
from tools.scene_kit import glyphs, probes


def test_every_probe_has_its_row_and_its_figures(tmp_path):
    folder, model, shown = tmp_path / "probes", write_model(tmp_path / "a.safetensors"), io.StringIO()
    figures = probe_pictures(folder, Console(file=shown, width=100), model, spp=2, reference_spp=32, size="25x17")
    assert set(figures) == {scene().name for scene in probes.SCENES}

    views = open_pairs(folder / "frames" / "rendered" / "references")
    halves = {view.scene: [view_planes(view, index)["radiance"] for index in (0, 1)] for view in views}
    assert {record.spp for view in views for record in view.passes} == {16}
    for view in open_pairs(folder / "frames" / "rendered" / "passes"):
        image, (noisy, clean) = view_planes(view, 0)["radiance"], figures[view.scene]
        assert (view.split, view.aux) == ("probe", "first-hit")
        assert noisy.relmse == pytest.approx(relmse(image, *halves[view.scene]), rel=1e-5)
        assert noisy.psnr == pytest.approx(psnr(image, *halves[view.scene]), rel=1e-5)
        assert clean.relmse != noisy.relmse
        line = next(line for line in shown.getvalue().splitlines() if line.split()[:1] == [view.scene])
        assert line.split()[1:] == [
            f"{noisy.relmse:.4f}", f"{clean.relmse:.4f}", f"{noisy.psnr:.2f}", f"{clean.psnr:.2f}"
        ]  # fmt: skip

    # details of 15 x 10 pixels, 16 times as large, three in a row, with the label above and gaps around
    assert iio.imread(folder / "probes.png").shape[:2] == (5 * (46 + 160 + 8), 3 * (240 + 8) + 8)

    times = [path.stat().st_mtime_ns for path in sorted((folder / "frames" / "rendered").rglob("*.exr"))]
    again = probe_pictures(folder, Console(file=io.StringIO()), model, spp=2, reference_spp=32, size="25x17")
    assert again == figures and len(times) == 5 * 4
    assert times == [path.stat().st_mtime_ns for path in sorted((folder / "frames" / "rendered").rglob("*.exr"))]


def test_a_letter_and_a_page_by_hand():
    assert (glyphs.letter("T") == np.array([[1] * 5] + [[0, 0, 1, 0, 0]] * 6, bool)).all()
    assert not glyphs.letter(" ").any()
    letters = [glyphs.letter(chr(code)) for code in range(ord("A"), ord("Z") + 1)]
    assert len({dots.tobytes() for dots in letters}) == 26
    page = glyphs.page(["LT", "T"], texels=1)
    assert page.shape == (6 + 7 + 3 + 7 + 6, 6 + 5 + 1 + 5 + 6)
    assert (page[6:13, 6] == 0).all() and (page[12, 6:11] == 0).all()
    assert (page[6, 12:17] == 0).all() and (page[16, 6:11] == 0).all()
    assert (page == 0).sum() == 11 + 11 + 11
    np.testing.assert_array_equal(glyphs.page(["LT", "T"], 3)[1::3, 1::3], page)
    with pytest.raises(KeyError, match="no letter 'é'"):
        glyphs.letter("é")
