"""Steering: what a moved knob does to the run, how soon, and at what price."""

import re
import statistics
import time
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.studio import finish, set_number, start, status, step, stop, wait_until


def acts_from(page, words):
    expect(page.locator("#status")).to_contain_text(re.compile(rf"{words}.* acts from step \d+"))
    return int(re.search(r"acts from step (\d+)", status(page)).group(1))


WATCH = """() => {
    const line = document.querySelector("#status");
    window.steps = [];
    new MutationObserver(() => {
        const found = line.innerText.match(/step (\\d+) of/);
        if (found) window.steps.push([performance.now(), Number(found[1])]);
    }).observe(line, {subtree: true, childList: true, characterData: true});
}"""


def longest_pause(steps):
    """The longest time without a step, in steps, of the counter's times in ms and its numbers."""
    paces = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in pairwise(steps) if b[1] > a[1]]
    moved = [steps[0], *(b for a, b in pairwise(steps) if b[1] > a[1])]
    return max(b[0] - a[0] for a, b in pairwise(moved)) / statistics.median(paces)


@pytest.mark.parametrize(
    ("size", "begin", "pause"),
    [
        (128, 3, 60),  # a run that begins anew with each knob would halt for hundreds of steps
        # At the finest scale, where a pass over the painting and a step by which the cost of the
        # new settings is measured may come between two steps.
        pytest.param(512, 26, 2.5, marks=pytest.mark.slow),
    ],
)
def test_each_live_knob_acts_within_two_steps_and_the_run_never_halts(
    open_page, size, begin, pause
):
    page = open_page()
    start(page, steps=400, size=size, at_least=begin)
    page.evaluate(WATCH)
    page.get_by_text("What is compared").click()
    page.get_by_text("Colours, strokes, styles").click()
    statistic, layers = page.locator("#statistic"), page.locator("#style-layers")

    def make(words, move, apart=1):
        before = step(page)
        move()
        first = acts_from(page, words)
        assert before < first <= step(page) + 1 + apart, words
        assert wait_until(lambda: step(page) >= first, 20), words

    moves = {
        "alpha 1 to 2": lambda: set_number(page, "alpha", 2),
        "beta 5 to 20": lambda: set_number(page, "beta", 20),
        "tv 0 to 1.5": lambda: set_number(page, "tv", 1.5),
        "steps 400 to 380": lambda: set_number(page, "steps", 380),
        "style scale 1 to 1.5": lambda: set_number(page, "style-scale", 1.5),
        "match colors off to on": lambda: page.locator("#match-colors input").check(),
        "statistic wasserstein to covariance": lambda: statistic.get_by_text(
            "covariance", exact=True
        ).click(),
        "pooling max to average": lambda: (
            page.locator("#pooling").get_by_text("average", exact=True).click()
        ),
        "content layer relu4_2 to relu3_1": lambda: page.locator(
            "#content-layer select"
        ).select_option("relu3_1"),
        "style layers": lambda: layers.get_by_text("relu1_1", exact=True).click(),
        "relu2_1=0.25": lambda: layers.locator("[data-layer=relu2_1]").fill("250"),
    }
    for words, move in moves.items():
        make(words, move)
    steps = page.evaluate("window.steps")
    # From here on the counter goes by threes.
    make("a preview every 3 steps", lambda: set_number(page, "preview-every", 3), apart=3)
    stop(page)
    numbers = [number for _, number in page.evaluate("window.steps")]
    assert numbers == sorted(numbers)
    print(f"\nlongest pause: {longest_pause(steps):.2f} steps")
    assert longest_pause(steps) < pause


