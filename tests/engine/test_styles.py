import pytest
import torch

from style_transfer.engine.styles import Styles, masked

PAINTING = torch.rand((1, 3, 40, 50), generator=torch.Generator().manual_seed(0))
MASK = torch.ones((1, 1, 30, 40))


def test_one_painting_or_several_become_styles():
    assert Styles.of(PAINTING).images == (PAINTING,)
    styles = Styles.of([PAINTING, PAINTING])
    assert len(styles.images) == 2
    assert Styles.of(styles) is styles


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Styles(()), "1 to 4 styles, not 0"),
        (lambda: Styles((PAINTING,) * 5), "1 to 4 styles, not 5"),
        (lambda: Styles((PAINTING,), style_masks=(MASK, MASK)), "2 masks for 1 styles"),
        (lambda: Styles((PAINTING,), 2 * MASK), "from 0 to 1"),
        (lambda: Styles((PAINTING,), MASK * float("nan")), "from 0 to 1"),
        (lambda: Styles((PAINTING,), MASK[0]), r"must be \(1, 1, H, W\), not \(1, 30, 40\)"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_mask_has_the_proportions_of_the_photo_within_what_rounding_takes():
    styles = Styles((PAINTING,), MASK)
    styles.check(torch.zeros((1, 3, 61, 80)))
    with pytest.raises(ValueError, match=r"mask, 40 x 30, has other proportions .* photo, 80 x 80"):
        styles.check(torch.zeros((1, 3, 80, 80)))


def test_the_strength_at_a_size_is_computed_once_for_all_frames(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "style_transfer.engine.styles.feather_inwards", lambda mask: calls.append(mask) or mask
    )
    styles = Styles((PAINTING,), MASK)
    first, again = styles.strength_at((60, 80)), styles.strength_at((60, 80))
    assert first is again
    assert styles.strength_at((30, 40)).shape == (1, 1, 30, 40)
    assert len(calls) == 2


def test_equal_pictures_have_equal_fingerprints_and_others_do_not():
    styles = Styles((PAINTING, PAINTING), MASK)
    same = Styles((PAINTING.clone(), PAINTING.clone()), MASK.clone())
    assert same.fingerprint == styles.fingerprint
    others = [
        Styles((PAINTING,), MASK),
        Styles((PAINTING, PAINTING)),
        Styles((PAINTING, 1 - PAINTING), MASK),
        Styles((PAINTING, PAINTING), MASK / 2),
        Styles((PAINTING, PAINTING), style_masks=(MASK, MASK)),
    ]
    assert len({each.fingerprint for each in (styles, *others)}) == 6


def test_a_mask_of_a_style_has_another_fingerprint_than_the_same_as_a_strength():
    strength, style_mask = Styles((PAINTING,), MASK), Styles((PAINTING,), style_masks=(MASK,))
    assert strength.fingerprint != style_mask.fingerprint


def test_a_mask_picture_says_how_strongly_and_in_which_style():
    picture = torch.ones((1, 3, 30, 40))
    assert masked((PAINTING,), picture).strength is None
    picture[..., :20] = 0
    styles = masked((PAINTING, PAINTING), picture)
    assert styles.strength.mean() == 0.5
    assert styles.style_masks is None
    picture[:, 2, :, :20] = 1  # blue: the third style, which there is not
    picture[:, 1:, :10] = 0  # red: the first
    styles = masked((PAINTING, PAINTING), picture)
    assert [area.shape for area in styles.style_masks] == [(1, 1, 30, 40)] * 2
    assert [area[0, 0, -1, 0].item() for area in styles.style_masks] == [0, 0]
    assert [area[0, 0, 0, -1].item() for area in styles.style_masks] == [1, 0]
    assert [area[0, 0, -1, -1].item() for area in styles.style_masks] == [1, 1]


def test_masks_go_with_their_images_and_others_apply_where_all_do():
    one, two, three = (torch.full((1, 3, 4, 4), value) for value in (0.1, 0.2, 0.3))
    left, top = torch.zeros(2, 1, 1, 8, 8)
    left[..., :4], top[..., :4, :] = 1, 1
    before = Styles((one, two), strength=left, style_masks=(left, top))
    after = Styles((two, three)).with_masks_of(before)
    assert after.strength is left
    assert after.style_masks[0] is top
    assert torch.equal(after.style_masks[1], left * top)
    assert Styles((three,)).with_masks_of(Styles((one, two))).style_masks is None


def test_a_change_is_described_in_words():
    one, two = Styles((PAINTING,)), Styles((PAINTING, PAINTING))
    assert one.describe_change(Styles((PAINTING,))) == ""
    assert one.describe_change(two) == "2 styles"
    assert two.describe_change(one) == "1 style"
    assert one.describe_change(Styles((1 - PAINTING,))) == "another style picture"
    assert one.describe_change(Styles((PAINTING,), 0 * MASK)) == "other regions"
    assert one.describe_change(Styles((PAINTING,), None, (MASK,))) == "other regions"
    assert one.describe_change(Styles((PAINTING,) * 2, MASK)) == "2 styles, other regions"


def test_styles_apply_where_a_transparent_photo_is_seen():
    styles = Styles((PAINTING, PAINTING))
    assert styles.where_seen(None) is styles
    seen = styles.where_seen(2 * MASK)  # a filter overshoots
    assert seen.strength is None
    assert all(torch.equal(mask, MASK) for mask in seen.style_masks)
    regions = Styles((PAINTING,), 0 * MASK)
    assert regions.where_seen(MASK) is regions


@pytest.mark.parametrize("strength", [None, MASK / 2])
@pytest.mark.parametrize("masks", [None, (MASK / 4, MASK)])
def test_styles_come_back_from_their_tensors(strength, masks):
    styles = Styles((PAINTING, 1 - PAINTING), strength, masks)
    back = Styles.from_tensors(styles.as_tensors() | {"content": PAINTING})
    assert back.fingerprint == styles.fingerprint
    assert styles.to(torch.device("cpu")) is styles
