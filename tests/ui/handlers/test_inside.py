"""What the view "Inside" is answered, without a browser."""

import json
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

from style_transfer.engine import Stroke, Styles, style_picture
from style_transfer.inspection import Inspector, Moment, nearest_place, reconstruction, style_matrix
from style_transfer.network import load_network
from style_transfer.recipe import Recipe
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.handlers import inside as handlers
from style_transfer.ui.handlers import reconstructions
from style_transfer.ui.handlers.inside import InsideHandlers
from style_transfer.ui.http.inside import inside_route
from style_transfer.ui.panels import inside as panel
from style_transfer.ui.session.moments import ShownMoment, shown_moment
from style_transfer.ui.session.run_inputs import Origin, PhotoSource, RunInputs
from tests.conftest import smooth_picture

SETTINGS = Settings(steps=2, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def session(context, photo, painting, tmp_path):
    """A session whose run of two steps has come to rest."""
    session = context.sessions.of("a page", "me")
    styles = Styles((painting, smooth_picture(9)))
    inputs = RunInputs(photo, styles, Path("photo.jpg"), Recipe())
    record = session.records.new(inputs)
    run = context.service.start(Job(photo, styles, SETTINGS))
    session.follow(record, run)
    for frame in run.frames():
        if frame is not None and frame is not record.last_frame:
            record.add_frame(frame)
    assert run.join(20)
    return session


@pytest.fixture
def asked(context, session):
    looks = InsideHandlers(context)
    client = TestClient(Starlette(routes=[inside_route(looks.answer, looks.act)]))

    def ask(key="a page", method="GET", **parameters):
        query = {"show": "matrix", "layer": "relu1_1"} | parameters
        return client.request(method, f"/inside/{key}", params=query)

    return ask


def unpacked(answer):
    """The header of an answer, and its arrays as numpy has them, read as the scripts do."""
    body = answer.content
    length = int.from_bytes(body[:4], "little")
    assert length % 4 == 0
    header, data = json.loads(body[4 : 4 + length]), body[4 + length :]
    arrays = {}
    for each in header["arrays"]:
        assert each["at"] % 4 == 0
        found = np.frombuffer(data, each["type"], each["count"], each["at"])
        arrays[each["name"]] = found.reshape(each["shape"])
    return header, arrays


def wait_for_the_end(service):
    until = time.monotonic() + 30
    while service.under_way and time.monotonic() < until:
        time.sleep(0.05)
    assert not service.under_way


def compared_with(session, painting):
    frame, inputs = session.selected.last_frame, session.selected.inputs
    moment = Moment(frame.image, frame.content, inputs.styles, SETTINGS)
    return Inspector(load_network(), torch.device("cpu")).compare(moment, "relu1_1", painting)


def test_matrices_are_the_upper_triangles_of_what_is_compared(asked, session):
    header, arrays = unpacked(asked(painting=2))
    compared = compared_with(session, 2)
    rows, columns = np.triu_indices(64)
    for name, is_painting in (("painting", True), ("picture", False)):
        expected = style_matrix(compared, painting=is_painting).numpy()[rows, columns]
        np.testing.assert_allclose(arrays[name], expected, rtol=1e-5, atol=1e-4)
    assert sorted(header["order"]) == list(range(64))
    assert header["loss"] == pytest.approx(compared.distance())
    assert (header["step"], header["size"], header["count"]) == (2, [48, 48], 64)
    assert header["share"] == 1  # no other size counts


def test_the_matrix_of_the_painting_is_sent_once(asked):
    first, _ = unpacked(asked())
    again, arrays = unpacked(asked(known=first["key"]))
    assert list(arrays) == ["picture"]
    assert "order" not in again
    assert "painting" in unpacked(asked(known=first["key"], painting=2))[1]


def test_a_channel_is_answered_as_it_is_and_the_strongest_as_small_maps(asked, session):
    header, arrays = unpacked(asked(show="features", channel=5))
    compared = compared_with(session, 1)
    assert (header["channel"], header["count"]) == (5, 64)
    for name in ("photo", "painting", "picture"):
        maps = getattr(compared, name)
        np.testing.assert_allclose(arrays[name], maps[5], rtol=1e-4, atol=1e-3)
        assert arrays[f"small_{name}"].shape == (12, 48, 48)
    assert arrays["small_picture"].max() <= 255
    assert unpacked(asked(show="features"))[0]["channel"] == header["channels"][0]


def test_the_channels_of_a_cell_are_of_the_matrix_that_was_shown(asked, session):
    assert asked(show="pair", channels="1,2").status_code == 204  # no matrix was shown
    asked()
    header, arrays = unpacked(asked(show="pair", channels="1,7"))
    assert header["channels"] == [1, 7]
    compared = compared_with(session, 1)
    np.testing.assert_allclose(arrays["other_picture"], compared.picture[7], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"show": "all"}, "show 'all' is not one of features, matrix"),
        ({"layer": "relu9_1"}, "layer 'relu9_1' is not one of pixels"),
        ({"painting": "3"}, "painting must be a whole number from 1 to 2, not 3."),
        ({"show": "features", "channel": "64"}, "channel must be a whole number from 0 to 63"),
        ({"show": "features", "channel": "-1"}, "not '-1'"),
    ],
)
def test_a_question_without_sense_is_refused_in_a_sentence(asked, parameters, words):
    answer = asked(**parameters)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


