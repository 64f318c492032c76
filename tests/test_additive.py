import numpy as np
import pytest

from denoise.additive import find_groups
from denoise.denoiser import Denoiser, Options
from denoise.errors import FrameError
from denoise.frame import Frame, Part
from denoise.roles import find_all_roles, find_roles
from denoise.sums import find_sums
from tests.layer_samples import layered, light, off_sum, put, stack
from tests.test_denoiser import model  # noqa: F401  the fixture

SIZE = (45, 71)
LIGHTS = {
    f"Combined_{name}": light(*SIZE, seed, dim)
    for seed, (name, dim) in enumerate([("key", 1), ("fill", 0.1), ("rim", 9)])
}


def groups_of(frame, chosen=None):
    return [
        (group.name, {str(channels) for channels in group.layers}, group.sums)
        for group in find_groups(frame, find_roles(frame), chosen)
    ]


def lobes():
    """Direct and indirect light of two lobes, and emission in a few pixels: four ways to sum to the beauty."""
    parts = {
        f"{lobe}_{bounce}": light(*SIZE, seed)
        for seed, (lobe, bounce) in enumerate(
            (lobe, bounce) for lobe in ("diffuse", "specular") for bounce in ("direct", "indirect")
        )
    }
    emission = np.zeros((*SIZE, 3), np.float32)
    emission[20:22, 30:33] = 11
    return parts, emission


def test_light_groups_are_found_and_nothing_else():
    frame = layered(*SIZE, LIGHTS)
    put(frame.parts[0].channels, "irradiance", light(*SIZE, 9))  # light, but no summand
    assert groups_of(frame) == [("Combined_*", set(LIGHTS), True)]


def test_several_groups_may_share_layers():
    parts, emission = lobes()
    layers = {**parts, "emission": emission}
    frame = layered(*SIZE, layers)
    channels = frame.parts[0].channels
    for lobe in ("diffuse", "specular"):
        put(channels, lobe, parts[f"{lobe}_direct"] + parts[f"{lobe}_indirect"])
    put(channels, "LG_sun", stack(frame, "") * 0.25)
    put(channels, "LG_sky", stack(frame, "") * 0.75)
    found = groups_of(frame)
    every = set.union(*(layers for _, layers, _ in found))
    assert every == {*layers, "diffuse", "specular", "LG_sun", "LG_sky"}
    assert ("LG_s*", {"LG_sun", "LG_sky"}, True) in found
    total = stack(frame, "")
    for _, names, sums in found:
        assert sums
        np.testing.assert_allclose(sum(stack(frame, name) for name in names), total, rtol=5e-3)
    # the lamps cover six pixels: no sum that leaves them out
    assert all("emission" in names for _, names, _ in found if not names <= {"LG_sun", "LG_sky"})


def test_a_group_with_a_light_missing_is_no_group():
    frame = layered(*SIZE, LIGHTS)
    for c in "RGB":
        del frame.parts[0].channels[f"Combined_fill.{c}"]
    assert groups_of(frame) == []


def test_black_layers_are_left_alone():
    frame = layered(*SIZE, {**LIGHTS, "Combined_off": np.zeros((*SIZE, 3), np.float32)})
    assert groups_of(frame) == [("Combined_*", set(LIGHTS), True)]
    black = layered(*SIZE, {name: plane * 0 for name, plane in LIGHTS.items()})
    assert groups_of(black) == []


def test_sums_of_a_lossy_file_are_found(tmp_path):
    import OpenEXR

    from denoise.exr import read_frame, write_frame

    frame = layered(*SIZE, LIGHTS, header={"compression": OpenEXR.DWAA_COMPRESSION, "dwaCompressionLevel": 45.0})
    write_frame(tmp_path / "f.exr", frame)
    assert groups_of(read_frame(tmp_path / "f.exr")) == [("Combined_*", set(LIGHTS), True)]


