"""A page, with or without a run, whose server has ended."""

from playwright.sync_api import expect

GONE = "The server has ended or cannot be reached"


def test_a_page_says_that_its_server_has_gone_and_when_it_is_back(open_page):
    page = open_page()
    notices = page.locator("#status .notices")
    page.route("**/health", lambda route: route.abort())
    expect(notices).to_contain_text(GONE)
    page.unroute("**/health")
    expect(notices).not_to_contain_text(GONE)


def test_a_server_that_never_answers_has_gone(open_page):
    page = open_page()
    page.route("**/health", lambda route: None)
    expect(page.locator("#status .notices")).to_contain_text(GONE)
