"""Size and photo of a picture, changed while it is painted and at rest, without a browser."""

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
import torch

from style_transfer.engine import Styles, equal_images
from style_transfer.images import TIMELAPSE_FORMATS, keep_colors, open_image, save, to_tensor
from style_transfer.recipe import read_recipe
from style_transfer.runs import Checkpoint, Limits, MemoryReservations, RunService
from style_transfer.ui.handlers import pictures
from style_transfer.ui.handlers.downloads import DownloadHandlers
from style_transfer.ui.handlers.recover import RecoverHandlers
from style_transfer.ui.panels import compare, controls, status
from style_transfer.ui.panels.take_home import SETTINGS as SETTINGS_FILE
from style_transfer.ui.session.moments import shown_moment
from style_transfer.ui.session.queue_place import QueuePlace
from tests.conftest import smooth_picture
from tests.runs.fake_executor import FOREVER, FakeExecutor
from tests.ui.handlers.tab import SETTINGS, TOKEN, Tab, with_slider

FEW = 100_000_000  # bytes, too few for any run
LARGE, SMALL = (96, 128), (48, 64)  # height, width
HALF = torch.cat([torch.zeros(1, 1, *LARGE), torch.ones(1, 1, *LARGE)], dim=3)[..., 64:192]


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def photos(tmp_path):
    """Files of a photo, of another one, and of one in portrait."""
    files = [tmp_path / f"{name}.png" for name in ("first", "other", "portrait")]
    pictures = [smooth_picture(seed, *LARGE) for seed in (1, 2)]
    for file, picture in zip(files, [*pictures, pictures[1].mT], strict=True):
        save(picture, file)
    return files


@pytest.fixture
def tab(context, photos, painting):
    photo = to_tensor(open_image(photos[0]), 64)
    yield Tab(context, photo, painting, photo_file=photos[0]).paint()
    for session in context.sessions.all():
        session.close()


@pytest.fixture
def paints(tab):
    """A function that wakes the picture with this many frames to make, and does not wait."""

    def paints(frames):
        session, service = tab.session, tab.context.service
        service.executor.allowed = frames
        tab.steer(steps=9)
        record = session.selected
        run = service.start(record.job(), on_frame=record.write_checkpoint)
        session.follow(record, run)
        return run, service.executor.executions[-1]

    yield paints
    tab.session.run.stop()


def sizes(record):
    return [tuple(preview.image.shape[-2:]) for preview in record.previews]


def finish(record, run, execution):
    execution.allow(FOREVER)
    for frame in run.frames():
        if frame and frame is not record.last_frame:
            record.add_frame(frame)
    assert not run.error


def test_a_moved_size_wakes_the_picture_at_that_size_from_what_it_is(tab, tmp_path):
    record = tab.session.selected
    assert tab.resize(128)
    assert tab.wake().state == "Resting at step 7 of 7"
    assert (sizes(record)[0], sizes(record)[-1]) == (SMALL, LARGE)
    moment = record.previews[-1]
    assert "128 x 96 pixels: acts from step 5" in status.value(tab.session)["notices"]
    assert tab.resize(64)
    assert tab.wake().state == "Resting at step 10 of 10"
    assert sizes(record)[-1] == SMALL
    assert len(record.losses) == 10
    moments = record.previews[0], moment, record.previews[-1]
    assert [record.recipe(each).size for each in moments] == [64, 128, 64]
    TIMELAPSE_FORMATS[".mp4"].save(
        [each.shown_file for each in record.previews], tmp_path / "film.mp4", 1
    )
    assert tab.session.records == [record]


def test_a_size_that_is_moved_back_at_rest_wakes_nothing(tab):
    assert tab.resize(128)
    assert not tab.resize(64)


def test_a_size_that_the_machine_refuses_leaves_the_picture_at_rest_as_it_is(tab):
    record, inputs = tab.session.selected, tab.session.selected.inputs
    tab.context.service.memory = MemoryReservations(lambda: FEW)
    assert not tab.resize(128)
    assert "are free; choose a smaller size" in status.value(tab.session)["notices"]
    assert record.inputs is inputs
    tab.context.service.memory = MemoryReservations(lambda: None)
    assert tab.steer(beta=9)
    assert {*sizes(tab.wake().session.selected)} == {SMALL}


def test_a_size_that_the_machine_refuses_leaves_the_run_as_it_is(tab, paints):
    record = tab.session.selected
    run, execution = paints(1)
    tab.context.service.limits, tab.session.visitor = Limits(pixels=5_000), "somebody"
    tab.resize(128)
    assert "at most 5,000 pixels here, not 128 x 96" in tab.session.notice
    finish(record, run, execution)
    assert sizes(record)[-1] == SMALL
    assert record.recipe(record.previews[-1]).size == 64


