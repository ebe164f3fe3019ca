"""Whoever cannot see the page, or uses no mouse, or wants no motion, can use it as well."""

import io
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from style_transfer.settings import Settings
from tests.browser.studio import SIZE, set_number, start, step, stop, wait_until

AXE = Path(os.environ.get("AXE", "axe.min.js"))  # of the npm package axe-core
DRAWERS = (
    "More styles",
    "Regions",
    "What is compared",
    "Colours, strokes, styles",
    "First image, optimiser, network",
)
AROUND = 6  # px; an outline is drawn outside of what it is of
SEEN = 60  # of 255; a change of fewer levels may be overlooked


def open_all(page, samples):
    """Open all drawers, choose a second style so that weights are there, and a film."""
    for drawer in DRAWERS:
        page.get_by_text(drawer).click()
    page.locator("#style-2 input[type=file]").set_input_files(samples[1])
    page.locator("#kind input").click()
    page.get_by_role("option", name="Time-lapse, MP4").click()
    expect(page.locator("#seconds")).to_be_visible()
    expect(page.locator("#weight-2")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        pytest.param(1280, "light", marks=pytest.mark.slow),
        (390, "dark"),
        pytest.param(1280, "dark", marks=pytest.mark.slow),
        pytest.param(390, "light", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_serious_at_rest_running_paused_and_stopped(
    open_page, samples, width, theme
):
    if not AXE.exists():
        assert not os.environ.get("CI"), "A CI run must not skip the check for accessibility."
        pytest.skip("AXE names no axe.min.js; `npm pack axe-core` fetches one.")
    page = open_page(width, 800, f"?__theme={theme}", reduced_motion="reduce")  # nothing fades
    page.add_script_tag(path=str(AXE))
    grave = []

    def check(moment):
        for each in page.evaluate("axe.run().then(result => result.violations)"):
            if each["impact"] in ("serious", "critical"):
                nodes = [node["html"][:150] for node in each["nodes"]][:6]
                grave.append((moment, each["id"], each["help"], nodes))

    expect(page.locator(".gallery-item:not(:has(img))")).to_have_count(0)  # these are their names
    check("at rest")
    open_all(page, samples)
    check("at rest, all open")
    start(page, steps=2000, at_least=2)
    set_number(page, "beta", 20)
    check("running")
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    check("paused")
    stop(page)
    check("stopped")
    assert grave == []


@pytest.mark.slow
def test_wherever_the_keyboard_leads_it_is_seen(open_page):
    page = open_page(reduced_motion="reduce")
    start(page, steps=2000)
    page.locator("#pause").click()  # or other things change than the focus
    expect(page.locator("#status")).to_contain_text("Paused")
    page.get_by_text("What is compared").click()
    page.get_by_text("Colours, strokes, styles").click()
    page.wait_for_timeout(1000)
    page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    page.locator("#title").click()

    def seen(clip):
        shot = page.screenshot(clip=clip, animations="disabled")
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    names, unseen = [], []
    while len(names) < 200:
        page.keyboard.press("Tab")
        name, box = page.evaluate(
            """() => {
                const on = document.activeElement, box = on.getBoundingClientRect();
                const name = on === document.body ? "" : on.outerHTML.slice(0, 160);
                return [name, [box.x, box.y, box.width, box.height]];
            }"""
        )
        if not name:
            break
        left, top = max(0, box[0] - AROUND), max(0, box[1] - AROUND)
        right, low = (at + size + AROUND for at, size in zip(box[:2], box[2:], strict=True))
        clip = {"x": left, "y": top, "width": right - left, "height": low - top}
        focused = seen(clip)
        page.evaluate("document.activeElement.blur()")  # Tab goes on from there all the same
        changed = np.abs(focused - seen(clip)).max(axis=2) > SEEN
        if changed.sum() < 40:
            unseen.append((name, int(changed.sum())))
        names.append(name)
    assert unseen == []
    assert 60 < len(names) < 200
    for elem_id in ("beta-number", "content-layer-choice"):
        assert any(f'id="{elem_id}"' in name for name in names)


def test_the_focus_passes_on_from_what_is_disabled_or_hidden(open_page):
    page = open_page()
    pause, begin = page.locator("#pause"), page.locator("#start")
    set_number(page, "size", SIZE)
    set_number(page, "steps", 2000)
    begin.press("Enter")
    expect(pause).to_be_focused()
    expect(page.locator("#status")).to_contain_text("Painting step")
    page.locator("#stop").press("Enter")
    expect(begin).to_be_focused()
    set_number(page, "more", 500)
    page.locator("#continue").press("Enter")
    expect(pause).to_be_focused()
    page.locator("#brushes input[value=smear]").check()
    page.locator("#canvas canvas").focus()
    for key in (" ", "ArrowRight", "ArrowRight", "ArrowRight", " "):
        page.keyboard.press(key)
    undo, redo = (page.locator(f"#brushes .{name}") for name in ("undo", "redo"))
    undo.press("Enter")
    expect(redo).to_be_focused()
    redo.press("Enter")
    expect(undo).to_be_focused()
    page.locator("#canvas canvas").focus()
    page.evaluate("document.getElementById('stop').click()")  # unlike a hand, it moves no focus
    expect(begin).to_be_focused()
    set_number(page, "more", 3)
    page.locator("#continue").press("Enter")
    expect(page.locator("#status")).to_contain_text("Resting at step")
    expect(begin).to_be_focused()


def test_the_focus_passes_on_from_the_reset_of_a_knob(open_page):
    page = open_page()
    slider = page.locator("#beta input[type=range]")
    slider.press("ArrowRight")
    page.locator("#beta .reset").press("Enter")
    expect(slider).to_be_focused()
    page.get_by_text("What is compared").click()
    page.locator("#style-layers").get_by_label("relu5_2", exact=True).check()
    page.locator("#style-layers .reset").press("Enter")
    expect(page.locator("#style-layers input").first).to_be_focused()


@pytest.mark.parametrize("key", ["Tab", "Shift+Tab"])
def test_a_menu_that_the_keyboard_leaves_is_closed_and_one_that_it_enters_has_all_choices(
    open_page, key
):
    page = open_page()
    page.get_by_text("First image, optimiser, network").click()
    for elem_id, fewest in (("kind", 5), ("init", 2), ("optimizer", 2), ("network", 2)):
        menu, options = (page.locator(f"#{elem_id} {each}") for each in ("input", "[role=option]"))
        menu.focus()
        expect(menu).to_have_attribute("aria-expanded", "true")
        assert options.count() >= fewest
        page.keyboard.press(key)
        expect(menu).not_to_be_focused()
        page.wait_for_timeout(200)  # it would open late
        assert menu.get_attribute("aria-expanded") == "false"
        expect(options).to_have_count(0)


@pytest.mark.slow
def test_no_motion_for_those_who_want_none_whatever_the_run_does(open_page):
    page = open_page(reduced_motion="reduce")
    start(page, steps=2000, at_least=2)
    moving = page.evaluate(
        """() => [...document.querySelectorAll("*")].flatMap((each) =>
            [null, "::before", "::after"].flatMap((part) => {
                const style = getComputedStyle(each, part);
                const moves = style.transitionDuration !== "0s" || style.animationName !== "none";
                return moves ? [each.outerHTML.slice(0, 80) + part] : [];
            }))"""
    )
    assert moving == []
    assert page.evaluate("document.getAnimations().length") == 0
    stop(page)


def test_what_a_knob_did_and_what_was_refused_are_told_politely_and_once(open_page):
    page = open_page()
    start(page, steps=2000, at_least=3)
    notices = page.locator("#status .notices")
    expect(notices).to_have_role("status")  # which is to be polite
    assert notices.get_attribute("aria-live") in (None, "polite")
    page.evaluate(
        """() => {
            const notices = document.querySelector("#status .notices");
            window.told = [];
            new MutationObserver(() => window.told.push(notices.textContent.trim())).observe(
                notices, { childList: true, characterData: true, subtree: true });
        }"""
    )

    def told(words):
        at = step(page)
        expect(notices).to_contain_text(re.compile(words))
        assert wait_until(lambda: step(page) > at + 3, 60)  # nothing is said anew at each step
        said, _ = page.evaluate("window.told"), page.evaluate("window.told = []")
        return said

    set_number(page, "beta", 20)
    (said,) = told(r"^beta 5 to 20: acts from step \d+$")
    page.get_by_text("What is compared").click()
    for layer in Settings().style_layers:
        page.locator("#style-layers").get_by_text(layer, exact=True).click()
    *_, said = told("The style needs at least one layer")
    assert len(said.split("The style needs")) == 2
    stop(page)


@pytest.mark.parametrize("language", ["de", "ar"])
def test_the_page_is_read_as_english_whatever_the_browser_speaks(browser, costless, language):
    page = browser.new_page(locale=language)
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.close()
