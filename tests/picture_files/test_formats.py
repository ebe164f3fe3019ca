import io
import json
import re
import struct
import warnings
import zlib
from contextlib import suppress

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import MAX_TEXT_CHUNK, PngInfo

from style_transfer.images import PICTURE_FORMATS, Export, open_image, save, to_tensor
from style_transfer.network import LAYERS
from style_transfer.recipe import Recipe, read_recipe, save_recipe
from style_transfer.settings import Settings

RECIPE = Recipe(
    photo="Mädchen mit Perle 🌌.jpg",
    style="night.png",
    size=640,
    seed=7,
    init="noise",
    optimizer="adam",
    network="torchvision-vgg16",
    step=33,
    version="0.0.9",
    settings=Settings(
        alpha=0.1 + 0.2,
        beta=8,
        tv=1e-12,
        content_layer="relu3_1",
        style_layers={"relu1_1": 0.5, "relu5_1": 3},
        statistic="covariance",
        pooling="max",
        steps=44,
    ),
)
KEYWORD = "style-transfer-recipe"


def levels(height: int = 40, width: int = 57) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 256, (1, 3, height, width), generator=generator, dtype=torch.uint8)


def smooth(height: int = 48, width: int = 64) -> torch.Tensor:
    down, across = torch.linspace(0, 1, height), torch.linspace(0, 1, width)
    y, x = torch.meshgrid(down, across, indexing="ij")
    return torch.stack((x, y, 1 - x)).unsqueeze(0)


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_a_picture_carries_its_recipe(tmp_path, suffix):
    file = tmp_path / f"out{suffix}"
    save(levels() / 255, file, RECIPE.to_json())
    assert read_recipe(file) == RECIPE


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_the_recipe_is_found_whatever_the_file_is_called(tmp_path, suffix):
    file = tmp_path / f"out{suffix}"
    save(levels() / 255, file, RECIPE.to_json())
    assert read_recipe(file.rename(tmp_path / "download")) == RECIPE


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_the_longest_recipe_fits_into_a_picture(tmp_path, suffix):
    layers = {layer: 1 / 3 + number for number, layer in enumerate(LAYERS)}
    longest = Recipe(photo="🌌" * 999, style="星" * 999, settings=Settings(style_layers=layers))
    save(smooth(), tmp_path / f"out{suffix}", longest.to_json())
    assert read_recipe(tmp_path / f"out{suffix}") == longest


def test_a_png_has_exactly_the_levels_of_the_tensor(tmp_path):
    save(levels() / 255, tmp_path / "out.png", RECIPE.to_json())
    assert torch.equal(to_tensor(open_image(tmp_path / "out.png")) * 255, levels().float())


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_a_lossy_picture_is_close_to_the_tensor(tmp_path, suffix):
    save(smooth(), tmp_path / f"out{suffix}", RECIPE.to_json())
    back = to_tensor(open_image(tmp_path / f"out{suffix}"))
    assert (back - smooth()).abs().mean() < 2 / 255


def test_a_jpeg_keeps_colours_at_full_size(tmp_path):
    save(smooth(), tmp_path / "out.jpg", RECIPE.to_json())
    with Image.open(tmp_path / "out.jpg") as image:
        assert {sampling[1:3] for sampling in image.layer} == {(1, 1)}


@pytest.mark.parametrize("depth", [8, 16])
def test_a_png_says_that_it_is_srgb_and_has_only_the_chunks_it_needs(tmp_path, depth):
    save(levels() / 255, tmp_path / "out.png", RECIPE.to_json(), Export(depth))
    kinds = [kind for kind, _ in chunks((tmp_path / "out.png").read_bytes())]
    assert list(dict.fromkeys(kinds)) == [b"IHDR", b"sRGB", b"iTXt", b"IDAT", b"IEND"]
    assert kinds.count(b"iTXt") == 1


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_the_exif_of_a_lossy_picture_is_the_recipe_and_the_colour_space(tmp_path, suffix):
    save(levels() / 255, tmp_path / f"out{suffix}", RECIPE.to_json())
    with Image.open(tmp_path / f"out{suffix}") as image:
        exif = image.getexif()
        details = exif.get_ifd(0x8769)
        assert set(exif) == {0x8769}
        assert details == {
            0xA001: 1,  # sRGB
            0x9286: b"ASCII\0\0\0" + RECIPE.to_json().encode(),
        }
        assert not {"icc_profile", "xmp", "comment", "photoshop"} & set(image.info)


