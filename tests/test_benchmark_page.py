"""The benchmark's page as a reader sees it, in headless Chromium: looked at pixel by pixel, used by keys and mouse."""

import imageio.v3 as iio
import numpy as np
import pytest

from denoise.preview import auto_exposure, tone_map
from tests.benchmark_samples import write_frames, write_model
from tests.chromium import BINARY, Chromium

pytest.importorskip("pyoidn", reason="needs the extra bench")
pytest.importorskip("flip_evaluator", reason="needs the extra bench")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BINARY is None, reason="needs Chromium (apt install chromium)"),
]

#: A canvas' pixels that show one pixel of the picture, at its middle, as [r, g, b].
_SHOWN = """
(canvas, x, y) => {
  const at = place(canvas, viewOf(canvas)), zoom = viewOf(canvas).zoom;
  const left = Math.floor(at.left + (x + 0.5) * zoom), top = Math.floor(at.top + (y + 0.5) * zoom);
  return Array.from(canvas.getContext("2d").getImageData(left, top, 1, 1).data.slice(0, 3));
}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_pairs, tiny_reference):
    """The page's file, and what its pictures must look like: (H, W, 3) uint8 by (frame, spp, method)."""
    from denoise.denoiser import Denoiser
    from tools.benchmark import maps
    from tools.benchmark.frames import find_cases
    from tools.benchmark.measure import measure
    from tools.benchmark.methods import methods
    from tools.benchmark.outcome import Outcome, describe_machine
    from tools.benchmark.page import Page
    from tools.benchmark.save import save
    from tools.benchmark.speed import NO_FILTER, Run
    from tools.benchmark.summary import compare, summarise

    folder = tmp_path_factory.mktemp("page")
    frames = write_frames(folder / "frames", tiny_pairs, tiny_reference)
    denoiser = Denoiser(write_model(folder / "model.safetensors"))
    chosen = methods(denoiser)
    page, expected, results = Page(chosen), {}, []
    for one in measure(find_cases(frames), chosen):
        exposure = auto_exposure(one.loaded.reference)
        page.add(one)
        results.append(one.result)
        key = one.case.name, one.case.spp
        expected[*key, one.method.name] = tone_map(one.image, exposure)
        expected[*key, "reference"] = tone_map(one.loaded.reference, exposure)
        expected[*key, one.method.name, "flip"] = maps.FLIP.colour(one.flip)
    outcome = Outcome(str(frames), {"name": "a </script> <b>model</b>", "device": "cpu"}, describe_machine(), results)
    outcome.summaries, outcome.ratios = summarise(results, chosen), compare(results, chosen)
    names = ["mcdenoise", "OIDN fast", "OIDN high", "OIDN best"]
    outcome.filters = {name: [Run(index + 1.0, 2.0)] for index, name in enumerate(names)}
    outcome.programs = {name: [Run(index + 1.0, 2.0, 10**9)] for index, name in enumerate([*names, NO_FILTER])}
    outcome.speed_size = (1920, 1080)
    save(folder, outcome, page)
    return folder / "index.html", expected, results


@pytest.fixture
def browser(made, tmp_path):
    with Chromium(tmp_path) as browser:
        browser.open(made[0].as_uri())
        settled(browser)
        yield browser
        assert browser.errors == []
        assert browser.requests == [made[0].as_uri()]


def settled(browser):
    """Wait until what was asked for last is drawn."""
    browser.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    browser.wait("document.body.dataset.drawn === 'yes' && !asked")


def pixel(browser, x, y, canvas="$('wide')"):
    return browser.evaluate(f"({_SHOWN})({canvas}, {x}, {y})")


def state(browser, key):
    return browser.evaluate(f"state.{key}")


def test_it_opens_with_noise_on_the_left_and_ours_on_the_right(browser, made):
    _, expected, results = made
    noisy, ours = expected["corner", 1, "noisy"], expected["corner", 1, "mcdenoise"]
    for x, y in ((0, 0), (7, 30), (18, 12)):
        assert pixel(browser, x, y) == noisy[y, x].tolist()
    for x, y in ((23, 12), (33, 5), (40, 36)):
        assert pixel(browser, x, y) == ours[y, x].tolist()
    text = browser.evaluate("document.body.innerText")
    for result in results:
        if (result.frame, result.spp) == ("corner", 1):
            figure = browser.evaluate(f"document.querySelector('[data-method=\"{result.method}\"]').innerText")
            assert f"{result.relmse:.4f}" in figure and f"{result.psnr:.2f} dB" in figure
    assert browser.evaluate("$('scale').hidden")
    best = next(one for one in results if (one.frame, one.spp, one.method) == ("tiny", 2, "OIDN best"))
    assert f"{best.flip:.4f}" in text
    assert "times the relMSE of OIDN best" in text and "0.33 times the time of OIDN high" in text
    assert "Model: a </script> <b>model</b>, on cpu" in text and "1920x1080 with albedo" in text
    assert browser.evaluate("document.querySelectorAll('#panels canvas').length") == 8