def test_bad_pixels_do_not_hide_a_sum():
    frame = layered(*SIZE, LIGHTS)
    frame.parts[0].channels["Combined_key.G"][3, 4] = np.nan
    frame.parts[0].channels["G"][3, 4] = np.nan
    frame.parts[0].channels["Combined_rim.R"][5, 6] = np.inf
    frame.parts[0].channels["Combined_fill.B"][7, 8] = -1
    assert groups_of(frame) == [("Combined_*", set(LIGHTS), True)]


def test_layers_by_name():
    frame = layered(*SIZE, LIGHTS)
    put(frame.parts[0].channels, "irradiance", light(*SIZE, 9))
    assert groups_of(frame, ()) == []
    assert groups_of(frame, ["combined_*"]) == [("Combined_*", set(LIGHTS), True)]
    assert groups_of(frame, ["Combined_key", "irradiance"]) == [
        ("Combined_key, irradiance", {"Combined_key", "irradiance"}, False)
    ]
    with pytest.raises(FrameError, match=r"named 'Combined_kye'; there are: .*Combined_key.*irradiance"):
        find_groups(frame, find_roles(frame), ["Combined_kye"])


def test_layers_in_parts_of_their_own_and_of_two_view_layers():
    parts = []
    for view, seed in (("Near", 0), ("Far", 5)):
        lights = {name: light(*SIZE, seed + i) for i, name in enumerate(LIGHTS)}
        for name, plane in {"Combined": sum(lights.values()), **lights}.items():
            channels = {}
            put(channels, f"{view}.{name}", plane)
            parts.append(Part({"name": f"{view}.{name}"}, channels))
    frame = Frame(parts)
    for roles in find_all_roles(frame):
        (group,) = find_groups(frame, roles)
        assert [str(channels) for channels in group.layers] == [f"{roles.view}.{name}" for name in LIGHTS]
        (group,) = find_groups(frame, roles, ["Combined_key"])
        assert [str(channels) for channels in group.layers] == [f"{roles.view}.Combined_key"]


def test_search_by_hand():
    total = np.array([[6.0], [10.0], [3.0]])
    lights = np.array(
        [
            [[1.0], [2.0], [3.0]],
            [[5.0], [8.0], [0.0]],
            [[2.0], [2.0], [2.0]],
            [[4.0], [8.0], [1.0]],
            [[9.0], [0.0], [0.0]],
        ]
    )
    assert find_sums(total, lights, total * 0.01, list("abcde")) == [(0, 1), (2, 3)]
    assert find_sums(total, lights[[0, 2]], total * 0.01, list("ac")) == []
    assert find_sums(total[:0], lights[:, :0], total[:0], list("abcde")) == []


def test_search_ends():
    rng = np.random.default_rng(0)
    lights = rng.random((60, 200, 3)) / 60  # none of the 2^60 sums is exact
    assert find_sums(lights.sum(0) * 0.9, lights, np.full((200, 3), 1e-4), [str(i) for i in range(60)]) == []


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("tile", [0, 32])
def test_denoised_layers_sum_to_the_denoised_beauty(model, dtype, tile):  # noqa: F811
    frame = layered(*SIZE, LIGHTS, dtype=dtype)
    done, (report,) = Denoiser(model, tile=tile).denoise_frame(frame)
    assert [group.name for group in report.groups] == ["Combined_*"]
    assert off_sum(done, LIGHTS) <= 1
    for name in ("", *LIGHTS):
        assert not np.allclose(stack(done, name), stack(frame, name), rtol=0.01)
    for name, pixels in frame.parts[0].channels.items():
        if name.partition(".")[0] in ("albedo", "N", "Z", "id"):
            assert done.parts[0].channels[name] is pixels
    assert "along: Combined_*" in done.parts[0].header["mcdenoise:roles"]


