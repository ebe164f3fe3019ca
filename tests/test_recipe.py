import json
import random
from dataclasses import fields, replace

import pytest

from style_transfer.engine import INITS, MAX_SEED, OPTIMIZERS, Stroke
from style_transfer.network import NETWORKS
from style_transfer.recipe import (
    MAX_NAME,
    MAX_SIZE,
    MAX_TEXT,
    PREVIEWS,
    Recipe,
)
from style_transfer.settings import MAX_STEPS, Settings
from style_transfer.versions import newest_version
from tests.random_settings import STROKES, random_settings
from tests.sentences import assert_one_sentence


def random_recipe(chance: random.Random) -> Recipe:
    return Recipe(
        photo=chance.choice(("cat.jpg", "Mädchen mit Perle.png", "星月夜 🌌.webp", "")),
        style=chance.choice(("a b.jpg", 'quo"te.png', "{brace}.jpg", "née.webp")),
        more_styles=("b.jpg", "née.webp", "c")[: chance.randint(0, 3)],
        mask=chance.choice(("", "face.png")),
        size=chance.randint(32, MAX_SIZE),
        enlarge=chance.random() < 0.5,
        seed=chance.randint(0, MAX_SEED),
        init=chance.choice(INITS),
        optimizer=chance.choice(list(OPTIMIZERS)),
        network=chance.choice(NETWORKS),
        preview_every=chance.randint(*PREVIEWS),
        step=chance.randint(0, MAX_STEPS),
        version=f"{chance.randint(0, 9)}.{chance.randint(0, 99)}.0",
        settings=random_settings(chance),
        strokes=STROKES[: chance.randint(0, 2)],
    )


RECIPES = [random_recipe(random.Random(seed)) for seed in range(100)]
VALID = json.loads(Recipe().to_json())


def altered(**values) -> str:
    return json.dumps(VALID | values)


def with_settings(**values) -> str:
    return altered(settings=VALID["settings"] | values)


def test_every_field_differs_from_its_default_in_some_recipe():
    plain = Recipe()
    for name in {f.name for f in fields(Recipe)} - {"left_out"}:  # of texts alone
        assert any(getattr(recipe, name) != getattr(plain, name) for recipe in RECIPES)


def test_a_recipe_comes_back_from_json_as_it_was():
    for recipe in RECIPES:
        assert Recipe.from_json(recipe.to_json()) == recipe
        assert Recipe.from_json(recipe.to_json(indent=2).encode()) == recipe


