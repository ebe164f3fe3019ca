"""The process is ended by signals at random moments; the run goes on where it was."""

import random
import signal
import sys
import time

import pytest

from tests.crowd.test_crash import lost

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

SIZE, STEPS, SIGNALS = 128, 2000, 20
LIFE = 0.0, 9.0  # s between two signals, from the first step shown on
GRACE = 10.0  # s; how long container engines wait for the end
KEPT = 10.0  # s of work that may be lost
KINDS = ["SIGTERM", "SIGINT", "SIGKILL", "SIGHUP"]


@pytest.mark.slow
def test_twenty_random_signals_lose_nothing_but_ten_seconds_or_a_step(serve, visit):
    chance = random.Random(5)
    kinds = KINDS + chance.choices(KINDS, k=SIGNALS - len(KINDS))
    server = serve(OMP_NUM_THREADS=1)
    visitor = visit(server)
    visitor.start(SIZE, steps=STEPS)
    for kind in kinds:
        step = visitor.step
        visitor.wait(lambda visitor=visitor, step=step: visitor.step > max(0, step), 300)
        begun = time.monotonic()
        time.sleep(chance.uniform(*LIFE))
        ended, shown = time.monotonic(), visitor.step
        code, seconds = server.end(getattr(signal, kind))
        told = visitor.status
        server.start()
        before, visitor = visitor, visit(server, visitor.token)
        offered = visitor.call("find_interrupted").json()["data"][0]["step"]
        print(
            f"{kind}: {code} after {seconds:.1f} s, step {shown} shown, {offered} offered; {told}"
        )
        if kind == "SIGKILL":
            assert code == -signal.SIGKILL
            assert lost(before, ended, begun, offered) <= KEPT
        else:
            assert code == 0, server.log
            assert seconds < GRACE
            assert offered >= shown
            assert "The server is being ended" in told
        if offered:
            visitor.join("recover")
            visitor.wait(lambda visitor=visitor: visitor.step >= 0, 300)
            other = visit(server, visitor.token)
            assert not other.call("find_interrupted").json()["data"][0]["step"]
            other.leave()
        else:
            visitor.start(SIZE, steps=STEPS)
    assert "Traceback" not in server.log
