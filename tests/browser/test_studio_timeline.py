"""The timeline: walk back, branch, bring back, compare."""

import io
import re

import numpy as np
from PIL import Image, ImageOps
from playwright.sync_api import expect

from style_transfer.images import resize
from style_transfer.settings import Settings
from style_transfer.ui.panels.loss_chart import MAX_BARS
from style_transfer.ui.session import record_list
from tests.browser.studio import (
    finish,
    newest_run,
    set_number,
    shown,
    start,
    step,
    stop,
    wait_until,
    walk,
)


def bytes_of(page, address):
    return page.request.get(page.evaluate("a => new URL(a, location).href", address)).body()


def test_a_branch_begins_with_the_picture_that_was_walked_back_to(open_page):
    page = open_page()
    finish(page, 12)
    expect(page.locator("#canvas img")).to_have_attribute("alt", re.compile("after step 12"))
    newest = shown(page)
    page.locator("#stop").click()  # or the knob would wake it
    expect(page.locator("#status")).to_contain_text("Stopped at step 12")
    set_number(page, "beta", 40)  # not what made frame 3
    walk(page, 3)
    words = page.locator("#timeline output").evaluate("output => output.value")
    at = int(re.search(r"step (\d+)", words).group(1))
    assert 0 < at < 12
    picture = bytes_of(page, shown(page))

    page.locator("#branch").click()
    expect(page.locator("#runs button")).to_have_count(2)
    expect(page.locator("#runs button").nth(1)).to_contain_text(f"Run 2 from step {at} of Run 1")
    expect(page.locator("#beta input[type=number]")).to_have_value("5")  # of that moment
    expect(page.locator("#status")).to_contain_text("Resting at step 12", timeout=30_000)
    page.locator("#timeline input").fill("0")
    expect(page.locator("#timeline output")).to_contain_text(f"step {at}:")
    assert bytes_of(page, shown(page)) == picture

    page.locator("#runs button").nth(0).click()
    expect(page.locator("#canvas img")).to_have_attribute("src", newest)
    page.locator("#export").click()
    expect(page.locator("#exported a").first).to_be_visible(timeout=10_000)
    assert "step12" in page.locator("#exported a").first.get_attribute("href")


def test_a_branch_can_be_branched_from_while_it_paints(open_page):
    page = open_page()
    start(page, at_least=3)
    for count in (2, 3):
        page.locator("#branch").click()
        expect(page.locator("#runs button")).to_have_count(count)
        expect(page.locator("#status")).to_contain_text("Painting step")
    stop(page)


def test_walking_does_not_stop_the_run_and_arrows_walk_too(open_page):
    page = open_page()
    start(page, at_least=10)
    walk(page, 1)
    still, at = shown(page), step(page)
    assert wait_until(lambda: step(page) > at + 3, 60)
    assert shown(page) == still
    page.locator("#title").click()
    page.keyboard.press("ArrowRight")
    assert wait_until(lambda: shown(page) != still, 5)
    page.locator("#branch").focus()  # as it is after a click on it
    page.keyboard.press("ArrowLeft")
    assert wait_until(lambda: shown(page) == still, 5)
    stop(page)


def test_the_settings_of_the_preview_on_the_canvas_are_shown(open_page):
    page = open_page()
    start(page, at_least=4)
    set_number(page, "beta", 20)
    expect(page.locator("#timeline output")).to_contain_text(": beta 20")
    stop(page)
    walk(page, 1)
    expect(page.locator("#timeline output")).not_to_contain_text("beta")
    page.locator("#timeline input").press("End")
    expect(page.locator("#timeline output")).to_contain_text(": beta 20")


def test_restart_takes_the_picture_along_to_another_size(open_page, sessions):
    page = open_page()
    finish(page, 8)
    set_number(page, "size", 192)
    page.locator("#restart").click()
    expect(page.locator("#runs button")).to_have_count(2)
    # A size that reaches the server after the restart is a move of the new run, which wakes it.
    rests = re.compile("Resting at step (8|38) of")
    expect(page.locator("#status")).to_contain_text(rests, timeout=60_000)
    image = page.locator("#canvas img")
    assert image.evaluate("image => image.naturalWidth") == 192
    assert image.get_attribute("alt").startswith("lake.jpg painted like impasto_field.jpg, Run 2")
    assert newest_run(page) == "Run 2 from step 8 of Run 1"
    parent, child = sessions.all()[-1].records
    first, last = child.previews[0].image, parent.last_frame.picture
    assert (resize(first, last.shape[-2:]) - last).abs().mean() < 0.03  # the photo is 0.1 away
    assert (resize(parent.inputs.content, last.shape[-2:]) - last).abs().mean() > 0.05


