import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from style_transfer.images import MIN_SIDE, open_image, to_pil, to_tensor
from style_transfer.picture_files.sizes import MAX_STRETCH, check_size

WIDTH, HEIGHT = SIZE = (64, 48)
RED, WHITE = (255, 0, 0), (255, 255, 255)


def quartered(mode="RGB", quarters=((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))):
    """A picture with a colour in each quarter: upper left, upper right, lower left, lower right."""
    image = Image.new(mode, SIZE)
    for index, colour in enumerate(quarters):
        left, top = index % 2 * WIDTH // 2, index // 2 * HEIGHT // 2
        image.paste(colour, (left, top, left + WIDTH // 2, top + HEIGHT // 2))
    return image


def saved(image, kind, **options):
    """The picture as a file that was just opened."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def colours(image):
    """The colours in the middle of the quarters."""
    width, height = image.size
    return [
        image.getpixel((x, y))
        for y in (height // 4, 3 * height // 4)
        for x in (width // 4, 3 * width // 4)
    ]


def assert_colours(image, *expected, within=0):
    assert image.mode == "RGB"
    assert np.abs(np.subtract(colours(image), expected)).max() <= within


def grey(*levels):
    return [(level,) * 3 for level in levels]


def test_cmyk_jpeg():
    inks = ((0, 255, 255, 0), (255, 0, 255, 0), (255, 255, 0, 0), (0, 0, 0, 255))
    image = open_image(saved(quartered("CMYK", inks), "JPEG", quality=100, subsampling=0))
    assert_colours(image, RED, (0, 255, 0), (0, 0, 255), (0, 0, 0), within=3)


def test_16_bit_png():
    deep = Image.fromarray(np.full((HEIGHT, WIDTH), 257 * 100, dtype=np.uint16))
    deep.paste(0, (0, 0, WIDTH // 2, HEIGHT // 2))
    deep.paste(65535, (WIDTH // 2, 0, WIDTH, HEIGHT // 2))
    assert_colours(open_image(saved(deep, "PNG")), *grey(0, 255, 100, 100))


def test_a_dark_16_bit_png_stays_dark():
    dark = Image.fromarray(np.full((HEIGHT, WIDTH), 257, dtype=np.uint16))
    assert_colours(open_image(saved(dark, "PNG")), *grey(1, 1, 1, 1))


@pytest.mark.parametrize("white", [1, 255, 65535])
def test_float_tiff_with_any_of_the_usual_whites(white):
    values = np.full((HEIGHT, WIDTH), 0.5 * white, dtype=np.float32)
    values[:, WIDTH // 2 :] = white
    image = open_image(saved(Image.fromarray(values), "TIFF"))
    assert_colours(image, *grey(128, 255, 128, 255), within=1)


def test_whole_number_tiff_of_32_bits():
    values = np.full((HEIGHT, WIDTH), 65535, dtype=np.int32)
    values[:, : WIDTH // 2] = 257 * 50
    assert_colours(open_image(saved(Image.fromarray(values), "TIFF")), *grey(50, 255, 50, 255))


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_palette_with_transparency_is_laid_on_white(kind):
    image = Image.new("P", SIZE, 1)
    image.putpalette([0, 0, 255, 255, 0, 0, 0, 255, 0])
    image.paste(0, (0, 0, WIDTH // 2, HEIGHT))
    assert_colours(open_image(saved(image, kind, transparency=0)), WHITE, RED, WHITE, RED)


def test_half_transparent_colours_are_mixed_with_white():
    quarters = ((255, 0, 0, 255), (255, 0, 0, 128), (0, 0, 0, 0), (0, 0, 255, 51))
    image = open_image(saved(quartered("RGBA", quarters), "PNG"))
    assert_colours(image, RED, (255, 127, 127), WHITE, (204, 204, 255), within=1)


def test_transparent_grey_is_laid_on_white():
    quarters = ((0, 255), (0, 51), (100, 0), (100, 255))
    image = open_image(saved(quartered("LA", quarters), "PNG"))
    assert_colours(image, *grey(0, 204, 255, 100), within=1)


def test_a_transparent_colour_is_laid_on_white():
    image = open_image(saved(quartered(), "PNG", transparency=(0, 255, 0)))
    assert_colours(image, RED, WHITE, (0, 0, 255), (255, 255, 0))


def test_grey_and_black_and_white():
    assert_colours(
        open_image(saved(quartered("L", (0, 90, 180, 255)), "PNG")), *grey(0, 90, 180, 255)
    )
    assert_colours(open_image(saved(quartered("1", (0, 1, 1, 0)), "PNG")), *grey(0, 255, 255, 0))


# EXIF orientation -> which quarter of the file is seen at upper left, upper right and so on
ORIENTATIONS = {
    1: (0, 1, 2, 3),
    2: (1, 0, 3, 2),  # mirrored
    3: (3, 2, 1, 0),  # upside down
    4: (2, 3, 0, 1),
    5: (0, 2, 1, 3),
    6: (2, 0, 3, 1),  # turned clockwise to be seen
    7: (3, 1, 2, 0),
    8: (1, 3, 0, 2),
}


@pytest.mark.parametrize(("orientation", "seen"), ORIENTATIONS.items())
def test_a_photo_is_turned_as_exif_says(orientation, seen):
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = saved(quartered(), "JPEG", exif=exif, quality=100, subsampling=0)
    image = open_image(file)
    assert image.size == (SIZE if orientation < 5 else SIZE[::-1])
    assert_colours(image, *(colours(quartered())[quarter] for quarter in seen), within=3)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0", b"Exif\0\0II*\0\x08\0\0\0\xff\xff"]
)
def test_damaged_exif_is_no_reason_to_refuse_the_pixels(exif):
    image = open_image(saved(Image.new("RGB", SIZE, RED), "JPEG", exif=exif))
    assert_colours(image, RED, RED, RED, RED, within=3)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", SIZE, colour) for colour in ((0, 0, 255), RED)]
    file = saved(frames[1], "GIF", save_all=True, append_images=frames[:1], duration=50)
    assert_colours(open_image(file), RED, RED, RED, RED)


def tagged(profile):
    return ImageCms.ImageCmsProfile(profile).tobytes()


def test_an_srgb_profile_changes_nothing():
    file = saved(quartered(), "PNG", icc_profile=tagged(ImageCms.createProfile("sRGB")))
    assert_colours(open_image(file), *colours(quartered()))


def swapped_profile():
    """sRGB with the primaries of red and green exchanged: a profile whose effect is plain."""
    profile = tagged(ImageCms.createProfile("sRGB"))
    return profile.replace(b"rXYZ", b"tXYZ").replace(b"gXYZ", b"rXYZ").replace(b"tXYZ", b"gXYZ")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_an_icc_tagged_picture_is_converted_to_srgb(mode):
    file = saved(quartered().convert(mode), "PNG", icc_profile=swapped_profile())
    assert_colours(open_image(file), (0, 255, 0), RED, (0, 0, 255), (255, 255, 0), within=2)


@pytest.mark.parametrize("profile", [b"junk", tagged(ImageCms.createProfile("LAB"))])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_profile_that_does_not_fit_is_passed_over(profile, mode):
    image = quartered().convert(mode)
    file = saved(image, "PNG", icc_profile=profile)
    assert_colours(open_image(file), *colours(image.convert("RGB")))


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((1, 1), r"1 x 1 pixels is too small; each side needs at least 32"),
        ((31, 400), r"31 x 400 pixels is too small"),
        ((4000, 20), r"4000 x 20 pixels is too small"),
        ((641, 32), r"641 x 32 pixels is too stretched; at most 20:1"),
        ((32, 641), r"too stretched"),
    ],
)
def test_a_size_that_cannot_be_painted_is_refused(size, words):
    with pytest.raises(ValueError, match=f"^photo: .*{words}"):
        open_image(saved(Image.new("L", size), "PNG"), "photo")


def test_sizes_at_the_limits_are_taken():
    check_size((MIN_SIDE, MIN_SIDE), "square")
    check_size((MIN_SIDE * MAX_STRETCH, MIN_SIDE), "strip")
    check_size((10_000, 10_000), "poster")
    with pytest.raises(ValueError, match="at most 100,000,000 pixels"):
        check_size((10_000, 10_001), "poster")


def test_more_pixels_than_allowed_are_refused_before_they_are_decoded():
    with pytest.raises(ValueError, match=r"^bomb: .*100,000,000 pixels"):
        open_image(saved(Image.new("1", (10_001, 10_000)), "PNG"), "bomb")
    with pytest.raises(ValueError, match=r"^bomb: .*100,000,000 pixels"):
        open_image(saved(Image.new("1", (20_000, 10_000)), "PNG"), "bomb")


def write_truncated(file):
    whole = saved(Image.effect_noise((200, 200), 90), "JPEG").getvalue()
    file.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (lambda file: None, "there is no such file"),
        (lambda file: file.write_bytes(b""), "not a picture"),
        (lambda file: file.write_text("Dear diary"), "not a picture"),
        (lambda file: quartered().save(file, "EPS"), "not a picture"),
        (lambda file: file.mkdir(), "cannot be opened"),
        (write_truncated, "damaged"),
    ],
    ids=["missing", "empty", "text", "eps", "folder", "truncated"],
)
def test_what_is_no_picture_is_refused_in_one_sentence_that_names_it(write, words, tmp_path):
    file = tmp_path / "photo.jpg"
    write(file)
    for name in (file, str(file)):
        with pytest.raises(ValueError, match=rf"^photo\.jpg: .*{words}") as error:
            open_image(name)
        assert "\n" not in str(error.value)


def test_a_picture_may_come_from_a_path_or_an_open_file(tmp_path):
    quartered().save(tmp_path / "photo.png")
    with (tmp_path / "photo.png").open("rb") as stream:
        for file in (tmp_path / "photo.png", str(tmp_path / "photo.png"), stream):
            assert_colours(open_image(file), *colours(quartered()))


def test_all_levels_survive_the_way_to_a_tensor_and_back():
    levels = torch.arange(256, dtype=torch.uint8).view(16, 16, 1).expand(16, 16, 3)
    image = Image.fromarray(levels.numpy()).resize(SIZE, Image.Resampling.NEAREST)
    tensor = to_tensor(image)
    assert tensor.shape == (1, 3, HEIGHT, WIDTH)
    assert tensor.dtype == torch.float32
    assert (tensor.min().item(), tensor.max().item()) == (0, 1)
    assert to_pil(tensor).tobytes() == image.tobytes()


def test_channels_are_red_green_and_blue_and_rows_come_first():
    tensor = to_tensor(quartered())
    assert tensor[0, :, 0, 0].tolist() == [1, 0, 0]
    assert tensor[0, :, 0, -1].tolist() == [0, 1, 0]
    assert tensor[0, :, -1, 0].tolist() == [0, 0, 1]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_opened_at_a_size_is_the_one_reduced_to_it(kind):
    grid = np.indices((300, 400)).sum(0) / 25
    levels = np.stack([127 + 100 * np.sin(grid + phase) for phase in (0, 2, 4)], -1)
    file = saved(Image.fromarray(levels.astype(np.uint8)), kind)
    small = open_image(file, max_side=50)
    assert small.size == (50, 38)
    assert (to_tensor(small) - to_tensor(open_image(file), 50)).abs().mean() < 2 / 255


def test_only_the_formats_that_are_named_are_read():
    file = saved(quartered(), "BMP")
    assert open_image(file, formats=["PNG", "BMP"]).size == SIZE
    with pytest.raises(ValueError, match="not a picture that can be read"):
        open_image(file, formats=["PNG", "JPEG"])
