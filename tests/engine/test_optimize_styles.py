"""Runs with several styles and with colours kept."""

from dataclasses import replace

import pytest
import torch

from style_transfer.engine.objective import Objective
from style_transfer.engine.optimize import stylize
from style_transfer.engine.state import State
from style_transfer.engine.styles import Styles
from style_transfer.images import resize
from tests.comparison import same_frames
from tests.engine.runs import QUICK, begun_ahead, run

ONLY = {1: replace(QUICK, style_weights=[1, 0]), 2: replace(QUICK, style_weights=[0, 1])}


@pytest.fixture
def other(device):
    """Another painting, with finer structure."""
    return torch.rand((1, 3, 48, 40), generator=torch.Generator().manual_seed(5)).to(device)


def errors(network, frame, photo, styles):
    """The style error of a picture against each painting."""
    return [
        Objective(network, photo, style).evaluate(frame.picture, QUICK).losses["style"]
        for style in styles
    ]


def test_weights_1_and_0_are_the_run_with_one_style_bit_for_bit(tall_photo, painting, other):
    styles = (painting, other)
    for number, style in enumerate(styles, 1):
        assert same_frames(run(tall_photo, style), run(tall_photo, styles, ONLY[number]))


@pytest.mark.every_device
def test_four_styles_each_have_a_part_in_the_picture(network, photo, painting, other):
    styles = (painting, other, 1 - painting, other.flip(1))
    longer = replace(QUICK, steps=14)  # of fewer, single ones may lead far away
    last = run(photo, styles, longer)[-1]
    assert {f"style {number}" for number in range(1, 5)} <= last.losses.keys()
    untouched = errors(network, run(photo, styles, replace(QUICK, beta=0))[0], photo, styles)
    found = errors(network, last, photo, styles)
    assert sum(found) < sum(untouched)
    weighed = run(photo, styles, replace(longer, style_weights=[0, 0, 0, 1]))[-1]
    assert errors(network, weighed, photo, styles)[3] < found[3]


def test_half_of_each_lies_between_in_both_styles_errors(network, photo, painting, other):
    styles = (painting, other)
    steps = 14  # of fewer, single ones may lead far away
    ends = [run(photo, styles, replace(s, steps=steps))[-1] for s in (ONLY[1], QUICK, ONLY[2])]
    first, both, second = (errors(network, frame, photo, styles) for frame in ends)
    assert first[0] < both[0] < second[0]
    assert second[1] < both[1] < first[1]
    assert {"style 1", "style 2"} < ends[1].losses.keys()


@pytest.mark.integration
def test_a_move_to_the_other_style_ends_where_that_style_alone_would(
    network, photo, painting, other
):
    # So many steps that both have settled: how far they still are from it depends on roundings.
    styles, steps, moved_at = (painting, other), 100, 20
    settings = {number: replace(ONLY[number], steps=steps) for number in ONLY}
    frames = []
    for frame in stylize(photo, styles, lambda: settings[1 if len(frames) <= moved_at else 2]):
        frames.append(frame)
    alone = run(photo, other, replace(QUICK, steps=steps - moved_at))
    for name in ("total", "style"):
        assert frames[-1].losses[name] < 1.1 * alone[-1].losses[name]


@pytest.mark.every_device
def test_a_style_can_be_added_and_taken_away_during_a_run(network, photo, painting, other):
    alone, both = Styles((painting,)), Styles((painting, other))
    frames = []

    def read_styles():
        return both if 4 <= len(frames) <= 7 else alone

    for frame in stylize(photo, read_styles, lambda: replace(QUICK, steps=9)):
        frames.append(frame)
    ahead = begun_ahead(network.device)
    both_seen = ["style 2" in frame.losses for frame in frames[1:]]
    assert both_seen == [False] * (3 + ahead) + [True] * 4 + [False] * (2 - ahead)
    assert (
        len(frames[4 + ahead].state.memory) == 3
    )  # of another objective: begun afresh, without pairs


