"""The links of README and docs, the table of knobs, and that of the tests that are left out."""

import re
from pathlib import Path

import pytest

from style_transfer.knobs import Choice, Knob, LayerWeights, Number, StyleWeights, Switch
from style_transfer.settings import KNOBS, Settings

TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"
DOCS = TESTS.parent / "docs"
PAGES = README, *sorted(DOCS.glob("*.md"))
SLOW = r"(@|marks=|pytestmark = .*)pytest\.mark\.slow"


def values(knob: Knob) -> str:
    match knob:
        case Number():
            return f"{knob.low:g} to {knob.high:g}"
        case Switch():
            return "on, off"
        case Choice() if len(knob.choices) <= 8:
            return ", ".join(knob.choices)
        case Choice():
            return f"{knob.choices[0]} to {knob.choices[-1]}"
        case LayerWeights():
            return f"{knob.layers[0]} to {knob.layers[-1]}, a weight each"
        case StyleWeights():
            return f"a weight for each of up to {knob.count} styles"
    raise NotImplementedError(type(knob))


def table() -> str:
    """The table as docs/knobs.md has it."""
    rows = ["| knob | values | default | |", "|---|---|---|---|"]
    for name, knob in KNOBS.items():
        default = knob.shown(getattr(Settings(), name))
        if isinstance(knob, StyleWeights):
            default = "1 each"
        ends = f": {' ... '.join(knob.ends)}" if all(knob.ends) else ""
        rows.append(f"| `{name}` | {values(knob)} | {default} | {knob.help}{ends} |")
    return "\n".join(rows)


def test_the_table_of_knobs_is_in_the_docs():
    written = (DOCS / "knobs.md").read_text(encoding="utf-8")
    assert table() in written, f"docs/knobs.md needs this table:\n{table()}"


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_of_it(page):
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    for file, heading in links:
        target = page.parent / file if file else page
        assert target.exists(), file
        assert not heading or heading in anchors(target), f"{file}#{heading}"


def test_the_readme_leads_to_every_page_of_the_docs():
    readme = README.read_text(encoding="utf-8")
    assert [page.name for page in PAGES[1:] if f"(docs/{page.name})" not in readme] == []


def test_the_readme_names_all_tests_that_are_left_out_of_the_ordinary_run():
    marked = {
        file.relative_to(TESTS).as_posix()
        for file in TESTS.rglob("test_*.py")
        if re.search(SLOW, file.read_text(encoding="utf-8"))
    }
    _, _, rows = README.read_text(encoding="utf-8").partition("| left out, in `tests/` |")
    table, _, _ = rows.partition("\n\n")
    assert set(re.findall(r"`([\w/]*test_\w+\.py)`", table)) == marked
