"""How the studio looks and feels: canvas, layout; and screenshots to look at."""

import re
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.studio import finish, start, stop, wait_until

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"

WATCH = """() => {
    window.troubles = [];
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
        if (!entry.hadRecentInput) window.shift += entry.value;
    })).observe({type: "layout-shift", buffered: false});
    // What lets the mouse through, as Gradio's own covers do, can be found only without that.
    const solid = document.head.appendChild(document.createElement("style"));
    solid.textContent = "* { pointer-events: auto !important; }";
    const look = { opacityProperty: true, visibilityProperty: true };
    const topmost = (x, y) =>
        document.elementsFromPoint(x, y).find((each) => each.checkVisibility(look));
    window.samples = 0;
    setInterval(() => {
        const image = document.querySelector("#canvas img");
        const box = image.getBoundingClientRect();
        if (!image.complete || !image.naturalWidth) window.troubles.push("empty");
        solid.disabled = false;
        for (const across of [0.02, 0.25, 0.5, 0.75, 0.98])
            for (const down of [0.02, 0.25, 0.5, 0.75, 0.98]) {
                const top = topmost(box.x + across * box.width, box.y + down * box.height);
                if (top !== image) window.troubles.push(`covered: ${top?.outerHTML.slice(0, 90)}`);
            }
        solid.disabled = true;
        window.samples++;
    }, 100);
    const spoken = document.querySelector("#status [aria-live=polite]");
    window.spoken = [];
    new MutationObserver(() => window.spoken.push(spoken.textContent)).observe(
        spoken, {childList: true, characterData: true, subtree: true});
}"""


def test_while_it_paints_the_picture_is_never_empty_nothing_moves_and_little_is_said(open_page):
    page = open_page()
    page.evaluate(WATCH)
    finish(page, 24)
    assert page.evaluate("window.samples") > 15
    assert page.evaluate("window.troubles") == []
    assert page.evaluate("window.shift") < 0.01
    spoken = page.evaluate("window.spoken")
    assert spoken[-1] == "Resting at step 24 of 24"
    assert 3 <= len(spoken) <= 8, spoken


def test_pictures_canvas_and_knobs_stand_from_left_to_right_above_the_fold(open_page):
    page = open_page(1280, 800)
    right = 0
    for name in ("pictures", "canvas-column", "knobs"):
        box = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= right, name
        assert 0 < box["y"] + box["height"] <= 800, name
        right = box["x"] + box["width"]
    assert right <= 1280
    columns = {
        "pictures": ("content-image", "style-image", "more-styles", "mask"),
        "canvas-column": ("canvas", "timeline", "start", "status", "loss-chart"),
        "knobs": ("alpha", "beta", "tv", "steps", "size", "restart"),
    }
    for column, inside in columns.items():
        for name in inside:
            expect(page.locator(f"#{column} #{name}")).to_be_visible()
    wide = {name: page.locator(f"#{name}").bounding_box()["width"] for name in columns}
    assert wide["canvas-column"] > wide["pictures"] + wide["knobs"]


def test_what_waits_for_the_next_start_is_framed_in_dashes(open_page):
    page = open_page()
    dashed = """() => [...document.querySelectorAll("#studio [id]")]
        .filter((each) => getComputedStyle(each).borderTopStyle === "dashed")
        .map((each) => each.id)"""
    assert page.evaluate(dashed) == ["start-options"]
    expect(page.locator("#start-options #size")).to_have_count(0)
    expect(page.locator("#start-words")).to_have_text("These act from the next start.")
    restart = page.locator("#start-options #restart")
    expect(restart).to_have_text("Restart from the picture as it is now")
    start(page, steps=30)
    expect(restart).to_be_enabled()
    stop(page)


def test_a_phone_shows_the_canvas_first_and_nothing_is_wider_than_it(open_page):
    page = open_page(390, 844)
    tops = [page.locator(f"#{i}").bounding_box()["y"] for i in ("canvas", "pictures", "knobs")]
    assert tops == sorted(tops)
    assert tops[0] < 150
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_a_phone_one_chooses_pictures_first_and_moves_knobs_first_once_there_is_one(open_page):
    page = open_page(390, 844)
    tops = """() => ["pictures", "knobs"].map(
        (name) => document.getElementById(name).getBoundingClientRect().top)"""
    pictures, knobs = page.evaluate(tops)
    assert pictures < knobs
    photo = page.locator("#content-image").bounding_box()
    assert photo["y"] + photo["height"] / 2 < 844  # seen without scrolling, by half at least
    finish(page, 2)
    expect(page.locator("#loss-chart")).to_be_visible()
    pictures, knobs = page.evaluate(tops)
    assert knobs < pictures