def test_nothing_is_answered_of_a_page_that_there_is_not(asked):
    assert asked(key="other").status_code == 404


def test_there_is_no_answer_before_the_first_picture(asked, context):
    context.sessions.of("new", "me")
    assert asked(key="new").status_code == 204


def test_who_has_used_up_the_allowance_is_answered_later_unless_nothing_is_painted(
    asked, context, monkeypatch
):
    monkeypatch.setattr(handlers.TokenBucket, "is_open", property(lambda _: False))
    assert asked().status_code == 200
    context.service._reserved[7] = None
    try:
        assert asked().status_code == 204
    finally:
        del context.service._reserved[7]


def test_features_of_few_pages_are_kept_and_go_when_nobody_asks(context, session, monkeypatch):
    monkeypatch.setattr(handlers, "IDLE", 0.05)
    asker = InsideHandlers(context)
    assert asker.answer("a page", {"show": "matrix", "layer": "relu1_1"})
    for _ in range(100):
        if not asker._looks:
            break
        time.sleep(0.05)
    assert not asker._looks


def test_memory_is_given_back_and_the_view_tells_of_the_objective(asked, context, session):
    asked()
    assert not context.service.memory._reservations
    shown = panel.value(session)
    assert shown["address"] == "inside/a page"
    losses, settings = shown["losses"], shown["settings"]
    paint = losses["style"] + settings["motifs"] * losses["motifs"]
    total = settings["alpha"] * losses["content"] + settings["beta"] * shown["area"] * paint
    assert total + settings["tv"] * losses["tv"] == pytest.approx(losses["total"])
    assert shown["area"] == pytest.approx(1)


