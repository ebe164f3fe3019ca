"""A hand on the wet paint: what it sees at once, that no stroke is lost, and the keyboard."""

import time

import pytest
from playwright.sync_api import expect

from style_transfer.ui.session.record import RunRecord
from tests.browser.studio import finish, point_at, wait_until

STROKES = 40
SEEN = 0.05  # s from a movement to what the browser has drawn of it
# Notes how long the page takes to draw each movement, in s, from before its scripts hear of it.
TIME = """() => {
    window.delays = [];
    let began = 0;
    document.addEventListener("pointermove", () => (began = performance.now()), true);
    document.addEventListener("pointermove", (event) => {
        const wet = document.querySelector("#canvas canvas.wet");
        if (event.buttons && wet) window.delays.push((performance.now() - began) / 1000);
    });
}"""


def choose(page, kind):
    page.locator(f'#brushes input[value="{kind}"]').check(force=True)


def middle(page):
    box = page.locator("#canvas canvas").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def draw(page, x, y, right, down=0, moves=2):
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, moves + 1):
        page.mouse.move(x + right * part / moves, y + down * part / moves)
    page.mouse.up()


def latest(sessions):
    *_, session = (each for each in sessions.all() if each.run)
    return session.latest


def done(sessions):
    return [each.number for each in latest(sessions).last_frame.state.strokes]


def wet(page):
    return page.locator("#canvas canvas.wet").count() == 1


@pytest.fixture
def sessions(costless):
    return costless.context.sessions


@pytest.fixture
def resting(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    yield page
    page.close()


def test_fast_strokes_are_seen_at_once_and_none_is_lost_though_the_server_is_late(
    resting, sessions, monkeypatch
):
    page, touch = resting, RunRecord.touch

    def late(record, strokes):
        time.sleep(1.5)
        touch(record, strokes)

    monkeypatch.setattr(RunRecord, "touch", late)
    page.evaluate(TIME)
    choose(page, "color")
    x, y = middle(page)
    for number in range(STROKES):
        draw(page, x - 150 + 7 * number, y - 60 + 3 * number, 20, 10)
    assert wet(page)
    delays = sorted(page.evaluate("window.delays"))
    assert len(delays) > STROKES / 2
    assert delays[len(delays) // 2] < SEEN, delays
    assert wait_until(lambda: done(sessions) == [*range(1, STROKES + 1)], 60), done(sessions)
    assert wait_until(lambda: not wet(page), 30)
    expect(page.locator("#brushes .undo")).to_be_enabled()


def test_keys_move_the_brush_undo_and_redo_its_strokes(resting, sessions):
    page = resting
    choose(page, "smear")
    page.locator("#canvas canvas").focus()
    for key in (" ", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", " "):
        page.keyboard.press(key)
    assert wait_until(lambda: done(sessions) == [1], 30)
    (stroke,) = latest(sessions).strokes.all
    assert stroke.kind == "smear"
    assert stroke.points[0] == (0.5, 0.5, 1.0)
    assert stroke.points[-1] == (0.56, 0.55, 1.0)
    page.keyboard.press("Control+z")
    assert wait_until(lambda: done(sessions) == [1, 2], 30)
    assert latest(sessions).strokes.all[1].kind == "undo"
    expect(page.locator("#brushes .undo")).to_be_disabled()
    page.locator("#brushes .redo").click()
    assert wait_until(lambda: done(sessions) == [1, 2, 3], 30)
    assert latest(sessions).strokes.all[2].points == stroke.points


def test_keys_undo_strokes_with_any_brush_or_none_and_never_what_was_typed_in_a_number(
    resting, sessions
):
    page = resting
    choose(page, "smear")
    page.locator("#canvas canvas").focus()
    for key in (" ", "ArrowRight", " "):
        page.keyboard.press(key)
    assert wait_until(lambda: done(sessions) == [1], 30)
    choose(page, "")
    beta = page.locator("#beta input[type=number]")
    beta.press("ControlOrMeta+a")
    beta.press_sequentially("9")
    page.get_by_text("Colours, strokes, styles").click()
    page.locator("#match-colors input").focus()
    page.keyboard.press("Control+z")
    assert wait_until(lambda: done(sessions) == [1, 2], 30)
    page.keyboard.press("Control+z")  # there is nothing left to undo
    expect(beta).to_have_value("9")
    page.keyboard.press("Control+Shift+z")
    assert wait_until(lambda: done(sessions) == [1, 2, 3], 30)
    expect(beta).to_have_value("9")
    beta.press("Control+z")  # in the field it is the field's own
    expect(beta).to_have_value("5")
    assert done(sessions) == [1, 2, 3]


def test_a_second_finger_takes_the_stroke_back_and_a_palm_beside_a_pen_makes_none(
    resting, sessions
):
    page = resting
    choose(page, "color")
    x, y = middle(page)

    def point(kind, number, right, pointer, primary=True):
        point_at(page, kind, number, x + right, y, pointer, is_primary=primary)

    point("pointerdown", 1, 0, "touch")
    point("pointermove", 1, 20, "touch")
    assert wet(page)
    point("pointerdown", 2, 90, "touch", primary=False)
    assert not wet(page)
    point("pointerup", 1, 20, "touch")
    point("pointerup", 2, 90, "touch", primary=False)
    point("pointerdown", 3, -90, "touch")  # a palm
    point("pointerdown", 4, 0, "pen")
    point("pointerdown", 5, -90, "touch")  # it is put down anew
    point("pointermove", 4, 30, "pen")
    point("pointerup", 4, 30, "pen")
    point("pointermove", 5, -60, "touch")
    point("pointerup", 5, -60, "touch")
    assert wait_until(lambda: done(sessions) == [1], 30)
    (stroke,) = latest(sessions).strokes.all
    assert {point[2] for point in stroke.points} == {0.5}


def test_a_place_of_the_painting_is_picked_brushed_over_the_picture_and_removed(resting, sessions):
    page = resting
    expect(page.locator("#places section")).to_be_hidden()
    choose(page, "like")
    painting = page.locator("#places .painting")
    expect(painting.locator("img")).to_be_visible()
    box = painting.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    page.keyboard.press("ArrowRight")
    x, y = middle(page)
    draw(page, x - 60, y, 120)
    assert wet(page)
    assert wait_until(lambda: done(sessions) == [1], 30)
    (stroke,) = latest(sessions).strokes.all
    assert (stroke.kind, stroke.style) == ("like", 1)
    assert stroke.place == pytest.approx((0.26, 0.75, 0.12), abs=0.01)
    row = page.locator("#places li")
    expect(row).to_contain_text("1 stroke")
    draw(page, x - 60, y + 40, 120)
    expect(row).to_contain_text("2 strokes")
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    page.locator("#brushes .undo").click()
    expect(row).to_contain_text("2 strokes")
    assert "strokes=" in page.locator("#link a").get_attribute("href")