def test_on_a_phone_no_label_of_the_chart_is_cut_off_and_no_preset_stands_alone(open_page):
    page = open_page(390, 844)
    finish(page, 2)
    page.locator("#loss-chart text").first.wait_for()
    page.evaluate("scrollTo(0, 0)")
    # Both at one moment: the chart may be drawn anew in between.
    end, lowest = page.evaluate(
        """() => ["#loss-chart", "#loss-chart text"].map(selector => Math.max(
            ...[...document.querySelectorAll(selector)].map(e => e.getBoundingClientRect().bottom)
        ))"""
    )
    assert 0 < lowest <= end + 1
    tops = Counter(each.bounding_box()["y"] for each in page.locator("#presets button").all())
    assert min(tops.values()) >= 2


def test_the_page_asks_no_other_host_for_anything(open_page, url):
    page = open_page()
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    finish(page, 1)
    asked = "performance.getEntriesByType('resource').map(entry => entry.name.split('/')[2])"
    hosts |= set(page.evaluate(asked))
    assert hosts == {url.split("/")[2]}


@pytest.mark.parametrize(("motion", "suffix"), [("reduce", ".jpg"), ("no-preference", ".webp")])
def test_the_example_stands_still_for_those_who_want_no_motion(open_page, motion, suffix):
    image = open_page(reduced_motion=motion).locator("#canvas img")
    expect(image).to_have_attribute("src", re.compile(f"{suffix}$"))
    expect(image).to_have_attribute("alt", re.compile("lake"))
    assert wait_until(lambda: image.evaluate("image => image.naturalWidth") > 300, 10)


LOOKS = [(390, 844, "dark")]
OTHER_LOOKS = [(1280, 800, "light"), (1280, 800, "dark"), (390, 844, "light")]


@pytest.mark.parametrize(
    ("width", "height", "theme"),
    [*LOOKS, *(pytest.param(*look, marks=pytest.mark.slow) for look in OTHER_LOOKS)],
)
def test_screenshots_of_a_run_show_nothing_wider_than_the_screen(open_page, width, height, theme):
    SCREENSHOTS.mkdir(exist_ok=True)
    page = open_page(width, height, f"?__theme={theme}")

    def shoot(moment):
        page.screenshot(path=SCREENSHOTS / f"{moment}-{width}-{theme}.png", full_page=True)

    shoot("rest")
    start(page, steps=26, at_least=4)
    page.get_by_role("button", name="Bold").click()
    expect(page.locator("#loss-chart .mark text")).to_contain_text("beta 5 to 20")
    shoot("running")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    shoot("paused")
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Resting at step", timeout=60_000)
    page.locator("#compare").scroll_into_view_if_needed()  # what is far below is not drawn before
    page.wait_for_timeout(600)  # drawers and buttons fade
    shoot("done")
    for drawer in ("More styles", "Regions", "What is compared", "Colours, strokes, styles"):
        page.get_by_text(drawer).click()
    page.get_by_text("First image, optimiser, network").click()
    page.wait_for_timeout(600)
    shoot("open")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


BUTTON = """button => {
    const { borderTopWidth, borderTopColor, color } = getComputedStyle(button);
    const box = button.getBoundingClientRect();
    const rim = parseFloat(borderTopWidth) > 0 && borderTopColor !== color;
    return [rim, box.left >= 0 && box.right <= innerWidth, box.height];
}"""


def test_no_name_is_given_twice_all_switches_look_alike_and_an_offer_is_a_button(browser, costless):
    visitor = browser.new_context(viewport={"width": 1280, "height": 800})
    url = costless.blocks.local_url
    page = visitor.new_page()
    page.goto(url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    names = page.evaluate("[...document.querySelectorAll('[id]')].map((each) => each.id)")
    assert [name for name, count in Counter(names).items() if name and count > 1] == []
    page.get_by_text("Colours, strokes, styles").click()
    gaps = page.locator("[data-switch]:visible label").evaluate_all(
        """labels => labels.map((label) => {
            const words = document.createRange();
            words.selectNodeContents(label.lastChild);
            const box = label.querySelector("input").getBoundingClientRect();
            return words.getBoundingClientRect().left - box.right;
        })"""
    )
    assert len(gaps) == 3
    assert gaps == pytest.approx([8, 8, 8], abs=0.5)
    finish(page, 4)
    page.close()
    for theme in ("light", "dark"):
        page = visitor.new_page()
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(f"{url}?__theme={theme}")
        button = page.get_by_role("button", name="Bring back the picture that rests at step 4")
        expect(button).to_be_visible(timeout=60_000)
        has_rim, fits, height = button.evaluate(BUTTON)
        assert has_rim, theme
        assert fits, theme
        assert height >= 44, theme
        page.close()
    visitor.close()
