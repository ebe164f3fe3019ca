"""Many pictures spread over the workers of an executor; here two within this process."""

import threading

import numpy as np
import pytest
from PIL import Image

from style_transfer import Request, Settings, paint_files
from style_transfer.images import to_pil
from style_transfer.recipe import read_recipe
from style_transfer.runs import Scheduler, ThreadExecutor
from tests.conftest import smooth_picture

SHALLOW = Settings(steps=4, content_layer="relu2_1", style_layers=["relu1_1"])

pytestmark = pytest.mark.usefixtures("known_costs")


class TwoWorkers(ThreadExecutor):
    """Has two workers, and notes how many runs are under way at most."""

    def __init__(self):
        super().__init__(Scheduler(), device="cpu")
        self.under_way = self.most = 0
        self.painting = threading.Event()  # a run has made a step and goes on
        self._counting = threading.Lock()

    def load(self, runs):
        return [("cpu", 0)] * 2

    def start(self, job):
        execution, frames = (found := super().start(job)), found.frames

        def counted():
            self._count(1)
            for frame in frames():
                yield frame
                if frame.step:
                    self.painting.set()
            self._count(-1)

        execution.frames = counted
        return execution

    def _count(self, change):
        with self._counting:
            self.under_way += change
            self.most = max(self.most, self.under_way)


@pytest.fixture
def folder(tmp_path):
    """Four photos, one of them damaged, and a style."""
    (tmp_path / "photos").mkdir()
    for name in "abcd":
        to_pil(smooth_picture(ord(name))).save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "photos" / "b.png").write_bytes(b"damaged")
    to_pil(smooth_picture(2)).save(tmp_path / "style.png")
    return tmp_path


def paint(folder, output, executor=None, settings=SHALLOW, **options):
    photos, style = folder / "photos", folder / "style.png"
    return paint_files(
        photos, style, folder / output, Request(settings, 48), executor=executor, **options
    )


def pixels(file):
    with Image.open(file) as picture:
        return np.asarray(picture)


@pytest.mark.integration
def test_workers_paint_the_pictures_that_one_would_and_a_damaged_photo_is_told(folder):
    executor = TwoWorkers()
    told = {each.job.photo.stem: each for each in paint(folder, "at once", executor)}
    assert executor.most == 2
    one_by_one = {each.job.photo.stem: each for each in paint(folder, "one by one")}
    assert {name: each.status for name, each in told.items()} == {
        name: each.status for name, each in one_by_one.items()
    }
    assert told["b"].status == "refused"
    for name in "acd":
        assert (pixels(told[name].place) == pixels(one_by_one[name].place)).all()


def test_an_interruption_saves_the_pictures_under_way_and_begins_no_others(folder):
    endless = Settings(steps=5000, content_layer="relu2_1", style_layers=["relu1_1"])
    (folder / "photos" / "a.png").write_bytes(b"damaged")  # so that there is a first answer
    (folder / "photos" / "b.png").unlink()
    to_pil(smooth_picture(9)).save(folder / "photos" / "e.png")
    answers = paint(folder, "out", executor := TwoWorkers(), endless)
    assert next(answers).status == "refused"
    assert executor.painting.wait(60)
    told = [answers.throw(KeyboardInterrupt)]
    with pytest.raises(KeyboardInterrupt):
        told += list(answers)
    saved = [each for each in told if each.status == "interrupted"]
    assert 1 <= len(saved) == len(told) <= 2
    assert all(read_recipe(each.place).step < 5000 for each in saved)


class OneIdle(TwoWorkers):
    """Has a worker that makes no step, and one that paints."""

    def start(self, job):
        execution, stopped = super().start(job), threading.Event()
        with self._counting:
            self.started = getattr(self, "started", 0) + 1
            idle = self.started == 1
        if idle:
            frames, stop = execution.frames, execution.stop
            execution.stop = lambda: (stopped.set(), stop())

            def first_frame():
                yield next(frames())
                stopped.wait(60)

            execution.frames = first_frame
        return execution


def test_an_interrupted_picture_without_a_step_keeps_no_other_from_being_told(folder):
    endless = Settings(steps=5000, content_layer="relu2_1", style_layers=["relu1_1"])
    for name in "ab":
        (folder / "photos" / f"{name}.png").write_bytes(b"damaged")
    answers = paint(folder, "out", executor := OneIdle(), endless)
    assert [next(answers).status, next(answers).status] == ["refused"] * 2
    assert executor.painting.wait(60)
    assert answers.throw(KeyboardInterrupt).status == "interrupted"
    with pytest.raises(KeyboardInterrupt):
        next(answers)
    assert len([*(folder / "out").iterdir()]) == 1


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (("in/s.png", "ph", "st.png", "ph"), "{number}.png"),  # over a later photo
        (("in", "ph", "st", "st"), "{photo}.png"),  # over a style of a later pair
    ],
)
def test_no_picture_is_painted_where_one_would_overwrite_an_input_of_another(tmp_path, files, name):
    for file in ("in/s.png", "ph/2.png", "ph/a.png", "st/a.png", "st/s.png", "st/x.png", "st.png"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        to_pil(smooth_picture(1)).save(tmp_path / file)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.png")}
    first, second, style, output = (tmp_path / file for file in files)
    pairing = "pairwise" if style.is_dir() else "mix"
    with pytest.raises(ValueError, match=r"the picture would overwrite .*\.png"):
        list(
            paint_files(
                (first, second), style, output, Request(SHALLOW, 48), pattern=name, pairing=pairing
            )
        )
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.png")} == before


def test_a_folder_of_one_photo_is_painted_into_a_folder_that_is_made(folder):
    for name in "bcd":
        (folder / "photos" / f"{name}.png").unlink()
    (painted,) = paint(folder, "new/pictures")
    assert painted.place == folder / "new" / "pictures" / "a-style.png"


def test_the_slash_at_the_end_says_that_the_output_is_a_folder(folder):
    given = folder / "photos" / "a.png", folder / "style.png"
    (painted,) = paint_files(*given, f"{folder}/pictures.v2/", Request(SHALLOW, 48))
    assert painted.place == folder / "pictures.v2" / "a-style.png"


def test_a_folder_that_cannot_be_made_is_told_in_one_sentence(folder):
    with pytest.raises(ValueError, match=r"out: this folder cannot be made \(Not a directory\)\."):
        next(paint(folder, "style.png/out"))


@pytest.mark.parametrize(
    "given", [("", "style.png", "out"), ("a.png", [""], "out"), ("a", "b", "")]
)
def test_an_empty_name_is_not_the_current_folder(given):
    with pytest.raises(ValueError, match="must be the name of a file or folder, not ''"):
        next(paint_files(*given))


def test_an_executor_has_its_own_devices_and_many_pictures_at_once_have_no_watch(folder):
    photos, style = folder / "photos", folder / "style.png"
    given = photos, style, folder / "out"
    with pytest.raises(ValueError, match="leave out 'cpu'"):
        next(paint_files(*given, Request(device="cpu"), executor=TwoWorkers()))
    with pytest.raises(ValueError, match="Of 2 pictures at once none can be watched"):
        next(paint_files(*given, watch=object(), executor=TwoWorkers()))
