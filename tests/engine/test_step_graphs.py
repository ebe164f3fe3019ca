"""Calls that are recorded: on a GPU where there is one, and as if the CPU were such."""

import logging
from dataclasses import replace

import pytest
import torch

from style_transfer import devices
from style_transfer.engine import graphs as graphs_of_process
from style_transfer.engine import step_graphs
from style_transfer.engine.multiscale import MultiscaleObjective
from style_transfer.engine.step_graphs import StepGraphs
from style_transfer.settings import Settings
from tests.engine.runs import QUICK, run
from tests.fake_accelerator import Recording

pytestmark = [pytest.mark.every_device, pytest.mark.integration]


@pytest.fixture(autouse=True)
def recording(device, monkeypatch):
    """Let calls be recorded on the CPU as well."""
    if devices.recorder(device) is None:
        monkeypatch.setitem(devices._TYPES, torch.device(device).type, Recording())
    graphs_of_process.forget()
    monkeypatch.setattr(graphs_of_process, "enabled", True)
    yield
    graphs_of_process.forget()


def scaled(image, data):
    """A function of nested data."""
    return {"sum": (image * data["weight"]).sum(), "image": image + data["other"]}


def arguments(device, weight=2.0, value=1.0, size=4):
    image = torch.full((size,), value).to(device)
    return image, {"weight": weight, "other": torch.arange(size).float().to(device)}


def plain(found):
    return {name: each.cpu().tolist() for name, each in found.items()}


def test_a_call_is_recorded_the_second_time_and_gives_the_same(device):
    graphs = StepGraphs()
    for count, (weight, value) in enumerate([(2.0, 1.0), (2.0, 1.0), (0.0, 3.0), (5.0, 3.0)]):
        given = arguments(device, weight, value)
        assert plain(graphs.call(scaled, *given)) == plain(scaled(*given))
        assert len(graphs) == min(count, 1)


def test_what_was_returned_stays_and_what_was_given_is_not_written_to(device):
    graphs, (image, data) = StepGraphs(), arguments(device)
    first, second = (graphs.call(scaled, image, data) for _ in range(2))
    known = plain(second)
    graphs.call(scaled, 7 * image, data | {"other": image})
    assert plain(second) == plain(first) == known
    assert image.cpu().tolist() == [1] * 4


def test_a_tensor_that_is_the_same_as_before_is_not_copied_again(device, monkeypatch):
    graphs, (image, data) = StepGraphs(), arguments(device)
    copied, copy = [], torch._foreach_copy_

    def noted(own, new):
        copied.append(len(own))
        copy(own, new)

    monkeypatch.setattr(torch, "_foreach_copy_", noted)
    for _ in range(4):
        graphs.call(scaled, image, data)
    assert copied == []
    graphs.call(scaled, image.clone(), data)
    assert copied == [1]


def test_other_shapes_have_recordings_of_their_own_and_the_oldest_goes(device, monkeypatch):
    monkeypatch.setattr(step_graphs, "MAX_RECORDINGS", 2)
    graphs = StepGraphs()
    for size in (3, 4, 5):
        for _ in range(2):
            given = arguments(device, size=size)
            assert plain(graphs.call(scaled, *given)) == plain(scaled(*given))
    assert len(graphs) == 2
    graphs.forget()
    assert len(graphs) == 0


def waiting(image, data):
    if devices.is_recording(image.device):
        raise RuntimeError("This waits for the device.")
    return {"image": image * float(image.sum().cpu())}


def test_what_cannot_be_recorded_is_computed_and_said_once(device, caplog):
    graphs, (image, data) = StepGraphs(), arguments(device)
    with caplog.at_level(logging.WARNING, "style_transfer"):
        for _ in range(3):
            assert plain(graphs.call(waiting, image, data)) == {"image": [4.0] * 4}
        for _ in range(2):  # what can be recorded still is
            graphs.call(scaled, image, data)
        assert len(graphs) == 1
    (record,) = caplog.records
    assert "A step cannot be recorded" in record.getMessage()


def test_what_a_first_call_alone_must_wait_for_does_not_keep_it_from_being_recorded(device):
    kept = dict[str, torch.Tensor]()

    def with_constant(image):
        if "ones" not in kept:
            if devices.is_recording(image.device):
                raise RuntimeError("This waits for the device.")
            kept["ones"] = torch.ones_like(image)
        return image + kept["ones"]

    graphs, (image, _) = StepGraphs(), arguments(device)
    graphs.call(with_constant, image)
    kept.clear()
    assert graphs.call(with_constant, image).cpu().tolist() == [2.0] * 4
    assert len(graphs) == 1


def test_a_run_is_the_same_recorded_and_not(photo, painting, monkeypatch):
    settings = replace(Settings(), steps=9)
    found = []
    for enabled in (True, False):
        monkeypatch.setattr(graphs_of_process, "enabled", enabled)
        frames = run(photo, painting, settings)
        found.append([frame.losses["total"] for frame in frames[1:]])
    assert found[0] == pytest.approx(found[1], rel=2e-3)


def test_moved_weights_replay_the_same_recording_those_of_0_too(network, photo, painting):
    objective, two = MultiscaleObjective(network, photo, painting), QUICK.style_layers
    moves = [{}, {}, {"alpha": 0}, {"beta": 3}, {"tv": 0.2}, {"beta": 0}]
    moves += [{"style_layers": {name: 2.0 + n for n, name in enumerate(two)}}]
    for move in moves:
        settings = replace(QUICK, **move)
        recorded = objective.evaluate(photo, settings)
        assert len(graphs_of_process) == (move is not moves[0])
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(graphs_of_process, "enabled", False)
            plain = objective.evaluate(photo, settings)
        assert dict(recorded.losses) == pytest.approx(dict(plain.losses), rel=1e-5)
        torch.testing.assert_close(recorded.gradient, plain.gradient, rtol=1e-4, atol=1e-9)


def test_another_statistic_is_computed_at_once_and_recorded_the_next_time(network, photo, painting):
    objective = MultiscaleObjective(network, photo, painting)
    for count, statistic in enumerate(["gram", "gram", "covariance", "covariance"]):
        objective.evaluate(photo, replace(QUICK, statistic=statistic))
        assert len(graphs_of_process) == (count + 1) // 2


def test_runs_of_one_size_share_their_recordings(photo, painting):
    runs = [photo.roll(5 * n, -1) for n in range(4)]
    for content in runs:
        run(content, painting)
    alone = len(graphs_of_process)
    for content in runs:
        run(content, painting)
    assert alone == len(graphs_of_process) == 2  # losses and gradient, and the optimiser
