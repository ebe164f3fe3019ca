"""Take home, and back again; the link."""

import io
import json
import re

import av
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from style_transfer.engine import Stroke
from style_transfer.images import to_pil
from style_transfer.links import strokes_to_query, to_query
from style_transfer.recipe import read_recipe
from style_transfer.settings import Settings
from tests.browser.studio import finish, knobs, set_number, shown, start, step, wait_until, walk
from tests.browser.test_page import drop


@pytest.fixture
def export(open_page, tmp_path):
    """A function that makes a file of a kind and returns it, and the page it was made on."""
    page = open_page()
    for name, value in (("alpha", 1.5), ("beta", 12), ("tv", 0.5)):
        set_number(page, name, value)
    page.get_by_text("Colours, strokes, styles").click()
    for name, value in (("style-scale", 1.5), ("keep-colors", 0.25)):
        set_number(page, name, value)
    page.locator("#match-colors input").check()
    page.get_by_text("What is compared").click()
    set_number(page, "preview-every", 2)
    page.locator("#style-layers input[data-layer=relu3_1]").fill("700")
    page.locator("#statistic").get_by_text("covariance", exact=True).click()
    page.locator("#content-layer select").select_option("relu3_1")
    finish(page, 8)

    def choose(kind):
        page.locator("#kind input").click()
        page.get_by_role("option", name=kind).first.click()

    def export(kind):
        choose(kind)
        before = page.locator("#exported a").count() and exported(page)
        page.locator("#export").click()
        page.wait_for_function(
            "before => (document.querySelector('#exported a')?.href ?? 0) !== before", arg=before
        )
        file = tmp_path / exported(page).rsplit("/", 1)[1]
        file.write_bytes(page.request.get(exported(page)).body())
        return file

    export.page, export.choose = page, choose
    return export


def exported(page):
    return page.locator("#exported a").first.evaluate("link => link.href")


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def recolored(page, kept):
    """The pixels that are shown after so many of the photo's colours were asked for."""
    before = shown(page)
    set_number(page, "keep-colors", kept)
    assert wait_until(lambda: shown(page) != before, 10)
    source = page.locator("#canvas img").evaluate("image => image.src")
    return pixels(page.request.get(source).body())


def test_a_png_brings_every_knob_back(export, open_page, sessions):
    file, before = export("PNG"), knobs(export.page)
    exact = to_pil(sessions.all()[-1].run.frame.picture).tobytes()
    export.page.close()
    page = open_page()
    assert knobs(page) != before
    drop(page, "#title", file)
    expect(page.locator("#beta input[type=number]")).to_have_value("12")
    assert knobs(page) == before
    with Image.open(file) as image:
        assert image.size[0] == 128
        assert image.convert("RGB").tobytes() == exact
        recipe = json.loads(image.info["style-transfer-recipe"])
    assert recipe["photo"] == "lake.jpg"
    assert recipe["style"] == "impasto_field.jpg"
    assert recipe["step"] == 8


def test_settings_that_come_back_during_a_run_act_on_it(export, open_page):
    file = export("PNG")
    export.page.close()
    page = open_page()
    start(page, at_least=2)
    drop(page, "#title", file)
    expect(page.locator("#status .notices")).to_contain_text("beta 5 to 12")
    expect(page.locator("#status .notices")).to_contain_text("acts from step")
    # Steps are among them; those made by then are more on a slow machine.
    expect(page.locator("#status")).to_contain_text("Resting at step", timeout=60_000)
    assert step(page) < 300


def test_the_films_play_and_last_as_long_as_was_asked_for(export):
    export.choose("Time-lapse, MP4")
    set_number(export.page, "seconds", 2)
    set_number(export.page, "hold", 1)
    with av.open(str(export("Time-lapse, MP4"))) as film:
        video = film.streams.video[0]
        frames = sum(1 for _ in film.decode(video))
        assert video.codec_context.name == "h264"
        assert video.width == 128
        assert frames == 3 * 24
        assert film.duration / 1e6 == pytest.approx(3, abs=0.1)
    with Image.open(export("Time-lapse, animated WebP")) as film:
        seconds = 0
        for number in range(film.n_frames):
            film.seek(number)
            film.load()
            seconds += film.info["duration"] / 1000
        assert film.n_frames >= 3
        assert seconds == pytest.approx(3, abs=0.01)


def test_colours_moved_on_a_finished_picture_are_taken_home_as_they_are_shown(export):
    page = export.page
    painted, seen = recolored(page, 0), recolored(page, 1)
    assert np.abs(seen - painted).mean() > 5
    file = export("PNG")
    assert np.abs(pixels(file.read_bytes()) - seen).mean() < 3  # what is shown is a JPEG
    assert read_recipe(file).settings.keep_colors == 1
    with Image.open(export("WebP")) as webp, Image.open(jpeg := export("JPEG")) as other:
        assert (webp.format, other.format) == ("WEBP", "JPEG")
    assert np.array_equal(pixels(jpeg.read_bytes()), seen)
    settings = json.loads(export("Settings file").read_text())["settings"]
    assert (settings["beta"], settings["keep_colors"]) == (12, 1)
    newest = shown(page)
    page.locator("#timeline input").fill("1")
    assert wait_until(lambda: shown(page) != newest, 10)
    earlier = recolored(page, 0.5)
    file = export("PNG")
    assert np.array_equal(pixels(file.read_bytes()), earlier)
    assert read_recipe(file).settings.keep_colors == 0.5


def test_the_link_restores_the_settings_on_another_computer(export, open_page):
    link = export.page.locator("#link a").get_attribute("href")
    before = knobs(export.page)
    page = open_page(query=link)
    expect(page.locator("#beta input[type=number]")).to_have_value("12")
    other = knobs(page)
    differ = {name for name in before if before[name] != other[name]}
    assert all(re.search("longer-side|preview", name, re.IGNORECASE) for name in differ), differ


def test_the_link_follows_the_knobs_however_they_are_set(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    link = page.locator("#link a")
    finish(page, 4)
    expect(link).to_have_attribute("href", re.compile(r"^\?steps=4&"))
    set_number(page, "more", 4)
    page.locator("#continue").click()
    expect(link).to_have_attribute("href", re.compile(r"^\?steps=8&"))
    expect(page.locator("#status")).to_contain_text("Resting at step 8")
    walk(page, 0)
    page.locator("#branch").click()
    expect(link).to_have_attribute("href", re.compile(r"^\?steps=4&"))
    page.locator("#tv input[type=number]").fill("2")
    page.locator("#steps input[type=number]").fill("99999")
    page.locator("#beta input[type=number]").fill("12")
    expect(link).to_have_attribute("href", re.compile(r"^\?beta=12&tv=2&steps=4&"))
    page.close()


def test_a_file_that_was_not_made_here_is_refused_in_one_sentence(open_page, samples):
    page = open_page()
    drop(page, "#title", samples[1])
    expect(page.get_by_text(re.compile("no settings of this program"))).to_be_visible()


def test_a_link_with_strokes_is_passed_on_before_a_start_as_it_came(browser, costless):
    query = strokes_to_query((Stroke("smear", ((0.2, 0.5, 1), (0.6, 0.5, 1))),))
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{costless.blocks.local_url}?{query}", timeout=120_000)
    passed_on = f"?{to_query(Settings())}&{query}"
    expect(page.locator("#link a")).to_have_attribute("href", passed_on)
    page.close()
