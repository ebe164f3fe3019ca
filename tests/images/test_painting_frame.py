import pytest
import torch

from benchmarks.samples import ASSETS
from style_transfer.images import open_image, painted_box, resize, to_tensor

WHITE, CREAM, BLACK, OAK = (1, 1, 1), (0.93, 0.9, 0.8), (0.05, 0.05, 0.07), (0.45, 0.3, 0.15)
PAINTINGS = sorted((ASSETS / "style").glob("*.jpg"))


def without_frame(image):
    return painted_box(image).cropped(image)


def painting(height, width, seed=0):
    """A picture of many colours, none of which is that of a frame here."""
    noise = torch.rand(
        (1, 3, height // 8, width // 8), generator=torch.Generator().manual_seed(seed)
    )
    return 0.15 + 0.6 * resize(noise, (height, width)).clamp(0, 1)


def plain(height, width, color):
    """A ground of one colour, as uneven as JPEG leaves it."""
    noise = torch.rand((1, 3, height, width), generator=torch.Generator().manual_seed(1))
    return (torch.tensor(color).view(1, 3, 1, 1) + 0.04 * (noise - 0.5)).clamp(0, 1)


def framed(picture, color, top, bottom, left, right):
    height, width = picture.shape[-2:]
    whole = plain(height + top + bottom, width + left + right, color)
    whole[..., top : top + height, left : left + width] = picture
    return whole


def radius(height, width):
    """1 on the oval that touches all sides of a picture."""
    y, x = torch.linspace(-1, 1, height).view(-1, 1), torch.linspace(-1, 1, width)
    return (y.square() + x.square()).sqrt()


def is_within(part, picture, lost):
    """Whether `part` was cut out of `picture` with at most `lost` px missing at each side."""
    (height, width), (h, w) = picture.shape[-2:], part.shape[-2:]
    return any(
        torch.equal(part, picture[..., top : top + h, left : left + w])
        for top in range(min(lost, height - h) + 1)
        for left in range(min(lost, width - w) + 1)
        if height - h <= 2 * lost and width - w <= 2 * lost
    )


@pytest.mark.parametrize("color", [WHITE, CREAM, BLACK, OAK])
@pytest.mark.parametrize("depths", [(12, 12, 12, 12), (3, 3, 3, 3), (30, 40, 16, 20)])
def test_a_plain_border_is_left_out(color, depths):
    picture = painting(160, 240)
    assert is_within(without_frame(framed(picture, color, *depths)), picture, 1)


@pytest.mark.parametrize("depths", [(0, 0, 9, 14), (14, 9, 0, 0)])
def test_bars_on_two_opposite_sides_are_left_out(depths):
    picture = painting(160, 240)
    assert is_within(without_frame(framed(picture, BLACK, *depths)), picture, 1)


def test_a_passe_partout_in_a_frame_is_left_out_with_the_frame():
    picture = painting(160, 240)
    mounted = framed(framed(picture, CREAM, 25, 30, 25, 25), OAK, 12, 12, 12, 12)
    assert is_within(without_frame(mounted), picture, 2)


def test_scratches_and_a_frame_that_hangs_askew_do_no_harm():
    picture = painting(200, 200)
    whole = framed(picture, CREAM, 20, 20, 20, 20)
    dots = torch.rand(whole.shape[-2:], generator=torch.Generator().manual_seed(2)) < 0.01
    whole = torch.where(dots, 0.3, whole)
    for column in range(240):  # by 4 px from the left to the right
        whole[..., column] = whole[..., column].roll(column // 60, dims=-1)
    found = without_frame(whole)
    assert 190 <= min(found.shape[-2:]) <= max(found.shape[-2:]) <= 200


@pytest.mark.parametrize("size", [(200, 200), (240, 160)])
def test_of_an_oval_the_rectangle_inside_is_left(size):
    oval = radius(*size) <= 1
    whole = torch.where(oval, painting(*size), plain(*size, WHITE))
    found = without_frame(whole)
    assert found.max() < 0.8  # nothing of the white corners
    assert all(
        0.6 * all_ <= left <= 0.71 * all_ for all_, left in zip(size, found.shape[-2:], strict=True)
    )
    mounted = framed(whole, WHITE, 10, 10, 14, 14)
    assert found.shape[-1] - 8 <= without_frame(mounted).shape[-1] <= found.shape[-1]


@pytest.mark.parametrize("file", PAINTINGS, ids=lambda file: file.stem)
def test_the_bundled_paintings_stay_as_they_are(file):
    image = to_tensor(open_image(file))
    assert without_frame(image) is image
    part = image[..., 40:300, 60:400]
    assert without_frame(part) is part


def head_on_dark_ground():
    ground, head = plain(200, 160, BLACK), painting(200, 160)
    share = (2.2 - 3 * radius(200, 160)).clamp(0, 1)
    return share * head + (1 - share) * ground


def sea_under_a_plain_sky():
    return torch.cat([plain(80, 240, CREAM), painting(120, 240)], dim=2)


def sky_above_and_sand_below():
    return torch.cat([sea_under_a_plain_sky(), plain(30, 240, OAK)], dim=2)


def drawing_on_paper():
    strokes = torch.rand((200, 200), generator=torch.Generator().manual_seed(3)) < 0.2
    strokes[:20], strokes[-20:], strokes[:, :20], strokes[:, -20:] = False, False, False, False
    return torch.where(strokes, 0.1, plain(200, 200, CREAM))


def sun_on_a_plain_sky():
    return torch.where(radius(200, 300) <= 0.5, painting(200, 300), plain(200, 300, OAK))


def stars():
    dots = torch.rand((200, 200), generator=torch.Generator().manual_seed(4)) < 0.02
    return torch.where(dots, 0.9, plain(200, 200, BLACK))


@pytest.mark.parametrize(
    "picture",
    [
        head_on_dark_ground,
        sea_under_a_plain_sky,
        sky_above_and_sand_below,
        drawing_on_paper,
        sun_on_a_plain_sky,
        stars,
        lambda: painting(200, 240),
        lambda: plain(64, 64, WHITE),
        lambda: torch.zeros(1, 3, 32, 32),
        lambda: torch.ones(1, 3, 1, 1),
        lambda: framed(painting(24, 24), WHITE, 8, 8, 8, 8),  # of which too little would be left
    ],
)
def test_a_picture_without_a_frame_stays_as_it_is(picture):
    image = picture()
    assert without_frame(image) is image
