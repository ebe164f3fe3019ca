"""What happens to runs on ZeroGPU, as JSON: python -m tests.runs.zero_gpu_scenarios"""

import json
import os
import signal
import statistics
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

from tests.runs.zero_gpu_platform import begin, visitor

PLATFORM = begin()

import torch  # noqa: E402

from style_transfer.engine import Styles, stylize  # noqa: E402
from style_transfer.network import load_network  # noqa: E402
from style_transfer.runs import Job, Lasting, RunService, run, zero_gpu  # noqa: E402
from style_transfer.settings import Settings  # noqa: E402

SHORT = Settings(steps=60, style_layers=["relu1_1", "relu2_1"], content_layer="relu2_1")
LONG = replace(SHORT, steps=4000)
SERVICE = RunService.from_environment(os.environ)
ASKS = SERVICE.executor._duration  # what it asks for, where a scenario is about that
SERVICE.executor._duration = lambda _job: 60


def blobs(seed):
    coarse = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(48, 48), mode="bilinear").clamp(0, 1)


PHOTO, STYLES = blobs(1), Styles((blobs(2),))


def start(settings, **options):
    job = Job(PHOTO, STYLES, settings, state=options.pop("state", None))
    return SERVICE.start(job, **options)


def wait_for(condition, seconds=30):
    """Return how long it took until `condition()` was true."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() < began + seconds, "it took too long"
        time.sleep(0.002)
    return time.monotonic() - began


def step(run):
    return run.frame.step if run.frame else -1


def released():
    wait_for(lambda: not PLATFORM.held)


def finish(run):
    """Return the moments at which the frames of the rest of a run came."""
    moments = [time.monotonic() for _ in run.frames()]
    assert run.join(30)
    assert run.error is None, run.error
    return moments


@contextmanager
def calls():
    """Give a list of the calls that are made within."""
    released()
    before, found = len(PLATFORM.calls), []
    yield found
    released()
    found += PLATFORM.calls[before:]


def facts(run, made):
    return {
        "calls": len(made),
        "asked": [call.asked for call in made],
        "steps": [number for number, _ in run.losses],
        "totals": [losses["total"] for _, losses in run.losses],
        "sum": run.frame.image.double().sum().item(),
        "state": run.state.step,
        "word": run.outcome.word,
    }


def whole():
    visitor("ada")
    with calls() as made:
        began = time.monotonic()
        run = start(SHORT)
        wait_for(lambda: run.frame)
        first = time.monotonic() - began
        finish(run)
    began = time.monotonic()
    again = start(SHORT)  # in the same worker
    wait_for(lambda: again.frame)
    reused = time.monotonic() - began
    finish(again)
    return facts(run, made) | {
        "first": first,
        "reused": reused,
        "token": made[0].token.rpartition(".")[2],
        "worker": made[0].pid != os.getpid(),
    }


def paused():
    visitor("bob")
    with calls() as made:
        run = start(SHORT)
        wait_for(lambda: step(run) >= 5)
        run.pause()
        released()
        wait_for(lambda: run.state.step == step(run))  # the last frame has arrived
        at = step(run)
        visitor("bob-later")
        run.resume()
        finish(run)
    return facts(run, made) | {"token": made[-1].token.rpartition(".")[2], "at": at}


def killed():
    with calls() as made:
        run = start(SHORT)
        wait_for(lambda: step(run) >= 5)
        pids = [call.pid for call in PLATFORM.calls if call.pid]  # that of a reused worker is old
        os.kill(pids[-1], signal.SIGKILL)
        finish(run)
    return facts(run, made)


def deadline():
    """Calls that have a tenth of a second for their steps."""
    executor, asks = SERVICE.executor, SERVICE.executor._duration
    executor._duration = lambda _job: 3
    margin, zero_gpu.MARGIN = zero_gpu.MARGIN, 2.9
    stop_workers()  # which have the margin that they were forked with
    with calls() as made:
        run = start(SHORT)
        moments = finish(run)
    executor._duration, zero_gpu.MARGIN = asks, margin
    stop_workers()
    waits = sorted(after - before for before, after in pairwise(moments))
    return facts(run, made) | {"gap": statistics.median(waits[-(len(made) - 1) :])}


def stop_workers():
    released()
    for pid in {call.pid for call in PLATFORM.calls if call.pid}:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    time.sleep(0.3)


def steered():
    """Times from a moved knob to its frame, and how far the step named is from the true one."""
    seconds, errors = [], []
    with calls() as made:
        run = start(LONG)
        wait_for(lambda: step(run) >= 10)
        for beta in range(20, 30):
            run.settings = replace(LONG, beta=beta)
            named = run.changes[-1].step
            seconds.append(wait_for(lambda: run.frame.settings.beta == beta))  # noqa: B023
            errors.append(step(run) - named)
            time.sleep(0.03)
        speed = run.steps_per_second
        run.stop()
        left = wait_for(lambda: not PLATFORM.held)
        run.join(10)
    seconds.sort()
    return {
        "seconds": seconds,
        "errors": errors,
        "speed": speed,
        "calls": len(made),
        "left": left,
        "word": run.outcome.word,
    }


def woken():
    """A resting picture, and a burst of moved knobs."""
    first = start(SHORT)
    finish(first)
    released()
    with calls() as made:
        changed = replace(SHORT, beta=9)
        until = SHORT.steps + 30
        run = start(changed, state=first.state, lasting=Lasting(after_change=30, until=until))
        for beta in range(10, 30):
            run.settings = replace(changed, beta=beta)
            time.sleep(0.01)
        finish(run)
    return facts(run, made) | {"beta": run.frame.settings.beta}


def refused():
    visitor("eve")
    PLATFORM.used_up = True
    run = start(SHORT)
    run.join(10)
    PLATFORM.used_up = False
    return {"word": run.outcome.word, "error": str(run.error), "rests": run.outcome.rests}


def by_hand():
    """The same steps without a worker."""
    torch.set_num_threads(1)
    network = load_network()
    *_, last = found = list(stylize(PHOTO, STYLES, lambda: SHORT, network=network))
    network.remember_timings()  # so that workers need not measure them
    totals = [frame.losses["total"] for frame in found if frame.losses]
    return {"sum": last.image.double().sum().item(), "totals": totals}


def quota():
    """What a run of eight seconds asks for beside what it uses, once shorter ones were timed."""
    SERVICE.executor._duration = ASKS
    settings, found = replace(SHORT, steps=60), []
    # The first one begins its worker and may compile kernels; by most of three it is forgotten.
    for steps in (60, 60, 60, None):
        steps = steps or int(60 * 8 / found[-1].seconds)
        with calls() as made:
            finish(start(replace(settings, steps=steps)))
        found += made
    return {"asked": found[-1].asked, "used": found[-1].seconds, "calls": len(found)}


def page():
    """The page on the platform, which must lend a GPU to something or end it."""
    from urllib.request import urlopen

    from style_transfer.ui.main import create

    page = create()
    options = page.launch_options | {"prevent_thread_lock": True, "quiet": True}
    _, url, _ = page.blocks.launch(**options)
    with urlopen(f"{url}health") as answer:
        health = json.load(answer)
    words = str(page.context.service.estimate((192, 256), [(256, 256)], SHORT))
    page.blocks.close()
    return {"reported": PLATFORM.reported, "alive": health["alive"], "estimate": words}


def main(names):
    run.PATIENCE = 3600.0
    print(json.dumps({name: globals()[name]() for name in names}))


if __name__ == "__main__":
    main(sys.argv[1:])