def test_the_loss_chart_is_one_drawing_that_says_where_a_knob_moved(open_page):
    page = open_page()
    start(page, at_least=4)
    drawing = page.locator("#loss-chart svg.loss-chart").element_handle()
    set_number(page, "beta", 20)
    expect(page.locator("#loss-chart .mark text")).to_contain_text("beta 5 to 20")
    assert drawing.evaluate("svg => svg.isConnected")  # changed, not replaced
    shares = page.locator("#loss-chart").get_by_text(re.compile(r"^\d+%$")).all_text_contents()
    assert len(shares) == MAX_BARS
    assert 100 * MAX_BARS / len(Settings().style_layers) <= sum(int(s[:-1]) for s in shares) < 104
    stop(page)


def test_photo_and_picture_and_any_two_runs_can_be_compared(open_page):
    page = open_page()
    finish(page, 4)
    finish(page, 5)
    names = page.get_by_label("Left picture", exact=True).locator("option").all_inner_texts()
    assert names == ["Photo", "Picture shown", "Run 1", "Run 2"]
    page.get_by_label("Left picture", exact=True).select_option("Run 1")
    page.get_by_label("Right picture", exact=True).select_option("Run 2")
    left, right = (
        page.locator(f"#compare .{side}").get_attribute("src") for side in ("left", "right")
    )
    assert left != right
    page.get_by_label("How much of the left picture is seen").fill("20")
    assert (
        page.locator("#compare .pair").evaluate("pair => pair.style.getPropertyValue('--at')")
        == "20%"
    )


def test_the_slider_uncovers_the_photo_at_the_left_and_the_picture_at_the_right(open_page):
    page = open_page()
    finish(page, 12)
    pair = page.locator("#compare .pair")
    pair.scroll_into_view_if_needed()

    def pixels(image):
        return np.asarray(image.convert("RGB")).astype(float)

    def seen():
        return Image.open(io.BytesIO(pair.screenshot()))

    def fitted(side):
        """The picture of one side, as large as the place that the two share."""
        content = bytes_of(page, page.locator(f"#compare .{side}").get_attribute("src"))
        return pixels(ImageOps.pad(Image.open(io.BytesIO(content)), seen().size))

    photo, picture = fitted("left"), fitted("right")
    # Without what is beside, above and below them.
    middle = slice(photo.shape[1] // 5, -photo.shape[1] // 5)
    rows = slice(photo.shape[0] // 5, -photo.shape[0] // 5)
    columns = np.arange(photo.shape[1])
    for at in (0, 30, 70, 100):
        page.get_by_label("How much of the left picture is seen").fill(str(at))
        page.wait_for_timeout(300)
        edge, shot = len(columns) * at / 100, pixels(seen())
        for here, there, side in (
            (photo, picture, columns < edge - 4),
            (picture, photo, columns > edge + 4),
        ):
            near, far = (
                np.abs(shot - each)[rows].mean(axis=(0, 2))[middle][side[middle]]
                for each in (here, there)
            )
            assert all(near < 14), at
            assert all(near < far), at


def test_a_page_says_before_and_after_that_the_oldest_run_gives_its_place(open_page, monkeypatch):
    monkeypatch.setattr(record_list, "MAX_RECORDS", 2)
    page = open_page()
    words = page.locator("#runs [role=status]")
    expect(words).to_contain_text("The runs of this page will be listed here.")
    finish(page, 1)
    expect(words).to_be_empty()
    finish(page, 1)
    expect(words).to_have_text("The newest 2 runs are kept; the oldest goes when another begins.")
    finish(page, 1)
    expect(words).to_contain_text("goes when another begins. 1 gone so far.")
    expect(page.locator("#runs button span")).to_have_text(["Run 2", "Run 3"])


def test_whoever_waits_is_told_how_many_are_before_and_may_leave(open_page, service, monkeypatch):

    from style_transfer.runs import AdmissionQueue

    queue = AdmissionQueue(places=1, waiting=9, each=9)
    first = queue.join()
    monkeypatch.setattr(service, "admission", queue)
    page = open_page()
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("1 run is before yours.")
    expect(page.locator("#stop")).to_have_text("Leave the queue")
    page.locator("#stop").click()
    expect(page.locator("#start")).to_be_enabled()
    expect(page.locator("#runs button")).to_have_count(0)
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("1 run is before yours.")
    queue.leave(first)
    expect(page.locator("#status")).to_contain_text("Painting step", timeout=30_000)
    stop(page)
