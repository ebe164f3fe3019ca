"""README's tables: of knobs, and of the tests that are left out."""

import re
from pathlib import Path

from style_transfer.knobs import Choice, Knob, LayerWeights, Number, StyleWeights, Switch
from style_transfer.settings import KNOBS, Settings

TESTS = Path(__file__).parent
README = TESTS.parent / "README.md"
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
    """The table as README has it."""
    rows = ["| knob | values | default | |", "|---|---|---|---|"]
    for name, knob in KNOBS.items():
        default = knob.shown(getattr(Settings(), name))
        if isinstance(knob, StyleWeights):
            default = "1 each"
        ends = f": {' ... '.join(knob.ends)}" if all(knob.ends) else ""
        rows.append(f"| `{name}` | {values(knob)} | {default} | {knob.help}{ends} |")
    return "\n".join(rows)


def test_the_table_of_knobs_is_in_the_readme():
    assert table() in README.read_text(encoding="utf-8"), f"README needs this table:\n{table()}"


def test_the_readme_names_all_tests_that_are_left_out_of_the_ordinary_run():
    marked = {
        file.relative_to(TESTS).as_posix()
        for file in TESTS.rglob("test_*.py")
        if re.search(SLOW, file.read_text(encoding="utf-8"))
    }
    _, _, rows = README.read_text(encoding="utf-8").partition("| left out, in `tests/` |")
    table, _, _ = rows.partition("\n\n")
    assert set(re.findall(r"`([\w/]*test_\w+\.py)`", table)) == marked
