"""The figures of a run."""

import re
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import torch

from style_transfer.changes import Change
from style_transfer.recipe import Recipe
from style_transfer.settings import Settings
from style_transfer.ui import chart
from style_transfer.ui.record import Record, Source
from style_transfer.ui.timeline import Timeline

LAYERS = dict.fromkeys(Settings().style_layers, 0.1)


def record(tmp_path, losses, changes=(), settings=Settings()):  # noqa: B008
    picture = torch.zeros(1, 3, 32, 32)
    source = Source(picture, picture, Path("photo.jpg"), Recipe())
    made = Record("Run 1", source, Timeline(tmp_path / "run"))
    made.run = SimpleNamespace(history=losses, changes=list(changes), settings=settings)
    return made


def curve(values):
    terms = ({"total": v, "content": v / 2, "style": v / 4} | LAYERS for v in values)
    return list(enumerate(terms, start=1))


def test_it_is_one_well_formed_drawing_before_and_during_a_run(tmp_path):
    for drawn in (chart.draw(None), chart.draw(record(tmp_path, curve([9, 3, 1])), step=2)):
        assert drawn["title"]
        assert ElementTree.fromstring(f"<svg>{drawn['content']}</svg>")


def test_the_scale_is_logarithmic(tmp_path):
    drawing = chart.draw(record(tmp_path, curve([100.0, 10.0, 1.0])))["content"]
    points = re.search(r'class="total" points="([^"]+)"', drawing).group(1).split()
    heights = [float(point.split(",")[1]) for point in points]
    assert heights[1] - heights[0] == pytest.approx(heights[2] - heights[1], abs=0.2)


def test_a_knob_that_moved_leaves_its_words_at_its_step(tmp_path):
    change = Change(2, Settings(), Settings(beta=20))
    drawing = chart.draw(record(tmp_path, curve([9, 3, 1]), [change]))["content"]
    assert "step 2: beta 5 to 20" in drawing


def test_the_shares_of_the_layers_are_their_parts_of_the_weighted_loss():
    settings = Settings(style_layers={"relu1_1": 1, "relu2_1": 3})
    found = chart.shares({"relu1_1": 3.0, "relu2_1": 1.0}, settings)
    assert found == pytest.approx({"relu1_1": 0.5, "relu2_1": 0.5})


def test_a_long_run_is_drawn_with_a_bounded_number_of_points(tmp_path):
    drawing = chart.draw(record(tmp_path, curve([1.0] * 5000)))["content"]
    assert len(drawing) < 40_000


def test_losses_of_zero_and_beyond_numbers_are_drawn_too(tmp_path):
    drawing = chart.draw(record(tmp_path, curve([0.0, float("inf"), 1.0])))["content"]
    assert "nan" not in drawing
    ElementTree.fromstring(f"<svg>{drawing}</svg>")
