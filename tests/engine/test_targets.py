import pytest
import torch

from style_transfer.engine.targets import MAX_SIDE, Targets, style_image_size
from style_transfer.losses.statistics import STATISTICS
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

QUICK = Settings(style_layers=["relu1_1"])


@pytest.mark.parametrize(
    ("size", "scale", "expected"),
    [
        ((600, 800), 1, (288, 384)),  # as long as the photo
        ((600, 800), 0.5, (144, 192)),
        ((600, 800), 2, (576, 768)),
        ((100, 100), 1, (100, 100)),  # not enlarged
        ((100, 100), 2, (200, 200)),
        ((40, 800), 0.25, (32, 640)),  # as narrow as pictures may be
        ((1000, 1000), 4, (MAX_SIDE, MAX_SIDE)),
    ],
)
def test_a_painting_is_looked_at_beside_the_photo(size, scale, expected):
    assert style_image_size(size, 384, scale) == expected


def test_a_photo_larger_than_the_limit_is_painted_with_strokes_of_its_own_size():
    assert style_image_size((3000, 3000), 2000, 1) == (2000, 2000)
    assert style_image_size((3000, 3000), 2000, 4) == (2000, 2000)


def test_a_painting_in_the_photos_colours_asks_for_them(network, photo, painting):
    targets, matched = Targets(network, photo), Settings(match_colors=True)
    grams = [
        targets.style(painting, settings)["relu1_1"]["gram"]
        for settings in (QUICK, matched, Settings(style_layers=["relu1_1"]))
    ]
    assert not torch.allclose(grams[0], grams[1], rtol=0.1)
    assert grams[0] is grams[2]
    own = targets.style(photo, matched)["relu1_1"]["gram"]
    torch.testing.assert_close(
        own, targets.style(photo, QUICK)["relu1_1"]["gram"], rtol=1e-3, atol=1
    )


def test_rough_values_do_for_a_painting_that_is_looked_at_larger_than_the_photo(network, photo):
    painting, targets = smooth_picture(2, 96, 96), Targets(network, photo)
    for name, of in STATISTICS.items():
        settings = Settings(style_scale=2, statistic=name)
        asked = targets.style(painting, settings)
        for layer, exact in network(painting, settings.style_layers).items():
            wanted = of(exact.squeeze(0))
            error = (asked[layer][name] - wanted).square().mean() / wanted.square().mean()
            assert error < 1e-6, (layer, name)  # a run ends above 1e-2


def test_what_is_no_longer_asked_for_is_forgotten(network, photo, painting):
    targets = Targets(network, photo)
    first = targets.style(painting, QUICK)
    targets.keep([painting], QUICK)
    assert targets.style(painting, QUICK) is first
    targets.keep([photo], QUICK)
    assert targets.style(painting, QUICK) is not first
    content = targets.content("relu2_1")
    assert targets.content("relu2_1") is content
    targets.keep([photo], Settings(content_layer="relu1_1"))
    assert targets.content("relu2_1") is not content


def test_a_pass_longer_than_a_step_is_spread_over_several(network, photo, painting):
    targets = Targets(network, photo)
    small, large = Settings(), Settings(style_scale=3)
    targets.keep([painting], small)
    before = targets.style(painting, small)
    assert targets.stale_layers == 0  # there is nothing to go on with meanwhile
    whole = Targets(network, photo).style(painting, large)
    lacking = []
    while not lacking or lacking[-1]:
        targets.keep([painting], large)
        asked = targets.style(painting, large)
        new = {layer for layer in asked if torch.equal(asked[layer]["gram"], whole[layer]["gram"])}
        assert {layer for layer in asked if asked[layer] is before[layer]} == asked.keys() - new
        lacking.append(targets.stale_layers)
    assert len(lacking) > 2
    assert lacking == sorted(lacking, reverse=True)
    assert asked.keys() == new


def test_two_paintings_hold_a_step_up_no_longer_than_one(network, photo, painting):
    small, large = Settings(), Settings(style_scale=3)
    pair, targets = [painting, painting.flip(3)], Targets(network, photo)
    for settings in (small, large):
        targets.keep(pair, settings)
        asked = [targets.style(each, settings) for each in pair]
    assert targets.stale_layers > len(asked[0])  # of the second painting all are as before


def test_a_layer_that_was_never_asked_for_is_left_out_until_the_pass_comes_to_it(
    network, photo, painting
):
    targets, asked = Targets(network, photo), []
    for settings in (QUICK, *[Settings(style_scale=3)] * 9):
        targets.keep([painting], settings)
        asked.append(targets.style(painting, settings).keys())
    assert asked[0] <= asked[1] < Settings().style_layers.keys() == asked[-1]


def test_where_there_is_nothing_to_go_on_with_all_is_asked_for_at_once(network, photo, painting):
    targets = Targets(network, photo)
    for settings in (QUICK, Settings(style_layers=["relu2_1", "relu4_1"], style_scale=3)):
        targets.keep([painting], settings)
        assert targets.style(painting, settings).keys() == settings.style_layers.keys()
        assert targets.stale_layers == 0
