"""Whatever the width of the window and the size of text, no control lies on another one."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.studio import finish, wait_until

WIDTHS = (320, 344, 390, 600, 761, 768, 820, 1024, 1180, 1232, 1233, 1280)
LARGER_WIDTHS = (390, 768, 1024, 1140, 1141, 1280, 1848, 1849)
# The words of those that lie on another one, are not found at their own middle, or are wider than
# what they stand in.
TROUBLES = """() => {
    const all = "#brushes .kinds label, #brushes button, #transport button, #more input, " +
        "#timeline output, #presets button, #knobs .knob > *";
    const look = { visibilityProperty: true };
    const shown = [...document.querySelectorAll(all)].filter((each) => each.checkVisibility(look));
    const words = (each) => each.title || each.textContent.trim() || each.ariaLabel;
    const reached = shown.map((each) => {
        each.scrollIntoView({ block: "center" });
        const { left, top, width, height } = each.getBoundingClientRect();
        return each.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
    const box = (each) => {
        const { left, right, top, bottom } = each.getBoundingClientRect();
        return [left, right, top + scrollY, bottom + scrollY];
    };
    const isOn = (one, other) => {
        const [[l, r, t, b], [L, R, T, B]] = [box(one), box(other)];
        return Math.min(r, R) - Math.max(l, L) > 0.5 && Math.min(b, B) - Math.max(t, T) > 0.5;
    };
    return shown.filter((each, number) =>
        each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1 ||
        !reached[number] ||
        shown.some((other) => other !== each && isOn(each, other))
    ).map(words);
}"""


def open_resting(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    page.evaluate(
        """document.dispatchEvent(new CustomEvent("stroke", { detail:
            { kind: "wipe", radius: 0.05, strength: 1, hold: 1, points: [[0.5, 0.5, 1]] } }))"""
    )
    expect(page.locator("#brushes .undo")).to_be_enabled()
    return page


def troubles(page, widths):
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = page.evaluate(TROUBLES)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    return {width: words for width, words in found.items() if words}


def test_no_control_lies_on_another_at_any_width(browser, costless):
    page = open_resting(browser, costless)
    assert troubles(page, WIDTHS) == {}
    page.close()


def test_no_control_lies_on_another_where_text_is_half_as_large_again(browser, costless):
    larger = browser.browser_type.launch(
        executable_path=CHROMIUM, args=[*QUIET, "--blink-settings=defaultFontSize=24"]
    )
    page = open_resting(larger, costless)
    assert page.locator("#status").evaluate("each => getComputedStyle(each).fontSize") == "21px"
    assert troubles(page, LARGER_WIDTHS) == {}
    larger.close()


@pytest.mark.parametrize("width", [390, 820, 1024])
def test_a_long_notice_is_shown_whole_and_moves_nothing(browser, costless, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    tops = """["canvas", "loss-chart", "pictures", "knobs"].map(
        (name) => document.getElementById(name).getBoundingClientRect().top)"""
    before = page.evaluate(tops)
    page.evaluate(
        """document.dispatchEvent(new CustomEvent("server", { detail: { isThere: false } }))"""
    )
    notices = page.locator("#status .notices")
    expect(notices).to_contain_text("can be continued when it is back.")
    assert notices.evaluate("each => each.scrollWidth <= each.clientWidth")
    assert page.evaluate(tops) == before
    page.close()


def test_on_a_phone_nothing_empty_lies_between_the_status_and_the_photo_to_choose(
    browser, costless
):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(costless.blocks.local_url, timeout=120_000)
    words = page.locator("#status .state").bounding_box()
    photo = page.locator("#content-image").bounding_box()
    assert 0 <= photo["y"] - words["y"] - words["height"] < 30
    page.close()


def test_the_canvas_is_no_higher_than_wide_where_the_window_is(browser, costless):
    page = browser.new_page(viewport={"width": 820, "height": 1180})
    page.goto(costless.blocks.local_url, timeout=120_000)
    canvas = page.locator("#canvas").bounding_box()
    assert canvas["width"] > 500
    assert canvas["height"] == pytest.approx(canvas["width"], abs=1)
    page.close()


def test_an_estimate_that_comes_moves_nothing(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    tops = page.evaluate(
        """() => ["", "4096 x 2304 pixels, about 45 min and 1.5 GB of memory"].map((words) => {
            document.querySelector("#estimate p").textContent = words;
            return document.getElementById("start-options").getBoundingClientRect().top;
        })"""
    )
    assert tops[0] == tops[1]
    page.close()


def test_the_chart_has_both_parts_when_a_tablet_is_turned_and_turned_back(browser, costless):
    page = open_resting(browser, costless)
    # Both at one moment: the chart may be drawn anew in between.
    boxes = """() => [".key", ".layers text"].map(
        (part) => document.querySelector(`#loss-chart ${part}`).getBoundingClientRect().toJSON())"""

    def places():
        losses, shares = page.evaluate(boxes)
        return shares["top"] > losses["bottom"], shares["left"] > losses["right"]

    for width, is_below in ((1280, False), (700, True), (1280, False)):
        page.set_viewport_size({"width": width, "height": 800})
        # The browser tells of the new width with its next frame.
        assert wait_until(lambda below=is_below: places() == (below, not below), 20), width
    page.close()
