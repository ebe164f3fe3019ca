"""Versions of the default settings, so that what left a default out keeps its picture.

Links and recipes carry the newest version. Whoever changes the default of a knob enters its value
of before here, in a new version unless the newest is not released yet.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from style_transfer.settings import KNOBS, Settings

DEFAULTS_BEFORE: Mapping[int, Mapping[str, Any]] = MappingProxyType(
    {  # version that changed defaults: what these were before it
        2: {
            "style_layers": {f"relu{block}_1": 1.0 for block in range(1, 6)},
            "statistic": "gram",
            "pooling": "average",
            "motifs": 0.0,
        },
        3: {"motifs": 0.1, "large_forms": 0.0},
        4: {"even_mixture": False},
    }
)


def newest_version() -> int:
    """Return the version of the defaults that `Settings` has."""
    return max(DEFAULTS_BEFORE, default=1)


def settings_of(version: int, values: Mapping[str, Any]) -> Settings:
    """Return the settings that have `values`, and the defaults of `version` for all others.

    Names that are no knobs are ignored. Raises ValueError as `Settings` does.
    """
    defaults: dict[str, Any] = {}
    for later in sorted(DEFAULTS_BEFORE, reverse=True):
        if later > version:  # the oldest of several values is that of `version`
            defaults |= DEFAULTS_BEFORE[later]
    return Settings(**{n: v for n, v in {**defaults, **values}.items() if n in KNOBS})
