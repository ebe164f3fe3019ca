"""What a request takes, and how it refuses the rest."""

from pathlib import Path

import pytest

from style_transfer import Request
from tests.sentences import assert_one_sentence


def test_files_may_be_given_as_texts(tmp_path):
    (tmp_path / "start.png").write_bytes(b"")
    request = Request(mask="mask.png", init=str(tmp_path / "start.png"))
    assert (request.mask, request.init) == (Path("mask.png"), tmp_path / "start.png")
    assert Request(init="noise").init == "noise"


@pytest.mark.parametrize(
    "values",
    [
        {"settings": None},
        {"size": "64"},
        {"mask": ""},
        {"mask": 3},
        {"init": "nowhere.png"},
        {"init": Path("nowhere.png")},
        {"init": ""},
        {"init": ["noise"]},
        {"device": 0},
        {"device": ""},
        {"depth": "8"},
        {"depth": True},
        {"background": 5},
        {"dpi": "300"},
        {"dpi": float("nan")},
        {"keep_exif": "no"},
        {"strokes": ["smear"]},
    ],
)
def test_any_other_value_is_refused_in_one_sentence_with_its_name(values):
    (name,) = values
    with pytest.raises(ValueError, match=name) as refused:
        Request(**values)
    assert_one_sentence(refused.value)