def test_a_photo_smaller_than_the_size_is_enlarged_where_that_is_asked_for(tab):
    record = tab.session.selected
    assert tab.resize(192)
    assert tab.wake().session.selected.last_frame.content.shape[-2:] == LARGE
    assert tab.resize(192, enlarge=True)
    assert tab.wake().session.selected.last_frame.content.shape[-2:] == (144, 192)
    recipe = record.recipe(record.previews[-1])
    assert (recipe.size, recipe.enlarge) == (192, True)


def test_a_run_takes_another_size_and_another_photo_with_its_next_step(tab, paints, photos):
    record = tab.session.selected
    run, execution = paints(0)
    tab.resize(128)
    tab.drop_photo(photos[2])
    finish(record, run, execution)
    assert sizes(record)[-1] == (128, 96)
    assert record.recipe(record.previews[-1]).photo == "portrait.png"
    assert record.recipe(record.previews[0]).photo == "first.png"
    assert tab.session.run is run


def test_another_photo_wakes_the_picture_and_takes_the_regions_of_the_former_with_it(tab, photos):
    record = tab.session.selected
    strength = torch.ones(1, 1, *SMALL)
    masked = replace(record.inputs, styles=Styles(record.inputs.styles.images, strength))
    record.change_inputs(masked, tab.context.service.check)
    assert tab.drop_photo(photos[2])
    assert tab.wake().state == "Resting at step 7 of 7"
    assert "another photo" in status.value(tab.session)["notices"]
    assert record.inputs.styles.strength is None
    assert sizes(record)[-1] == (64, 48)
    assert record.recipe(record.previews[-1]).mask == ""


def test_each_moment_is_compared_and_recoloured_with_the_photo_it_was_painted_from(tab, photos):
    record, session = tab.session.selected, tab.session
    tab.drop_photo(photos[2])
    tab.wake()
    before, after = record.previews[0], record.previews[-1]
    session.select(record, before)
    (photo,) = [each for each in compare.value(session) if each["name"] == "Photo"]
    assert photo["src"].endswith(before.content_file.name)
    first = to_tensor(open_image(photos[0]), 64)
    shown = to_tensor(open_image(record.recolor(before, 1.0).shown_file))
    assert (shown - keep_colors(before.image, first, 1.0)).abs().mean() < 0.02  # JPEG
    assert before.content_file != after.content_file


def test_who_branches_from_a_moment_before_gets_its_photo_and_size(tab, photos):
    session, record = tab.session, tab.session.selected
    tab.resize(128)
    moment = tab.wake().session.preview
    tab.drop_photo(photos[2])
    tab.wake()
    session.select(record, moment)
    knobs, size = tab.steering.preview_settings(
        with_slider({gr.HTML(elem_id="settings"): controls.to_value(SETTINGS, 1)}), tab.request
    )
    assert size == {"size": 128, "enlarge": False}
    session.start_values = {"settings": knobs, "interrupted": {"token": TOKEN}, "more": 3}
    for _ in tab.starts.branch(tab.request):
        pass
    child = session.selected
    assert child is not record
    assert {*sizes(child)} == {LARGE}
    assert child.inputs.source == moment.origin.source
    assert equal_images(child.inputs.content, to_tensor(open_image(photos[0]), 128))


@pytest.fixture
def walked_back(tab, photos):
    """A page that shows a moment before both photo and painting were replaced."""
    tab.choose_styles(str(photos[1]))
    moment = tab.wake().session.preview
    tab.choose_styles(str(photos[0]))
    tab.drop_photo(photos[2])
    tab.wake().session.select(tab.session.selected, moment)
    return tab


def test_a_moment_before_is_looked_into_with_its_own_photo_and_painting(walked_back, photos):
    moment = shown_moment(walked_back.session).moment
    assert equal_images(moment.styles.images[0], to_tensor(open_image(photos[1])))
    assert (moment.content - to_tensor(open_image(photos[0]), 64)).abs().mean() < 0.02  # JPEG
    # What an inspector keeps of them is theirs as long as they are the same objects.
    assert shown_moment(walked_back.session).moment.content is moment.content


def test_who_walks_back_gets_that_moment_by_buttons_whose_calls_overtake_the_walk(
    walked_back,
):
    tab, record = walked_back, walked_back.session.selected
    at, last = 1, len(record.previews) - 1
    moved = {"run": record.name, "at": at, "last": last, "walks": 1}
    kind = {gr.Textbox(elem_id="kind"): SETTINGS_FILE}
    taken = DownloadHandlers(tab.context).export(with_slider(kind, **moved), tab.request)
    assert read_recipe(Path(taken)).step == record.previews[at].step
    knobs = {gr.HTML(elem_id="settings"): controls.to_value(SETTINGS, 1)}
    moved |= {"at": last, "walks": 2}
    tab.steering.preview_settings(with_slider(knobs, **moved), tab.request)
    assert tab.session.preview is record.previews[-1]
    tab.session.select(record, record.previews[0])
    tab.steering.show_preview(with_slider({}, **moved), tab.request)  # late
    assert tab.session.preview is record.previews[0]


