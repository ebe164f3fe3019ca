from style_transfer.presets import PRESETS, preset_values
from style_transfer.settings import Settings


def test_every_preset_is_a_valid_setting_and_leaves_the_steps_alone():
    for name, changes in PRESETS.items():
        assert "steps" not in changes, name
        Settings(**changes)


def test_a_preset_sets_all_that_says_how_the_picture_looks():
    left_alone = {"steps", "style_weights", "match_colors", "keep_colors"}
    for name in PRESETS:
        assert preset_values(name).keys() == Settings().as_dict().keys() - left_alone
    assert preset_values("Bold")["beta"] == 20
    assert preset_values("Bold")["alpha"] == 1