def test_sums_hold_for_every_group(model):  # noqa: F811
    parts, emission = lobes()
    frame = layered(*SIZE, {**parts, "emission": emission})
    channels = frame.parts[0].channels
    for lobe in ("diffuse", "specular"):
        put(channels, lobe, parts[f"{lobe}_direct"] + parts[f"{lobe}_indirect"])
    put(channels, "LG_sun", stack(frame, "") * 0.25)
    put(channels, "LG_sky", stack(frame, "") * 0.75)
    done, _ = Denoiser(model).denoise_frame(frame)
    assert off_sum(done, ["LG_sun", "LG_sky"]) <= 1
    assert off_sum(done, [*parts, "emission"]) <= 1
    # Fitted in other groups first, so that only what the input was off by is added to the roundings of these.
    assert off_sum(done, ["diffuse", "specular", "emission"]) <= 2


def test_sums_hold_where_pixels_were_bad_or_clamped(model):  # noqa: F811
    frame = layered(*SIZE, LIGHTS)
    channels = frame.parts[0].channels
    channels["Combined_key.G"][3, 4] = channels["G"][3, 4] = np.nan
    channels["Combined_rim.R"][5:9, 6:9] = channels["R"][5:9, 6:9] = np.inf
    channels["Combined_fill.B"][7, 8] = -1
    channels["B"][30, 40] = np.nan  # of the beauty alone
    for name in ("Combined_rim", ""):
        for c in "RGB":
            channels[f"{name}.{c}".lstrip(".")][20:22, 20:22] = 3000  # fireflies; one alone hardly counts
    denoiser = Denoiser(model)
    free, (report,) = denoiser.denoise_frame(frame)
    assert off_sum(free, LIGHTS) <= 1
    assert all(np.isfinite(pixels).all() for pixels in free.parts[0].channels.values())
    assert report.repairs.nan == 3 and report.repairs.inf == 24 and report.repairs.negative == 0
    clamped, (report,) = denoiser.denoise_frame(frame, Options(firefly_clamp=10))
    assert off_sum(clamped, LIGHTS) <= 1
    assert "4 fireflies clamped" in report.notes
    for name in ("", "Combined_rim"):
        near = (slice(18, 23), slice(18, 23))
        assert stack(clamped, name)[near].max() < 0.1 * stack(free, name)[near].max()


def test_a_layer_may_take_light_away(model):  # noqa: F811
    layers = {**LIGHTS, "shade": -0.2 * LIGHTS["Combined_key"]}
    frame = layered(*SIZE, layers)
    assert groups_of(frame) == []  # the search needs light that is not negative
    done, _ = Denoiser(model).denoise_frame(frame, Options(layers=tuple(layers)))
    assert stack(done, "shade").max() <= 0
    sums = sum(stack(done, name) for name in layers)
    np.testing.assert_allclose(sums, stack(done, ""), rtol=0.01)


def test_layers_that_are_no_sum_are_filtered_as_they_are(model):  # noqa: F811
    frame = layered(*SIZE, LIGHTS)
    put(frame.parts[0].channels, "irradiance", 2 * stack(frame, ""))
    done, (report,) = Denoiser(model).denoise_frame(frame, Options(layers=("irradiance",)))
    assert [group.sums for group in report.groups] == [False]
    np.testing.assert_allclose(stack(done, "irradiance"), 2 * stack(done, ""), rtol=2e-3)
    assert "3 colour layers are left noisy: not part of a sum" in report.notes
    np.testing.assert_array_equal(stack(done, "Combined_key"), stack(frame, "Combined_key"))


def test_a_luminance_frame_has_layers_too(model, unheld):  # noqa: F811
    lights = {f"LG_{i}": light(*SIZE, i)[..., :1] for i in range(2)}
    channels = {}
    put(channels, "", sum(lights.values()), components="Y")
    for name, plane in lights.items():
        put(channels, name, plane, components="Y")
    done, (report,) = Denoiser(model).denoise_frame(Frame([Part({}, channels)]))
    assert [group.name for group in report.groups] == ["LG_*"]
    after = done.parts[0].channels
    np.testing.assert_allclose(after["LG_0.Y"].astype(float) + after["LG_1.Y"], after["Y"].astype(float), rtol=2e-3)
    assert not np.array_equal(after["Y"], channels["Y"])
