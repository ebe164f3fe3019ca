"""In the colours that a visitor chose for all pages, what is chosen is still seen."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.studio import finish

AROUND = 4  # px
SEEN = 60  # of 255; fewer levels may be overlooked
BACKGROUNDS = """(element, selectors) => selectors.map((selector) =>
    getComputedStyle(element.querySelector(selector)).backgroundColor)"""


@pytest.fixture(scope="module")
def page(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800}, forced_colors="active")
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    page.locator("#inside summary").first.click()
    yield page
    page.close()


@pytest.mark.parametrize(
    ("part", "chosen", "other"),
    [
        ("#brushes", ".kinds label:has(:checked)", ".kinds label:not(:has(:checked))"),
        ("#presets", '[aria-pressed="true"]', '[aria-pressed="false"]'),
        ("#inside", '[role="tab"][aria-selected="true"]', '[role="tab"][aria-selected="false"]'),
        ("#gallery", '#runs button[aria-pressed="true"]', "#link button"),
    ],
)
def test_what_is_chosen_looks_unlike_the_others(page, part, chosen, other):
    one, others = page.locator(part).evaluate(BACKGROUNDS, [chosen, other])
    assert one != others


@pytest.mark.parametrize("elem_id", ["start", "pause", "branch", "restart"])
def test_buttons_have_a_rim(page, elem_id):
    expect(page.locator(f"#{elem_id}")).to_have_css("border-top-width", "1px")


@pytest.mark.parametrize(
    "place", ["#beta input[type=range]", "#timeline input", "#status [role=progressbar]"]
)
def test_tracks_are_seen(page, place):
    page.locator(place).scroll_into_view_if_needed()
    box = page.locator(place).bounding_box()
    clip = {
        "x": box["x"],
        "y": box["y"] - AROUND,
        "width": box["width"],
        "height": box["height"] + 2 * AROUND,
    }
    shot = np.asarray(Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB")).astype(int)
    seen = (np.abs(shot - shot[0, 0]).max(axis=2) > SEEN).any(axis=0)  # in each column
    assert seen.mean() > 0.9