def test_maps_of_where_have_the_losses_as_their_means(asked, session):
    header, arrays = unpacked(asked(show="where", painting=2))
    compared = compared_with(session, 2)
    assert arrays["content_map"].mean() == pytest.approx(header["content"], rel=1e-4)
    assert arrays["style_map"].mean() == pytest.approx(header["style"], rel=1e-4)
    assert header["style"] == pytest.approx(compared.distance(), rel=1e-4)
    assert header["weight"] == 1
    image = compared.picture_image[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(arrays["picture"], 255 * image, atol=0.51)


def test_a_position_is_told_the_place_it_is_most_like(asked, session):
    asked(show="where")
    header, arrays = unpacked(asked(show="why", at="10,20", grid="48,48"))
    place = nearest_place(compared_with(session, 1), 10, 20)
    assert header["place"] == [place.row, place.column]
    assert header["cosine"] == pytest.approx(place.likeness, rel=1e-4)
    assert arrays["painting"].shape == (48, 48, 3)
    assert header["style"] == 1
    assert header["at"] == pytest.approx([20.5 / 48, 10.5 / 48])
    x, y, _ = header["picked"]
    assert (x, y) == pytest.approx(((place.column + 0.5) / 48, (place.row + 0.5) / 48))
    outside = asked(show="why", at="48,0", grid="48,48")
    assert "at must lie within the grid of 48 x 48" in outside.json()["error"]


def test_changes_are_of_the_step_they_name_and_computed_anew_after_thirty(
    asked, session, monkeypatch
):
    header, arrays = unpacked(asked(show="changes"))
    assert (header["of"], header["step"]) == (2, 2)
    assert {*header["sizes"]} == {"content", "style", "layer", "motifs"}
    assert arrays["style_colors"].shape == (40, 40, 3)
    first = arrays["style_change"]
    record = session.selected
    for step, of in ((31, 2), (32, 32)):
        record.last_frame = replace(record.last_frame, step=step, image=smooth_picture(4))
        record.add_frame(record.last_frame)
        header, arrays = unpacked(asked(show="changes"))
        assert (header["of"], header["step"]) == (of, step)
        assert np.array_equal(arrays["style_change"], first) == (of == 2)


def test_the_moment_that_is_shown_has_the_strokes_that_were_made_until_then(session):
    record, held = session.selected, Stroke("color", ((0.5, 0.5, 1.0),), 0.3, hold=1.0)
    frame = record.last_frame
    record.last_frame = replace(frame, step=3, state=replace(frame.state, strokes=(held,)))
    record.add_frame(record.last_frame)
    assert shown_moment(session).moment.strokes == (held,)


@pytest.mark.integration
def test_photo_and_painting_are_made_again_from_one_layer(asked, session, monkeypatch):
    monkeypatch.setattr(reconstruction, "STEPS", 3)
    assert asked(show="made").status_code == 204
    for source, image in (("photo", session.selected.inputs.content), ("painting", None)):
        assert asked(method="POST", show=source).status_code == 204
        until, header = time.monotonic() + 30, {"ended": False}
        while not (header["ended"] and header["made"] == 3) and time.monotonic() < until:
            time.sleep(0.05)
            if (answer := asked(show="made")).status_code == 200:
                header, arrays = unpacked(answer)
        assert (header["source"], header["layer"], header["made"]) == (source, "relu1_1", 3)
        assert header["loss"] < 2
        assert arrays["picture"].shape == (48, 48, 3)
        if image is not None:
            expected = 255 * image[0].permute(1, 2, 0).numpy()
            np.testing.assert_allclose(arrays["original"], expected, atol=0.51)


def test_the_last_reconstruction_of_a_page_which_ends_is_not_one_of_others(
    asked, context, session, monkeypatch
):
    monkeypatch.setattr(reconstructions, "MOST", 1)
    with context.service.scheduler:  # so that none ends
        assert asked(method="POST", show="photo").status_code == 204
        assert asked(method="POST", show="painting").status_code == 204
        refused = asked(method="POST", show="photo")  # each page has two at the most
    assert "1 others are being made" in refused.json()["error"]
    monkeypatch.setattr(reconstructions, "PATIENCE", 0.0)
    wait_for_the_end(context.service)


@pytest.mark.parametrize("scale", [0.5, 1.5])
def test_a_painting_is_made_again_from_what_the_picture_is_compared_with(painting, scale):
    class Service:
        def start(self, job):
            self.job = job
            return SimpleNamespace(frame=None, frames=lambda: (), ended=True)

    service, photo = Service(), smooth_picture(1, 96, 96)
    framed = torch.nn.functional.pad(smooth_picture(2, 90, 80), (9, 9, 9, 9), value=1.0)
    settings = replace(SETTINGS, style_scale=scale, crop_frame=True)
    moment = Moment(photo, photo, Styles((painting, framed)), settings)
    made = reconstructions.Reconstructions(service)
    origin = Origin(PhotoSource(Path("photo.jpg"), "photo.jpg", 96), moment.styles, (), Recipe())
    made.start("a page", ShownMoment(moment, "Run 1", 2, origin), "painting", "relu1_1", 2)
    job, expected = service.job, style_picture(framed, photo, settings)
    assert torch.equal(style_picture(job.styles.images[0], job.content, job.settings), expected)
    assert torch.equal(made._made["a page"].original, expected)


def test_a_reconstruction_without_sense_is_refused_and_none_is_made_for_no_page(
    asked, context, monkeypatch
):
    refused = asked(method="POST", show="photo", layer="pixels")
    assert "layer 'pixels' is not one of relu1_1" in refused.json()["error"]
    assert asked(method="POST", show="photo", key="other").status_code == 404
    monkeypatch.setattr(reconstructions, "MOST", 0)
    assert "0 others are being made" in asked(method="POST", show="photo").json()["error"]
    monkeypatch.setattr(reconstructions, "MOST", 1)
    monkeypatch.setattr(reconstructions, "PATIENCE", 0.0)
    assert asked(method="POST", show="photo").status_code == 204
    wait_for_the_end(context.service)
