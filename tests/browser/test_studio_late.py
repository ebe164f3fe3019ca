"""Answers that come late, over a slow network: what a hand moved meanwhile."""

import re
import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from style_transfer.recipe import Recipe
from style_transfer.settings import Settings
from style_transfer.ui.session.kept_record import KeptRecord
from tests.browser.studio import session_of, set_number, start, step, stop, wait_until
from tests.browser.test_studio_control import paint_stroke

QUEUE = "**/gradio_api/queue/join*"
PREDICT = "**/gradio_api/run/predict*"


@pytest.fixture
def page(browser, costless):
    page = browser.new_page()
    page.goto(costless.blocks.local_url)
    expect(page.locator("#estimate")).to_contain_text("pixels")
    yield page
    page.close()


@contextmanager
def late(page, calls=QUEUE):
    """Keep such calls of a page from its server for as long as this lasts."""
    held = []
    page.route(calls, lambda route: held.append(route))
    yield held
    for route in held:
        route.continue_()
    page.unroute(calls)


@contextmanager
def first_late(page, words):
    """Keep the next unqueued call with these words from the server for as long as this lasts."""
    held = []

    def handle(route):
        if held or words not in route.request.post_data:
            route.continue_()
        else:
            held.append(route)

    page.route(PREDICT, handle)
    yield
    assert held
    held[0].continue_()


def shown(page, *knobs):
    return [page.locator(f"#{knob} input[type=number]").input_value() for knob in knobs]


def test_a_knob_that_is_moved_while_a_run_is_to_go_on_stays_and_acts(page, costless):
    start(page, steps=2)
    expect(page.locator("#status")).to_contain_text("Resting at step 2")
    with late(page), page.expect_request(QUEUE):
        page.locator("#continue").click()
        set_number(page, "beta", 33)
    # 30 more than are made by then: the moved knob wakes the picture.
    expect(page.locator("#status")).to_contain_text(re.compile("of 3[2-9]"))
    beta, steps = shown(page, "beta", "steps")
    assert beta == "33"
    assert 32 <= int(steps) < 40
    session = session_of(costless.context.sessions)
    assert wait_until(lambda: session.latest.settings.beta == 33, 20)


def test_what_is_set_before_the_settings_of_a_link_arrive_stays(page, costless):
    with late(page) as held:
        page.goto(f"{costless.blocks.local_url}?beta=9&tv=2")
        expect(page.locator("#estimate")).to_contain_text("pixels")
        set_number(page, "alpha", 3)
        set_number(page, "tv", 1)
        expect(page.locator("#link a")).to_have_attribute("href", re.compile("alpha=3&tv=1"))
        assert held
    expect(page.locator("#beta input[type=number]")).to_have_value("9")
    assert shown(page, "alpha", "tv") == ["3", "1"]
    expect(page.locator("#link a")).to_have_attribute("href", re.compile("alpha=3&beta=9&tv=1"))


def test_a_file_brings_all_knobs_back_whatever_was_moved_before(page, tmp_path):
    set_number(page, "alpha", 3)
    file = tmp_path / "settings.json"
    file.write_text(Recipe(photo="a.jpg", style="b.jpg", settings=Settings(beta=9)).to_json())
    page.locator("#drop input[type=file]").set_input_files(file)
    expect(page.locator("#beta input[type=number]")).to_have_value("9")
    assert shown(page, "alpha") == ["1"]


def test_a_link_that_comes_late_takes_the_place_of_no_newer_one(page):
    held = []

    def handle(route):
        if '"beta":8,' in route.request.post_data:
            held.append(route)
        else:
            route.continue_()

    def is_late_answer(response):
        return "beta=8&" in response.text()

    link = page.locator("#link a")
    link.evaluate(
        """(link) => {
            window.links = [];
            const note = () => window.links.push(link.href);
            new MutationObserver(note).observe(link, { attributes: true });
        }"""
    )
    page.route(PREDICT, handle)
    # Two moves within one task, for which the page sends two calls at once.
    page.locator("#beta input[type=number]").evaluate(
        """async (field) => {
            for (const value of [8, 9]) {
                field.value = value;
                field.dispatchEvent(new Event("input", { bubbles: true }));
                await null;
            }
        }"""
    )
    expect(link).to_have_attribute("href", re.compile("beta=9&"))
    with page.expect_response(is_late_answer):
        for route in held:
            route.continue_()
    set_number(page, "alpha", 3)  # its call comes after the answer
    expect(link).to_have_attribute("href", re.compile("alpha=3&beta=9&"))
    assert not [each for each in page.evaluate("links") if "beta=8&" in each]
    page.unroute(PREDICT)


