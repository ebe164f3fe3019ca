"""A change of the defaults of Settings, as the next version might make it."""

from typing import Any

import pytest

from style_transfer import versions
from style_transfer.settings import KNOBS, Settings


def change_defaults(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    """Give knobs other defaults, and enter those of before under a version of its own."""
    before = Settings().as_dict()
    # What the constructor that the dataclass made takes where nothing is given.
    defaults = tuple((before | values)[name] for name in KNOBS)
    monkeypatch.setattr(Settings.__init__, "__defaults__", defaults)
    entries = {versions.newest_version() + 1: {name: before[name] for name in values}}
    monkeypatch.setattr(versions, "DEFAULTS_BEFORE", {**versions.DEFAULTS_BEFORE, **entries})
