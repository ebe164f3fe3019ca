"""Fingers: one draws, two zoom into the page, and nothing is left of what the first began."""

import pytest
from playwright.sync_api import expect

from tests.browser.studio import finish, point_at


@pytest.fixture(scope="module")
def page(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    page.locator("#mask summary").click()
    page.wait_for_function("document.querySelector('#mask canvas').width === 512")
    page.get_by_text("Leave the photo", exact=True).click()
    yield page
    page.close()


def point_in(page, on):
    """Return a function that lets a pointer do something there, in shares of its canvas."""

    def point(kind, number, x, y, **options):
        box = page.locator(f"{on} canvas").bounding_box()
        place = box["x"] + x * box["width"], box["y"] + y * box["height"]
        point_at(page, kind, number, *place, on=on, **options)

    return point


def painted(page):
    """The number of painted pixels of the regions."""
    return page.locator("#mask canvas").evaluate(
        """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
            .data.filter((value, index) => index % 4 === 3 && value).length"""
    )


def test_regions_are_painted_by_one_finger_or_the_main_button_alone(page):
    point = point_in(page, "#mask")
    point("pointerdown", 1, 0.2, 0.5, pointer="mouse", button=2)
    point("pointermove", 1, 0.8, 0.5, pointer="mouse")
    point("pointerup", 1, 0.8, 0.5, pointer="mouse")
    assert painted(page) == 0
    point("pointerdown", 2, 0.2, 0.3)
    point("pointermove", 2, 0.3, 0.3)
    assert painted(page) > 0
    point("pointerdown", 3, 0.8, 0.3, is_primary=False)
    assert painted(page) == 0
    point("pointermove", 3, 0.7, 0.3, is_primary=False)
    point("pointermove", 2, 0.4, 0.3)
    point("pointerup", 3, 0.7, 0.3, is_primary=False)
    point("pointerup", 2, 0.4, 0.3)
    assert painted(page) == 0
    point("pointerdown", 4, 0.2, 0.3)
    point("pointermove", 4, 0.3, 0.3)
    point("pointercancel", 4, 0.3, 0.3)  # the browser zooms
    assert painted(page) == 0
    point("pointerdown", 5, 0.2, 0.3)
    point("pointermove", 5, 0.3, 0.3)
    point("pointerup", 5, 0.3, 0.3)
    assert painted(page) > 0


def test_two_fingers_zoom_into_both_pictures(page):
    page.locator('#brushes input[value="color"]').check(force=True)
    for on in ("#canvas", "#mask"):
        expect(page.locator(f"{on} canvas")).to_have_css("touch-action", "pinch-zoom")


def test_a_pinch_picks_no_source_and_one_finger_does_where_it_is_lifted(page):
    page.locator('#brushes input[value="clone"]').check(force=True)
    point, source = point_in(page, "#canvas"), page.locator("#canvas .source")
    point("pointerdown", 1, 0.5, 0.4)
    point("pointerdown", 2, 0.6, 0.6, is_primary=False)
    point("pointerup", 2, 0.6, 0.6, is_primary=False)
    point("pointerup", 1, 0.5, 0.4)
    expect(source).to_be_hidden()
    point("pointerdown", 3, 0.5, 0.4)
    expect(source).to_be_hidden()
    point("pointermove", 3, 0.5, 0.5)
    expect(page.locator("#canvas canvas.wet")).to_have_count(0)
    point("pointerup", 3, 0.5, 0.5)
    expect(source).to_be_visible()
    expect(page.locator("#brushes .of-clone")).to_have_attribute("aria-pressed", "false")


def test_movements_that_the_browser_has_taken_are_not_held_back(page):
    page.locator('#brushes input[value="color"]').check(force=True)
    point = point_in(page, "#canvas")
    held = """(canvas, cancelable) => {
        const event = new Event("touchmove", { cancelable });
        let count = 0;
        event.preventDefault = () => count++;
        canvas.dispatchEvent(event);
        return count;
    }"""
    canvas = page.locator("#canvas canvas")
    assert canvas.evaluate(held, True) == 0
    point("pointerdown", 1, 0.5, 0.5)
    assert canvas.evaluate(held, True) == 1
    assert canvas.evaluate(held, False) == 0
    point("pointercancel", 1, 0.5, 0.5)
