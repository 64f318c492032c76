import pytest
import torch
import torch.nn.functional as F

from denoise.strips import Later, Rows, by_strips


def blurred(fine, coarse):
    """A plane of each size from planes of two, with a reach of two fine rows."""
    up = F.interpolate(coarse, scale_factor=2)
    row = F.pad(fine, (0, 0, 1, 1), mode="replicate")
    both = row[..., :-2, :] + row[..., 2:, :] + up
    return both, F.max_pool2d(both, 2), F.interpolate(both, scale_factor=3)


@pytest.mark.parametrize("pixels", [1, 5 * 4, 5 * 9, 5 * 1000])
def test_strips_of_planes_of_several_sizes_make_the_whole(pixels):
    fine, coarse = torch.rand(2, 3, 26, 6), torch.rand(2, 3, 13, 3)
    with torch.no_grad():
        striped = by_strips(blurred, (fine, coarse), pixels, halo=2, align=2)
    for plane, whole in zip(striped, blurred(fine, coarse), strict=True):
        assert torch.equal(plane, whole)


@pytest.mark.parametrize("pixels", [5 * 4, 5 * 9, 5 * 1000])
def test_rows_that_are_made_later_are_those_of_the_whole_and_no_others(pixels):
    fine, made = torch.rand(2, 3, 26, 6), []

    def doubled(plane, rows=None):
        out = torch.cat([plane, plane], 1).double() * 2
        made.append(out.shape[2] if rows is None else rows.end - rows.first)
        return out if rows is None else rows.put(out)

    def later(plane):
        half = F.max_pool2d(plane, 2)
        return plane, *(Later(doubled, (one,), one.double(), 6) for one in (plane, half))

    with torch.no_grad():
        plane, twice, half = by_strips(later, (fine,), pixels, halo=2, align=2)
    assert torch.equal(plane, fine) and torch.equal(twice, torch.cat([fine, fine], 1).double() * 2)
    assert half.shape == (2, 6, 13, 3) and torch.equal(half[:, 3:], F.max_pool2d(fine, 2).double() * 2)
    assert sum(made) == 26 + 13


def test_rows_are_put_where_they_belong():
    whole, plane = torch.zeros(1, 2, 5, 3), torch.arange(24.0).view(1, 2, 4, 3)
    assert Rows(1, 3, whole, 2).put(plane) is whole
    assert torch.equal(whole[:, :, 2:4], plane[:, :, 1:3]) and not whole[:, :, :2].any() and not whole[:, :, 4].any()


def test_each_strip_has_its_halo_and_no_more():
    seen = []

    def look(plane):
        seen.append(plane.flatten().tolist())
        return (plane,)

    with torch.no_grad():
        by_strips(look, (torch.arange(10.0).view(1, 1, 10, 1),), pixels=4, halo=1)
    assert seen == [[0, 1, 2, 3, 4, 5], [4, 5, 6, 7, 8, 9]]  # two of equal height, not two of 4 rows and one of 2
    seen.clear()
    with torch.no_grad():
        by_strips(look, (torch.arange(10.0).view(1, 1, 10, 1),), pixels=3, halo=1, align=2)
    assert seen == [[0, 1, 2, 3, 4], [3, 4, 5, 6, 7, 8], [7, 8, 9]]


def test_the_order_of_channels_in_memory_is_kept():
    plane = torch.rand(1, 8, 12, 10).contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        (out,) = by_strips(lambda x: (x * 2,), (plane,), pixels=30, halo=0)
    assert out.is_contiguous(memory_format=torch.channels_last) and torch.equal(out, plane * 2)


def test_autograd_goes_through_in_one_piece():
    plane, calls = torch.rand(1, 1, 8, 4, requires_grad=True), []
    (out,) = by_strips(lambda x: calls.append(x) or (x * x,), (plane,), pixels=4, halo=0)
    out.sum().backward()
    assert len(calls) == 1 and torch.equal(plane.grad, 2 * plane)
