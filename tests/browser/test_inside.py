"""The view "Inside" in a browser: its numbers, its keys, its addresses."""

import os
import re

import pytest
import torch
from playwright.sync_api import expect

from style_transfer.inspection import SOURCES, Inspector, style_matrix
from style_transfer.losses.channel_matrices import (
    correlation_matrix,
    covariance_matrix,
    gram_matrix,
)
from style_transfer.network import load_network
from style_transfer.ui.session.moments import shown_moment
from tests.browser.studio import finish, wait_until
from tests.browser.test_studio_access import AXE

MATRICES = {
    "gram": gram_matrix,
    "covariance": covariance_matrix,
    "correlation": correlation_matrix,
}


def number(text):
    return float(text.replace("−", "-"))  # noqa: RUF001


def shown_matrix(page, kind):
    rows = page.locator(f"#inside [data-matrix={kind}] tr").all()
    return [[number(cell) for cell in row.locator("td").all_inner_texts()] for row in rows]


def check_matrices(page, given):
    rows = torch.tensor(given, dtype=torch.float64)
    for kind, matrix_of in MATRICES.items():
        for shown, expected in zip(shown_matrix(page, kind), matrix_of(rows).tolist(), strict=True):
            assert shown == pytest.approx(expected, rel=6e-4, abs=1e-9), kind


