"""Runs that are begun and abandoned in every way: nothing of them stays."""

import socket
import struct
import time

import pytest

from style_transfer.ui.session.housekeeping import INTERVAL

SIZE = 128
SOON, CALM = 3.5, 60.0  # s; 3 promised, and the time that asking takes
RUNS = 200
WARM = 40  # runs before the first count, in which Python and torch take what they keep


def close(visitor):
    visitor.leave()


def close_before_the_first_picture(visitor):
    visitor.leave()


def close_paused(visitor):
    visitor.call("pause")
    visitor.leave()


def reset(visitor):
    """A killed browser on a machine that answers: connections are reset."""
    linger = struct.pack("ii", 1, 0)
    for stream in visitor.sockets:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        stream.shutdown(socket.SHUT_RD)  # who reads from it closes it then
    visitor.leave()


def stop_and_close(visitor):
    visitor.call("stop")
    visitor.leave()


def begin_again_and_close(visitor):
    visitor.join("start")
    visitor.leave()


def lose_the_network(visitor):
    visitor.fall_silent()


def lose_the_network_while_paused(visitor):
    visitor.call("pause")
    visitor.fall_silent()


def lose_the_events(visitor):
    """The connection that brings the pictures breaks before the other."""
    visitor.sockets[1].shutdown(socket.SHUT_RDWR)
    time.sleep(0.1)
    visitor.leave()


DEPARTURES = (
    close,
    close_before_the_first_picture,
    close_paused,
    reset,
    stop_and_close,
    begin_again_and_close,
    lose_the_network,
    lose_the_network_while_paused,
    lose_the_events,
)


def abandon(server, visit, departures, patience):
    """Begin a run for each and abandon all at once; return the seconds to the last end."""
    visitors = [visit(server) for _ in departures]
    for visitor, departure in zip(visitors, departures, strict=True):
        visitor.start(SIZE, steps=5000)
        if departure is not close_before_the_first_picture:
            visitor.wait(lambda it=visitor: it.step >= 1 or "before yours" in it.status)
    for visitor, departure in zip(visitors, departures, strict=True):
        departure(visitor)
    began = time.monotonic()
    while (health := server.health())["runs"] + health["waiting"]:
        assert time.monotonic() - began < patience, server.log[-500:]
        time.sleep(0.05)
    return time.monotonic() - began


def test_an_abandoned_run_ends_and_leaves_nothing(shared, visit):
    samples = {file for file in shared.files() if len(file.parent.name) == 64}
    before = [file for file in shared.files() if file.suffix == ".jpg"]
    for way in (close, close_paused):
        abandon(shared, visit, [way], CALM)
    until = time.monotonic() + CALM
    while [file for file in shared.files() if file.suffix == ".jpg"] != before:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert samples <= set(shared.files())


@pytest.mark.slow
def test_hundreds_of_abandoned_runs_leave_threads_files_and_memory_as_they_were(serve, visit):
    server = serve(OMP_NUM_THREADS=1, STYLE_TRANSFER_LEFT=0, STYLE_TRANSFER_RUNS=6)
    counts, slowest, made = [], 0.0, 0

    def count():
        time.sleep(2 * INTERVAL + 5)  # for late requests, idle threads and housekeeping
        health = server.health()
        counts.append((health["memory_mb"], server.threads, len(server.files())))
        print(
            f"after {made} runs: {counts[-1][0]:.0f} MB, {counts[-1][1]} threads, "
            f"{counts[-1][2]} files, slowest end {slowest:.1f} s"
        )

    for goal in (WARM, WARM + RUNS // 2, WARM + RUNS):
        while made < goal:
            slowest = max(slowest, abandon(server, visit, DEPARTURES, CALM))
            made += len(DEPARTURES)
        count()
    (before, threads, files), (half, _, _), (after, threads_after, files_after) = counts
    print(f"memory {after / before - 1:+.1%}, in the second hundred {after / half - 1:+.1%}")
    assert slowest <= SOON
    assert after <= 1.05 * before
    assert after <= 1.03 * half
    assert threads_after <= threads + 2
    assert files_after <= files
    assert "Traceback" not in server.log
