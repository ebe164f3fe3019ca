"""What the view "Inside" is answered, without a browser."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

from style_transfer.engine import Styles
from style_transfer.inspection import Inspector, Moment, style_matrix
from style_transfer.network import load_network
from style_transfer.recipe import Recipe
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.handlers import inside as handlers
from style_transfer.ui.handlers.inside import InsideHandlers
from style_transfer.ui.http.calls import VISITOR_HEADER
from style_transfer.ui.http.inside import inside_route
from style_transfer.ui.panels import inside as panel
from style_transfer.ui.session.run_inputs import RunInputs
from tests.conftest import smooth_picture

MINE = {VISITOR_HEADER: "me"}
SETTINGS = Settings(steps=2, style_layers=["relu1_1"], content_layer="relu2_1")


@pytest.fixture
def session(context, photo, painting, tmp_path):
    """A session whose run of two steps has come to rest."""
    session = context.sessions.of("a page", "me")
    styles = Styles((painting, smooth_picture(9)))
    inputs = RunInputs(photo, styles, Path("photo.jpg"), Recipe())
    record = session.new_record(inputs)
    run = context.service.start(Job(photo, styles, SETTINGS))
    session.follow(record, run)
    for frame in run.frames():
        if frame is not None and frame is not record.last_frame:
            record.add_frame(frame)
    return session


@pytest.fixture
def asked(context, session):
    client = TestClient(Starlette(routes=[inside_route(InsideHandlers(context).answer)]))

    def ask(headers=MINE, key="a page", **parameters):
        query = {"show": "matrix", "layer": "relu1_1"} | parameters
        return client.get(f"/inside/{key}", params=query, headers=headers)

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


def test_nobody_else_is_answered(asked):
    for refused in (asked(headers={}), asked(headers={VISITOR_HEADER: "x"}), asked(key="other")):
        assert refused.status_code == 404


def test_there_is_no_answer_before_the_first_picture(asked, context):
    context.sessions.of("new", "me")
    assert asked(key="new").status_code == 204


def test_who_has_used_up_the_allowance_is_answered_later_unless_nothing_is_painted(
    asked, context, monkeypatch
):
    monkeypatch.setattr(handlers.Allowance, "is_open", property(lambda _: False))
    assert asked().status_code == 200
    context.service._reserved[7] = None
    try:
        assert asked().status_code == 204
    finally:
        del context.service._reserved[7]


def test_features_of_few_pages_are_kept_and_go_when_nobody_asks(context, session, monkeypatch):
    monkeypatch.setattr(handlers, "IDLE", 0.05)
    asker = InsideHandlers(context)
    asker.answer("a page", "me", {"show": "matrix", "layer": "relu1_1"})
    assert len(asker._looks) == 1
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
