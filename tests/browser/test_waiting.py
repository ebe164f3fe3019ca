"""A page whose run waits for its turn."""

import pytest
from playwright.sync_api import expect

from style_transfer.runs import AdmissionQueue
from tests.browser.studio import session_of, set_number, wait_until


@pytest.fixture
def queue(costless, monkeypatch):
    """A queue in which one run at a time has a place."""
    queue = AdmissionQueue(places=1, waiting=9, each=9)
    monkeypatch.setattr(costless.context.service, "admission", queue)
    return queue


@pytest.fixture
def page(browser, costless):
    page = browser.new_page()
    page.goto(costless.blocks.local_url)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    yield page
    page.close()


def waiting(costless):
    (session,) = [each for each in costless.context.sessions.all() if each.is_busy]
    return session


def pictures_of(run):
    recipe = run.inputs.recipe
    return recipe.photo, recipe.more_styles, recipe.size


def test_a_run_paints_what_its_page_shows_whatever_was_changed_while_it_waited_and_began(
    page, costless, queue, samples
):
    other, (photo, style) = queue.join(), samples
    set_number(page, "steps", 5000)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("Waiting for a turn: 1 run is before yours.")
    session = waiting(costless)
    page.get_by_text("More styles").click()
    page.locator("#content-image input[type=file]").set_input_files(style)
    page.locator("#style-2 input[type=file]").set_input_files(photo)
    set_number(page, "size", 128)
    chosen = style.name, (photo.name,), 128
    assert wait_until(lambda: pictures_of(session.pending) == chosen, 20)
    for beta in range(7, 27):
        page.locator("#beta input[type=number]").fill(str(beta))
        if beta == 16:
            queue.leave(other)
    expect(page.locator("#status")).to_contain_text("Painting step")
    assert wait_until(lambda: session.latest.settings.beta == 26, 20)
    assert pictures_of(session.latest) == chosen
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at step")


def test_a_run_that_waited_when_its_page_was_loaded_anew_is_offered_and_begins(
    page, costless, queue, samples
):
    other = queue.join()
    page.locator("#content-image input[type=file]").set_input_files(samples[1])
    expect(page.locator("#content-image img")).to_be_visible()
    set_number(page, "steps", 3)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("Waiting for a turn: 1 run is before yours.")
    session = waiting(costless)
    set_number(page, "beta", 20)
    assert wait_until(lambda: session.pending.settings.beta == 20, 20)
    page.reload()
    offer = page.get_by_role("button", name="Begin the run that was interrupted")
    offer.click()
    expect(page.locator("#status")).to_contain_text("Waiting for a turn: 1 run is before yours.")
    expect(page.locator("#beta input[type=number]")).to_have_value("20")
    expect(offer).to_be_hidden()
    queue.leave(other)
    expect(page.locator("#status")).to_contain_text("Resting at step 3 of 3")
    session = session_of(costless.context.sessions)
    assert session.latest.settings.beta == 20
    assert session.latest.inputs.recipe.photo == samples[1].name