def test_what_is_on_the_screen_is_what_the_canvas_holds(browser, made):
    # the canvas could be hidden or covered, and its own pixels would not tell
    noisy = made[1]["corner", 1, "noisy"]
    seen = iio.imread(browser.screenshot())[..., :3]
    where = browser.evaluate(
        "(() => { const box = $('wide').getBoundingClientRect(), at = place($('wide'), viewOf($('wide')));"
        " return [box.left + at.left, box.top + at.top, viewOf($('wide')).zoom]; })()"
    )
    left, top, zoom = where
    rows, columns = np.arange(4, 33), np.arange(0, 19)
    ys, xs = (top + (rows + 0.5) * zoom).astype(int), (left + (columns + 0.5) * zoom).astype(int)
    same = (seen[np.ix_(ys, xs)] == noisy[np.ix_(rows, columns)]).all(-1)
    assert same.mean() > 0.8  # the details' outline and the labels lie over some


def test_keys(browser, made):
    _, expected, _ = made
    browser.key("]")
    settled(browser)
    assert state(browser, "spp") == 2
    assert pixel(browser, 5, 30) == expected["corner", 2, "noisy"][30, 5].tolist()
    assert browser.evaluate("document.querySelectorAll('#panels canvas').length") == 6  # no second pass here
    browser.key("ArrowRight")
    browser.key("[")
    browser.key("5", "Digit5")
    settled(browser)
    assert (state(browser, "frame"), state(browser, "spp")) == ("tiny", 1)
    assert pixel(browser, 44, 21) == expected["tiny", 1, "OIDN best"][21, 44].tolist()
    browser.key(")", "Digit0", shift=True)
    settled(browser)
    assert pixel(browser, 4, 21) == expected["tiny", 1, "reference"][21, 4].tolist()
    browser.key(" ", up=False)
    settled(browser)
    assert pixel(browser, 44, 21) == expected["tiny", 1, "reference"][21, 44].tolist()
    browser.call("Input.dispatchKeyEvent", type="keyUp", key=" ")
    browser.key("x")
    settled(browser)
    assert pixel(browser, 4, 21) == expected["tiny", 1, "OIDN best"][21, 4].tolist()
    browser.key("e")
    settled(browser)
    assert pixel(browser, 4, 21) == expected["tiny", 1, "OIDN best", "flip"][21, 4].tolist()
    assert browser.evaluate("[...$('scale').querySelectorAll('span')].map((one) => one.innerText)") == ["0", "0.5"]
    browser.key("?")
    assert browser.evaluate("$('keys').open")


def test_zoom_and_pan_are_one_for_all_methods(browser, made):
    _, expected, _ = made
    browser.key("g")
    settled(browser)
    canvases = browser.evaluate("[...document.querySelectorAll('#panels figure')].map((one) => one.dataset.method)")
    assert canvases[0] == "noisy" and canvases[-1] == "reference" and len(canvases) == 8
    before = browser.evaluate("viewOf(mainCanvas()).zoom")
    for _ in range(3):
        browser.key("+")
    browser.key("d")
    settled(browser)
    assert browser.evaluate("viewOf(mainCanvas()).zoom") > before
    x, y = (int(value) for value in browser.evaluate("[state.x, state.y]"))
    for index, name in enumerate(canvases):
        canvas = f"document.querySelectorAll('#panels canvas')[{index}]"
        assert pixel(browser, x, y, canvas) == expected["corner", 1, name][y, x].tolist()


def test_the_divider_follows_the_mouse_and_details_choose_a_method(browser, made):
    _, expected, _ = made
    box = browser.evaluate(
        "(({left, top, width, height}) => [left, top, width, height])($('divider').getBoundingClientRect())"
    )
    middle = box[0] + box[2] / 2, box[1] + box[3] / 2
    browser.drag(middle, (middle[0] - 250, middle[1]))
    settled(browser)
    assert pixel(browser, 18, 12) == expected["corner", 1, "mcdenoise"][12, 18].tolist()
    browser.evaluate("document.querySelector('[data-method=\"OIDN fast\"] canvas').click()")
    settled(browser)
    assert pixel(browser, 18, 12) == expected["corner", 1, "OIDN fast"][12, 18].tolist()


def test_an_address_and_a_row_of_the_table_lead_to_a_frame(browser, made):
    file, expected, _ = made
    browser.call(
        "Page.navigate", url=f"{file.as_uri()}#frame=tiny&spp=2&left=OIDN+high&right=nobody&layer=nothing&zoom=x"
    )
    browser.wait("state.frame === 'tiny'")
    settled(browser)
    assert pixel(browser, 4, 21) == expected["tiny", 2, "OIDN high"][21, 4].tolist()
    browser.evaluate("document.querySelector('tr.jump[data-frame=corner][data-spp=\"1\"]').click()")
    settled(browser)
    assert (state(browser, "frame"), state(browser, "spp")) == ("corner", 1)
    browser.wait("location.hash.includes('frame=corner')")
    assert browser.evaluate("document.querySelector('tr.here').dataset.frame") == "corner"


def test_exposure_brightens_the_picture_on_the_screen(browser):
    before = iio.imread(browser.screenshot())[..., :3].mean()
    for _ in range(4):
        browser.key(".")
    settled(browser)
    assert state(browser, "ev") == 2
    assert iio.imread(browser.screenshot())[..., :3].mean() > before * 1.1
