import torch
from torch.testing import assert_close

from denoise.kernels import TENT, Predictions, blend, distances, filter_pyramid, gather, pool, upsample


def random_predictions(height: int, width: int, levels: int = 3) -> Predictions:
    sizes = [(height >> level, width >> level) for level in range(levels)]
    return Predictions(
        weight=torch.rand(1, 1, height, width) + 0.01,
        kernels=[torch.rand(1, 25, h, w).softmax(1) for h, w in sizes],
        upsamplers=[torch.rand(1, 9, h, w).softmax(1) for h, w in sizes[:-1]],
        alphas=[torch.rand(1, 1, h, w) for h, w in sizes[:-1]],
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


def test_pool_by_hand():
    image = torch.tensor([[1.0, 2.0], [3.0, 1000.0]]).view(1, 1, 2, 2)
    weight = torch.tensor([[1.0, 1.0], [2.0, 0.0]]).view(1, 1, 2, 2)
    coarse, coarse_weight = pool(image, weight)
    assert_close(coarse.flatten(), torch.tensor([(1 + 2 + 6) / 4]))  # the firefly does not count
    assert_close(coarse_weight.flatten(), torch.tensor([1.0]))


def test_blend_by_hand():
    fine, coarse = torch.full((1, 3, 2, 2), 1.0), torch.full((1, 3, 2, 2), 5.0)
    assert_close(blend(fine, coarse, torch.full((1, 1, 2, 2), 0.25)), torch.full((1, 3, 2, 2), 2.0))


def test_tent_makes_bilinear_interpolation():
    x = torch.rand(1, 2, 3, 5)
    tent = torch.tensor(TENT).view(1, 9, 1, 1).expand(1, 9, 6, 10)
    assert_close(upsample(x, tent), torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear"))
    assert_close(upsample(x)[..., ::2, 1::2], x)


def test_upsample_by_hand():
    x = torch.tensor([[1.0, 5.0]]).view(1, 1, 1, 2)
    kernels = torch.zeros(1, 9, 2, 4)
    kernels[:, 4] = 0.75  # the coarse pixel a fine one lies in
    kernels[:, 5] = 0.25  # what is to the right of the fine one
    assert_close(upsample(x, kernels)[0, 0], torch.tensor([[1.0, 2.0, 5.0, 5.0]]).repeat(2, 1))


def test_pyramid_keeps_a_constant_and_the_range():
    predictions = random_predictions(12, 20)
    assert_close(filter_pyramid(torch.full((1, 3, 12, 20), 0.7), predictions), torch.full((1, 3, 12, 20), 0.7))
    image = torch.rand(1, 3, 12, 20)
    out = filter_pyramid(image, predictions)
    assert out.min() >= image.min() and out.max() <= image.max()


def test_pyramid_is_linear_so_layers_still_sum_to_the_beauty():
    predictions = random_predictions(12, 20)
    diffuse, specular = torch.rand(1, 3, 12, 20), torch.rand(1, 3, 12, 20) * 50
    together = filter_pyramid(diffuse + specular, predictions)
    assert_close(filter_pyramid(diffuse, predictions) + filter_pyramid(specular, predictions), together)


def test_pyramid_with_identity_kernels_and_no_blending_is_the_identity():
    predictions = random_predictions(12, 20)
    for kernels in predictions.kernels:
        kernels.zero_()[:, 12] = 1
    for alpha in predictions.alphas:
        alpha.zero_()
    image = torch.rand(1, 3, 12, 20)
    assert_close(filter_pyramid(image, predictions), image)


def test_a_firefly_without_weight_reaches_no_coarser_level():
    predictions = random_predictions(12, 20)
    for alpha in predictions.alphas:
        alpha.fill_(1)  # only the coarsest level counts
    predictions.weight[0, 0, 5, 9] = 0
    image = torch.rand(1, 1, 12, 20)
    spoiled = image.clone()
    spoiled[0, 0, 5, 9] = 1e6
    assert_close(filter_pyramid(spoiled, predictions), filter_pyramid(image, predictions))


def test_distances_by_hand():
    features = torch.tensor([[1.0, 2.0, 4.0], [0.0, 3.0, 1.0]]).view(1, 1, 2, 3).repeat(1, 2, 1, 1)
    apart = distances(features, features, 3)
    assert apart.shape == (1, 9, 2, 3)
    assert apart[0, 4].abs().max() == 0  # from itself
    assert apart[0, 5, 0, 1] == 2 * (4 - 2) ** 2  # right neighbour, two channels
    assert apart[0, 6, 0, 1] == 2 * (0 - 2) ** 2  # lower left
    assert apart[0, 0, 0, 0] == 0  # beyond the edge: repeated
    elsewhere = distances(features, features + 10, 3)
    assert elsewhere[0, 4, 1, 2] == 2 * 10**2
