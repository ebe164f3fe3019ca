"""A picture rests when its steps are made, and wakes by a change."""

import time

from playwright.sync_api import expect

from tests.browser.studio import finish, set_number, status, step, wait_until

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


def test_a_run_rests_makes_no_step_and_is_woken_by_a_knob(open_page, sessions, run_threads):
    page = open_page()
    finish(page, 20)
    (session,) = [each for each in sessions.all() if each.run]
    record = session.selected
    made = len(record.losses)
    time.sleep(QUIET)
    assert len(record.losses) == made == 20
    assert not run_threads()
    assert session.ticket is None
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
