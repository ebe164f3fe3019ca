"""What the tests of the studio do to a page again and again."""

import re
import time

from playwright.sync_api import expect

SIZE = 128  # px; a step takes a tenth of a second


def set_number(page, elem_id, value):
    number = page.locator(f"#{elem_id} input[type=number]")
    number.fill(str(value))
    number.press("Tab")


def status(page):
    return page.locator("#status").inner_text()


def step(page):
    found = re.search(r"step (\d+) of", status(page))
    return int(found.group(1)) if found else -1


def newest_run(page):
    """The name of the run that was begun last, "" where there is none."""
    names = page.locator("#runs button span").all_text_contents()
    return names[-1] if names else ""


def wait_until(condition, seconds):
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.05)
    return condition()


def session_of(sessions):
    """The session of the only page with a run; those of pages before it go when that is noticed."""

    def found():
        return [each for each in sessions.all() if each.run]

    assert wait_until(lambda: len(found()) == 1, 60), found()
    return found()[0]


def start(page, steps=300, size=SIZE, at_least=1):
    """Begin a run and wait until it has made `at_least` steps."""
    before = newest_run(page)
    set_number(page, "size", size)
    set_number(page, "steps", steps)
    page.locator("#start").click()
    assert wait_until(lambda: newest_run(page) != before and step(page) >= at_least, 60), status(
        page
    )


def stop(page):
    page.locator("#stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped at step")


def finish(page, steps, size=SIZE):
    """Make a whole run."""
    start(page, steps, size)
    expect(page.locator("#status")).to_contain_text(f"Resting at step {steps}", timeout=60_000)


def shown(page):
    """The address of the picture on the canvas."""
    return page.locator("#canvas img").get_attribute("src")


def walk(page, number):
    """Move the timeline to a moment and wait until the canvas shows its picture."""
    page.locator("#timeline input").fill(str(number))
    file = f"/{number + 1:06}.jpg"  # the first is 000001.jpg; short runs leave none out
    assert wait_until(lambda: shown(page).endswith(file), 20)


def knobs(page):
    """Everything that a visitor set, as it stands on the page."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(
            "#settings input, #settings select, #size input[type=number], #init input, #seed input"
        )].map((input, number) => [
            `${number} ${input.id || input.ariaLabel || input.value}`,
            ["checkbox", "radio"].includes(input.type) ? input.checked : input.value,
        ]))"""
    )


def point_at(page, kind, number, x, y, pointer="touch", on="#canvas", is_primary=True, button=0):
    """Let a pointer do something at a place of the window, on the canvas of a part of the page."""
    page.locator(f"{on} canvas").evaluate(
        """(canvas, [kind, options]) => {
            canvas.setPointerCapture = () => {};
            canvas.dispatchEvent(new PointerEvent(kind, options));
        }""",
        [
            kind,
            {
                "pointerId": number,
                "clientX": x,
                "clientY": y,
                "pointerType": pointer,
                "isPrimary": is_primary,
                "button": button,
                "pressure": 0.5,
                "bubbles": True,
                "cancelable": True,
            },
        ],
    )
