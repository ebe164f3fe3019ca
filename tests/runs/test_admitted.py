"""Runs that are admitted beside each other are never more than the memory that there is."""

import subprocess
import sys

import pytest

# As in a container: what is available is the limit without what the process has.
STARTS = """
import sys
from pathlib import Path
from style_transfer import runtime
runtime.configure()
import torch
from style_transfer.engine import Styles
from style_transfer.runs import Job, Limits, RunService, run
from style_transfer.settings import Settings

torch.set_num_threads(2)
run.PATIENCE = 3600.0  # nobody watches
folder, limit, starts, side, steps = sys.argv[1], *map(int, sys.argv[2:])

def told(name):
    status = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in status if line.startswith(name)))

service = RunService(Limits(visitor_runs=starts), Path(folder))
service.memory._available = lambda: limit - told("VmRSS")
photo, painting = torch.rand(1, 3, side * 2 // 3, side), torch.rand(1, 3, 300, 400)
settings, runs, refused = Settings(steps=100 + steps), [], 0
for _ in range(starts):
    try:
        job = Job(photo, Styles((painting,)), settings, init=photo, step=100)  # at the finest scale
        runs.append(service.start(job))
    except ValueError as error:
        refused += 1
        assert "are free; choose a smaller size" in str(error), error
for each in runs:
    each.join()
assert [each.outcome.word for each in runs] == ["finished"] * len(runs)
print(len(runs), refused, told("VmHWM") / limit)
"""


def starts(folder, limit, count, side, steps):
    """Start so many runs at once; return how many were admitted and refused, and the share of the
    memory of `limit` bytes that they took at most."""
    command = [sys.executable, "-c", STARTS, *map(str, (folder, limit, count, side, steps))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    admitted, refused, share = done.stdout.split()
    print(f"\n{admitted} admitted, {refused} refused, {float(share):.0%} of the memory taken")
    return int(admitted), int(refused), float(share)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_of_eight_starts_at_640_pixels_with_4_gb_those_admitted_all_end(tmp_path):
    admitted, refused, share = starts(tmp_path, 4_000_000_000, 8, 640, 14)
    assert admitted + refused == 8
    assert admitted >= 4
    assert share < 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
def test_of_many_starts_with_little_memory_some_are_refused_and_the_others_end(tmp_path):
    admitted, refused, share = starts(tmp_path, 2_500_000_000, 8, 512, 6)
    assert 1 <= admitted < 8
    assert admitted + refused == 8
    assert share < 1
