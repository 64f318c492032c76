import imageio.v3 as iio
import numpy as np

from denoise.preview import tone_map
from tools.side_by_side import Detail, Panel, side_by_side, write_side_by_side


def panels(height=151, width=253):
    rng = np.random.default_rng(0)
    image = rng.random((height, width, 3), dtype=np.float32)
    return [Panel(image * 2, "brighter", "relMSE 1.0"), Panel(image, "reference")]


def test_each_panel_stands_where_it_should_and_all_have_one_exposure():
    page = side_by_side(panels())
    assert page.dtype == np.uint8
    assert page.shape == (46 + 151 + 8, 2 * (253 + 8) + 8, 3)
    first, second = page[46 : 46 + 151, 8 : 8 + 253], page[46 : 46 + 151, 269 : 269 + 253]
    np.testing.assert_array_equal(second, tone_map(panels()[1].image))
    assert first.mean() > second.mean() + 20  # each on its own exposure would look alike


def test_labels_stand_above_their_panels():
    page = side_by_side([Panel(panels()[0].image, "left"), Panel(panels()[0].image, "")])
    background = page[0, 0]
    label = (page[:46] != background).any(-1)
    assert label[:, 8:261].any() and not label[:, 261:].any()


def test_details_are_enlarged_beside_each_other_to_the_panel_width():
    image = np.zeros((150, 250, 3), np.float32)
    image[30:45, 50:75] = 1  # the first detail, whole
    page = side_by_side([Panel(image, "a")], [Detail(0.2, 0.2, 0.1), Detail(0.6, 0.6, 0.1)])
    below = page[46 + 150 + 8 : -8]
    assert below.shape[0] == round((250 - 8) / 2 * 150 / 250)
    assert (below[:, 8 : 8 + 121] == 118).all()  # mid-grey, all that is lit being one value
    assert (below[:, 8 + 129 : 8 + 250] == 0).all()
    assert (page[-8:] == page[0, 0]).all() and (page[:, -8:] == page[0, 0]).all()


def test_a_small_picture_is_enlarged_so_that_its_label_fits(tmp_path):
    path = tmp_path / "page.png"
    write_side_by_side(path, panels(27, 48))
    page = iio.imread(path)
    assert page.shape == (46 + 5 * 27 + 8, 2 * (5 * 48 + 8) + 8, 3)
    block = page[46:51, 8:13].reshape(-1, 3)
    assert (block == block[0]).all()
