"""The process is killed with kill -9 at random moments; the run goes on where it was."""

import random
import time

import pytest

SIZE, STEPS, KILLS = 128, 800, 10
LIFE = 2.0, 8.0  # s between two deaths, from the first step on
KEPT = 10.0  # s besides before the first: begun anew, a run may take other ways of convolution


def finish(visitor):
    """Wait for the end of a run and return its last picture as it was sent."""
    assert visitor.finished.get(timeout=1200)["success"]  # on a busy machine
    assert f"Resting at step {STEPS}" in visitor.status
    return visitor.http.get(f"/{visitor.picture}").content


def lost(visitor, killed, begun, step):
    """Return the seconds of work after `step`, which a run had reached that was then killed."""
    return killed - max([begun] + [at for at, shown in visitor.steps if shown <= step])


@pytest.mark.slow
def test_a_run_that_is_killed_ten_times_ends_with_the_same_picture(serve, visit):
    chance = random.Random(3)
    server = serve(OMP_NUM_THREADS=1)  # so that sums are the same whatever else the machine does
    visitor = visit(server)
    visitor.start(SIZE, steps=STEPS)
    whole = finish(visitor)
    visitor.steps.clear()
    visitor.shown.clear()
    visitor.start(SIZE, steps=STEPS)
    losses = []
    for _ in range(KILLS):
        step = visitor.step
        visitor.wait(lambda visitor=visitor, step=step: visitor.step > max(0, step))
        begun = time.monotonic()
        time.sleep(chance.uniform(*LIFE) + (0 if losses else KEPT))
        killed = time.monotonic()
        server.kill()
        server.start()
        before, visitor = visitor, visit(server, visitor.token)
        offered = visitor.call("find_interrupted").json()["data"][0]["step"]
        losses.append(lost(before, killed, begun, offered))
        print(f"killed at step {before.step}, offered {offered}, {losses[-1]:.1f} s lost")
        if not offered:  # killed before it was kept for the first time
            visitor.start(SIZE, steps=STEPS)
            continue
        visitor.shown.clear()
        visitor.join("recover")
        visitor.wait(lambda visitor=visitor: visitor.step >= 0)
    last = finish(visitor)
    print(
        f"ten kills: {min(losses):.1f} to {max(losses):.1f} s lost; same picture: {last == whole}"
    )
    assert max(losses) <= 10
    assert last == whole
    curve = [step for _, step in visitor.steps]
    assert curve == sorted(curve)
