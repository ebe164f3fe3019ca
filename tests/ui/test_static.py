"""The scripts of the page, as text."""

import re

import pytest

from style_transfer.ui.panels.panel import STATIC


@pytest.mark.parametrize("script", sorted(STATIC.glob("*.js")), ids=lambda file: file.name)
def test_no_script_replaces_only_the_first_of_several(script):
    assert not re.findall(r"""\.replace\(\s*["'`].*""", script.read_text())
