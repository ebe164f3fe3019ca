"""Which pictures a command asks for, and where they go."""

import re
from pathlib import Path

import numpy as np
import pytest

from style_transfer.batch.planning import PictureJob, jobs_of
from style_transfer.settings import Settings


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "styles", "none.jpg"):
        (tmp_path / folder).mkdir()
    for file in ("photos/a.png", "styles/x.png"):
        (tmp_path / file).write_bytes(b"")


def planned(photo, style, output, **options) -> list[PictureJob]:
    return jobs_of([Path(photo)], [Path(style)], Path(output), Settings(), **options)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("photo", "output", "options", "made"),
    [
        ("photos", "pictures", {}, "pictures/a-x.png"),
        ("photos", "pictures.v2", {}, "pictures.v2/a-x.png"),
        ("photos/a.png", "pictures.v2", {"into_folder": True}, "pictures.v2/a-x.png"),
        ("photos/a.png", "pictures.png", {"into_folder": True}, "pictures.png/a-x.png"),
        ("photos/a.png", "pictures", {"pattern": "{number}.png"}, "pictures/1.png"),
    ],
)
def test_the_folder_of_a_single_picture_is_made(photo, output, options, made):
    assert planned(photo, "styles/x.png", output, **options)[0] == PictureJob(
        Path("photos/a.png"), (Path("styles/x.png"),), Path(made), Settings(), in_folder=True
    )


@pytest.mark.parametrize("betas", [5, None])
def test_amounts_of_paint_are_several(betas):
    with pytest.raises(ValueError, match=rf"^betas must be several numbers, not {betas}\.$"):
        jobs_of([Path("a.jpg")], [Path("s.jpg")], Path("b"), Settings(), betas=betas)


@pytest.mark.parametrize("betas", [iter((1, 5)), np.array((1.0, 5.0))])
def test_amounts_of_paint_that_can_be_read_once_are_those_of_every_photo(betas):
    photos, styles = [Path("a.png"), Path("b.png")], [Path("x.png")]
    jobs = jobs_of(photos, styles, Path("pictures"), Settings(), betas=betas)
    assert [(job.photo.stem, job.settings.beta) for job in jobs] == [
        *(("a", 1.0), ("a", 5.0)),
        *(("b", 1.0), ("b", 5.0)),
    ]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("photo", ["photos", "photos/a.png"])
@pytest.mark.parametrize("output", ["out.png", "out.bmp", "-"])
def test_a_file_of_a_single_picture_stays_one(photo, output):
    (job,) = planned(photo, "styles", output)
    assert (job.output, job.in_folder) == (Path(output), False)


@pytest.mark.usefixtures("here")
def test_hidden_files_and_folders_are_no_photos():
    Path("photos/._a.png").write_bytes(b"of macOS")
    Path("photos/dir.jpg").mkdir()
    assert [job.photo for job in planned("photos", "styles", "out")] == [Path("photos/a.png")]
    with pytest.raises(ValueError, match=r"none\.jpg: there is no picture in this folder"):
        planned("none.jpg", "styles", "out")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "pattern", ["", "{photo", "{photo!z}.png", "{number:zz}.png", "{photo[a]}"]
)
def test_a_pattern_that_cannot_be_read_is_named(pattern):
    with pytest.raises(ValueError, match=f"--name {re.escape(repr(pattern))} cannot be used: "):
        planned("photos", "styles", "out", pattern=pattern)


@pytest.mark.usefixtures("here")
def test_a_pattern_needs_a_folder():
    with pytest.raises(ValueError, match=r"y\.png: a folder is needed for names by a pattern"):
        planned("photos", "styles", "y.png", pattern="z.png")
    with pytest.raises(ValueError, match=r"y\.gif: a folder is needed for names by a pattern"):
        planned("photos", "styles", "y.gif", pattern="z.png")
