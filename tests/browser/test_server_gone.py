"""A page, with or without a run, whose server has ended."""

from playwright.sync_api import expect

from style_transfer.runs import CheckpointStore

GONE = "The server has ended or cannot be reached"
CLOSED = "The server no longer has the runs of this page"


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


# Asks the server every fifth of a second whether it is there, and nothing when the page begins.
IMPATIENT = """const every = setInterval;
window.setInterval = (call, ms, ...rest) =>
  ms === 2000 ? 0 : every(call, ms === 5000 ? 200 : ms, ...rest);"""


def test_a_page_whose_runs_have_gone_from_the_server_says_so_and_is_offered_them(
    browser, costless, tmp_path, monkeypatch
):
    context = costless.context
    store = CheckpointStore(tmp_path, context.service.limits)
    monkeypatch.setattr(context.service, "checkpoints", store)
    page = browser.new_page()
    page.add_init_script(IMPATIENT)
    page.goto(costless.blocks.local_url)
    expect(page.locator("#estimate")).to_contain_text("about")
    page.locator("#start").click()
    expect(page.locator("#status")).to_contain_text("Resting at step")
    notices, offer = page.locator("#status .notices"), page.locator("#interrupted button")
    page.wait_for_timeout(500)  # for two questions
    expect(notices).not_to_contain_text(CLOSED)
    for _ in range(2):
        (session,) = [each for each in context.sessions.all() if each.records]
        context.sessions.close(session.key)  # as where its connection broke for a moment
        expect(notices).to_contain_text(CLOSED)
        expect(offer).to_contain_text("Bring back the picture that rests")
        offer.click()
        expect(offer).to_be_hidden()
        page.locator("#start").click()
        expect(notices).not_to_contain_text(CLOSED)
        expect(page.locator("#status")).to_contain_text("Resting at step")
        page.wait_for_timeout(500)
        expect(notices).not_to_contain_text(CLOSED)
    page.close()
