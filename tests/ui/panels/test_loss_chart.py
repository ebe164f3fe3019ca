"""The loss chart of a run."""

import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import torch

from style_transfer.network import LAYERS as VGG_LAYERS
from style_transfer.recipe import Recipe
from style_transfer.runs import SettingsChange
from style_transfer.settings import Settings
from style_transfer.ui.panels import loss_chart
from style_transfer.ui.session.record import RunRecord
from style_transfer.ui.session.rest import Rest
from style_transfer.ui.session.run_inputs import RunInputs
from style_transfer.ui.session.timeline import Timeline

LAYERS = dict.fromkeys(Settings().style_layers, 0.1)


def record(tmp_path, losses, changes=(), settings=Settings()):  # noqa: B008
    picture = torch.zeros(1, 3, 32, 32)
    inputs = RunInputs(picture, picture, Path("photo.jpg"), Recipe())
    made = RunRecord("Run 1", inputs, Timeline(tmp_path / "run"))
    made.run = SimpleNamespace(losses=losses, changes=list(changes), ended=True)
    made.rest = Rest(settings, wakes=False)
    return made


def curve(values):
    terms = ({"total": v, "content": v / 2, "style": v / 4} | LAYERS for v in values)
    return list(enumerate(terms, start=1))


def at(step, settings=Settings()):  # noqa: B008
    return SimpleNamespace(step=step, settings=settings)


def test_it_is_one_well_formed_drawing_before_and_during_a_run(tmp_path):
    for drawn in (
        loss_chart.draw(None),
        loss_chart.draw(record(tmp_path, curve([9, 3, 1])), at(2)),
    ):
        assert drawn["title"]
        assert len(ElementTree.fromstring(f"<svg>{drawn['content']}</svg>"))


def test_the_scale_is_logarithmic(tmp_path):
    drawing = loss_chart.draw(record(tmp_path, curve([100.0, 10.0, 1.0])))["content"]
    points = re.search(r'class="total" points="([^"]+)"', drawing).group(1).split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)


def test_a_knob_that_moved_leaves_its_words_at_its_step(tmp_path):
    change = SettingsChange(2, Settings(), Settings(beta=20))
    drawing = loss_chart.draw(record(tmp_path, curve([9, 3, 1]), [change]))["content"]
    assert "step 2: beta 5 to 20" in drawing


def test_words_of_marks_that_have_no_room_are_told_to_those_who_point_at_them(tmp_path):
    changes = [SettingsChange(2, Settings(), Settings(beta=beta)) for beta in (20, 30, 40)]
    drawing = loss_chart.draw(record(tmp_path, curve([9, 3, 1]), changes))["content"]
    assert len(re.findall(r"<text[^>]*>beta 5 to", drawing)) == len(loss_chart.ROWS)
    for change in changes:
        assert f"<title>step 2: {change.description}</title>" in drawing


def test_the_drawing_shows_where_it_is_looked_at(tmp_path):
    made = record(tmp_path, curve([9, 3, 1, 1]), settings=Settings(steps=8))
    assert 'class="here" x1="25.00%"' in loss_chart.draw(made, at(2))["content"]
    assert 'class="here" x1="50.00%"' in loss_chart.draw(made, at(4))["content"]


def test_the_lines_are_total_photo_and_paint_and_grow_with_the_run(tmp_path):
    def lines(values):
        drawing = loss_chart.draw(record(tmp_path / str(len(values)), curve(values)))["content"]
        found = re.findall(r'<polyline class="(\w+)" points="([^"]+)"', drawing)
        return {name: len(points.split()) for name, points in found}

    assert lines([9, 3]) == {"total": 3, "content": 3, "style": 3}
    assert lines([9, 3, 1]) == {"total": 4, "content": 4, "style": 4}


def test_the_bars_are_those_of_the_moment_that_is_looked_at(tmp_path):
    made = record(tmp_path, curve([9, 3, 1]), settings=Settings(style_layers=["relu5_1"]))
    drawing = loss_chart.draw(made, at(1, Settings(style_layers=["relu1_1", "relu2_1"])))["content"]
    assert "relu1_1" in drawing
    assert "relu5_1" not in drawing


def test_of_many_layers_the_largest_have_a_bar_and_the_rest_is_counted(tmp_path):
    names = list(VGG_LAYERS)
    terms = {name: 0.1 + number for number, name in enumerate(names)}
    made = record(tmp_path, [(1, {"total": 1.0, "content": 1.0, "style": 1.0} | terms)])
    drawing = loss_chart.draw(made, at(1, Settings(style_layers=names)))["content"]
    assert drawing.count('class="share"') == loss_chart.MAX_BARS
    assert names[-1] in drawing
    assert names[0] not in drawing
    assert f"and {len(names) - loss_chart.MAX_BARS} with less" in drawing


def test_the_shares_of_the_layers_are_their_parts_of_the_weighted_loss():
    settings = Settings(style_layers={"relu1_1": 1, "relu2_1": 3})
    found = loss_chart.shares({"relu1_1": 3.0, "relu2_1": 1.0}, settings)
    assert found == pytest.approx({"relu1_1": 0.5, "relu2_1": 0.5})


def test_a_long_run_is_drawn_with_a_bounded_number_of_points(tmp_path):
    drawing = loss_chart.draw(record(tmp_path, curve([1.0] * 5000)))["content"]
    assert len(drawing) < 40_000


def test_losses_of_zero_and_beyond_numbers_are_drawn_too(tmp_path):
    drawing = loss_chart.draw(record(tmp_path, curve([0.0, float("inf"), 1.0])))["content"]
    assert "nan" not in drawing
    ElementTree.fromstring(f"<svg>{drawing}</svg>")
