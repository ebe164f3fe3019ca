"""What left a default out keeps its meaning when the default changes."""

import json
from urllib.parse import parse_qsl

import pytest
import torch

from style_transfer import versions
from style_transfer.engine import State
from style_transfer.links import from_query, to_query
from style_transfer.recipe import Recipe
from style_transfer.settings import Settings
from style_transfer.versions import newest_version, settings_of
from tests.changed_defaults import change_defaults

# The defaults of each version. Those of a version that was released stay as they are here, but for
# knobs that came later. A change of a default needs what it was in `DEFAULTS_BEFORE`, under the
# newest version, or under the next one where the newest has been released.
FIRST = {
    "alpha": 1,
    "beta": 5,
    "tv": 0,
    "content_layer": "relu4_2",
    "style_layers": dict.fromkeys(("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"), 1),
    "statistic": "gram",
    "steps": 100,
    "style_weights": [1, 1, 1, 1],
    "style_scale": 1,
    "match_colors": False,
    "keep_colors": 0,
    "pooling": "average",  # that of the network then
    "motifs": 0,
    "crop_frame": False,
    "large_forms": 0,
    "even_mixture": False,
}
NINE = (
    *("relu1_1", "relu1_2", "relu2_1", "relu2_2"),
    *("relu3_1", "relu3_3", "relu4_1", "relu4_3", "relu5_1"),
)
SECOND = FIRST | {
    "style_layers": {"pixels": 0.14} | dict.fromkeys(NINE, 1),
    "statistic": "wasserstein",
    "pooling": "max",
    "motifs": 0.1,
}
THIRD = SECOND | {"motifs": 0.15, "large_forms": 0.2}
FOURTH = THIRD | {"even_mixture": True}
DEFAULTS = {1: FIRST, 2: SECOND, 3: THIRD, 4: FOURTH}


def link(settings):
    return dict(parse_qsl(to_query(settings), strict_parsing=True))


def recipe_text(version, **settings):
    return json.dumps({"format": f"style-transfer-recipe-{version}", "settings": settings})


@pytest.fixture
def third_version(monkeypatch):
    """Defaults that changed with versions 2 and 3; statistic and beta of each version."""
    monkeypatch.setattr(versions, "DEFAULTS_BEFORE", {})
    first = Settings()
    change_defaults(monkeypatch, beta=7)
    change_defaults(monkeypatch, statistic="correlation", beta=9)
    return {1: (first.statistic, first.beta), 2: (first.statistic, 7), 3: ("correlation", 9)}


def test_no_default_changes_without_a_version():
    assert newest_version() == max(DEFAULTS)
    assert Settings().as_dict() == DEFAULTS[newest_version()]
    for version, defaults in DEFAULTS.items():
        assert settings_of(version, {}).as_dict() == defaults


def test_a_value_that_is_given_wins_over_the_defaults_of_any_version():
    for version in DEFAULTS:
        assert settings_of(version, {"statistic": "covariance"}).statistic == "covariance"


def test_each_version_has_its_defaults(third_version):
    for version, (statistic, beta) in third_version.items():
        expected = Settings(statistic=statistic, beta=beta, tv=1)
        assert settings_of(version, {"tv": 1, "no knob": 1}) == expected


def test_a_link_with_settings_is_read_by_the_defaults_of_its_version(third_version):
    assert from_query({"tv": "1"}) == settings_of(1, {"tv": 1})
    for version in third_version:
        assert from_query({"tv": "1", "v": str(version)}) == settings_of(version, {"tv": 1})


def test_a_link_carries_the_newest_version_and_comes_back(third_version):
    assert link(Settings(tv=1)) == {"tv": "1", "v": "3"}
    for version in third_version:
        settings = settings_of(version, {"tv": 1})
        assert from_query(link(settings)) == settings


def test_a_link_that_was_made_before_a_default_changed_keeps_its_settings(monkeypatch):
    both = Settings(tv=1), Settings()
    queries = [link(settings) for settings in both]
    change_defaults(monkeypatch, statistic="correlation", beta=9)
    assert Settings(tv=1) not in both
    assert [from_query(query) for query in queries] == [*both]


def test_a_link_without_settings_and_version_is_the_plain_page(third_version):
    for query in ({}, {"utm_source": "x"}, {"strokes": ""}):
        assert from_query(query) == Settings()


@pytest.mark.parametrize("settings", [{"tv": "1"}, {}], ids=["settings", "defaults"])
@pytest.mark.parametrize("version", ["4", "0", "-1", "02", "2.0", "", "x", "9" * 10_000])
def test_a_link_of_an_unknown_version_is_refused(third_version, version, settings):
    with pytest.raises(ValueError, match=r"^The link cannot be used: its version") as caught:
        from_query(settings | {"v": version})
    assert len(str(caught.value)) < 500


def test_a_recipe_is_read_by_the_defaults_of_its_version(third_version):
    for version in third_version:
        recipe = Recipe.from_json(recipe_text(version, tv=1))
        assert recipe.settings == settings_of(version, {"tv": 1})
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_a_new_recipe_says_the_newest_version(third_version):
    assert json.loads(Recipe().to_json())["format"] == "style-transfer-recipe-3"


def test_a_recipe_of_a_newer_version_is_refused_as_such(third_version):
    with pytest.raises(ValueError, match=r"^a\.json: .* newer version of this program\.$"):
        Recipe.from_json(recipe_text(4), "a.json")


def test_the_objective_of_a_saved_state_is_completed_by_the_first_defaults(tmp_path, third_version):
    image = torch.zeros(1, 3, 4, 4)
    objective = {name: each for name, each in Settings().objective.items() if name != "beta"}
    State(1, 0, image, objective={"styles": "x"} | objective).save(tmp_path / "state")
    expected = {"styles": "x", "beta": settings_of(1, {}).beta} | objective
    assert State.load(tmp_path / "state").objective == expected
