"""Presets: values of several knobs, by a name that says how the picture looks.

"Lecture" is the objective of Gatys et al. 2015 as lectures teach it, whatever the defaults are;
from 512 px on pictures have it at 256 px as well. The last four suit kinds of styles;
docs/quality.md shows them beside the default.
"""

from typing import Any

from style_transfer.settings import KNOBS, Settings

PRESETS: dict[str, dict[str, Any]] = {  # name: what differs from the default Settings
    "Balanced": {},
    "Lecture": {
        "alpha": 1.0,
        "beta": 5.0,
        "tv": 0.0,
        "content_layer": "relu4_2",
        "style_layers": {f"relu{block}_1": 1.0 for block in range(1, 6)},
        "statistic": "gram",
        "pooling": "average",
        "motifs": 0.0,
        "large_forms": 0.0,
        "style_scale": 1.0,
    },
    "Gentle": {"beta": 1.0},
    "Bold": {"beta": 20.0},
    "Texture only": {"alpha": 0.0, "beta": 10.0},
    "Palette": {"beta": 20.0, "style_layers": {"pixels": 0.03, "relu1_1": 1.0, "relu2_1": 0.5}},
    "Thick paint": {
        "alpha": 0.6,
        "beta": 12.0,
        "tv": 0.5,
        "style_layers": {
            "pixels": 0.1,
            "relu1_1": 1.0,
            "relu2_1": 1.0,
            "relu3_1": 2.0,
            "relu4_1": 2.0,
        },
        "style_scale": 2.0,
    },
    "Line drawing": {
        "alpha": 1.5,
        "beta": 12.0,
        "content_layer": "relu3_2",
        "style_layers": {
            "pixels": 0.1,
            "relu1_1": 2.0,
            "relu2_1": 2.0,
            "relu3_1": 1.0,
            "relu4_1": 0.5,
        },
    },
    "Flat colour": {
        "beta": 15.0,
        "tv": 3.0,
        "style_layers": {
            "pixels": 0.1,
            "relu1_1": 2.0,
            "relu2_1": 1.0,
            "relu3_1": 1.0,
            "relu4_1": 1.0,
        },
        "style_scale": 1.3,
    },
    "Fine texture": {
        "beta": 12.0,
        "style_layers": {"pixels": 0.05, "relu1_1": 1.0, "relu2_1": 1.0, "relu3_1": 1.0},
        "style_scale": 0.7,
    },
}


def preset_values(name: str) -> dict[str, Any]:
    """Return all that a preset sets, as plain data: also the defaults that it goes back to.

    Knobs that say how long a run takes, in which of the styles and in whose colours are left alone.
    """
    values = Settings(**PRESETS[name]).as_dict()
    return {knob: value for knob, value in values.items() if KNOBS[knob].in_presets}
