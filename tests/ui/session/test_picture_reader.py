"""Reading what visitors upload: within limits, and without this process decoding anything."""

import io
import resource
import sys
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from style_transfer.decoding import Decoder, DecoderPool
from style_transfer.images import to_pil
from style_transfer.picture_files import encode
from style_transfer.recipe import Recipe, save_recipe
from style_transfer.runs import Limits, MemoryReservations, RunMemory, RunService
from style_transfer.ui.session.picture_reader import MASK_SIDE, STYLE_SIDE, PictureReader
from tests.runs.fake_executor import FakeExecutor


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture(scope="module")
def decoders():
    pool = DecoderPool()
    yield pool
    pool.close()


@pytest.fixture
def reader(service, decoders):
    return PictureReader(service, decoders)


def saved(folder, size, name="a.png", **options):
    file = folder / name
    Image.new(options.pop("mode", "RGB"), size, options.pop("color", 0)).save(file, **options)
    return str(file)


def peak():
    """The most memory that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.integration
def test_pictures_come_no_larger_than_a_run_can_need(reader, tmp_path):
    file = saved(tmp_path, (3000, 1500))
    assert reader.size_of(file) == (1500, 3000)
    photo, opacity = reader.photo(file, 300)
    assert photo.shape == (1, 3, 150, 300)
    assert opacity is None
    assert reader.photo(file, 4000)[0].shape == (1, 3, 1500, 3000)
    assert reader.photo(file, 4000, enlarge=True)[0].shape == (1, 3, 2000, 4000)
    assert reader.style(file).shape == (1, 3, STYLE_SIDE // 2, STYLE_SIDE)
    assert reader.mask(file).shape == (1, 3, MASK_SIDE // 2, MASK_SIDE)


@pytest.mark.integration
def test_a_photo_beyond_the_limits_is_refused_before_it_is_decoded(decoders, tmp_path, monkeypatch):
    service = RunService(Limits(pixels=10_000), tmp_path / "checkpoints", FakeExecutor)
    reader, file = PictureReader(service, decoders), saved(tmp_path, (300, 200))
    reader = reader.of("somebody")
    assert reader.photo(file, 100)[0].shape == (1, 3, 67, 100)
    monkeypatch.setattr(Decoder, "open_photo", None)
    with pytest.raises(ValueError, match="at most 10,000 pixels here, not 300 x 200"):
        reader.photo(file, 300)


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["16 bits", "transparent", "both"])
def test_a_photo_comes_with_all_bits_and_its_opacity(reader, tmp_path, kind):
    dtype, channels = (np.uint16, 3) if kind == "16 bits" else (np.uint8, 4)
    if kind == "both":
        dtype = np.uint16
    chance = np.random.default_rng(0)
    levels = chance.integers(0, np.iinfo(dtype).max, (40, 60, channels), dtype, endpoint=True)
    levels[..., 3:] |= np.iinfo(dtype).max // 2 + 1  # seen, so that all colours are their own
    (tmp_path / "photo.png").write_bytes(encode(levels, ".png"))
    photo, opacity = reader.photo(str(tmp_path / "photo.png"), 100)
    found = photo if opacity is None else torch.cat((photo, opacity), 1)
    expected = torch.from_numpy(levels / np.iinfo(dtype).max).float().permute(2, 0, 1)
    torch.testing.assert_close(found[0], expected, rtol=0, atol=1e-6)


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit memory")
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_memory_for_a_transparent_photo_of_6_megapixels_is_enough(reader, tmp_path, dtype):
    (tmp_path / "photo.png").write_bytes(encode(np.zeros((2000, 3000, 4), dtype), ".png"))
    photo, _ = reader.photo(str(tmp_path / "photo.png"), 3150, enlarge=True)
    assert photo.shape == (1, 3, 2100, 3150)


@pytest.mark.integration
def test_a_mask_of_a_hundred_million_pixels_costs_this_process_nothing(reader):
    file = io.BytesIO()
    Image.new("L", (12_200, 8_133)).save(file, "PNG")
    before = peak()
    assert reader.painted_mask(file.getvalue()).shape == (1, 3, 683, MASK_SIDE)
    assert peak() - before < 100


@pytest.mark.integration
def test_no_more_is_decoded_at_once_than_there_is_memory_for(service, decoders, tmp_path):
    service.memory = MemoryReservations(lambda: 1_000_000_000)
    reader, outcomes = PictureReader(service, decoders), []
    files = [saved(tmp_path, (5000, 5000), f"{n}.png", mode="L", color=n) for n in range(4)]

    def read(file):
        try:
            outcomes.append(to_pil(reader.style(file)).size)
        except ValueError as error:
            outcomes.append(str(error).partition(": ")[2][:26])

    threads = [threading.Thread(target=read, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {(STYLE_SIDE, STYLE_SIDE), "there is not enough memory"}
    assert (STYLE_SIDE, STYLE_SIDE) in outcomes
    all_of_it = RunMemory(step=0, held=999_000_000)
    service.memory.reserve((1, 1), all_of_it).release()  # it was given back


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("what", ["size_of", "photo", "style", "shown", "mask"])
def test_memory_is_reserved_while_a_file_is_read_and_given_back_however_that_ends(
    service, tmp_path, monkeypatch, what, fails
):
    service.memory = MemoryReservations(lambda: 1_000_000)
    file, free = saved(tmp_path, (64, 48), "a.webp"), []

    def read(found):
        def answer(*_, **__):
            free.append(service.memory.has_room(RunMemory(step=0, held=1_000_000)))
            if fails:
                raise ValueError("a.webp cannot be read.")
            return found

        return answer

    picture = Image.new("RGB", (64, 48))
    photo = SimpleNamespace(colours=np.array(picture), opacity=None)
    decoder = SimpleNamespace(survey=read(((48, 64), False)), open_photo=read(photo))
    for name in ("open_image", "open_mask"):
        monkeypatch.setattr(Decoder, name, read(picture))
    pool = SimpleNamespace(lend=lambda _: nullcontext(decoder), warm=None, close=None)
    arguments = (file, 64) if what == "photo" else (file,)
    with pytest.raises(ValueError, match="cannot be read") if fails else nullcontext():
        getattr(PictureReader(service, pool), what)(*arguments)
    assert free == [False] * (1 if fails or what == "size_of" else 2)  # it is measured first
    service.memory.reserve((1, 1), RunMemory(step=0, held=1_000_000))


@pytest.mark.integration
def test_a_picture_that_does_not_fit_is_refused_in_one_sentence(service, decoders, tmp_path):
    service.memory = MemoryReservations(lambda: 1_000_000)
    with pytest.raises(ValueError, match=r"^a\.png: there is not enough memory to read this"):
        PictureReader(service, decoders).style(saved(tmp_path, (1000, 1000)))


@pytest.mark.integration
def test_the_size_of_a_file_is_asked_for_once(reader, tmp_path, monkeypatch):
    file = saved(tmp_path, (100, 50))
    assert reader.size_of(file) == (50, 100)
    monkeypatch.setattr(Decoder, "survey", None)
    assert reader.size_of(file) == (50, 100)


@pytest.mark.integration
def test_what_to_do_is_told_of_a_file_that_went_with_its_page(reader, tmp_path):
    file = saved(tmp_path, (64, 64))
    assert reader.size_of(file) == (64, 64)
    Path(file).unlink()
    reads = (reader.size_of, lambda file: reader.photo(file, 64), reader.style, reader.shown)
    for read in (*reads, reader.mask):
        with pytest.raises(
            ValueError, match=r"^a\.png is no longer on the server; choose or upload it again\.$"
        ):
            read(file)


@pytest.mark.integration
def test_a_recipe_is_read(reader, tmp_path):
    recipe = Recipe(photo="lake.jpg", style="mosaic.jpg")
    save_recipe(recipe, tmp_path / "recipe.json")
    assert reader.recipe(str(tmp_path / "recipe.json")) == recipe
    with pytest.raises(ValueError, match=r"^a\.png: no settings of this program are in it\."):
        reader.recipe(saved(tmp_path, (64, 48)))