def test_a_moment_before_is_taken_home_with_the_names_of_its_own_pictures(walked_back):
    values = with_slider({gr.Textbox(elem_id="kind"): SETTINGS_FILE})
    file = Path(DownloadHandlers(walked_back.context).export(values, walked_back.request))
    recipe = read_recipe(file)
    assert (recipe.photo, recipe.style) == ("first.png", "other.png")
    assert file.name == f"first-other-step{recipe.step}.json"


def test_who_branches_from_a_moment_before_gets_its_painting(walked_back, photos):
    tab, knobs = walked_back, controls.to_value(SETTINGS, 1)
    tab.session.start_values = {"settings": knobs, "interrupted": {"token": TOKEN}, "more": 3}
    for _ in tab.starts.branch(tab.request):
        pass
    child, other = tab.session.selected, to_tensor(open_image(photos[1]))
    assert equal_images(child.inputs.styles.images[0], other)
    assert child.recipe(child.previews[-1]).style == "other.png"
    # The page still has the painting of now in its box.
    tab.choose_styles(str(photos[0]), str(photos[1]))
    found = child.inputs.styles.images
    assert equal_images(found[0], to_tensor(open_image(photos[0])))
    assert equal_images(found[1], other)


def test_a_frame_that_is_seen_after_a_change_has_the_pictures_that_it_was_painted_from(
    tab, paints, photos
):
    record = tab.session.selected
    former = record.inputs.styles
    run, execution = paints(1)
    frame = next(frame for frame in run.frames() if frame and frame.step == 5)
    tab.choose_styles(str(photos[1]))
    record.add_frame(frame)
    assert record.previews[-1].origin.styles is former
    finish(record, run, execution)
    assert record.previews[-1].origin.recipe.style == "other.png"


def test_a_style_that_is_taken_away_takes_its_weight_with_it_once_those_after_it_have_moved_up(
    tab, paints, photos
):
    first, second, third = map(str, photos)
    tab.knobs = replace(tab.knobs, style_weights=(0.0, 0.0, 0.5, 1.0))
    run, _ = paints(0)
    assert not tab.choose_styles(first, second, third)
    styles = run.styles
    tab.choose_styles(first, None, third)
    assert run.styles is styles
    assert run.settings.style_weights == (0.0, 0.0, 0.5, 1.0)
    tab.knobs = replace(tab.knobs, style_weights=(0.0, 0.5, 1.0, 1.0))
    tab.choose_styles(first, third)
    assert [image.shape[-2:] for image in run.styles.images] == [LARGE, LARGE[::-1]]
    assert run.settings.style_weights == tab.knobs.style_weights
    assert not tab.session.notice


def test_a_style_that_is_taken_away_at_rest_wakes_the_picture_once_the_next_is_the_first(
    tab, photos
):
    first, _, other = map(str, photos)
    assert tab.choose_styles(first, other)
    tab.wake()
    assert not tab.choose_styles(None, other)
    assert tab.choose_styles(other)
    record = tab.wake().session.selected
    assert len(record.inputs.styles.images) == 1
    assert record.inputs.recipe.style == "portrait.png"


def test_the_only_style_can_be_taken_away_on_a_fresh_page_and_at_rest(tab, context, painting):
    fresh = Tab(context, painting, painting, "fresh")
    assert not fresh.choose_styles()
    styles = tab.session.selected.inputs.styles
    assert not tab.choose_styles()
    assert tab.session.selected.inputs.styles is styles


def test_what_was_chosen_is_claimed_as_long_as_its_page_is_open(tab, photos):
    first, other, portrait = photos
    tab.drop_photo(other)
    tab.choose_styles(str(first))
    tab.pictures.check_upload(str(portrait), tab.request)
    assert tab.context.sessions.uploads() == {first, other, portrait}