def test_the_worked_example_has_the_lectures_numbers_and_follows_each_cell(open_page):
    page = open_page(390, 844, "#inside=example")
    expect(page.locator("#inside-example")).to_be_visible()
    assert shown_matrix(page, "gram") == [[761, 331], [331, 145]]
    check_matrices(page, [[19, 20], [9, 8]])
    said = page.locator("#inside-example output")
    expect(said).to_have_text("Gram of rows 1 and 2: 19 × 9 + 20 × 8 = 331")  # noqa: RUF001
    first = page.get_by_label("M, row 1, column 1")
    first.fill("nineteen")
    refused = page.locator("#inside-example .refusal")
    expect(refused).to_contain_text("“nineteen” in row 1, column 1 is no number")
    expect(first).to_have_attribute("aria-invalid", "true")
    check_matrices(page, [[19, 20], [9, 8]])
    first.fill("−3.5")  # noqa: RUF001
    expect(refused).to_be_empty()
    check_matrices(page, [[-3.5, 20], [9, 8]])
    page.get_by_text("Three rows with the lecture's covariance").click()
    assert [[round(v, 2) for v in row] for row in shown_matrix(page, "covariance")] == [
        [3.16, 4.13, 2.79],
        [4.13, 11.79, 4.32],
        [2.79, 4.32, 9.31],
    ]
    page.get_by_label(re.compile("rows 1 and 3: .*over both deviations")).focus()
    expect(said).to_have_text(re.compile(r"^Correlation of rows 1 and 3: 2\.789 / √.* = 0\.51"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def heat_map(page, title):
    """A map of the tab that is shown, its plot and what it says of the cell under its cursor."""
    figure = page.locator("#inside [role=tabpanel]:visible figure").filter(
        has=page.get_by_text(title, exact=True)
    )
    return figure, figure.locator(".plot"), figure.locator("output")


def test_numbers_can_be_read_by_keys_and_are_those_computed_apart(open_page, sessions):
    page = open_page(1280, 800, "#inside=matrix")
    expect(page.locator("#inside .idle").first).to_contain_text("Press Start")
    finish(page, 3, size=96)
    expect(page.locator("#inside .told")).to_contain_text("step 3", timeout=60_000)
    session = next(s for s in sessions.all() if s.selected and s.selected.last_frame.step == 3)
    inspector = Inspector(load_network(), torch.device("cpu"))
    compared = inspector.compare(shown_moment(session).moment, "relu3_1")
    pictures = {"Painting": style_matrix(compared, True), "Picture": style_matrix(compared)}
    words = page.locator("#inside-matrix .words")
    expect(words).to_contain_text("Loss of this layer after the step: ")
    loss = number(words.inner_text().split("step: ")[1].removesuffix("."))
    assert loss == pytest.approx(compared.distance(), rel=6e-3)
    _, plot, _ = heat_map(page, "Picture")
    plot.focus()
    timeline = page.locator("#timeline input").input_value()
    for key in ("ArrowRight", "Shift+ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
        for title, matrix in pictures.items():
            words = heat_map(page, title)[2].inner_text()
            one, other, shown = re.fullmatch(r"channels (\d+) and (\d+): (.+)", words).groups()
            expected = matrix[int(one), int(other)].item()
            assert number(shown) == pytest.approx(expected, rel=6e-3, abs=1e-6)
    assert page.locator("#timeline input").input_value() == timeline
    expect(page.locator("#inside-matrix h3")).to_have_text(f"Channels {one} and {other} as maps")
    figure, _, said = heat_map(page, "Picture − painting")  # noqa: RUF001
    figure.get_by_text("The ten largest cells").click()
    cells = figure.locator("td:last-child")
    expect(cells).to_have_count(10)
    values = [number(text) for text in cells.all_inner_texts()]
    assert [abs(value) for value in values] == sorted(map(abs, values), reverse=True)
    difference = pictures["Picture"] - pictures["Painting"]
    assert abs(values[0]) == pytest.approx(difference.abs().max().item(), rel=6e-3)
    figure.locator("td button").first.click()
    assert number(said.inner_text().split(": ")[1]) == values[0]
    check_objective(page)
    check_features(page)


def check_objective(page):
    page.locator("#tab-objective").click()
    assert page.evaluate("location.hash") == "#inside=objective"
    expect(page.locator("#inside .layers tbody tr").first).to_be_visible()
    words = page.locator("#inside-objective .words")
    expect(words).to_contain_text("the losses of the picture that step 3 began with")
    shown = {
        text.split("\n")[0]: number(text.split("\n")[1])
        for text in page.locator("#inside .formula .factor").all_inner_texts()
    }
    paint = shown["style"] + shown["motifs"] * shown["nearest places"]
    total = shown["α alpha"] * shown["content"] + shown["β beta"] * paint  # noqa: RUF001
    assert total == pytest.approx(shown["total"], rel=0.01)
    rows = page.locator("#inside .layers tbody tr").all()
    last = sum(number(row.locator("td").nth(2).inner_text()) for row in rows)
    assert last == pytest.approx(shown["style"], rel=0.01)
    page.get_by_role("button", name="β beta 5").click()
    expect(page.locator("#beta-number")).to_be_focused()
    page.get_by_label("relu3_1: go to its weight").click()
    expect(page.locator("#style-layers [data-layer=relu3_1]")).to_be_focused()


def check_features(page):
    page.locator("#tab-features").click()
    page.locator("#tab-features").press("Home")
    expect(page.locator("#tab-objective")).to_be_focused()
    page.locator("#tab-features").click()
    thumbs = page.locator("#inside .strip button")
    expect(thumbs).to_have_count(12)
    thumbs.nth(4).click()
    expect(thumbs.nth(4)).to_have_attribute("aria-pressed", "true")
    channel = thumbs.nth(4).inner_text()
    expect(page.locator("#inside-features .words")).to_contain_text(f"Channel {channel} of 256")
    if AXE.exists():
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run('#inside').then((result) => result.violations)")
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
    else:
        assert not os.environ.get("CI"), "A CI run must not skip the check for accessibility."


TABS = ("objective", "features", "matrix", "where", "changes", "made", "lesson", "example")
ANSWERED = {  # by tab, what is there once its first question is answered
    "features": ".strip button",
    "matrix": "figure .plot canvas",
    "where": "figure .plot canvas",
    "changes": "figure .plot canvas",
}


@pytest.mark.parametrize(
    ("width", "theme"),
    [
        (390, "dark"),
        pytest.param(1280, "light", marks=pytest.mark.slow),
        pytest.param(1280, "dark", marks=pytest.mark.slow),
        pytest.param(390, "light", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing_serious_in_any_tab_and_none_is_too_wide(open_page, width, theme):
    if not AXE.exists():
        assert not os.environ.get("CI"), "A CI run must not skip the check for accessibility."
        pytest.skip("AXE names no axe.min.js; `npm pack axe-core` fetches one.")
    query = f"?__theme={theme}#inside=objective"
    page = open_page(width, 800, query, reduced_motion="reduce")  # nothing fades
    page.add_script_tag(path=str(AXE))
    finish(page, 3, size=96)
    grave = []
    for tab in TABS:
        page.locator(f"#tab-{tab}").click()
        if tab in ANSWERED:
            answered = page.locator(f"#inside-{tab} {ANSWERED[tab]}").first
            expect(answered).to_be_visible(timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, tab
        for each in page.evaluate("axe.run('#inside').then((result) => result.violations)"):
            if each["impact"] in ("serious", "critical"):
                nodes = [node["html"][:150] for node in each["nodes"]][:6]
                grave.append((tab, each["id"], each["help"], nodes))
    assert grave == []


def test_nothing_is_asked_while_the_drawer_is_shut(open_page):
    page = open_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    finish(page, 2, size=96)
    assert not [url for url in asked if "/inside/" in url]
    page.locator("#inside summary").first.click()
    page.locator("#tab-matrix").click()
    assert wait_until(lambda: [url for url in asked if "/inside/" in url], 20)


def test_losses_are_said_to_be_those_at_one_size_where_several_count(open_page):
    share = b"1.0"  # as if the picture were so large, which would take its time

    def with_share(route):
        answer = route.fetch()
        body = re.sub(rb'"share": \d\.\d', b'"share": ' + share, answer.body())
        route.fulfill(response=answer, body=body)

    page = open_page(query="#inside=matrix")
    page.route("**/inside/**", with_share)
    told, changed = page.locator("#inside .told"), page.locator("#inside-changes .words")
    finish(page, 2, size=96)
    alone = re.compile(r"as the network sees it at \d+ × \d+ px\.$")  # noqa: RUF001
    expect(told).to_have_text(alone, timeout=60_000)
    share = b"0.5"
    page.locator("#tab-changes").click()
    words = "made of their sum, and of those at other sizes. While"
    expect(changed).to_contain_text(words, timeout=60_000)
    words = "the one that counts most: losses and changes are those at that size."
    expect(told).to_contain_text(words)


def test_a_layer_that_is_not_made_to_the_end_is_said_to_have_been_stopped(open_page):
    page = open_page(query="#inside=made")
    finish(page, 2, size=96)
    photo, painting = (page.locator(f"#inside-made [data-source={s}]") for s in SOURCES)
    photo.locator("button").click()
    expect(photo).to_contain_text(re.compile(r"step [1-5]?\d of 80"))
    painting.locator("button").click()
    stopped = re.compile(r"Stopped at step \d+ of 80; make it again\.")
    expect(photo).to_contain_text(stopped)
    expect(painting).to_contain_text("The layer's error is")
    painting.get_by_role("button", name="Stop").click()
    expect(painting).to_contain_text(stopped)


STOPS = {1: "made", 2: "matrix", 3: "objective", 4: "changes", 5: "features"}


@pytest.mark.slow
def test_every_stop_of_the_path_opens_by_its_link_in_a_fresh_browser(open_page):
    page = open_page(390, 844, "#inside=lesson")
    links = [each.get_attribute("href") for each in page.locator("#inside-lesson li a").all()]
    assert len(links) == len(STOPS)
    page.locator("#inside-lesson li a").nth(1).click()  # without loading the page anew
    expect(page.locator("#inside-matrix")).not_to_have_attribute("hidden", "")
    page.get_by_role("button", name="Take the lecture's settings").click()
    expect(page.locator("#statistic [value=gram]")).to_be_checked()
    page.get_by_role("button", name="Next stop").click()
    expect(page.locator("#inside .stop h3")).to_have_text("Stop 3 of 5: Content against style")
    page.close()
    for number, link in enumerate(links, 1):
        page = open_page(390, 844, link)
        expect(page.locator("#inside .stop")).to_contain_text(f"Stop {number} of 5")
        expect(page.locator(f"#inside-{STOPS[number]}")).not_to_have_attribute("hidden", "")
        expect(page.locator("#statistic [value=gram]")).to_be_checked()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.close()
