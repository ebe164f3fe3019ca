import random
from urllib.parse import parse_qsl

import pytest

from style_transfer.engine import Stroke
from style_transfer.links import (
    changes,
    from_query,
    strokes_from_query,
    strokes_to_query,
    to_query,
)
from style_transfer.settings import Settings
from style_transfer.versions import newest_version
from tests.random_settings import STROKES, random_settings
from tests.sentences import assert_one_sentence


def test_settings_come_back_from_a_link_as_they_were():
    for seed in range(100):
        settings = random_settings(random.Random(seed))
        query = dict(parse_qsl(to_query(settings), strict_parsing=True))
        assert from_query(query) == settings


def test_a_link_leaves_defaults_out_and_says_their_version():
    assert to_query(Settings()) == f"v={newest_version()}"
    assert from_query({}) == Settings()
    for values, query in (
        ({"beta": 8}, "beta=8"),
        ({"content_layer": "relu3_1", "steps": 50}, "content-layer=relu3_1&steps=50"),
        ({"style_weights": [1, 0.5]}, "style-weights=1,0.5,1,1"),
        ({"match_colors": True}, "match-colors=true"),
    ):
        assert to_query(Settings(**values)) == f"{query}&v={newest_version()}"


def test_strokes_come_back_from_a_link_where_they_fit():
    query = dict(parse_qsl(strokes_to_query(STROKES), strict_parsing=True))
    assert strokes_from_query(query) == STROKES
    assert strokes_to_query(()) == ""
    assert strokes_from_query({"beta": "8"}) == ()
    chance = random.Random(0)
    wipes = [
        Stroke("wipe", [(chance.random() / 99, chance.random() / 99, 1.0) for _ in range(400)])
        for _ in range(9)
    ]
    assert strokes_to_query(wipes[:1]).startswith("strokes=")
    assert strokes_to_query(wipes[:3]) == strokes_to_query(wipes) == ""
    for text in ("no strokes", "a" * 9999):
        with pytest.raises(ValueError, match=r"^The link cannot be used: .*\.$"):
            strokes_from_query({"strokes": text})


def test_changes_are_texts_as_options_have_them():
    assert changes(Settings()) == {}
    layers = {"style_layers": {"relu1_1": 1, "relu2_1": 0.5}}
    assert changes(Settings(**layers)) == {"style-layers": "relu1_1,relu2_1:0.5"}


def test_a_link_ignores_names_that_it_does_not_know():
    query = {"beta": "8", "utm_source": "x", "__theme": "dark", "v": str(newest_version())}
    assert from_query(query) == Settings(beta=8)


@pytest.mark.parametrize(
    "query",
    [
        {"beta": ""},
        {"beta": "much"},
        {"beta": "nan"},
        {"beta": "inf"},
        {"beta": "-1"},
        {"beta": "9" * 10_000},
        {"alpha": "1;2"},
        {"steps": "0"},
        {"steps": "1.5"},
        {"steps": "1e99"},
        {"statistic": "x" * 10_000},
        {"style-weights": "1,much"},
        {"style-weights": "0,0,0,0"},
        {"style-weights": "1,1,1,1,1"},
        {"style-scale": "5"},
        {"match-colors": "perhaps"},
        {"keep-colors": "-1"},
        {"content-layer": "pool5"},
        {"style-layers": ""},
        {"style-layers": "relu1_1:0"},
        {"style-layers": "relu1_1,,"},
        {"style-layers": "relu1_1:a:b"},
        {"style-layers": "relu9_9:\n<script>"},
    ],
)
def test_a_link_with_a_bad_value_is_refused_in_one_sentence(query):
    with pytest.raises(ValueError, match=r"^The link cannot be used: ") as caught:
        from_query(query)
    assert_one_sentence(caught.value)
    assert not str(caught.value).removeprefix("The link cannot be used: ")[0].isupper()


def test_a_whole_number_of_a_link_is_quoted_as_it_stands_there():
    with pytest.raises(ValueError, match=r"from 1 to 100,000, not 400000\.$"):
        from_query({"steps": "400000"})
