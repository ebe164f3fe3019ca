"""The timeline keeps previews bounded, even and exact."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import torch
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from style_transfer.engine import Frame, State, Styles
from style_transfer.recipe import Recipe
from style_transfer.settings import Settings
from style_transfer.ui.http.frames import PREVIEW_SIDE
from style_transfer.ui.session import timeline as module
from style_transfer.ui.session.run_inputs import Origin, PhotoSource
from style_transfer.ui.session.timeline import DELETION_DELAY, FEWEST, Timeline

SOURCE = PhotoSource(Path("photo.jpg"), "photo.jpg", 32)
ORIGIN = Origin(SOURCE, Styles((torch.zeros(1, 3, 32, 32),)), ("style.jpg",), Recipe())


def frame(step, settings=Settings()):  # noqa: B008
    image = torch.full((1, 3, 32, 32), min(step, 1000) / 1000)
    return Frame(step, image, {"total": 1.0}, settings, State(step, 0, image), image, True)


def test_a_long_run_is_kept_evenly_and_within_the_limit(tmp_path):
    timeline = Timeline(tmp_path / "run", max_previews=24)
    for step in range(1001):
        timeline.add(frame(step), ORIGIN)
    steps = [preview.step for preview in timeline.previews]
    gaps = [after - before for before, after in pairwise(steps)]
    assert len(steps) == 24
    assert steps[0] == 0
    assert steps[-1] == 1000
    assert max(gaps[:-1]) <= 4 * min(gaps[:-1])
    assert len(list((tmp_path / "run").iterdir())) <= 1 + 24 + DELETION_DELAY


def test_previews_of_a_print_are_small(tmp_path):
    timeline, large = Timeline(tmp_path / "run"), torch.rand((1, 3, 200, 2 * PREVIEW_SIDE))
    settings = Settings(keep_colors=0.5)
    print_frame = Frame(1, large, {}, settings, State(1, 0, large), large, True)
    preview = timeline.add(print_frame, ORIGIN)
    for file in (preview.file, preview.recolored_file, preview.content_file):
        with Image.open(file) as image:
            assert image.size == (PREVIEW_SIDE, 100), file


def test_its_size_is_that_of_its_files(tmp_path):
    timeline, other = Timeline(tmp_path / "1", max_previews=9), Timeline(tmp_path / "2")
    for step in range(8):
        timeline.add(frame(step), ORIGIN)
    timeline.recolor(timeline.previews[3], torch.rand((1, 3, 32, 32)), 0.5)
    other.add_copy(timeline.previews[3])
    for each in (timeline, other):
        assert each.size == sum(file.stat().st_size for file in each.folder.iterdir())
    whole = timeline.size
    timeline.add(frame(8), ORIGIN)
    timeline.add(frame(9), ORIGIN)  # instead of another one
    assert timeline.size < whole + 2 * timeline.previews[0].file.stat().st_size


def test_all_files_of_a_preview_go_with_it_and_so_does_a_photo_that_none_shows(tmp_path):
    timeline = Timeline(tmp_path / "run", max_previews=2)
    for step in range(2 * DELETION_DELAY):  # each of another photo
        origin = replace(ORIGIN, source=replace(SOURCE, side=32 + step))
        timeline.add(frame(step, Settings(keep_colors=0.5)), origin)
    plain = timeline.recolor(timeline.previews[-1], torch.rand((1, 3, 32, 32)), 0)
    assert plain.shown_file == plain.file
    kept = {name for each in timeline.previews for name in (each.shown_file, each.content_file)}
    kept |= {each.file for each in timeline.previews}
    assert len(kept) == 5
    assert timeline.size == sum(file.stat().st_size for file in kept)
    assert len(list(timeline.folder.iterdir())) == 5 + DELETION_DELAY


def test_where_there_is_no_room_older_previews_go(tmp_path):
    crowded = []
    timeline = Timeline(tmp_path / "run", is_crowded=lambda: bool(crowded))
    for step in range(40):
        timeline.add(frame(step), ORIGIN)
    assert len(timeline) == 40
    crowded.append(True)
    for step in range(40, 60):
        timeline.add(frame(step), ORIGIN)
    steps = [preview.step for preview in timeline.previews]
    assert len(steps) == FEWEST
    assert (steps[0], steps[-1]) == (0, 59)
    assert all(preview.file.exists() for preview in timeline.previews)


def test_every_preview_has_its_picture_and_the_settings_of_its_step(tmp_path):
    timeline = Timeline(tmp_path / "run")
    timeline.add(frame(0), ORIGIN)
    timeline.add(frame(500, Settings(beta=20)), ORIGIN)
    assert [preview.settings.beta for preview in timeline.previews] == [5, 20]
    assert torch.allclose(
        timeline.previews[1].image, torch.full((3,), 0.5)[:, None, None], atol=0.01
    )


def test_previews_are_jpeg_of_quality_95_or_better_with_all_of_their_colours(tmp_path):
    timeline = Timeline(tmp_path / "run")
    picture = torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    keeping = Settings(keep_colors=0.5)  # a second file, as it is seen
    kept = replace(frame(1, keeping), image=picture, content=picture)
    preview = timeline.add(kept, ORIGIN)
    preview = timeline.recolor(preview, picture, 0.25)
    for file in (preview.file, preview.shown_file):
        with Image.open(file) as jpeg:
            assert jpeg.format == "JPEG"
            assert get_sampling(jpeg) == 0  # 4:4:4
            luma, chroma = jpeg.quantization[0], jpeg.quantization[1]
        # The standard's tables for quality 50, scaled by 2 - 95 / 50, as everybody does.
        assert luma[0] <= round(16 * 0.1)
        assert max(luma) <= round(121 * 0.1)
        assert max(chroma) <= round(99 * 0.1)
    assert preview.file != preview.shown_file


def test_a_branch_begins_with_the_same_bytes(tmp_path):
    first, second = Timeline(tmp_path / "1"), Timeline(tmp_path / "2")
    preview = first.add(frame(3), ORIGIN)
    copy = second.add_copy(preview)
    assert copy.file.read_bytes() == preview.file.read_bytes()
    assert copy.step == 3
    assert copy.file != preview.file


def test_the_nearest_preview_is_found_by_its_step(tmp_path):
    timeline = Timeline(tmp_path / "run")
    for step in (0, 10, 20):
        timeline.add(frame(step), ORIGIN)
    assert [timeline.nearest(step) for step in (0, 4, 6, 99)] == [0, 0, 1, 2]


def test_a_file_that_cannot_be_deleted_yet_is_deleted_later(tmp_path, monkeypatch):
    unlink = Path.unlink

    def refuse(file, missing_ok=False):
        raise PermissionError("in use")

    monkeypatch.setattr(Path, "unlink", refuse)
    timeline = Timeline(tmp_path / "run", max_previews=3)
    for step in range(3 + DELETION_DELAY + 2):
        timeline.add(frame(step), ORIGIN)
    assert len(list(timeline.folder.iterdir())) == 1 + 3 + DELETION_DELAY + 2
    monkeypatch.setattr(Path, "unlink", unlink)
    timeline.add(frame(99), ORIGIN)
    assert len(list(timeline.folder.iterdir())) == 1 + 3 + DELETION_DELAY


def test_paintings_that_were_left_long_ago_go_with_their_previews(tmp_path, monkeypatch):
    painting = torch.zeros(1, 3, 32, 32)
    monkeypatch.setattr(module, "MAX_STYLE_BYTES", 3 * painting.nbytes)
    timeline = Timeline(tmp_path / "run")
    for step in range(24):  # another painting every four steps, and always the first as well
        if step % 4 == 0:
            origin = replace(ORIGIN, styles=Styles((painting, painting.clone())))
        timeline.add(frame(step), origin)
    assert [preview.step for preview in timeline.previews] == [*range(16, 24)]


def test_paintings_of_the_newest_preview_stay_however_large(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_STYLE_BYTES", 1)
    timeline = Timeline(tmp_path / "run")
    for step in range(3):
        timeline.add(frame(step), ORIGIN)
    assert len(timeline) == 3
    timeline.add(frame(3), replace(ORIGIN))
    assert [preview.step for preview in timeline.previews] == [3]
