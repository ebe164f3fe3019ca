"""Knobs: what they say, how they move, and how they are put back."""

import pytest
from playwright.sync_api import expect

from style_transfer.knobs import Number
from style_transfer.settings import KNOBS
from tests.browser.studio import finish, newest_run

USEFUL = {  # from what can just be seen to what leaves hardly any of the other
    "alpha": (0.1, 5),
    "beta": (1, 50),
    "tv": (1, 100),
    "steps": (20, 300),
    "motifs": (0.05, 0.6),
    "style-scale": (0.4, 2.5),
    "large-forms": (0.05, 0.6),
}


def test_the_size_looks_and_moves_like_the_other_knobs(open_page):
    page = open_page()
    looks = """([selector, ...names]) => {
        const style = getComputedStyle(document.querySelector(selector));
        return names.map((name) => style[name]);
    }"""
    knob, size = "#settings #steps", "#size .knob"
    for part, *names in (
        ("", "borderTopWidth", "borderTopColor", "paddingTop", "width"),
        (" label", "fontSize", "fontWeight", "color"),
        (" input[type=range]", "height", "appearance", "width"),
        (" input[type=number]", "width", "fontSize", "borderRadius", "backgroundColor"),
    ):
        of_both = [page.evaluate(looks, [each + part, *names]) for each in (knob, size)]
        assert of_both[0] == of_both[1], part
    number, slider = (page.locator(f"{size} input[type={kind}]") for kind in ("number", "range"))
    largest = "document.querySelector('#size .knob').dataset.high"
    page.wait_for_function(f"{largest} === '1280'")  # the photo's own
    slider.fill("1000")
    assert number.input_value() == "1280"
    page.get_by_label("Enlarge a smaller photo").check()
    page.wait_for_function(f"Number({largest}) > 1280")
    slider.fill("700")
    assert int(number.input_value()) % 32 == 0
    page.locator("#size .reset").click()
    assert number.input_value() == page.locator(size).get_attribute("data-default")


def test_each_knob_says_what_it_does_and_can_be_put_back(open_page):
    page = open_page()
    for drawer in ("What is compared", "Colours, strokes, styles"):
        page.get_by_text(drawer).click()
    knobs = page.locator("#settings .knob")
    numbers = [knob for knob in KNOBS.values() if isinstance(knob, Number)]
    assert knobs.count() == len(numbers) + 1  # and how often a preview is wanted
    for index in range(knobs.count()):
        knob = knobs.nth(index)
        assert all(knob.locator(".ends span").all_inner_texts())
        default = float(knob.get_attribute("data-default"))
        knob.locator("input[type=range]").fill("930")
        number = knob.locator("input[type=number]")
        assert float(number.input_value()) > default
        knob.locator(".reset").click()
        assert float(number.input_value()) == default
    layers, before = page.locator("#style-layers"), page.locator("#style-layers").inner_text()
    layers.get_by_label("relu5_2", exact=True).check()
    layers.get_by_label("Weight of relu1_1").fill("900")
    assert layers.inner_text() != before
    layers.locator(".reset").click()
    assert layers.inner_text() == before
    for place in ("#style-layers", "#content-layer", "#statistic", "#pooling"):
        assert all(page.locator(f"{place} .ends span").all_inner_texts())


@pytest.mark.slow
def test_every_press_of_an_arrow_moves_a_slider_to_another_value(open_page):
    page = open_page()
    for drawer in ("What is compared", "Colours, strokes, styles"):
        page.get_by_text(drawer).click()
    knobs = page.locator("#settings .knob, #size .knob")
    for index in range(knobs.count()):
        knob = knobs.nth(index)
        slider, number = (knob.locator(f"input[type={kind}]") for kind in ("range", "number"))
        for place in (0, 300, 900):
            slider.fill(str(place))
            seen = [float(number.input_value())]
            for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"):
                slider.press(key)
                seen.append(float(number.input_value()))
            first, up, top, down, last = seen
            assert first < up < top > down > last, (knob.get_attribute("id"), place, seen)
            assert up - first > 0.0009
    slider, row = (
        page.locator(f"#style-layers .layer{each}")
        for each in (" [data-layer=relu1_1]", ":has([data-layer=relu1_1])")
    )
    assert row.locator("output").inner_text() == "1"
    slider.press("ArrowUp")
    assert float(row.locator("output").inner_text()) > 1
    slider.press("ArrowDown")
    slider.press("ArrowDown")
    assert float(row.locator("output").inner_text()) < 1


