"""Eight visitors at once, against one alone, on a page with all of the machine."""

import itertools
import re
import statistics
import time

import pytest

SIZE, STEPS = 384, 72  # what the page begins with; so many steps that one more or less is little
CLIENTS = 8


def paint(visitors):
    """Let all paint at once; return the seconds from the first Start to the last end."""
    began = time.monotonic()
    for visitor in visitors:
        visitor.steps.clear()
        visitor.start(SIZE, steps=STEPS)
    for visitor in visitors:
        visitor.finished.get(timeout=600)
    assert all(f"Resting at step {STEPS}" in visitor.status for visitor in visitors)
    return time.monotonic() - began


def steps_between(visitor, begin, end):
    """Return how many steps a visitor was shown between two moments."""
    seen = [0] + [step for at, step in visitor.steps if at <= end]
    before = [0] + [step for at, step in visitor.steps if at <= begin]
    return seen[-1] - before[-1]


@pytest.mark.slow
def test_eight_visitors_get_equal_shares_of_what_one_alone_gets(serve, visit):
    server = serve()
    visitors = [visit(server) for _ in range(CLIENTS)]
    paint(visitors[:1])  # chooses the ways of the convolutions
    alone = [paint(visitors[:1])]
    began = time.monotonic()
    together = paint(visitors)
    steps = [list(visitor.steps) for visitor in visitors]
    alone.append(paint(visitors[:1]))
    for visitor, its in zip(visitors, steps, strict=True):
        visitor.steps = its
    firsts = [its[0][0] - began for its in steps]
    end = min(at for its in steps for at, step in its if step == STEPS - 1)
    made = [steps_between(visitor, max(firsts) + began, end) for visitor in visitors]
    shares = [count * CLIENTS / sum(made) for count in made]
    ratio = CLIENTS * statistics.mean(alone) / together
    print(f"\nalone {alone[0]:.1f} and {alone[1]:.1f} s, eight together {together:.1f} s")
    print(f"sum of the eight: {ratio:.3f} of one alone")
    print(f"shares times eight: {min(shares):.3f} to {max(shares):.3f}")
    print(f"first frames after {min(firsts):.1f} to {max(firsts):.1f} s")
    assert all(0.9 <= share <= 1.1 for share in shares)
    assert ratio >= 0.95
    assert max(firsts) <= 5


@pytest.mark.slow
def test_each_of_eight_sees_a_moved_beta_within_its_share(serve, visit):
    server = serve()
    visitors = [visit(server) for _ in range(CLIENTS)]
    paint(visitors[:1])  # chooses the ways of the convolutions
    paint(visitors[:1])
    # The first may still be the end of the run before.
    shown = itertools.dropwhile(lambda each: each[1] > STEPS // 2, visitors[0].steps)
    at_full_size = [each for each in shown if each[1] > STEPS // 2]
    (began, first), (ended, last) = at_full_size[0], at_full_size[-1]
    alone = (ended - began) / (last - first)
    for visitor in visitors:
        visitor.steps.clear()
        visitor.start(SIZE, steps=STEPS)
    for visitor in visitors:
        visitor.wait(lambda visitor=visitor: visitor.step > STEPS // 2, 300)
    waits = [beta_to_picture(visitor) for visitor in visitors]
    share = CLIENTS * alone + 0.5
    print(f"\na step alone {alone:.2f} s, a share {share:.2f} s")
    print(f"beta to picture {statistics.median(waits):.2f} s, at most {max(waits):.2f} s")
    assert max(waits) <= 1.5 * share


def beta_to_picture(visitor):
    """Move a visitor's beta; return the seconds until a picture is shown on which it acts."""
    began = time.monotonic()
    visitor.settings(beta=20)
    assert visitor.call("steer").is_success
    visitor.wait(lambda: "acts from step" in visitor.status)
    acts = int(re.search(r"acts from step (\d+)", visitor.status).group(1))
    visitor.wait(lambda: visitor.step >= acts)
    return next(at for at, step in visitor.steps if step >= acts) - began


@pytest.mark.slow
def test_who_comes_when_seven_paint_at_full_size_sees_a_frame_at_once(serve, visit):
    server = serve()
    *others, last = (visit(server) for _ in range(CLIENTS))
    for visitor in others:
        visitor.start(SIZE, steps=STEPS)
    for visitor in others:
        visitor.wait(lambda visitor=visitor: visitor.step > STEPS // 2, 200)
    began = time.monotonic()
    last.start(SIZE, steps=STEPS)
    last.wait(lambda: last.step >= 1)
    first, made = (at - began for at, _ in last.steps[:2])
    print(f"\nthe first frame after {first:.1f} s, the first step after {made:.1f} s")
    assert first <= 5