def test_the_json_of_a_recipe_is_ascii():
    assert all(recipe.to_json().isascii() for recipe in RECIPES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "NaN",
        "[]",
        "{}",
        '"text"',
        "{",
        "[" * 20_000,
        '{"a":' * 5_000,
        "9" * 10_000,
        altered() + " " * 1_000_000,
        b"\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n",
        altered(format="style-transfer-recipe-99"),
        altered(format="style-transfer-recipe-"),
        altered(format="style-transfer-recipe-0"),
        altered(format="style-transfer-recipe-" + "9" * 10_000),
        altered(format=["style-transfer-recipe-1"]),
        altered(settings=None),
        altered(settings=[1, 2]),
        altered(seed=-1),
        altered(seed=True),
        altered(seed="1"),
        altered(seed=2**53),
        altered(seed=10**300),
        altered(seed=10**4000),
        altered(enlarge=1),
        altered(size=float("nan")),
        altered(size=float("inf")),
        altered(size=31),
        altered(size=10**9),
        altered(step=1.5),
        altered(step={}),
        altered(init="Noise"),
        altered(init=["noise"]),
        altered(optimizer={"lbfgs": 1}),
        altered(optimizer=[]),
        altered(network="x" * 40_000),
        altered(photo=3),
        altered(style=["a.jpg"]),
        altered(more_styles="a.jpg"),
        altered(more_styles=["a.jpg"] * 4),
        altered(more_styles=[3]),
        altered(version=None),
        with_settings(alpha="1"),
        with_settings(beta=float("nan")),
        with_settings(beta=-0.1),
        with_settings(tv=[]),
        with_settings(steps=10**9),
        with_settings(pooling=None),
        with_settings(statistic=[]),
        with_settings(statistic={}),
        with_settings(content_layer=None),
        with_settings(style_layers=5),
        with_settings(style_layers=None),
        with_settings(style_layers=[["relu1_1"]]),
        with_settings(style_layers={}),
        with_settings(style_layers={"relu1_1": 0}),
        with_settings(style_layers={"relu1_1": {}}),
        with_settings(style_layers={"\n\ud800": 1}),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_a_text_that_is_no_recipe_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^a\.json") as caught:
        Recipe.from_json(text, "a.json")
    assert_one_sentence(caught.value)


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig"])
def test_a_text_that_was_broken_by_hand_is_refused_with_the_place(code):
    text = Recipe().to_json(indent=2).replace('"seed": 0,', '"seed": 0,,')
    line = text[: text.index(",,")].count("\n") + 1
    with pytest.raises(ValueError, match=rf"^a\.json: this is no JSON any more .*line {line} col"):
        Recipe.from_json(text.encode(code), "a.json")


def test_broken_texts_are_refused_or_read_but_nothing_else():
    chance = random.Random(1)
    for recipe in RECIPES:
        text = list(recipe.to_json())
        for _ in range(chance.randint(1, 4)):
            text[chance.randrange(len(text))] = chance.choice('{}[]",:0-9e.ax\x00\ud800')
        try:
            read = Recipe.from_json("".join(text))
        except ValueError as error:
            assert_one_sentence(error)
        else:
            assert Recipe.from_json(read.to_json()) == read


def test_unknown_fields_are_ignored_and_missing_ones_take_their_defaults():
    form = f'"format": "style-transfer-recipe-{newest_version()}"'
    text = f'{{{form}, "x": NaN, "settings": {{"beta": 8, "glow": []}}}}'
    assert Recipe.from_json(text) == Recipe(settings=Settings(beta=8))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"settings": {"btea": 8}', "'btea'; 'beta' is"),
        ('"settings": {"style_layer": {}}', "'style_layer'; 'style_layers' is"),
        ('"sede": 3', "'sede'; 'seed' is"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_one_that_is_meant(text, words):
    with pytest.raises(ValueError, match=f"there is no {words}") as error:
        Recipe.from_json(
            f'{{"format": "style-transfer-recipe-{newest_version()}", {text}}}', "mine.json"
        )
    assert_one_sentence(error.value)


def test_a_name_keeps_nothing_of_a_path_and_stays_on_one_line():
    assert Recipe(photo="/home/ann/cat.jpg").photo == "cat.jpg"
    assert Recipe(photo=r"C:\Users\Ann\cat.jpg").photo == "cat.jpg"
    assert Recipe.from_json(altered(style="../../x/../y.png")).style == "y.png"
    assert Recipe(style="a\nb\u202ec\ud800.jpg").style == "a b c .jpg"
    assert Recipe(version="/x/1.0").version == "1.0"
    assert len(Recipe(style="x" * 10_000).style) == MAX_NAME


def test_a_recipe_is_checked_where_it_is_made():
    with pytest.raises(ValueError, match=r"seed must be a whole number from 0 to"):
        Recipe(seed=-1)
    with pytest.raises(ValueError, match=r"init 'photo' is not one of content, noise, style"):
        replace(Recipe(), init="photo")


def test_strokes_are_part_of_a_recipe():
    recipe = Recipe(strokes=STROKES)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert "strokes" not in Recipe().to_json()


def test_strokes_for_which_a_recipe_has_no_room_are_left_out():
    draw = random.Random(3).random
    many = tuple(
        Stroke("smear", tuple((draw(), draw(), 1.0) for _ in range(15)), number=number)
        for number in range(1, 700)
    )
    assert 20_000 < len(Recipe(strokes=many[:300]).to_json()) <= MAX_TEXT
    text = Recipe(strokes=many).to_json()
    read = Recipe.from_json(text)
    assert read.strokes == ()
    assert read.left_out == "699 strokes, for which there is no room"
    assert "left_out" not in read.to_json()  # of another picture


def test_strokes_that_cannot_be_read_are_refused_in_one_sentence():
    with pytest.raises(ValueError, match="cannot be used: its strokes cannot be read"):
        Recipe.from_json(Recipe(strokes=STROKES).to_json().replace('"strokes": "', '"strokes": "!'))
