import torch
from torch.testing import assert_close

from denoise import compiled
from denoise import kernels as kernels_module
from denoise.kernels import (
    BILINEAR,
    Level,
    Predictions,
    blend,
    corner_stopping,
    edge_stopping,
    filter_pyramid,
    gather,
    upsample,
)


def random_predictions(height: int, width: int, coarser: int = 2) -> Predictions:
    sizes = [(height >> level, width >> level) for level in range(coarser + 1)]
    levels = [
        Level(torch.rand(1, 25, h, w).softmax(1), torch.rand(1, 4, h, w).softmax(1), torch.rand(1, 1, h, w))
        for h, w in sizes[:-1]
    ]
    return Predictions(
        modulation=torch.ones(1, 3, height, width),
        weight=torch.rand(1, 1, height, width) + 0.01,
        levels=levels,
        coarsest=torch.rand(1, 25, *sizes[-1]).softmax(1),
    )


def test_gather_by_hand():
    image = torch.arange(12.0).view(1, 1, 3, 4)
    kernels = torch.zeros(1, 9, 3, 4)
    kernels[:, 4] = 0.5  # the pixel itself
    kernels[:, 3] = 0.25  # its left neighbour
    kernels[:, 7] = 0.25  # the one below
    out = gather(image, kernels)
    assert out[0, 0, 1, 2] == 0.5 * 6 + 0.25 * 5 + 0.25 * 10
    assert out[0, 0, 2, 0] == 0.5 * 8 + 0.25 * 8 + 0.25 * 8  # edges repeat


def test_gather_is_a_convolution_when_all_kernels_are_the_same():
    image, kernel = torch.rand(2, 3, 7, 11), torch.rand(25)
    out = gather(image, kernel.view(1, 25, 1, 1).expand(2, 25, 7, 11))
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2), mode="replicate")
    weight = kernel.view(1, 1, 5, 5).expand(3, 1, 5, 5)
    assert_close(out, torch.nn.functional.conv2d(padded, weight, groups=3))


