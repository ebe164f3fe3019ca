"""Several styles, colours and regions, chosen and changed while a run goes on."""

import re
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.studio import (
    finish,
    session_of,
    set_number,
    shown,
    start,
    status,
    step,
    stop,
    wait_until,
)

# Whether anything is painted on the photo.
PAINTED = """(() => {
    const canvas = document.querySelector("#mask canvas"), {width, height} = canvas;
    return canvas.getContext("2d").getImageData(0, 0, width, height).data.some(Boolean);
})"""


def acts(page, words):
    expect(page.locator("#status")).to_contain_text(re.compile(rf"{words}.* acts from step \d+"))


@pytest.fixture
def session(sessions):
    """A function that returns the session of the only page that has a run."""
    return partial(session_of, sessions)


def paint_stroke(page, pen, begin=(0.1, 0.25), end=(0.9, 0.25)):
    """Draw a line over the photo, from left and top in shares of it; across its upper half.

    Again where nothing is painted yet: strokes are not taken before the photo is decoded.
    """
    page.wait_for_function("document.querySelector('#mask canvas').width === 512")
    page.locator("#mask").get_by_text(pen, exact=True).click()
    canvas = page.locator("#mask canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    (left, top), (right, bottom) = (
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)
    )

    def is_painted():
        page.mouse.move(left, top)
        page.mouse.down()
        page.mouse.move(right, bottom, steps=8)
        page.mouse.up()
        return page.evaluate(f"{PAINTED}()")

    until = time.monotonic() + 20
    while not is_painted():  # once more would be another stroke
        assert time.monotonic() < until


def test_styles_are_added_weighed_and_taken_away_during_a_run(open_page, samples, session):
    page = open_page()
    page.locator("#strokes summary").click()
    for knob in ("#style-weights", "#even-mixture"):
        expect(page.locator(knob)).to_be_hidden()
    start(page, at_least=2)
    page.get_by_text("More styles").click()
    page.locator("#style-3 input[type=file]").set_input_files(samples[1])
    acts(page, "2 styles")  # it was moved up to the free place
    expect(page.locator("#style-2 img")).to_be_visible()
    expect(page.locator("#style-3 img")).to_have_count(0)
    assert wait_until(lambda: "style 2" in session().run.frame.losses, 60)
    page.locator("#even-mixture input").uncheck()
    acts(page, "even mixture on to off")
    page.locator("#weight-1").fill("0")
    acts(page, "weight of style 1 1 to 0")
    assert wait_until(lambda: session().run.frame.settings.style_weights[0] == 0, 60)
    page.locator("#weight-2").fill("0")
    expect(page.locator("#status")).to_contain_text("One of the 2 styles needs a weight above 0")
    page.locator("#weight-2").fill("100")
    set_number(page, "style-scale", 2)
    acts(page, "style scale 1 to 2")
    page.locator("#match-colors input").check()
    acts(page, "match colors off to on")
    page.locator("#weight-1").fill("100")
    page.locator("#style-image").get_by_label("Remove Image").click()
    acts(page, "1 style")
    expect(page.locator("#style-2 img")).to_have_count(0)  # it was moved up to the first place
    expect(page.locator("#style-image img")).to_be_visible()
    assert wait_until(lambda: len(session().run.styles.images) == 1, 60)
    assert session().selected.inputs.recipe.style == samples[1].name
    stop(page)


def test_kept_colours_are_seen_at_once_while_paused_and_when_it_has_ended(
    open_page, session, pause
):
    page = open_page()
    start(page, at_least=4)
    at = pause(page)
    page.locator("#strokes summary").click()
    before = shown(page)
    set_number(page, "keep-colors", 1)
    assert wait_until(lambda: shown(page) != before, 60)
    expect(page.locator("#status")).to_contain_text("keep colors 0 to 1: seen at once")
    assert step(page) == at
    page.locator("#pause").click()
    assert wait_until(lambda: step(page) > at + 1, 60)
    stop(page)
    preview = session().preview
    kept, plain = (
        np.asarray(Image.open(file)).astype(int) for file in (preview.shown_file, preview.file)
    )
    luma = np.array([0.299, 0.587, 0.114])
    assert np.abs((kept - plain) @ luma).mean() < 2
    assert np.abs(kept - plain).mean() > 4
    assert wait_until(lambda: shown(page).endswith(preview.shown_file.name), 60)
    for value in (0.5, 0):
        before = shown(page)
        set_number(page, "keep-colors", value)
        assert wait_until(lambda before=before: shown(page) != before, 60)
    assert session().preview.shown_file == session().preview.file


