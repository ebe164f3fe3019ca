import base64
import json
import zlib
from dataclasses import replace

import pytest

from style_transfer.engine.stroke_text import strokes_from_text, strokes_to_text
from style_transfer.engine.strokes import MAX_POINTS, Stroke

LINE = tuple((0.1234 + 0.006 * n, 0.8765 - 0.001 * n, 1.0) for n in range(60))
STROKES = (
    Stroke("smear", LINE, 0.08, hold=0.5, number=3, step=12),
    Stroke("color", LINE[:2], color=(0.7608, 0.2549, 0.0471), strength=0.4, number=9, step=14),
    Stroke("undo", number=11, step=14),
)


def test_strokes_come_back_from_a_text_numbered_anew():
    back = strokes_from_text(strokes_to_text(STROKES))
    assert back == tuple(replace(each, number=n) for n, each in enumerate(STROKES, 1))


def test_a_text_of_strokes_is_short_and_fits_a_link():
    text = strokes_to_text(STROKES[:1])
    assert len(text) < 250
    assert text.replace("-", "").replace("_", "").isalnum()
    assert strokes_to_text(()) == ""
    assert strokes_from_text("") == ()


def packed(data):
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(data).encode())).decode()


@pytest.mark.parametrize(
    "text",
    [
        "no strokes",
        "abcd",
        "ä",
        packed({"kind": "undo"}),
        packed([3]),
        packed([{"kind": "undo"}]),
        packed([{"kind": "smear", "points": ["a", "b", "c"]}]),
        packed([{"kind": "smear", "points": [10**400, 0, 0]}]),
        packed([{"kind": "smear", "points": [0, 0, 1] * (MAX_POINTS + 1)}]),
        packed(["x" * 2**22]),
    ],
)
def test_what_is_no_text_of_strokes_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"\.$"):
        strokes_from_text(text)