@pytest.mark.parametrize(
    ("moves", "seconds"), [(3, 3.0), pytest.param(10, 0.5, marks=pytest.mark.slow)]
)
def test_a_moved_knob_is_seen_two_steps_later(open_page, moves, seconds):
    page = open_page()
    start(page, steps=500, size=256, at_least=3)
    delays, pace = [], []
    for number in range(moves):
        value, began = 6 + number, time.monotonic()
        page.locator("#beta input[type=number]").fill(str(value))
        page.wait_for_function(
            f"document.querySelector('#timeline output').value.endsWith(': beta {value}')",
            polling=20,
        )
        delays.append(time.monotonic() - began)
        pace.append(float(re.search(r"([\d.e+]+) steps/s", status(page)).group(1)))
        page.wait_for_timeout(37 * number)  # at any time between two frames
    stop(page)
    print(f"\nmoved to seen: median {statistics.median(delays):.2f} s, {min(pace)} steps/s")
    assert statistics.median(delays) <= 2 / min(pace) + seconds


def test_a_preset_moves_several_knobs_of_the_run_at_once(open_page):
    page = open_page()
    start(page)
    page.get_by_role("button", name="Texture only").click()
    acts_from(page, "alpha 1 to 0, beta 5 to 10")
    expect(page.locator("#beta input[type=number]")).to_have_value("10")
    page.get_by_label("Reset Paint to 5").click()
    # Before the preset acted, both moves are one: "alpha 1 to 0"; after it they are two.
    acts_from(page, "(alpha 1 to 0|beta 10 to 5):")
    expect(page.locator("#beta input[type=number]")).to_have_value("5")


def test_a_paused_run_goes_on_with_the_same_optimiser_state(open_page):
    page = open_page()
    finish(page, 16)
    unpaused = losses(page)
    start(page, 16, at_least=4)
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Paused at")
    at = -1
    while at != step(page):  # the step under way when it was paused is still shown
        at = step(page)
        page.wait_for_timeout(1200)
    assert at < 16
    page.locator("#pause").click()
    expect(page.locator("#status")).to_contain_text("Resting at step 16", timeout=60_000)
    assert losses(page) == unpaused  # a fresh optimiser would end elsewhere


def test_continue_makes_that_many_more_steps(open_page):
    page = open_page()
    finish(page, 6)
    expect(page.locator("#continue")).to_be_enabled()
    set_number(page, "more", 4)
    page.locator("#continue").click()
    expect(page.locator("#status")).to_contain_text("Resting at step 10 of 10")
    expect(page.locator("#steps input[type=number]")).to_have_value("10")
    expect(page.locator("#runs button")).to_have_count(1)


def test_the_buttons_can_be_used_when_they_make_sense(open_page):
    page = open_page()

    def usable():
        names = ("start", "pause", "stop", "continue", "branch", "restart")
        return [name for name in names if page.locator(f"#{name}").is_enabled()]

    assert usable() == ["start"]
    start(page)
    assert usable() == ["pause", "stop", "branch", "restart"]
    page.keyboard.press("Escape")
    page.locator("#title").click()
    page.keyboard.press("Space")
    expect(page.locator("#pause")).to_have_text("Resume")
    stop(page)
    expect(page.locator("#start")).to_be_enabled()
    assert usable() == ["start", "continue", "branch", "restart"]


def losses(page):
    pairs = re.findall(r"(content|style) ([\d.e-]+)", status(page))
    return {name: float(value) for name, value in pairs}


def test_a_number_that_cannot_be_had_keeps_no_other_knob_from_acting(browser, costless):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(costless.blocks.local_url, timeout=120_000)
    expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
    finish(page, 4)
    line = page.locator("#status")
    set_number(page, "more", 0)
    set_number(page, "beta", 9)
    expect(line).to_contain_text("beta 5 to 9: acts from step 5")
    expect(line).to_contain_text("Resting at step 5")
    set_number(page, "steps", 99_999)
    expect(line).to_contain_text("at most 5,000 steps here, not 99,999.")
    set_number(page, "tv", 2)
    expect(line).to_contain_text("tv 0 to 2: acts from step 6")
    expect(line).to_contain_text("at most 5,000 steps here, not 99,999.")
    set_number(page, "steps", 4)
    page.locator("#continue").click()
    words = "steps to continue for must be a whole number from 1 to 5,000, not 0."
    expect(page.get_by_text(words)).to_be_visible()
    page.close()
