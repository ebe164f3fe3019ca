import math

import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from style_transfer.engine.masks import (
    STYLE_COLORS,
    composite,
    feather,
    feather_inwards,
    read_mask,
    resize_mask,
    style_weight_map,
)
from style_transfer.images import open_image, to_tensor


def right_half(height=60, width=100):
    mask = torch.zeros((1, 1, height, width))
    mask[..., width // 2 :] = 1
    return mask


def test_a_soft_edge_rises_inwards_without_a_jump_and_leaves_zeros_alone():
    mask = right_half()
    softened = feather_inwards(mask)
    assert not softened[mask == 0].any()
    assert softened[0, 0, 30, 90] == 1
    assert softened.diff(dim=-1).max() <= 1 / 3 + 1e-6  # of 100 pixels the edge has 2 and one more
    assert (softened.diff(dim=-1) >= 0).all()


def test_a_soft_edge_is_the_mean_of_the_minima_within_0_1_and_2_pixels():
    mask = torch.rand((1, 1, 30, 50), generator=torch.Generator().manual_seed(0))
    minima = [-F.max_pool2d(-mask, 2 * radius + 1, 1, radius) for radius in range(3)]
    torch.testing.assert_close(feather_inwards(mask), torch.stack(minima).mean(0))


def test_an_edge_soft_on_both_sides_is_the_mean_of_a_square_around_each_pixel():
    mask = torch.rand((1, 1, 60, 100), generator=torch.Generator().manual_seed(0))
    expected = F.avg_pool2d(mask, 9, 1, 4, count_include_pad=False)
    torch.testing.assert_close(feather(mask), expected)


def test_soft_edges_take_no_more_than_a_line_of_pixels_for_each(monkeypatch):
    sizes, pool = [], F.avg_pool2d

    def counted(image, kernel, *rest, **options):
        sizes.append(kernel**2 if isinstance(kernel, int) else math.prod(kernel))
        return pool(image, kernel, *rest, **options)

    monkeypatch.setattr(F, "avg_pool2d", counted)
    feather(right_half())
    assert sizes == [9, 9]


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_a_constant_mask_stays_as_it_is(value):
    mask = torch.full((1, 1, 40, 50), value)
    for changed in (feather_inwards(mask), feather(mask), resize_mask(mask, (64, 80))):
        torch.testing.assert_close(changed.mean(), torch.tensor(value))
        assert changed.max() - changed.min() < 1e-6


def test_a_composite_is_exactly_the_photo_at_0_and_exactly_the_image_at_1():
    image, photo = torch.rand((2, 1, 3, 60, 100), generator=torch.Generator().manual_seed(0))
    mask = right_half()
    result = composite(image, photo, mask)
    assert torch.equal(result[..., :50], photo[..., :50])
    assert torch.equal(result[..., 50:], image[..., 50:])
    assert composite(image, photo, None) is image


def test_half_a_strength_is_three_quarters_of_the_image_and_a_quarter_of_the_style():
    image, photo, half = (
        torch.ones(1, 3, 4, 4),
        torch.zeros(1, 3, 4, 4),
        torch.full((1, 1, 4, 4), 0.5),
    )
    assert composite(image, photo, half).unique().tolist() == [0.75]
    assert style_weight_map(half).unique().tolist() == [0.25]
    assert style_weight_map(None) is None


def test_a_mask_picture_is_read_by_brightness_and_colour():
    colors = {
        "black": (0, [1, 1, 1, 1]),
        "white": (1, [1, 1, 1, 1]),
        "gray": (128 / 255, [1, 1, 1, 1]),
        "maroon": (128 / 255, [1, 0, 0, 0]),
        "olive": (128 / 255, [0, 0, 0, 1]),
    }
    hues = dict(zip(STYLE_COLORS, torch.eye(4).tolist(), strict=True))
    hues["lime"] = hues.pop("green")  # HTML's green is dark
    for name, (strength, areas) in (colors | {n: (1, a) for n, a in hues.items()}).items():
        found, where = read_mask(to_tensor(Image.new("RGB", (8, 6), name)))
        assert found.shape == (1, 1, 6, 8)
        assert where.shape == (4, 1, 6, 8)
        assert found.unique().tolist() == pytest.approx([strength])
        assert [area.unique().item() for area in where] == areas


@pytest.mark.parametrize(
    ("level", "strength"), [(7, 0.0), (8, 8 / 255), (247, 247 / 255), (248, 1.0)]
)
def test_what_is_nearly_black_or_white_counts_as_that(level, strength):
    found, _ = read_mask(torch.full((1, 3, 4, 4), level / 255))
    assert found.unique().tolist() == pytest.approx([strength])


def test_a_lossy_mask_still_leaves_what_is_black(tmp_path):
    picture = Image.new("RGB", (64, 64), "black")
    picture.paste("white", (32, 0, 64, 64))
    picture.save(tmp_path / "mask.jpg", quality=75)
    strength, areas = read_mask(to_tensor(open_image(tmp_path / "mask.jpg")))
    assert not strength[..., :24].any()
    assert (strength[..., 40:] == 1).all()
    assert (areas == 1).all()