def test_a_pyramid_of_weighted_means_by_hand():
    kernels = torch.zeros(1, 9, 2, 2)
    kernels[:, 4] = 1  # the pixel itself
    predictions = Predictions(
        modulation=torch.ones(1, 3, 2, 2),
        weight=torch.tensor([[1.0, 1.0], [2.0, 0.0]]).view(1, 1, 2, 2),
        levels=[
            Level(kernels, torch.tensor([1.0, 0, 0, 0]).view(1, 4, 1, 1).expand(1, 4, 2, 2), torch.ones(1, 1, 2, 2))
        ],
        coarsest=torch.ones(1, 1, 1, 1),
    )
    image = torch.tensor([[1.0, 2.0], [3.0, 1000.0]]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    mean = (1 + 2 + 2 * 3) / 4  # the firefly does not count
    assert_close(filter_pyramid(image, predictions), torch.full((1, 3, 2, 2), mean))
    half = predictions._replace(levels=[predictions.levels[0]._replace(alpha=torch.full((1, 1, 2, 2), 0.5))])
    above = (0.5 * 1 + 0.5 * mean) / (0.5 * 1 + 0.5 * 1)  # of the first pixel, whose weight is the mean one
    assert_close(filter_pyramid(image, half)[0, 0, 0, 0], torch.tensor(above))
    assert_close(filter_pyramid(image, half)[0, 0, 1, 1], torch.tensor(mean))  # of its own light nothing is left


def test_blend_by_hand():
    fine, coarse = torch.full((1, 3, 2, 2), 1.0), torch.full((1, 3, 2, 2), 5.0)
    assert_close(blend(fine, coarse, torch.full((1, 1, 2, 2), 0.25)), torch.full((1, 3, 2, 2), 2.0))


def test_even_corners_make_bilinear_interpolation():
    x = torch.rand(1, 2, 3, 5)
    bilinear = torch.tensor(BILINEAR).view(1, 4, 1, 1).expand(1, 4, 6, 10)
    assert_close(upsample(x, bilinear), torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"))


def test_upsample_by_hand():
    x = torch.tensor([[1.0, 5.0], [10.0, 20.0]]).view(1, 1, 2, 2)
    weights = torch.zeros(1, 4, 4, 4)
    weights[:, 0] = 0.75  # the coarse pixel a fine one lies in
    weights[:, 1] = 0.25  # the near one beside it
    assert_close(upsample(x, weights)[0, 0, 1], torch.tensor([1.0, 2.0, 4.0, 5.0]))
    weights[:, 1], weights[:, 2] = 0, 0.25  # above or below
    assert_close(upsample(x, weights)[0, 0, :, 0], torch.tensor([1.0, 3.25, 7.75, 10.0]))
    weights[:, 2], weights[:, 3] = 0, 0.25  # across
    assert_close(upsample(x, weights)[0, 0, 1, :2], torch.tensor([0.75 + 0.25 * 10, 0.75 + 0.25 * 20]))


def test_pyramid_keeps_a_constant_and_the_range():
    predictions = random_predictions(12, 20)
    assert_close(filter_pyramid(torch.full((1, 3, 12, 20), 0.7), predictions), torch.full((1, 3, 12, 20), 0.7))
    image = torch.rand(1, 3, 12, 20)
    out = filter_pyramid(image, predictions)
    assert out.min() >= image.min() - 1e-6 and out.max() <= image.max() + 1e-6


def test_pyramid_is_linear_so_layers_still_sum_to_the_beauty():
    predictions = random_predictions(12, 20)
    diffuse, specular = torch.rand(1, 3, 12, 20), torch.rand(1, 3, 12, 20) * 50
    together = filter_pyramid(diffuse + specular, predictions)
    assert_close(filter_pyramid(diffuse, predictions) + filter_pyramid(specular, predictions), together)


def test_pyramid_with_identity_kernels_and_no_blending_is_the_identity():
    predictions = random_predictions(12, 20)
    for level in predictions.levels:
        level.kernels.zero_()[:, 12] = 1
        level.alpha.zero_()
    image = torch.rand(1, 3, 12, 20)
    assert_close(filter_pyramid(image, predictions), image)


def test_a_firefly_without_weight_is_in_no_mean():
    predictions = random_predictions(12, 20)
    predictions.weight[0, 0, 5, 9] = 0
    image = torch.rand(1, 3, 12, 20)
    spoiled = image.clone()
    spoiled[0, :, 5, 9] = 1e6
    assert torch.equal(filter_pyramid(spoiled, predictions), filter_pyramid(image, predictions))


def test_light_is_filtered_and_not_paint():
    predictions = random_predictions(12, 20)._replace(modulation=torch.rand(1, 3, 12, 20) + 0.1)
    assert_close(filter_pyramid(2.5 * predictions.modulation, predictions), 2.5 * predictions.modulation)


def test_predictions_of_one_image_filter_many():
    predictions = random_predictions(12, 20)
    images = torch.rand(4, 3, 12, 20)
    one_by_one = torch.cat([filter_pyramid(image[None], predictions) for image in images])
    assert torch.equal(filter_pyramid(images, predictions), one_by_one)


def test_strips_change_nothing(monkeypatch):
    predictions, image = random_predictions(36, 20), torch.rand(1, 3, 36, 20, requires_grad=True)
    planes = torch.rand(1, 25, 36, 20), torch.rand(1, 3, 36, 20), torch.rand(1, 9, 36, 20)
    coarse = torch.rand(1, 9, 18, 10)

    def everything():
        return filter_pyramid(image, predictions), edge_stopping(*planes), corner_stopping(*planes[1:], coarse)

    whole = everything()
    monkeypatch.setattr(kernels_module, "_CACHED", 20 * 7)
    monkeypatch.setattr(compiled, "_loaded", lambda module: None)
    with torch.inference_mode():
        for striped, reference in zip(everything(), whole, strict=True):
            assert_close(striped, reference)


def test_edge_stopping_by_hand():
    guides = torch.zeros(1, 9, 2, 3)
    guides[0, 1] = torch.tensor([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]])  # of the first group
    guides[0, 8, 0, 2] = 1.0  # of the third
    sharpness = torch.tensor([0.5, 7.0, 2.0]).view(1, 3, 1, 1).expand(1, 3, 2, 3)
    logits = torch.zeros(1, 9, 2, 3)
    logits[:, 6] = 1.0
    log = edge_stopping(logits, sharpness, guides).log()
    assert_close(log[0, 5, 0, 1] - log[0, 4, 0, 1], torch.tensor(-0.5 * (4 - 2) ** 2 - 2.0 * 1**2))  # to the right
    assert_close(log[0, 6, 0, 1] - log[0, 4, 0, 1], torch.tensor(1 - 0.5 * (0 - 2) ** 2))  # lower left
    assert_close(log[0, 0, 0, 0] - log[0, 4, 0, 0], torch.tensor(0.0))  # beyond the edge: repeated


def test_corner_stopping_by_hand():
    guides, coarse = torch.zeros(1, 9, 2, 4), torch.zeros(1, 9, 1, 2)
    coarse[0, 3, 0, 1] = 2.0  # of the second group
    sharpness = torch.tensor([5.0, 0.3, 5.0]).view(1, 3, 1, 1).expand(1, 3, 2, 4)
    log = corner_stopping(sharpness, guides, coarse).log()
    bilinear = torch.tensor(BILINEAR).log()
    assert_close(log[0, 1, 0, 1] - log[0, 0, 0, 1], bilinear[1] - bilinear[0] - 0.3 * 2**2)  # the right one is apart
    assert_close(log[0, 2, 0, 1] - log[0, 0, 0, 1], bilinear[2] - bilinear[0])  # above: the edge, repeated


def test_gradients_are_those_of_finite_differences():
    def planes(*channels, height=4, width=6):
        return [torch.rand(2, c, height, width, dtype=torch.double, requires_grad=True) for c in channels]

    coarse = planes(9, height=2, width=3)
    for function, arguments in (
        (edge_stopping, planes(9, 3, 9)),
        (corner_stopping, planes(3, 9) + coarse),
        (gather, planes(3, 9)),
        (upsample, planes(3, height=2, width=3) + planes(4)),
    ):
        assert torch.autograd.gradcheck(function, arguments)
