"""What the program wrote before it was divided into packages opens and means the same.

The files in `before_packages` are of one run of 32 x 32 pixels with two styles and a strength mask,
cut off after step 3 of 6. Its pictures are `blobs(1)` as photo, `blobs(2)` and `blobs(3)` as
styles.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import torch

from style_transfer.cli import run_command
from style_transfer.cli.parser import parse
from style_transfer.cli.request import settings_in
from style_transfer.engine import State, Styles, stylize
from style_transfer.images import open_image, resize, save
from style_transfer.links import from_query
from style_transfer.recipe import Recipe, read_recipe
from style_transfer.runs import Limits, RunService
from style_transfer.settings import Settings
from style_transfer.versions import settings_of
from tests.changed_defaults import change_defaults

FILES = Path(__file__).parent / "before_packages"
TOKEN = "a" * 64  # of the visitor whose run it was
VALUES = {
    "alpha": 2,
    "beta": 8,
    "tv": 0.5,
    "steps": 6,
    "style_layers": {"relu1_1": 1, "relu2_1": 0.5},
    "content_layer": "relu2_1",
    "statistic": "covariance",
    "style_weights": (1, 0.25),
    "style_scale": 1,
    "match_colors": False,
    "keep_colors": 0.25,
}
SETTINGS = settings_of(1, VALUES)  # knobs that came later do what was done before them
TOTALS = [0.41404, 0.36717, 0.33255]  # total loss of steps 4, 5 and 6 by the program that wrote it


def blobs(seed):
    picture = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))
    return (resize(picture, (32, 32)).clamp(0, 1) * 255).round() / 255


PHOTO, ONE, TWO = blobs(1), blobs(2), blobs(3)
MASK = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)


def check_recipe(recipe):
    assert (recipe.photo, recipe.style, recipe.more_styles) == (
        "photo.jpg",
        "one.png",
        ("two.png",),
    )
    assert (recipe.mask, recipe.size, recipe.seed) == ("mask.png", 32, 3)
    assert (recipe.init, recipe.optimizer) == ("content", "lbfgs")
    assert (recipe.network, recipe.preview_every, recipe.step) == ("oxford-vgg19", 2, 3)
    assert recipe.version == "0.1.0"
    assert recipe.settings == SETTINGS


def check_continuation(photo, styles, state):
    """The run makes its last three steps as it would have by the program that wrote it."""
    assert (state.step, state.stage, len(state.memory)) == (3, 0, 7)
    frames = list(stylize(photo, styles, lambda: SETTINGS, state=state))
    assert [frame.step for frame in frames[-3:]] == [4, 5, 6]
    assert frames[-1].picture.shape == photo.shape
    # Rounding differs with the backends of the machine, the path of the optimiser hardly does;
    # without the optimiser's memory it would be 0.414, 0.384, 0.337.
    assert [frame.losses["total"] for frame in frames[-3:]] == pytest.approx(TOTALS, rel=0.01)


@pytest.mark.parametrize("name", ["picture.png", "picture.jpg", "picture.webp"])
def test_a_picture_carries_its_recipe(name):
    assert open_image(FILES / name).size == (32, 32)
    check_recipe(read_recipe(FILES / name))


def test_a_settings_file_is_a_recipe():
    check_recipe(Recipe.from_json((FILES / "settings.json").read_text()))
    check_recipe(read_recipe(FILES / "settings.json"))


def test_a_link_gives_the_settings():
    link = (FILES / "link.txt").read_text().strip()
    assert from_query(dict(parse_qsl(link, strict_parsing=True))) == SETTINGS


def test_all_of_it_keeps_its_settings_when_every_default_changes(monkeypatch):
    change_defaults(
        monkeypatch,
        alpha=3,
        beta=9,
        tv=2,
        content_layer="relu5_4",
        style_layers={"relu3_4": 1},
        statistic="correlation",
        steps=7,
        style_weights=(0.5, 0.5, 0.5, 0.5),
        style_scale=2,
        match_colors=True,
        crop_frame=True,
        keep_colors=1,
    )
    for name in ("picture.png", "picture.jpg", "picture.webp", "settings.json"):
        check_recipe(read_recipe(FILES / name))
    (run,) = FILES.glob("kept/*/*/run.json")
    check_recipe(Recipe.from_json(json.loads(run.read_text())["recipe"]))
    test_a_link_gives_the_settings()
    objective = State.load(FILES / "state.safetensors").objective
    assert objective.items() >= SETTINGS.objective.items()


def test_a_state_continues_its_run():
    styles = Styles((ONE, TWO), strength=MASK)
    check_continuation(PHOTO, styles, State.load(FILES / "state.safetensors"))


def test_a_saved_run_is_found_by_its_token_and_continues(tmp_path):
    service = RunService.from_environment({"STYLE_TRANSFER_KEPT_FOLDER": str(tmp_path / "kept")})
    # Copied without times: a run is found for a day after it was written.
    shutil.copytree(FILES / "kept", tmp_path / "kept", copy_function=shutil.copyfile)
    saved = service.checkpoints.claim(TOKEN).load()
    check_recipe(saved.recipe)
    assert saved.losses == [(n, {"total": 1.0, "content": 0.5, "style": 0.1}) for n in (1, 2, 3)]
    pictures = {"content": PHOTO, "style 1": ONE, "style 2": TWO, "strength": MASK}
    assert saved.pictures.keys() == pictures.keys()
    assert all(saved.pictures[name].equal(picture) for name, picture in pictures.items())
    check_continuation(saved.content, saved.styles, saved.state)


OPTIONS = [
    *("--alpha", "2", "--beta", "8", "--tv", "0.5", "--steps", "6", "--size", "32"),
    *("--content-layer", "relu2_1", "--style-layers", "relu1_1", "relu2_1=0.5"),
    *("--style-weights", "1", "0.25", "--style-scale", "1", "--keep-colors", "0.25"),
    *("--statistic", "covariance", "--seed", "3"),
]
CHOICES = [
    ("--statistic", ["gram", "covariance", "correlation"]),
    ("--optimizer", ["lbfgs", "adam"]),
    ("--init", ["content", "noise", "style"]),
    ("--network", ["oxford-vgg19", "torchvision-vgg19", "torchvision-vgg16"]),
    ("--pooling", ["average", "max"]),
]


def test_the_options_of_the_command_line_give_the_settings():
    options = parse(["photo.jpg", "one.png", "two.png", "-o", "out.png", *OPTIONS])
    assert settings_in(options) == Settings(**VALUES)  # and the newest defaults
    assert (options.output, options.size, options.seed) == (Path("out.png"), 32, 3)
    assert settings_in(parse(["a", "b", "--output", "c", "--match-colors"])).match_colors


@pytest.mark.parametrize("pooling", ["average", "max"])
def test_the_pooling_of_a_recipe_is_read_into_its_settings(pooling):
    former = json.loads((FILES / "settings.json").read_text()) | {"pooling": pooling}
    assert Recipe.from_json(json.dumps(former)).settings == replace(SETTINGS, pooling=pooling)


@pytest.mark.parametrize(("option", "choices"), CHOICES)
def test_each_choice_of_the_command_line_is_taken(option, choices):
    for choice in choices:
        options = parse(["photo.jpg", "one.png", "-o", "out.png", option, choice])
        assert getattr(options, option.strip("-")) == choice


@pytest.mark.integration
def test_the_command_line_paints_with_all_of_its_options(tmp_path):
    for name, picture in (("photo", PHOTO), ("one", ONE), ("two", TWO)):
        save(picture, tmp_path / f"{name}.png")
    save(MASK.expand(1, 3, 32, 32), tmp_path / "mask.png")
    pictures = [str(tmp_path / f"{name}.png") for name in ("photo", "one", "two")]
    files = ["--mask", str(tmp_path / "mask.png"), "--log", str(tmp_path / "run.jsonl")]
    others = ["--match-colors", "--optimizer", "adam", "--init", "noise", "--pooling", "max"]
    output = tmp_path / "picture.webp"
    assert run_command([*pictures, "--output", str(output), *OPTIONS, *files, *others]) == 0
    assert open_image(output).size == (32, 32)
    log = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    assert [set(line) for line in log] == 6 * [
        {"step", "seconds", "height", "width", "content_loss", "style_loss", "total_loss"}
    ]


PARAMETERS = [
    *("photo", "style", "alpha", "beta", "tv", "steps", "size", "style_layers", "content_layer"),
    *("statistic", "seed", "style_scale", "match_colors", "keep_colors", "other_style"),
    *("other_weight", "mask"),
]


def test_programs_call_the_endpoint_by_the_same_names_in_the_same_order(tmp_path):
    """New parameters come after these, and all but the two pictures may be left out."""
    gradio = pytest.importorskip("gradio", reason="the page needs gradio")
    from style_transfer.ui.handlers import endpoint
    from style_transfer.ui.session.sessions import PageContext

    with gradio.Blocks() as page:
        endpoint.build(PageContext.of(RunService(Limits(), tmp_path)))
    (name,), (told,) = zip(*page.get_api_info()["named_endpoints"].items(), strict=True)
    assert name == "/stylize"
    parameters = told["parameters"]
    assert [each["parameter_name"] for each in parameters][: len(PARAMETERS)] == PARAMETERS
    assert [each["parameter_has_default"] for each in parameters] == [False] * 2 + [True] * (
        len(parameters) - 2
    )