@pytest.mark.every_device
def test_a_saved_run_with_masks_and_styles_goes_on_bit_for_bit(
    tall_photo, painting, other, tmp_path
):
    mask = resize(torch.rand((1, 1, 12, 4), generator=torch.Generator().manual_seed(7)), (192, 64))
    mask = mask.clamp(0, 1)
    settings = replace(QUICK, style_weights=[1, 0.4], style_scale=0.7, match_colors=True)

    def styles():
        return Styles((painting, other), mask, (1 - mask, torch.ones_like(mask)))

    whole = run(tall_photo, styles(), settings)
    for at in (3, 6):
        whole[at].state.save(tmp_path / "run.state")
        state = State.load(tmp_path / "run.state")
        rest = run(tall_photo, styles(), settings, state=state)
        assert same_frames(rest, whole[at + 1 :])


@pytest.mark.every_device
def test_larger_strokes_are_those_of_a_larger_painting(network, photo):
    """Noise in blocks of 2 px, looked at twice as large, is noise in blocks of 4 px."""
    noise = torch.rand((1, 3, 24, 24), generator=torch.Generator().manual_seed(0)).to(photo.device)
    fine, coarse = (noise.repeat_interleave(n, 2).repeat_interleave(n, 3) for n in (2, 4))
    picture = resize(photo, (96, 96))
    losses = {}
    for scale in (1, 2):
        settings = replace(QUICK, style_scale=scale)
        objective = Objective(network, picture, fine)
        losses[scale] = objective.evaluate(coarse, settings).losses["style"]
    assert losses[2] < losses[1] / 2


@pytest.mark.every_device
@pytest.mark.parametrize(
    "settings", [{"match_colors": True}, {"keep_colors": 0.5}, {"keep_colors": 1.0}]
)
@pytest.mark.parametrize("kind", ["grey photo", "grey style", "constant", "equal"])
def test_every_way_to_keep_colours_paints_unusual_pictures(photo, painting, settings, kind):
    grey = {p: p.mean(1, keepdim=True).expand_as(p).contiguous() for p in (photo, painting)}
    pair = {
        "grey photo": (grey[photo], painting),
        "grey style": (photo, grey[painting]),
        "constant": (photo, torch.full_like(photo, 0.4)),
        "equal": (photo, photo),
    }[kind]
    last = run(*pair, replace(QUICK, **settings))[-1]
    assert last.note == ""
    assert last.picture.isfinite().all()
    assert 0 <= last.picture.min() <= last.picture.max() <= 1
    colorfulness = (last.picture.amax(1) - last.picture.amin(1)).mean()
    if kind == "equal":
        torch.testing.assert_close(last.picture, photo, atol=2 / 255, rtol=0)
    if kind == "grey photo" and settings != {"keep_colors": 0.5}:
        assert colorfulness < 0.1 * (painting.amax(1) - painting.amin(1)).mean()


def test_with_a_constant_photo_every_way_to_keep_colours_is_finite(photo, painting):
    constant = torch.full_like(photo, 0.4)
    for settings in ({"match_colors": True}, {"keep_colors": 1.0}):
        last = run(constant, painting, replace(QUICK, **settings))[-1]
        assert last.picture.isfinite().all()


@pytest.mark.every_device
def test_kept_colours_are_shown_and_do_not_touch_the_run(photo, painting):
    plain, kept = run(photo, painting), run(photo, painting, replace(QUICK, keep_colors=1.0))
    assert same_frames(plain, kept)
    assert torch.equal(plain[-1].picture, kept[-1].stylized)
    assert not torch.equal(plain[-1].picture, kept[-1].picture)


def test_styles_without_a_weight_are_refused(photo, painting):
    with pytest.raises(ValueError, match="One of the 2 styles needs a weight above 0"):
        run(photo, (painting, painting), replace(QUICK, style_weights=[0, 0, 1, 1]))


def test_styles_that_lose_all_weight_during_a_run_weigh_the_same(photo, painting):
    both, settings = (painting, photo.flip(3)), replace(QUICK, steps=2)
    moved = iter([settings, *[replace(settings, style_weights=[0, 0, 1])] * 3])
    even = iter([settings, *[replace(settings, style_weights=[2, 2, 1])] * 3])
    one, other = (list(stylize(photo, both, lambda s=s: next(s)))[-1] for s in (moved, even))
    assert torch.equal(one.picture, other.picture)
