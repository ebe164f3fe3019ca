"""What other programs import, and what importing and using it leaves as it was."""

import subprocess
import sys

import pytest

import style_transfer
from style_transfer.engine import Styles, stylize
from style_transfer.settings import Settings


def printed(script: str, *options: str, **named) -> str:
    """What a script prints in a fresh process."""
    command = [sys.executable, *options, "-c", script]
    return subprocess.run(command, check=True, capture_output=True, text=True, **named).stdout


def test_the_package_offers_what_a_program_needs():
    assert set(style_transfer.__all__) == {
        "__version__", "Frame", "Settings", "State", "Styles", "open_image", "save", "stylize",
        "to_tensor",
    }  # fmt: skip
    assert style_transfer.stylize is stylize
    assert style_transfer.Settings is Settings
    assert set(style_transfer.__all__) <= set(dir(style_transfer))
    assert all(getattr(style_transfer, name) for name in style_transfer.__all__)
    with pytest.raises(AttributeError, match="no attribute 'styllize'"):
        _ = style_transfer.styllize


def test_names_of_earlier_versions_are_aliases():
    from style_transfer import optimize, state, styles

    assert optimize.stylize is stylize
    assert styles.Styles is Styles
    assert state.State is style_transfer.State


def test_importing_the_package_imports_no_torch():
    script = (
        "import sys, style_transfer; print({'torch', 'gradio', 'av', 'PIL'} & set(sys.modules))"
    )
    assert printed(script) == "set()\n"


def test_using_the_library_imports_neither_the_page_nor_video():
    script = (
        "import sys; from style_transfer import *; import style_transfer.recipe"
        "; print({'gradio', 'av'} & set(sys.modules))"
    )
    assert printed(script) == "set()\n"
