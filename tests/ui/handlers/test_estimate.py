"""What is told of a run before it begins."""

from types import SimpleNamespace

import gradio as gr
import pytest
from PIL import Image

from style_transfer.runs import Limits, MemoryReservations, RunService
from style_transfer.settings import Settings
from style_transfer.ui.handlers.estimate import ESTIMATE_IDS, EstimateHandler
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.start_options import ESTIMATE_ID
from tests.runs.fake_executor import FakeExecutor

GIGABYTE = 10**9


@pytest.fixture
def service(tmp_path):
    return RunService(Limits(), tmp_path / "checkpoints", FakeExecutor)


@pytest.fixture
def told(context, tmp_path):
    """What the page is told of a photo of 600 x 400 px, where so many GB are free."""
    file = tmp_path / "photo.png"
    Image.new("RGB", (600, 400)).save(file)

    def told(size, free=14, enlarge=True, photo=str(file)):
        context.service.memory = MemoryReservations(lambda: free * GIGABYTE)
        chosen = dict.fromkeys(ESTIMATE_IDS) | {
            "content-image": photo,
            "style-image": str(file),
            "settings": controls.to_value(Settings()),
            "size": {"size": size, "enlarge": enlarge},
        }
        values = {gr.HTML(elem_id=elem_id): value for elem_id, value in chosen.items()}
        return EstimateHandler(context).estimate(values, SimpleNamespace(headers={}, client=None))

    return told


def test_a_print_is_told_in_pixels_centimetres_hours_and_memory(told):
    words = told(8192)["words"]
    assert words.startswith("8192 x 5461 pixels (69 x 46 cm at 300 dpi), about ")
    assert words.endswith(" GB of memory")
    assert "cm" not in told(512)["words"]


def test_the_slider_ends_at_what_the_machine_can_do_and_the_photo_has(told):
    assert told(480, enlarge=False)["largest"] == 600
    small, large = told(480, free=3)["largest"], told(480, free=14)["largest"]
    assert 600 < small < 8192 <= large
    beyond = told(large + 2000)
    assert "are free; choose a smaller size" in beyond["words"]
    assert beyond["largest"] == large
    assert told(480, photo=None)["words"] == ""
    assert told(480, photo=None)["largest"] == 0


@pytest.mark.parametrize(("estimate", "told"), [({"call": 7}, 7), ({"call": "7"}, 0), (None, 0)])
def test_an_answer_has_the_link_and_the_number_of_its_call(context, estimate, told):
    chosen = dict.fromkeys(ESTIMATE_IDS) | {
        "settings": controls.to_value(Settings(beta=9)),
        ESTIMATE_ID: estimate,
    }
    values = {gr.HTML(elem_id=elem_id): value for elem_id, value in chosen.items()}
    page = SimpleNamespace(headers={}, session_hash="a page")
    answer = EstimateHandler(context).tell(values, page)
    assert answer["link"].startswith("beta=9&")
    assert answer["call"] == told


def test_a_photo_that_is_not_enlarged_is_said_to_be_as_large_as_it_is(told):
    assert told(2048, enlarge=False)["words"].startswith(
        "600 x 400 pixels, as large as the photo is, about "
    )


@pytest.mark.parametrize("value", [480, {"size": 480}, {"size": 1e9, "enlarge": 1}])
def test_a_size_that_no_page_sends_is_refused_in_a_sentence(context, told, value, monkeypatch):
    monkeypatch.setattr(
        "style_transfer.ui.handlers.estimate.by_elem_id",
        lambda values: {block.elem_id: each for block, each in values.items()} | {"size": value},
    )
    assert told(480)["words"].endswith(".")
