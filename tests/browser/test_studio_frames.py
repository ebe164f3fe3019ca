"""A run of a fast device, in a server and a Chromium of its own, shown frame by frame."""

import statistics
import time

import pytest
import torch
from playwright.sync_api import expect

from style_transfer.engine import Frame, State
from style_transfer.runs import Limits, RunService
from style_transfer.ui.page import build
from tests.browser.studio import set_number
from tests.runs.fake_executor import FakeExecution, FakeExecutor

STEP = 0.005  # s
# Notes when the canvas shows another picture, and the brightness of each as it is painted.
WATCH = """() => {
    const image = document.querySelector("#canvas img");
    const context = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
    window.seen = [];
    let last = image.src;
    const look = () => {
        requestAnimationFrame(look);
        if (image.src === last) return;
        last = image.src;
        context.drawImage(image, 0, 0, 1, 1);
        const level = context.getImageData(0, 0, 1, 1).data[0];
        const whole = image.complete && image.naturalWidth > 0;
        window.seen.push({at: performance.now(), level, whole});
    };
    look();
}"""

# Keeps the addresses of pictures in memory that were not given back.
COUNT = """() => {
    window.held = new Set();
    const {createObjectURL: create, revokeObjectURL: revoke} = URL;
    URL.createObjectURL = (blob) => {
        const url = create.call(URL, blob);
        held.add(url);
        return url;
    };
    URL.revokeObjectURL = (url) => {
        held.delete(url);
        revoke.call(URL, url);
    };
}"""


class FastExecution(FakeExecution):
    """Steps of STEP seconds, whose pictures are the brighter the larger beta is."""

    def frames(self):
        for frame in super().frames():
            time.sleep(STEP)
            yield frame

    def _make(self):
        step, content = self._next, self._content
        self._next += 1
        image = torch.full_like(content, self.settings.beta / 100)
        state = State(step, 0, image)
        losses = dict.fromkeys(("content", "style", "total"), 1 / step) if step else {}
        return Frame(step, image, losses, self.settings, state, content, from_content=True)


class FastExecutor(FakeExecutor):
    def start(self, job):
        self.executions.append(FastExecution(job, self.allowed))
        return self.executions[-1]


@pytest.fixture
def page(browser, tmp_path):
    # Pictures of one colour move only with beta: the run would rest at once.
    service = RunService(Limits(), tmp_path / "kept", lambda _: FastExecutor(device="cuda"))
    served = build(service)
    served.blocks.launch(**served.launch_options, prevent_thread_lock=True, quiet=True)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(served.blocks.local_url)
    expect(page.locator("#estimate")).to_contain_text("about")
    set_number(page, "steps", 5000)
    yield page
    page.close()
    served.blocks.close()


def start(page, size):
    set_number(page, "size", size)
    page.evaluate(WATCH)
    page.locator("#start").click()
    page.wait_for_function("document.querySelector('#canvas img').src.startsWith('blob:')")
    page.evaluate("window.seen.length = 0")


def seen(page):
    return page.evaluate("window.seen")


def test_frames_of_a_fast_device_are_shown_between_the_views(page):
    views = "window.views = 0; document.addEventListener('view', () => window.views++)"
    page.evaluate(views)
    page.evaluate(COUNT)
    start(page, 128)
    page.wait_for_function("window.seen.length > Math.max(12, 2 * window.views)")
    assert all(each["whole"] for each in seen(page))
    page.locator("#stop").click()
    page.wait_for_function("/Stopped at/.test(document.querySelector('#status').innerText)")
    page.wait_for_function("/file=.*jpg/.test(document.querySelector('#canvas img').src)")
    page.wait_for_function("window.held.size === 0")


def test_a_frame_that_cannot_be_decoded_is_given_back(page):
    page.evaluate(COUNT)
    page.route("**/frames/**", lambda route: route.fulfill(headers={"frame-number": "1"}, body="?"))
    page.evaluate(WATCH)
    page.locator("#start").click()
    page.wait_for_function("window.seen.length > 4")
    page.wait_for_function("window.held.size === 0")


def test_previews_are_shown_where_frames_cannot_be_fetched(page):
    asked = []
    page.route("**/frames/**", lambda route: (asked.append(1), route.abort())[1])
    page.evaluate(WATCH)
    page.locator("#start").click()
    page.wait_for_function("window.seen.length > 4")
    assert all(each["whole"] for each in seen(page))
    assert page.locator("#canvas img").get_attribute("src").endswith(".jpg")
    assert 1 <= len(asked) <= 2


def test_a_frame_of_the_run_before_that_comes_late_is_not_shown(page):
    page.evaluate(
        """document.addEventListener("view", ({detail}) => {
            window.told = document.querySelectorAll("#runs button").length * !!detail.canvas.frames;
        })"""
    )
    set_number(page, "beta", 10)
    start(page, 128)
    held = []

    def hold(route):
        if held:
            route.continue_()
        else:
            held.append((route, route.fetch()))

    with page.expect_request("**/frames/**"):
        page.route("**/frames/**", hold)
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at")
    set_number(page, "beta", 90)
    page.locator("#start").click()
    page.wait_for_function("window.told === 2")
    page.evaluate("window.seen.length = 0")
    late, answer = held[0]
    late.fulfill(response=answer)
    page.wait_for_function("window.seen.length > 4")
    assert min(each["level"] for each in seen(page)) > 200


@pytest.mark.slow
@pytest.mark.parametrize("size", [512])
def test_frames_come_at_video_rate_and_a_knob_is_seen_at_once(page, size):
    start(page, size)
    began = page.evaluate("performance.now()")
    page.wait_for_function(f"performance.now() > {began} + 1500")
    found = seen(page)
    rate = (len(found) - 1) * 1000 / (found[-1]["at"] - found[0]["at"])
    delays = []
    for beta in (90, 30, 70, 20):
        moved = page.evaluate(
            """beta => {
                const knob = document.querySelector("#beta input[type=number]");
                knob.value = beta;
                knob.dispatchEvent(new Event("input", {bubbles: true}));
                knob.dispatchEvent(new Event("change", {bubbles: true}));
                return performance.now();
            }""",
            beta,
        )
        level = f"Math.abs(each.level - {beta * 2.55}) < 4"
        page.wait_for_function(f"window.seen.some(each => each.at > {moved} && {level})")
        at = page.evaluate(f"window.seen.find(each => each.at > {moved} && {level}).at")
        delays.append((at - moved) / 1000)
    print(
        f"{size} px: {rate:.1f} frames/s; beta in a shown frame after "
        f"{statistics.median(delays):.3f} s, at most {max(delays):.3f} s"
    )
    assert rate >= 15
    assert statistics.median(delays) <= 0.15