def test_start_begins_a_run_while_the_picture_before_is_still_saved(page, monkeypatch):
    saving, saved, write = threading.Event(), threading.Event(), KeptRecord.write_checkpoint

    def slow(record, run, now=False, with_memory=True):
        if now and not saving.is_set():
            saving.set()
            saved.wait(60)
        write(record, run, now, with_memory)

    monkeypatch.setattr(KeptRecord, "write_checkpoint", slow)
    start(page, steps=2)
    expect(page.locator("#status")).to_contain_text("Resting at step 2")
    assert saving.wait(30)
    page.locator("#start").click()
    try:
        expect(page.locator("#runs button")).to_have_count(2)
    finally:
        saved.set()


def test_of_two_runs_that_are_clicked_one_after_the_other_the_last_is_shown(page):
    for _ in range(3):
        start(page, steps=2)
        expect(page.locator("#status")).to_contain_text("Resting at step 2")
    runs = page.locator("#runs button")
    with first_late(page, '"chosen"'):
        runs.nth(0).click()
        runs.nth(1).click()
    expect(runs.nth(1)).to_have_attribute("aria-pressed", "true")


def test_the_slider_stays_where_it_was_moved_until_the_server_has_heard_of_it(page):
    start(page, steps=4000)
    slider = page.locator("#timeline input")
    assert wait_until(lambda: int(slider.get_attribute("max")) > 3, 20)
    with first_late(page, '"walks"'):
        slider.fill("2")
        before = step(page)
        page.wait_for_timeout(1000)
        assert wait_until(lambda: step(page) > before, 20)
        assert slider.input_value() == "2"
    output = page.locator("#timeline output")
    assert wait_until(lambda: int(re.search(r"step (\d+)", output.inner_text())[1]) < before, 30)
    stop(page)


def test_regions_go_with_their_photo_however_late_the_server_tells_of_the_next(
    page, costless, samples
):
    page.locator("#mask summary").click()
    expect(page.locator("#mask canvas")).to_have_js_property("width", 512)
    paint_stroke(page, "Half")
    with late(page) as held:
        page.locator("#content-image input[type=file]").set_input_files(samples[0])
        while len(held) < 2:  # its check, and the change of the photo
            page.wait_for_timeout(100)
        with page.expect_request(PREDICT):
            page.locator("#start").click()
        while len(held) < 3:
            page.wait_for_timeout(100)
    expect(page.locator("#runs button")).to_have_count(1)
    (session,) = [each for each in costless.context.sessions.all() if each.latest]
    recipe = session.latest.inputs.recipe
    assert (recipe.photo, recipe.mask) == ("fig.jpg", "")


def test_of_two_pictures_that_are_chosen_one_after_the_other_the_last_is_checked(page, tmp_path):
    with late(page) as held:
        for name in ("first.png", "second.png"):
            (tmp_path / name).write_text("no picture")
            with page.expect_response("**/gradio_api/upload*"):
                page.locator("#style-image input[type=file]").set_input_files(tmp_path / name)
            page.wait_for_timeout(500)
        assert held
    expect(page.locator(".toast-body").filter(has_text="second.png")).to_be_visible()


def test_of_two_files_that_are_dropped_one_after_the_other_the_last_is_brought_back(page, tmp_path):
    with late(page) as held:
        for beta in (8, 9):
            recipe = Recipe(photo="a.jpg", style="b.jpg", settings=Settings(beta=beta))
            (tmp_path / f"{beta}.json").write_text(recipe.to_json())
            with page.expect_response("**/gradio_api/upload*"):
                page.locator("#drop input[type=file]").set_input_files(tmp_path / f"{beta}.json")
            page.wait_for_timeout(500)
        assert held
    expect(page.locator("#beta input[type=number]")).to_have_value("9")


def test_the_styles_after_a_removed_one_move_up_however_late_the_server_answers(page, samples):
    first, second = (page.locator(f"#{name} img") for name in ("style-image", "style-2"))
    page.get_by_text("More styles").click()
    page.locator("#style-2 input[type=file]").set_input_files(samples[1])
    expect(second).to_be_visible()
    page.locator("#strokes summary").click()
    page.locator("#weight-2").fill("50")
    with late(page, PREDICT):
        page.locator("#style-image").get_by_label("Remove Image").click()
        expect(first).to_have_attribute("src", re.compile("mosaic"))
        expect(page.locator("#weight-1")).to_have_value("50")
        page.locator("#style-2 input[type=file]").set_input_files(samples[0])
        expect(second).to_have_attribute("src", re.compile("fig"))
    start(page, steps=2)
    expect(page.locator("#status")).to_contain_text("Resting at step 2")
    sources = [image.get_attribute("src").rsplit("/")[-1] for image in (first, second)]
    assert sources == ["mosaic.jpg", "fig.jpg"]


def test_a_branch_begins_where_the_slider_was_moved_to_however_late_that_is_told(page):
    start(page, steps=8)
    expect(page.locator("#status")).to_contain_text("Resting at step 8")
    with first_late(page, '"walks"'):
        page.locator("#timeline input").fill("0")
        page.locator("#branch").click()
        expect(page.locator("#runs button")).to_have_count(2)
    expect(page.locator("#runs button").nth(1)).to_contain_text(re.compile("from step [0-7] of"))