def test_who_brings_what_cannot_be_read_is_told_what_is_painted_instead(
    tab, context, painting, paints, tmp_path
):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    words = "broken.png: this is not a picture that can be read."
    fresh = Tab(context, painting, painting, "fresh")
    with pytest.raises(gr.Error, match=rf"{words}'$"):
        fresh.pictures.check_upload(str(broken), fresh.request)
    tab.drop_photo(broken)
    assert tab.session.notice == f"{words} The picture stays as it is."
    run, _ = paints(0)
    tab.session.place = QueuePlace(object())  # as while its page follows it
    styles = run.styles
    tab.choose_styles(str(broken))
    assert tab.session.notice == f"{words} The run goes on with what it has."
    assert run.styles is styles
    with pytest.raises(gr.Error, match=r"The run goes on with what it has\.'$"):
        tab.pictures.check_upload(str(broken), tab.request)


def test_a_checkpoint_has_the_photo_of_its_state_whatever_was_changed_meanwhile(tab, paints):
    record = tab.session.selected
    run, _ = paints(2)
    assert next(frame for frame in run.frames() if frame and frame.step == 6)
    tab.resize(128)
    record.write_checkpoint(run, now=True)
    checkpoint = Checkpoint.load(record.checkpoint.folder)
    assert checkpoint.content.shape[-2:] == SMALL
    assert checkpoint.recipe.size == 64


def test_a_picture_that_is_brought_back_takes_another_size(tab, photos, painting):
    tab.resize(128)
    tab.wake()
    tab.context.sessions.close("one")
    tab.session._remove_files()
    again = Tab(tab.context, painting, painting, "two")
    recovery = RecoverHandlers(tab.context)
    offer = {gr.HTML(elem_id="interrupted"): {"token": TOKEN}}
    knobs, size, photo, painted, *none = recovery.interrupted_inputs(offer, again.request)
    assert size == {"size": 128, "enlarge": False}
    assert none == [None] * 3
    again.session.start_values = {"settings": knobs, "interrupted": {"token": TOKEN}, "more": 3}
    for _ in recovery.recover(again.request):
        pass
    # What fills the boxes of the page is no change.
    assert not again.drop_photo(photo)
    assert not again.choose_styles(painted)
    record = again.session.selected
    assert equal_images(to_tensor(open_image(photo)), record.inputs.content)
    assert again.choose_styles(painted, str(photos[1]))
    assert len(record.inputs.styles.images) == 2
    assert again.choose_styles(painted)
    assert len(record.inputs.styles.images) == 1
    record.inputs = replace(record.inputs, styles=replace(record.inputs.styles, strength=HALF))
    assert again.choose_styles(painted, str(photos[1]))
    assert record.inputs.styles.strength is HALF  # the page does not have the regions to show
    assert again.resize(64)
    again.wake()
    assert sizes(again.session.selected)[::100] == [LARGE]
    assert sizes(again.session.selected)[-1] == SMALL


@pytest.mark.parametrize(
    "change",
    [
        lambda tab: tab.steer(beta=20),
        lambda tab: tab.resize(48),
        lambda tab: tab.steering.stop(tab.request),
    ],
    ids=["knob", "size", "stop"],
)
def test_nothing_waits_for_a_photo_that_is_being_read(tab, photos, monkeypatch, change):
    reading, read, with_photo = threading.Event(), threading.Event(), pictures.with_photo

    def first_is_slow(*given):
        if not reading.is_set():
            reading.set()
            read.wait(60)
        return with_photo(*given)

    monkeypatch.setattr(pictures, "with_photo", first_is_slow)
    with ThreadPoolExecutor(2) as others:
        dropping = others.submit(tab.drop_photo, photos[1])
        assert reading.wait(30)
        changing = others.submit(change, tab)
        wait([changing], 30)
        has_waited = not changing.done()
        read.set()
        dropping.result()
    assert not has_waited


def test_a_photo_and_a_size_that_are_chosen_at_once_both_count(tab, photos, monkeypatch):
    sides, with_photo = [48], pictures.with_photo

    def resized_meanwhile(inputs, *given):
        if sides:
            tab.resize(sides.pop())
        return with_photo(inputs, *given)

    monkeypatch.setattr(pictures, "with_photo", resized_meanwhile)
    tab.drop_photo(photos[1])
    inputs = tab.session.latest.inputs
    assert inputs.photo_file == photos[1]
    assert inputs.recipe.size == 48
    assert max(inputs.content.shape) == 48


def test_a_weight_that_is_moved_while_a_style_is_read_stays(tab, paints, photos, monkeypatch):
    run, _ = paints(0)
    weights, chosen_styles = [(0.25, 0.5, 1.0, 1.0)], pictures.chosen_styles

    def moved_meanwhile(*given):
        if weights:
            tab.steer(style_weights=weights.pop())
        return chosen_styles(*given)

    monkeypatch.setattr(pictures, "chosen_styles", moved_meanwhile)
    tab.choose_styles(*map(str, photos[:2]))
    assert len(run.styles.images) == 2
    assert run.settings.style_weights == (0.25, 0.5, 1.0, 1.0)
