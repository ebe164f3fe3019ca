"""Contact sheets: whose names can be read."""

import numpy as np
import pytest
from PIL import Image, ImageFont

from style_transfer.images import contact_sheet, save_contact_sheet


@pytest.fixture
def without_system_fonts(monkeypatch):
    monkeypatch.setattr(contact_sheet, "_SYSTEM_FONTS", ())
    contact_sheet._fonts.cache_clear()
    yield
    contact_sheet._fonts.cache_clear()


@pytest.fixture
def name_below(tmp_path):
    """Makes a sheet of one white picture of a name, and returns the rows below the picture."""

    def made(name):
        file = tmp_path / f"{name}.png"
        Image.new("RGB", (300, 100), "white").save(file)
        save_contact_sheet([file], tmp_path / "sheet.png")
        file.unlink()
        with Image.open(tmp_path / "sheet.png") as sheet:
            return np.asarray(sheet)[112:]

    return made


def differ(one, other):
    return one.shape != other.shape or bool((one != other).any())


def test_letters_that_no_font_has_are_written_escaped(without_system_fonts, name_below):
    assert not differ(name_below("Zürich ж"), name_below("Z\\xfcrich \\u0436"))


def test_a_line_break_in_a_name_makes_no_second_line(without_system_fonts, name_below):
    assert not differ(name_below("one\ntwo"), name_below("one\\ntwo"))


def test_accents_are_shown_by_a_font_of_the_system(name_below):
    if len(contact_sheet._fonts()) < 2:
        pytest.skip("the system has none of these fonts")
    names = "Zurich", "Zürich", "Zórich", "Z\\xfcrich"
    shown = [name_below(name) for name in names]
    assert all(differ(shown[1], each) for each in (shown[0], *shown[2:]))
    assert not differ(shown[1], name_below("Zu\u0308rich"))  # as macOS writes it


def test_a_long_name_ends_within_the_width_of_a_picture():
    shown, font = contact_sheet._label("W" * 100 + "-end")
    assert font.getlength(shown) <= 384
    assert shown.endswith("WW-end")


def test_english_names_have_the_font_of_pillow():
    assert contact_sheet._label("photo-style-beta5")[1] is contact_sheet._fonts()[0]
    assert isinstance(contact_sheet._fonts()[0], ImageFont.FreeTypeFont)
