"""Size and photo of a picture are live: moved while it is painted and at rest."""

import base64
import re

import pytest
from playwright.sync_api import expect

from tests.browser.studio import (
    SIZE,
    finish,
    newest_run,
    session_of,
    set_number,
    start,
    step,
    wait_until,
)


def canvas_size(page):
    return page.locator("#canvas img").evaluate(
        "image => [image.naturalWidth, image.naturalHeight]"
    )


def resize(page, side):
    """Type the size, and return the step at which the canvas has it."""
    before = step(page)
    set_number(page, "size", side)
    assert wait_until(lambda: max(canvas_size(page)) == side, 60), canvas_size(page)
    assert step(page) >= before
    return step(page)


@pytest.mark.parametrize(
    ("small", "large"), [(SIZE, 192), pytest.param(256, 512, marks=pytest.mark.slow)]
)
def test_the_size_is_moved_during_a_run_and_the_next_frame_has_it(
    open_page, sessions, small, large
):
    page = open_page()
    start(page, steps=300, size=small, at_least=3)
    record, run = session_of(sessions).latest, newest_run(page)
    resize(page, large)
    expect(page.locator("#status")).to_contain_text(f"{large} x ")
    resize(page, small)
    assert newest_run(page) == run
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at step")
    steps = [number for number, _ in record.losses]
    assert steps == [*range(1, len(steps) + 1)]  # no step is made again
    acts = [change.step for change in record.changes if "pixels" in change.description]
    for preview in record.previews:
        at_large = acts[0] <= preview.step < acts[1]
        assert max(preview.image.shape[-2:]) == (large if at_large else small), preview.step


def test_another_photo_at_rest_is_painted_from_what_the_picture_is(open_page, sessions):
    page = open_page()
    page.locator("#more input").fill("10")
    finish(page, 10)
    record, run = session_of(sessions).selected, newest_run(page)
    page.get_by_label("Take colosseum").click()
    expect(page.locator("#status")).to_contain_text("another photo: acts from step 11")
    expect(page.locator("#status")).to_contain_text("Resting at step 20", timeout=60_000)
    content = [losses["content"] for number, losses in record.losses if number > 10]
    assert content[-1] < content[0]  # towards the new photo
    assert newest_run(page) == run
    expect(page.locator("#canvas img")).to_have_attribute(
        "alt", re.compile("^colosseum.jpg painted")
    )


PASTE = """([data, texts]) => {
    const pasted = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    pasted.items.add(new File([bytes], "image.png", {type: "image/png"}));
    texts.forEach((text) => pasted.items.add(text, "text/plain"));
    const event = {clipboardData: pasted, bubbles: true, cancelable: true};
    (document.activeElement ?? document.body).dispatchEvent(new ClipboardEvent("paste", event));
}"""
INPUTS = "#content-image", "#style-image", "#style-2"


def paste(page, file, *texts):
    page.evaluate(PASTE, [base64.b64encode(file.read_bytes()).decode(), texts])


def drop(page, selector, *files):
    """Drag files from the desktop onto an element, as a hand does."""
    box = page.locator(selector).bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [*map(str, files)], "dragOperationsMask": 1}
    desktop = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):  # of which scripts cannot make real ones
        desktop.send("Input.dispatchDragEvent", {"type": kind, "data": data} | place)


def shown(page):
    """The addresses of the pictures in the inputs, None where there is none."""
    found = [page.locator(f"{each} img") for each in INPUTS]
    return [each.get_attribute("src") if each.count() else None for each in found]


def changed_by(page, before):
    """Which inputs have another picture than before, once one has."""
    assert wait_until(lambda: shown(page) != before, 10)
    after = shown(page)
    return [name for name, one, other in zip(INPUTS, before, after, strict=True) if one != other]


def test_a_picture_is_pasted_where_pointer_or_focus_is_and_elsewhere_as_the_photo(
    open_page, samples
):
    page = open_page()
    page.mouse.move(640, 5)
    before = shown(page)
    paste(page, samples[1])
    assert changed_by(page, before) == ["#content-image"]
    page.locator("#style-image").hover()
    before = shown(page)
    paste(page, samples[0])
    assert changed_by(page, before) == ["#style-image"]
    page.mouse.move(640, 5)
    page.get_by_text("More styles").click()
    page.locator("#style-2 button").first.focus()
    before = shown(page)
    paste(page, samples[0])
    assert changed_by(page, before) == ["#style-2"]


def test_a_picture_that_is_dropped_takes_the_place_of_the_one_before_it(open_page, samples):
    page = open_page()
    for name in ("#content-image", "#style-image"):
        for files in (samples, samples[::-1]):
            before = shown(page)
            drop(page, name, *files)
            assert changed_by(page, before) == [name]
            expect(page.locator(f"{name} img")).to_have_attribute("src", re.compile(files[0].stem))


def test_a_file_that_is_dropped_beside_the_inputs_of_styles_opens_no_window(open_page, samples):
    page = open_page()
    drop(page, "#more-styles", samples[1])
    expect(page.get_by_text(re.compile("no settings of this program"))).to_be_visible()
    assert page.context.pages == [page]


def test_text_that_comes_with_a_picture_is_pasted_into_a_number(open_page, samples):
    page = open_page()
    page.mouse.move(640, 5)
    before = shown(page)
    page.locator("#steps input[type=number]").focus()
    paste(page, samples[1], "20")
    page.wait_for_timeout(500)
    assert shown(page) == before
    page.locator("#start").focus()
    paste(page, samples[1], "20")
    assert changed_by(page, before) == ["#content-image"]
