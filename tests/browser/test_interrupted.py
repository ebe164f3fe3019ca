"""A browser whose run was cut off comes back."""

import re

import pytest
from playwright.sync_api import expect

from style_transfer.engine import State, Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import CheckpointStore, checkpoint_writer
from style_transfer.settings import Settings
from tests.browser.studio import finish, set_number, start, status, step, stop, wait_until
from tests.crowd.server import Server

OFFER = re.compile(r"Continue the run that was interrupted at step (\d+)")


@pytest.fixture
def visitor(browser):
    """What a browser keeps from one visit to the next."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    yield context
    context.close()


def visit(visitor, url):
    page = visitor.new_page()
    page.goto(url)
    page.wait_for_selector("#start")
    page.wait_for_timeout(1500)
    return page


def offered(page):
    """Wait for the offer and return the step that it names."""
    button = page.get_by_role("button", name=OFFER)
    expect(button).to_be_visible(timeout=60_000)  # on a busy machine a closed page is noticed late
    return int(OFFER.search(button.inner_text()).group(1))


def test_a_run_whose_page_was_closed_is_offered_and_goes_on(
    visitor, browser, url, service, tmp_path, monkeypatch
):
    monkeypatch.setattr(service, "checkpoints", CheckpointStore(tmp_path, service.limits))
    monkeypatch.setattr(checkpoint_writer, "MAX_AGE", 0.0)
    page = visit(visitor, url)
    set_number(page, "beta", 9)
    start(page, steps=4000, at_least=4)
    at = step(page)
    page.close()
    page = visit(visitor, url)
    named = offered(page)
    assert named >= at
    page.get_by_role("button", name=OFFER).click()
    assert wait_until(lambda: step(page) > named, 30), status(page)
    assert "of 4000" in status(page)
    assert page.locator("#beta input[type=number]").input_value() == "9"
    expect(page.locator("#runs")).to_contain_text(f"continued at step {named}")
    expect(page.get_by_role("button", name=OFFER)).to_be_hidden()
    stop(page)
    page.close()
    page = visit(visitor, url)
    page.wait_for_timeout(3000)
    expect(page.get_by_role("button", name=OFFER)).to_be_hidden()  # it ended as was wanted


NEVER_ASKS = """const every = setInterval;
window.setInterval = (call, ms, ...rest) => (ms === 2000 ? 0 : every(call, ms, ...rest));"""


def test_a_run_that_begins_before_the_page_has_asked_for_others_is_kept(
    visitor, url, service, tmp_path, monkeypatch
):
    store, asked = CheckpointStore(tmp_path, service.limits), []
    monkeypatch.setattr(store, "find", asked.append)
    monkeypatch.setattr(service, "checkpoints", store)
    visitor.add_init_script(NEVER_ASKS)
    page = visit(visitor, url)
    finish(page, 2, size=64)
    assert wait_until(lambda: list(tmp_path.glob("*/*/*")), 10)
    assert not asked


@pytest.fixture
def store(costless, tmp_path, monkeypatch):
    """Where the page whose steps cost nothing keeps its runs, with the tokens it was asked for."""
    store = CheckpointStore(tmp_path, costless.context.service.limits)
    store.asked, find = [], store.find
    monkeypatch.setattr(store, "find", lambda token: store.asked.append(token) or find(token))
    monkeypatch.setattr(costless.context.service, "checkpoints", store)
    return store


def visit_and_be_asked(visitor, costless, store):
    page = visitor.new_page()
    page.goto(costless.blocks.local_url)
    assert wait_until(lambda: store.asked, 60)
    return page


def test_an_offer_that_is_taken_in_one_tab_is_gone_from_the_others(
    visitor, costless, store, photo, painting
):
    token = "a" * 64
    visitor.add_init_script(f"localStorage.setItem('style-transfer-visitor', '{token}')")
    writer = store.create(token, {"content": photo} | Styles((painting,)).as_tensors())
    writer.write(
        State(step=3, stage=0, image=photo), [], Recipe(settings=Settings(steps=9), step=3)
    )
    writer.release()
    pages = [visit_and_be_asked(visitor, costless, store) for _ in range(2)]
    for page in pages:
        assert offered(page) == 3
    pages[0].get_by_role("button", name=OFFER).click()
    for page in pages:
        expect(page.get_by_role("button", name=OFFER)).to_be_hidden()
    expect(pages[0].locator("#status")).to_contain_text("Resting at step 9")


def test_a_page_asks_for_nothing_while_the_network_is_away(visitor, costless, store):
    page = visit_and_be_asked(visitor, costless, store)
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.url.rpartition("/")[2]))
    visitor.set_offline(True)
    page.wait_for_timeout(4500)  # for two questions
    assert set(failed) == {"health"}  # where a call fails, Gradio loads the page anew
    asked = len(store.asked)
    visitor.set_offline(False)
    assert wait_until(lambda: len(store.asked) > asked, 20)


def test_a_page_asks_for_nothing_while_it_paints(visitor, costless, store, monkeypatch):
    executor = costless.context.service.executor
    monkeypatch.setattr(executor, "allowed", 1)
    page = visit_and_be_asked(visitor, costless, store)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("Painting step 0")
    page.wait_for_timeout(500)  # a question may be under way
    asked = len(store.asked)
    page.wait_for_timeout(4500)  # for two questions
    assert len(store.asked) == asked
    executor.executions[-1].stop()
    assert wait_until(lambda: len(store.asked) > asked, 20)


@pytest.mark.slow
def test_a_page_goes_on_after_its_server_was_killed(visitor, tmp_path):
    server = Server(tmp_path, OMP_NUM_THREADS=1).start()
    try:
        page = visit(visitor, server.url)
        page.wait_for_timeout(6000)  # it learns which server it talks to
        start(page, steps=3000, at_least=2)
        assert wait_until(lambda: list(tmp_path.rglob("state.safetensors")), 60)
        at = step(page)
        server.kill()
        server.start()
        named = offered(page)  # the page has loaded itself anew
        print(f"\nkilled at step {at}, offered step {named}")
        page.get_by_role("button", name=OFFER).click()
        assert wait_until(lambda: step(page) > named, 30), status(page)
        stop(page)
        finish(page, 2)
    finally:
        server.kill()
