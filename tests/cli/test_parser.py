import pytest

from style_transfer.cli.parser import parse
from style_transfer.cli.request import settings_in
from style_transfer.film import TEMPORAL_WEIGHT
from style_transfer.presets import PRESETS
from style_transfer.settings import KNOBS, Settings

FILES = ["photo.jpg", "style.jpg", "-o", "out.png"]


def test_without_options_the_settings_are_the_defaults():
    assert settings_in(parse(FILES)) == Settings()


def test_every_knob_is_an_option_that_the_help_explains(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for name, knob in KNOBS.items():
        assert f"--{name.replace('_', '-')}" in told
        assert knob.help in told


def test_the_help_tells_how_much_a_frame_is_held_to_the_one_before(capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"held to the one before (default: {TEMPORAL_WEIGHT:g})" in told


def test_a_preset_sets_what_it_says_and_single_knobs_override_it():
    options = parse([*FILES, "--preset", "thick-paint", "--beta", "3", "--steps", "7"])
    expected = PRESETS["Thick paint"] | {"beta": 3, "steps": 7}
    assert settings_in(options) == Settings(**expected)


@pytest.mark.parametrize(
    "given",
    [
        ["pixels:0.1", "relu1_1:2", "relu2_1"],
        ["pixels=0.1", "relu1_1=2", "relu2_1"],
        ["pixels:0.1,relu1_1:2,relu2_1"],
        ["pixels:0.1,", "relu1_1=2,relu2_1"],
    ],
)
def test_style_layers_are_read_as_help_readme_and_links_write_them(given):
    expected = {"pixels": 0.1, "relu1_1": 2, "relu2_1": 1}
    assert settings_in(parse([*FILES, "--style-layers", *given])).style_layers == expected


@pytest.mark.parametrize(
    ("text", "inches"), [(".5in", 0.5), ("30CM", 11.811), ("297 mm", 11.693), ("12.5in", 12.5)]
)
def test_a_size_may_be_a_length(text, inches):
    assert parse([*FILES, "--size", text]).size.inches == pytest.approx(inches, abs=1e-3)


def test_options_of_each_kind_are_read():
    options = parse(
        [
            *FILES,
            *("--alpha", "2", "--steps", "7", "--content-layer", "relu3_1"),
            *("--style-layers", "relu1_1", "relu2_1=0.5", "--statistic", "covariance"),
            *("--style-weights", "2", "1", "--match-colors", "--keep-colors", "0.5"),
        ]
    )
    assert settings_in(options) == Settings(
        alpha=2,
        steps=7,
        content_layer="relu3_1",
        style_layers={"relu1_1": 1, "relu2_1": 0.5},
        statistic="covariance",
        style_weights=(2, 1),
        match_colors=True,
        keep_colors=0.5,
    )
