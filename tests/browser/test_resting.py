"""A picture rests when its steps are made, and wakes by a change."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.studio import finish, set_number, status, step, wait_until
from tests.crowd.server import Server

QUIET = 5.0  # s in which no step is made


def rests(page):
    return status(page).startswith("Resting at step")


def change_beta(page, value):
    """Move a knob of a picture at rest; return the seconds until it is painted."""
    before, began = step(page), time.monotonic()
    set_number(page, "beta", value)
    assert wait_until(lambda: status(page).startswith("Painting step"), 10), status(page)
    seconds = time.monotonic() - began
    assert wait_until(lambda: rests(page), 60), status(page)
    assert step(page) > before
    return seconds


@pytest.fixture(autouse=True)
def no_run_settles():
    """Here runs rest as they do for visitors."""


@pytest.mark.slow
def test_a_run_rests_makes_no_step_and_is_woken_by_a_knob(open_page, sessions, run_threads):
    page = open_page()
    finish(page, 20)
    (session,) = [each for each in sessions.all() if each.run]
    record = session.selected
    made = len(record.losses)
    time.sleep(QUIET)
    assert len(record.losses) == made == 20
    assert not run_threads()
    assert session.place is None
    total = record.losses[-1][1]["total"]
    set_number(page, "steps", 24)  # nothing but steps
    expect(page.locator("#status")).to_contain_text("Resting at step 24 of 24")
    assert record.losses[20][1]["total"] < 1.2 * total
    seconds = change_beta(page, 20)
    print(f"\npainting {seconds:.2f} s after the knob was moved")
    assert seconds < 3  # a machine that also runs other tests
    assert 24 < len(record.losses) <= 24 + 30
    expect(page.locator("#status")).to_contain_text("beta 5 to 20: acts from step 25")
    expect(page.locator("#runs button")).to_have_count(1)
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at step")
    set_number(page, "beta", 3)
    page.wait_for_timeout(1000)
    assert status(page).startswith("Stopped at step")


@pytest.mark.slow
def test_a_picture_that_is_brought_back_fills_the_boxes_of_photo_and_style(browser, costless):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    page.get_by_role("button", name="Take raccoon").click()
    photo = page.locator("#content-image img[src]").first
    expect(photo).to_have_attribute("src", re.compile("raccoon"))
    finish(page, 4)
    page.goto(costless.blocks.local_url)
    page.get_by_role("button", name="Bring back the picture that rests").click(timeout=60_000)
    expect(page.locator("#status")).to_contain_text("Resting at step 4 of 4", timeout=60_000)
    expect(photo).to_have_attribute("src", re.compile("raccoon"))
    style = page.locator("#style-image img[src]").first
    expect(style).to_have_attribute("src", re.compile(r"impasto_field\.png"))
    page.wait_for_timeout(1500)  # in which what filled the boxes might be taken for a change
    assert status(page).startswith("Resting at step 4 of 4")
    context.close()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_a_picture_at_rest_is_there_after_a_reload_and_after_its_server_was_killed(
    browser, tmp_path, killed
):
    server = Server(tmp_path, OMP_NUM_THREADS=1).start()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        page = context.new_page()
        page.goto(server.url)
        expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
        finish(page, 20)
        page.wait_for_timeout(1000)  # for its state to be written
        if killed:
            server.kill()
            server.start()
        page.goto(server.url)
        bring_back = page.get_by_role("button", name="Bring back the picture that rests at step 20")
        expect(bring_back).to_be_visible(timeout=120_000)
        bring_back.click()
        expect(page.locator("#status")).to_contain_text("Resting at step 20 of 20")
        change_beta(page, 20)
    finally:
        context.close()
        server.kill()
