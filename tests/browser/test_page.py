"""The page as a visitor meets it, in a real browser."""

import base64
import re

import pytest
from playwright.sync_api import expect

from style_transfer.settings import Settings
from tests.browser.studio import SIZE, finish, set_number, start, status, step, wait_until
from tests.unusual import write_all


def drop(page, selector, file):
    """Drag a file from the desktop onto an element."""
    page.evaluate(
        """([selector, name, content]) => {
            const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], name, {type: "image/*"}));
            const target = document.querySelector(selector);
            for (const type of ["dragenter", "dragover", "drop"])
                target.dispatchEvent(new DragEvent(type, {dataTransfer: data, bubbles: true}));
        }""",
        [selector, file.name, base64.b64encode(file.read_bytes()).decode()],
    )


def choose(page, elem_id, file):
    """Replace the picture of an input by a file that is dropped on it."""
    page.locator(f"#{elem_id}").get_by_label("Remove Image").click()
    page.wait_for_selector(f"#{elem_id} input[type=file]", state="attached")
    drop(page, f"#{elem_id} button:has(input[type=file])", file)


def test_a_visitor_drops_two_pictures_starts_steers_and_stops(open_page, samples, run_threads):
    page = open_page()
    for elem_id, file in zip(("content-image", "style-image"), samples, strict=True):
        choose(page, elem_id, file)
        expect(page.locator(f"#{elem_id} img").first).to_have_attribute(
            "src", re.compile(file.stem)
        )
    start(page, at_least=3)
    assert len(run_threads()) == 1

    before = step(page)
    set_number(page, "beta", 20)
    expect(page.locator("#status")).to_contain_text("beta 5 to 20: acts from step")
    acts_from = int(re.search(r"acts from step (\d+)", status(page)).group(1))
    assert before < acts_from <= step(page) + 2

    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at step")
    assert wait_until(lambda: not run_threads(), 3)
    expect(page.locator("#stop")).to_be_disabled()


def test_closing_the_page_ends_its_run(open_page, run_threads):
    page = open_page()
    start(page)
    page.close()
    assert wait_until(lambda: not run_threads(), 3)


def test_closing_the_page_ends_a_paused_run_and_removes_its_files(open_page, run_threads, sessions):
    others = sessions.all()  # as that of assistants, who close no page
    page = open_page()
    start(page)
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Paused at step")
    folders = [session.folder.make() for session in sessions.all() if session not in others]
    assert [folder for folder in folders if folder.exists()]
    page.close()
    assert wait_until(lambda: not run_threads(), 3)
    assert wait_until(lambda: not any(folder.exists() for folder in folders), 3)


def test_a_style_without_a_layer_is_refused_and_the_run_goes_on(open_page):
    page = open_page()
    start(page)
    page.get_by_text("What is compared").click()
    for layer in Settings().style_layers:
        page.locator("#style-layers").get_by_text(layer, exact=True).click()
    expect(page.locator("#status")).to_contain_text("The style needs at least one layer")
    at = step(page)
    assert wait_until(lambda: step(page) > at, 60)


def test_lowering_the_steps_ends_the_run_with_a_picture_of_full_size(open_page):
    page = open_page()
    start(page, at_least=3)
    set_number(page, "steps", 1)
    expect(page.locator("#status")).to_contain_text("Resting at step")
    width = page.locator("#canvas img").first.evaluate("image => image.naturalWidth")
    assert width == SIZE


@pytest.mark.slow
def test_unusual_pictures_each_give_a_picture_or_one_sentence(open_page, tmp_path, capfd):
    page = open_page()
    for name, words in write_all(tmp_path).items():
        choose(page, "content-image", tmp_path / name)
        if words:
            expect(page.get_by_text(words).last).to_be_visible()
            continue
        finish(page, 1)
        width = page.locator("#canvas img").evaluate("image => image.naturalWidth")
        assert width == (48 if name == "turned.jpg" else 64), name
    assert capfd.readouterr().err == ""


def test_a_page_at_rest_asks_the_browser_for_no_frames(open_page):
    page = open_page()
    asked = """() => new Promise((done) => {
        const first = requestAnimationFrame(() => {
            const second = requestAnimationFrame(() => {});
            done(second - first - 1);
        });
    })"""
    for _ in range(5):  # to ask is to ask for frames: seldom, so that the page can come to rest
        page.wait_for_timeout(2000)
        if page.evaluate(asked) == 0:
            return
    pytest.fail("Frames are asked for all the time.")
