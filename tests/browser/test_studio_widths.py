"""Whatever the width of the window, no control lies on another one."""

import pytest
from playwright.sync_api import expect

from tests.browser.studio import finish

WIDTHS = (320, 344, 390, 600, 761, 768, 820, 1024, 1180, 1232, 1233, 1280)
# The words of those that lie on another one, are not found at their own middle, or are wider than
# what they stand in.
TROUBLES = """() => {
    const all = "#brushes .kinds label, #brushes button, #transport button, #more input";
    const shown = [...document.querySelectorAll(all)].filter((each) => each.checkVisibility());
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
        each.scrollWidth > each.clientWidth + 1 || !reached[number] ||
        shown.some((other) => other !== each && isOn(each, other))
    ).map(words);
}"""


@pytest.fixture
def resting(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    page.evaluate(
        """document.dispatchEvent(new CustomEvent("stroke", { detail:
            { kind: "wipe", radius: 0.05, strength: 1, hold: 1, points: [[0.5, 0.5, 1]] } }))"""
    )
    expect(page.locator("#brushes .undo")).to_be_enabled()
    yield page
    page.close()


def test_no_control_lies_on_another_at_any_width(resting):
    troubles = {}
    for width in WIDTHS:
        resting.set_viewport_size({"width": width, "height": 800})
        troubles[width] = resting.evaluate(TROUBLES)
        assert resting.evaluate("document.documentElement.scrollWidth") <= width
    assert {width: found for width, found in troubles.items() if found} == {}
