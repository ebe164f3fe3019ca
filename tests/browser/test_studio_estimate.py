"""What the page tells of a run before Start is pressed."""

import re

from playwright.sync_api import expect

from style_transfer.runs import free_memory
from tests.browser.studio import set_number


def told(page):
    return page.locator("#estimate").inner_text()


def gigabytes(page):
    return float(re.search(r"and ([\d.]+) GB of memory", told(page))[1])


def test_time_and_memory_are_told_before_a_run_and_follow_the_choice(open_page):
    page = open_page()
    expect(page.locator("#estimate")).to_contain_text(re.compile(r"\d+ x \d+ pixels, about \d+"))
    set_number(page, "steps", 500)
    expect(page.locator("#estimate")).to_contain_text("min and")
    before = gigabytes(page)
    page.locator("#content-image-samples .gallery-item").nth(3).click()
    set_number(page, "size", 640)
    expect(page.locator("#estimate")).to_contain_text("640 x 433 pixels")  # the sample has come
    assert gigabytes(page) > before
    page.locator("#content-image").get_by_label("Remove Image").click()
    # The machine may be measured meanwhile.
    expect(page.locator("#estimate")).to_have_text("", timeout=60_000)


def test_a_run_that_does_not_fit_is_refused_before_and_at_the_start(open_page, monkeypatch):
    page = open_page()
    monkeypatch.setattr(free_memory, "available_memory", lambda _: 300_000_000)
    words = re.compile(r"pixels needs \d\.\d GB of memory, and 0\.3 GB are free; choose a smaller")
    set_number(page, "size", 192)
    expect(page.locator("#estimate")).to_contain_text(words)
    page.locator("#start").click()
    expect(page.get_by_text(words)).to_have_count(2)  # the second one is the message
    expect(page.locator("#start")).to_be_enabled()