def test_an_arrow_gives_a_size_as_a_hand_does(open_page):
    page = open_page()
    slider = page.locator("#size input[type=range]")
    slider.fill("0")
    page.evaluate(
        """() => document.querySelector("#size").addEventListener(
            "change", () => (window.released = true))"""
    )
    slider.press("ArrowRight")
    assert page.locator("#size input[type=number]").input_value() == "160"
    assert page.evaluate("window.released")


def test_arrows_keep_a_number_in_its_range_and_what_is_typed_beyond_is_refused(open_page):
    page = open_page()
    page.get_by_text("Colours, strokes, styles").click()
    for knob, (low, high) in {"large-forms": (0, 0.9), "keep-colors": (0, 1)}.items():
        number = page.locator(f"#{knob} input[type=number]")
        before = float(number.input_value())
        number.press("ArrowUp")
        assert before < float(number.input_value()) < before + 0.05
        page.locator(f"#{knob} input[type=range]").press("End")
        number.press("ArrowUp")
        assert float(number.input_value()) == high
        page.locator(f"#{knob} input[type=range]").press("Home")
        number.press("ArrowDown")
        assert float(number.input_value()) == low
    beta = page.locator("#beta input[type=number]")
    page.locator("#beta input[type=range]").press("End")
    beta.press("ArrowUp")
    assert beta.input_value() == "101"  # a weight has no upper end
    beta.press("ArrowDown")
    assert beta.input_value() == "100"


def test_a_size_below_the_sliders_is_painted_where_it_can_be(open_page):
    page = open_page()
    finish(page, 1, size=96)
    width, height = page.locator("#canvas img").evaluate("(i) => [i.naturalWidth, i.naturalHeight]")
    assert max(width, height) == 96
    assert page.locator("#size input[type=number]").input_value() == "96"


@pytest.mark.parametrize(
    ("knob", "typed", "words"),
    [("size", "20", "32"), ("steps", "0", "1"), ("steps", "2.5", "whole"), ("beta", "-1", "0")],
)
def test_what_is_typed_too_small_is_refused_in_words_like_what_is_too_large(
    open_page, knob, typed, words
):
    page = open_page()
    number = page.locator(f"#{knob} input[type=number]")
    number.fill(typed)
    number.press("Tab")
    assert number.input_value() == typed
    page.locator("#start").click()
    expect(page.locator(".toast-body")).to_contain_text(words)
    assert newest_run(page) == ""


def test_half_the_travel_of_a_knob_is_for_the_useful_values(open_page):
    page = open_page()

    def at(knob, position):
        page.locator(f"#{knob} input[type=range]").fill(str(position))
        return float(page.locator(f"#{knob} input[type=number]").input_value())

    page.get_by_text("Colours, strokes, styles").click()
    for knob, (least, most) in USEFUL.items():
        quarter, middle, three_quarters = (at(knob, position) for position in (250, 500, 750))
        assert least <= quarter < middle < three_quarters <= most, knob
    assert 8 < at("beta", 500) < 20
    page.get_by_text("What is compared").click()
    for layer in ("relu1_1", "relu5_1"):
        weights = []
        for position in (250, 500, 750):
            page.locator(f"#style-layers [data-layer={layer}]").fill(str(position))
            row = page.locator("#style-layers .layer").filter(has_text=layer)
            weights.append(float(row.locator("output").inner_text()))
        assert 0.2 <= weights[0] < weights[1] == 1 < weights[2] <= 2.5
