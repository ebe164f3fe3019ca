from style_transfer.presets import PRESETS, preset_values
from style_transfer.settings import Settings
from style_transfer.versions import settings_of
from tests.changed_defaults import change_defaults


def test_every_preset_is_a_valid_setting_and_leaves_the_steps_alone():
    for name, changes in PRESETS.items():
        assert "steps" not in changes, name
        Settings(**changes)


def test_a_preset_sets_all_that_says_how_the_picture_looks():
    left_alone = {"steps", "style_weights", "even_mixture"}
    left_alone |= {"match_colors", "crop_frame", "keep_colors"}
    for name in PRESETS:
        assert preset_values(name).keys() == Settings().as_dict().keys() - left_alone
    assert preset_values("Bold")["beta"] == 20
    assert preset_values("Bold")["alpha"] == 1


def test_the_lecture_has_the_objective_of_the_first_defaults():
    first = settings_of(1, {"even_mixture": True})  # nothing to the one painting of the lecture
    assert Settings(**preset_values("Lecture")).objective == first.objective


def test_the_lecture_stays_when_the_defaults_change(monkeypatch):
    before = preset_values("Lecture")
    values = {"alpha": 2, "beta": 9, "tv": 1, "content_layer": "relu3_1", "style_scale": 2}
    compared = {"statistic": "correlation", "style_layers": {"relu3_1": 1}, "pooling": "max"}
    change_defaults(monkeypatch, **values, **compared)
    assert preset_values("Lecture") == before
    assert preset_values("Balanced") != before


def test_presets_for_kinds_of_styles_say_their_layers():
    for name in ("Palette", "Thick paint", "Line drawing", "Flat colour", "Fine texture"):
        assert "style_layers" in PRESETS[name], name
