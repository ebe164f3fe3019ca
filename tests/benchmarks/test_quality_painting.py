"""The command `benchmarks.quality`: settings as text, and runs with a given content error."""

import json
import sys
from types import SimpleNamespace

import pytest
import torch

from benchmarks.quality.__main__ import main
from benchmarks.quality.painting import (
    beta_with_content,
    parsed_settings,
    parsed_variant,
    stylized_with_content,
)
from benchmarks.quality.pairs import SAMPLES, samples
from style_transfer.images import save, to_tensor
from style_transfer.settings import Settings
from tests.conftest import smooth_picture

pytestmark = pytest.mark.integration


def test_settings_are_written_as_in_links():
    found = parsed_settings(["beta=8", "style-layers=relu1_1,relu2_1:0.5"], Settings(steps=7))
    assert found == Settings(beta=8, steps=7, style_layers={"relu1_1": 1.0, "relu2_1": 0.5})


def test_a_variant_has_a_name_and_settings_of_which_some_have_commas():
    name, found = parsed_variant("two:style_layers=relu1_1,relu2_1:0.5,tv=2", Settings(beta=3))
    assert name == "two"
    assert found == Settings(beta=3, tv=2, style_layers={"relu1_1": 1.0, "relu2_1": 0.5})
    assert parsed_variant("plain", Settings(beta=3)) == ("plain", Settings(beta=3))


def test_an_unknown_setting_is_refused_by_name():
    with pytest.raises(ValueError, match="betta"):
        parsed_settings(["betta=8"], Settings())


def test_the_samples_are_all_there():
    assert [pair.number for pair in samples()] == [*range(len(SAMPLES))]


@pytest.fixture
def folder(tmp_path):
    """A folder with a pair 3."""
    for name, seed in (("c3", 1), ("s3", 2)):
        save(smooth_picture(seed, 64, 64), tmp_path / f"{name}.png")
    return tmp_path


def run(monkeypatch, capsys, *arguments):
    """Run the command; its JSON lines by name, and the other lines."""
    monkeypatch.setattr(sys, "argv", ["quality", *map(str, arguments)])
    main()
    lines = capsys.readouterr().out.splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    return {row["name"]: row for row in rows}, lines[len(rows) :]


def test_a_beta_is_found_for_a_mean_content_error():
    tried = []

    def content_of(beta):
        tried.append(beta)
        return 1.5 * beta / (beta + 10)

    assert beta_with_content(content_of, goal=0.9, beta=6) == tried[-1]
    assert content_of(tried[-1]) == pytest.approx(0.9, rel=0.01)
    assert len(tried) <= 7


def test_variants_are_compared_at_an_equal_mean_content_error(folder, monkeypatch, capsys):
    def blended(photo, painting, settings):
        return (2 * photo + settings.beta * painting) / (2 + settings.beta)

    monkeypatch.setattr("benchmarks.quality.painting.stylized", blended)
    arguments = (
        "--pairs",
        folder,
        "--out",
        folder / "out",
        "--variant",
        "one:beta=1",
        "two:beta=4",
    )
    rows, _ = run(monkeypatch, capsys, *arguments, "--content", "0.4")
    for name in ("one", "two"):
        last = [row["C"] for each, row in rows.items() if each.startswith(name)][-1]
        assert last == pytest.approx(0.4, rel=0.011)


@pytest.mark.parametrize("beta", [1, 100])
def test_a_run_ends_with_no_more_content_error_than_asked_for_and_little_less(beta, monkeypatch):
    """In a simulated run, whose picture follows beta late."""
    goal, photo, painting = 0.3, torch.zeros((1, 3, 32, 32)), torch.ones((1, 3, 32, 32))

    def simulated(photo, painting, read_settings):
        share, settings = 0.0, read_settings()
        for step in range(settings.steps + 1):
            settings = read_settings()
            share += 0.3 * ((settings.beta / (settings.beta + 30)) ** 0.5 - share)
            picture = photo + share * (painting - photo)
            yield SimpleNamespace(step=step, picture=picture)

    monkeypatch.setattr("benchmarks.quality.painting.stylize", simulated)
    judge = SimpleNamespace(content_error=lambda picture: to_tensor(picture).mean().item())
    settings = Settings(beta=beta, steps=100)
    picture = stylized_with_content(photo, painting, settings, judge, goal)
    assert 0.95 * goal < picture.mean() < goal + 1 / 255


def test_pictures_that_are_there_are_not_painted_again(folder, monkeypatch, capsys):
    sheet = folder / "sheet.jpg"
    arguments = ("--pairs", folder, "--steps", "1", "--out", folder / "out", "--sheet", sheet)
    first, _ = run(monkeypatch, capsys, *arguments)
    assert sheet.stat().st_size > 0
    monkeypatch.setattr("benchmarks.quality.painting.stylized", None)
    again, _ = run(monkeypatch, capsys, *arguments)
    assert again["default"] == first["default"] | {"seconds": 0.0}


def test_the_last_line_tells_which_measures_of_ours_are_lower(folder, monkeypatch, capsys):
    for name, seed in (("peer", 5), ("default-as-peer", 2)):  # ours is the painting itself
        save(smooth_picture(seed, 64, 64), folder / f"{name}.3.png")
    arguments = ("--pairs", folder, "--out", folder, "--against", f"{folder}:peer")
    rows, lines = run(monkeypatch, capsys, *arguments)
    assert {*rows} == {"peer", "default-as-peer"}
    lower = lines[-1].removeprefix("default-as-peer is lower than peer in ")
    content = int(rows["default-as-peer"]["C"] < rows["peer"]["C"])
    assert lower == f"S on 1, C on {content}, N on 1, H on 1 of 1 pairs"