def test_regions_painted_during_a_run_keep_the_photo(open_page, session):
    page = open_page()
    assert page.locator("#mask img").get_attribute("src") is None  # loaded when it is opened
    start(page, steps=400, at_least=3)
    page.locator("#mask summary").click()
    expect(page.locator("#mask").get_by_text("Style 2")).to_be_hidden()
    paint_stroke(page, "Leave the photo")
    acts(page, "other regions")
    styles = session().run.styles
    untouched = styles.strength == 0
    assert 0.05 < untouched.float().mean() < 0.5
    at = step(page)
    assert wait_until(lambda: step(page) > at + 2, 60)
    frame = session().run.frame
    assert (frame.strength == 0).float().mean() > 0.05
    difference = (frame.picture - frame.content).abs() * (frame.strength == 0)
    assert difference.max() <= 2 / 255
    page.locator("#mask .undo").click()
    assert wait_until(lambda: session().run.styles.strength is None, 60)
    stop(page)


def test_a_run_begins_with_regions_and_another_photo_is_without(open_page, session):
    page = open_page()
    page.locator("#mask summary").click()
    paint_stroke(page, "Half")
    finish(page, 2)
    run = session().run
    assert run.styles.strength.min() == 128 / 255
    assert session().selected.inputs.recipe.mask
    page.locator("#content-image-samples .gallery-item").nth(2).click()
    page.wait_for_function(f"!{PAINTED}()")
    finish(page, 1)
    assert session().run.styles.strength is None, status(page)


def test_a_style_goes_where_its_pen_went(open_page, tmp_path, session):
    page, noise = open_page(), np.random.default_rng(0).integers(0, 60, (96, 96, 3), np.uint8)
    for number, color in enumerate(((180, 20, 20), (20, 20, 180)), 1):
        Image.fromarray(noise + np.uint8(color)).save(tmp_path / f"{number}.png")
    page.locator("#style-image").get_by_label("Remove Image").click()
    page.get_by_text("More styles").click()
    for name, file in (("style-image", "1.png"), ("style-2", "2.png")):
        page.locator(f"#{name} input[type=file]").set_input_files(tmp_path / file)
        expect(page.locator(f"#{name} img")).to_have_attribute("src", re.compile(file))
    page.locator("#mask summary").click()
    page.locator("#mask [type=range]").fill("30")
    for pen, places in (("Style 1", (0.15, 0.35)), ("Style 2", (0.65, 0.85))):
        for x in places:
            paint_stroke(page, pen, (x, 0.02), (x, 0.98))
    set_number(page, "beta", 20)
    finish(page, 16)
    run = session().run
    left, right = (area.mean((0, 1, 2)) for area in run.styles.style_masks)
    assert left[:200].min() == right[-200:].min() == 1  # of 512 columns
    assert left[-200:].max() == right[:200].max() == 0
    change = run.frame.picture - run.frame.content
    redder = (change[0, 0] - change[0, 2]).mean(0)
    assert redder[:56].mean() > 0.2  # of 128 columns
    assert redder[-56:].mean() < 0  # without regions 0.13: the photo is less red than both together


def test_regions_come_from_a_file(open_page, tmp_path, session):
    mask = np.full((60, 90, 3), 255, np.uint8)
    mask[:, :45] = 0
    Image.fromarray(mask).save(tmp_path / "mask.png")
    page = open_page()
    page.locator("#mask summary").click()
    page.wait_for_function("document.querySelector('#mask canvas').width === 512")
    page.locator("#mask input[type=file]").set_input_files(tmp_path / "mask.png")
    page.wait_for_function(f"{PAINTED}()")
    finish(page, 1)
    strength = session().run.styles.strength
    assert strength[..., : strength.shape[-1] // 3].max() == 0
    assert strength[..., -strength.shape[-1] // 3 :].min() == 1


def test_regions_are_painted_over_a_photo_that_browsers_do_not_show(open_page, tmp_path, session):
    photo = np.full((60, 90, 3), 200, np.uint8)
    photo[:, :45] = 40, 90, 30
    Image.fromarray(photo).save(tmp_path / "photo.tif")
    page = open_page()
    page.locator("#content-image").get_by_label("Remove Image").click()
    page.locator("#content-image input[type=file]").set_input_files(tmp_path / "photo.tif")
    page.locator("#mask summary").click()
    page.wait_for_function("document.querySelector('#mask img').naturalWidth === 90")
    page.wait_for_function("document.querySelector('#mask canvas').height === 341")
    paint_stroke(page, "Leave the photo")
    finish(page, 1)
    assert session().run.styles.strength.min() == 0


def test_a_file_of_regions_that_cannot_be_read_is_refused_in_one_sentence(open_page, tmp_path):
    Image.new("RGB", (90, 60)).save(tmp_path / "mask.tif")
    page = open_page()
    page.locator("#mask summary").click()
    page.wait_for_function("document.querySelector('#mask canvas').width === 512")
    page.locator("#mask input[type=file]").set_input_files(tmp_path / "mask.tif")
    expect(page.locator("#mask .refusal")).to_have_text(
        "mask.tif cannot be read here; take a PNG or JPEG."
    )
