"""What it costs a run that its page looks inside: minutes, run by -m slow -s."""

import json
import statistics
import threading
import time
from pathlib import Path

import pytest
import torch

from style_transfer.engine import Styles
from style_transfer.recipe import Recipe
from style_transfer.runs import Job
from style_transfer.settings import Settings
from style_transfer.ui.handlers.inside import InsideHandlers
from style_transfer.ui.session.run_inputs import RunInputs
from tests.conftest import smooth_picture

SIZE = 256  # px
# That are timed in each window, several answers long; closed and open ones alternate. Changes come
# every 30 steps.
STEPS = {"matrix": 10, "where": 30, "changes": 30}
ROUNDS = 3
OPENING = 4.0  # s in which what could be saved up is spent: the first answers come at once


class Looker(threading.Thread):
    """Asks again and again while `is_open`, as an open tab does: it tells which painting it has."""

    def __init__(self, looks, show, layer):
        super().__init__(daemon=True)
        self.looks, self.question = looks, {"show": show, "layer": layer}
        self.is_open, self.ended, self.answers = False, False, 0

    def run(self):
        while not self.ended:
            if self.is_open and (answer := self.looks.answer("a page", self.question)):
                self.answers += 1
                length = int.from_bytes(answer[:4], "little")
                header = json.loads(answer[4 : 4 + length])
                self.question |= {"known": header["key"]} if "key" in header else {}
            time.sleep(0.5)


@pytest.fixture(autouse=True)
def timed_backends():
    """Let backends be measured: what is looked at here are runs of real speed."""


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)  # as at home; the other tests do with one
    yield
    torch.set_num_threads(before)


def seconds_of_steps(run, count):
    """Return how long so many steps take, from the end of the next one to that of the last."""
    moments = []
    for step in (run.frame.step + 1, run.frame.step + 1 + count):
        while run.frame.step < step:
            time.sleep(0.005)
        moments.append(time.monotonic())
    return moments[1] - moments[0]


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["relu1_1", "relu3_1", "relu5_1"])
@pytest.mark.parametrize("show", STEPS)
def test_a_run_keeps_nine_tenths_of_its_steps_while_its_page_looks_inside(context, show, layer):
    photo, painting = smooth_picture(1, SIZE, SIZE), smooth_picture(2, SIZE, SIZE)
    session, styles = context.sessions.of("a page", "me"), Styles((painting,))
    inputs = RunInputs(photo, styles, Path("photo.jpg"), Recipe())
    record = session.records.new(inputs)
    run = context.service.start(Job(photo, styles, Settings(steps=4000)))
    session.follow(record, run)

    def follow():
        for frame in run.frames():
            if frame is not None:
                record.add_frame(frame)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    while run.frame is None or run.frame.step < 26:  # at the last size
        time.sleep(0.2)
    looker = Looker(InsideHandlers(context), show, layer)
    looker.start()
    shares = []
    for _ in range(ROUNDS):
        took = []
        for looker.is_open in (False, True, False):
            if looker.is_open:
                time.sleep(OPENING)
            took.append(seconds_of_steps(run, STEPS[show]))
        shares.append((took[0] + took[2]) / 2 / took[1])
    looker.ended = True
    run.stop()
    looker.join(30)
    follower.join(30)
    told = ", ".join(f"{share:.2f}" for share in shares)
    print(f"\n{show} {layer}: {statistics.median(shares):.2f} of the steps, of {told}")
    assert looker.answers > 2
    assert statistics.median(shares) >= 0.9