@pytest.mark.parametrize("suffix", PICTURE_FORMATS)
def test_no_path_and_no_metadata_of_the_photo_reach_the_file(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x010E] = "Secret description"
    exif[0x8825] = {1: "N", 2: (48.0, 12.0, 0.0)}  # where it was taken
    photo = tmp_path / "photo.jpg"
    Image.new("RGB", (64, 48), "teal").save(photo, exif=exif, comment=b"Secret comment")
    file = tmp_path / f"out{suffix}"
    save(to_tensor(open_image(photo)), file, Recipe(photo=str(photo), style=str(photo)).to_json())
    content = file.read_bytes()
    assert b"Secret" not in content
    assert tmp_path.name.encode() not in content
    assert read_recipe(file).photo == "photo.jpg"


def test_a_picture_in_another_format_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^out\.gif: the extension '\.gif' is not one of"):
        save(smooth(), tmp_path / "out.gif", RECIPE.to_json())


def test_a_settings_file_comes_back_and_is_made_for_reading(tmp_path):
    save_recipe(RECIPE, tmp_path / "settings.json")
    text = (tmp_path / "settings.json").read_text()
    assert read_recipe(tmp_path / "settings.json") == RECIPE
    assert '\n  "seed": 7,\n' in text
    assert json.loads(text)["settings"]["style_layers"] == {"relu1_1": 0.5, "relu5_1": 3.0}


def test_a_settings_file_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_text(RECIPE.to_json(), encoding="utf-8-sig")
    assert read_recipe(tmp_path / "a.json") == RECIPE


def plain(format: str, **options) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(content, format, **options)
    return content.getvalue()


def with_text(text: str, **options) -> bytes:
    info = PngInfo()
    info.add_itxt(KEYWORD, text, **options)
    return plain("PNG", pnginfo=info)


def with_comment(value) -> bytes:
    exif = Image.Exif()
    exif[0x8769] = {0x9286: value}
    return plain("JPEG", exif=exif)


def chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 8
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        found.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += length + 12
    return found


def huge_png(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"hello",
        b"{}",
        b"{" * 200_000,
        b" " * 10_000_000,
        plain("PNG"),
        plain("JPEG"),
        plain("WEBP"),
        plain("JPEG", comment=RECIPE.to_json().encode()),
        plain("GIF"),
        plain("PNG")[:60],
        plain("JPEG")[:30],
        plain("WEBP")[:30],
        with_text(""),
        with_text("{}"),
        with_text("[" * 40_000),
        with_text(RECIPE.to_json().replace('"seed": 7', '"seed": NaN')),
        with_text(RECIPE.to_json() + " " * (MAX_TEXT_CHUNK // 2), zip=True),
        with_text(" " * (MAX_TEXT_CHUNK + 1), zip=True),  # 1 kB that becomes 1 MB
        with_text(" " * 200_000_000, zip=True),
        with_comment(b""),
        with_comment(b"ASCII\0\0\0{}"),
        with_comment(b"ASCII\0\0\0\xff\xfe"),
        with_comment("text"),
        plain("WEBP", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"),
        plain("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
        huge_png(12_000),
        huge_png(2**31 - 1),
    ],
    ids=range(29),
)
def test_a_file_without_a_recipe_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "file.x").write_bytes(content)
    with pytest.raises(ValueError, match=r"^file\.x( cannot be used)?: [^\n]{9,400}\.$") as caught:
        read_recipe(tmp_path / "file.x")
    assert tmp_path.name not in str(caught.value)


@pytest.mark.parametrize("name", ["missing.png", "folder"])
def test_a_missing_file_or_a_folder_is_refused_without_its_path(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=rf"^{re.escape(name)}: [^/]+\.$"):
        read_recipe(tmp_path / name)


def test_reading_a_picture_with_a_damaged_tag_warns_nobody(tmp_path, recwarn):
    warnings.simplefilter("always")
    save(smooth(), tmp_path / "out.jpg", RECIPE.to_json())
    content = (tmp_path / "out.jpg").read_bytes()
    for place in range(30, 80):  # the directory of the EXIF
        broken = content[:place] + b"\xff" + content[place + 1 :]
        (tmp_path / "broken.jpg").write_bytes(broken)
        with suppress(ValueError):
            assert read_recipe(tmp_path / "broken.jpg") == RECIPE
    assert not recwarn.list
