import subprocess
import sys

import pytest

from style_transfer.runs.memory import BLOCK_SIDES, RunMemory, check_memory

RUN = """
import sys
from style_transfer import runtime
runtime.configure()
import torch
from style_transfer.runs.memory import RunMemory
from style_transfer.engine import stylize
from style_transfer.settings import Settings
from style_transfer.network import VGG

def told(name):
    status = open("/proc/self/status").read().splitlines()
    return 1024 * int(next(line.split()[1] for line in status if line.startswith(name)))

torch.set_num_threads(2)
height, width, scale = map(float, sys.argv[1:])
photo, painting = torch.rand(1, 3, int(height), int(width)), torch.rand(1, 3, 300, 400)
network = VGG()  # on the CPU, whose memory is read
# What takes most memory: more layers, max pooling, and motifs.
layers = "relu1_1 relu1_2 relu2_1 relu2_2 relu3_1 relu3_3 relu4_1 relu4_3 relu5_1 pixels".split()
settings = Settings(
    steps=103,
    style_scale=scale,
    statistic="wasserstein",
    style_layers=dict.fromkeys(layers, 1.0),
    pooling="max",
    motifs=0.2,
)
before = told("VmRSS")
for _ in stylize(photo, painting, lambda: settings, network=network, init=photo, step=100):
    pass
plan = RunMemory.of(photo.shape[-2:], [painting.shape[-2:]], scale).total
print((told("VmHWM") - before) / plan)
"""


def share_of_plan(*arguments):
    """The memory that a run in a process of its own took at most, over what was planned."""
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux tells of a process")
@pytest.mark.parametrize(
    "arguments",
    [pytest.param((256, 384, 1), id="picture"), pytest.param((64, 96, 4), id="painting")],
)
def test_a_run_takes_no_more_than_planned_and_not_much_less(arguments):
    assert 0.3 < share_of_plan(*arguments) < 1


def test_larger_pictures_and_larger_style_images_need_more():
    def total(side, scale=1):
        return RunMemory.of((side, side), [(600, 800)], scale).total

    assert 2 * total(512) < total(1024) < 4 * total(512)
    assert total(256, 4) > total(256, 1)


def test_what_does_not_fit_as_a_whole_is_made_in_the_largest_blocks_that_do():
    size, styles = (2731, 4096), [(600, 800)]

    def fitting(free):
        return RunMemory.fitting(size, styles, 1.0, lambda plan: plan.total <= free)

    whole = RunMemory.of(size, styles)
    assert fitting(whole.total) == whole
    assert whole.block is None
    found = [fitting(free * 10**9).block for free in (30, 10, 6, 1)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == min(BLOCK_SIDES)  # whose memory the refusal tells
    for free in (30, 10, 6):
        assert fitting(free * 10**9).total <= free * 10**9
    small = RunMemory.fitting((200, 200), styles, 1.0, lambda _: False)
    assert small.block is None  # no block is smaller


def test_a_run_that_has_the_memory_to_itself_is_planned_within_it_or_refused():
    size, styles = (2731, 4096), [(600, 800)]
    assert RunMemory.within(None, size, styles, 1.0) == RunMemory.of(size, styles)
    in_blocks = RunMemory.within(10**10, size, styles, 1.0)
    assert in_blocks == RunMemory.fitting(size, styles, 1.0, lambda plan: plan.total <= 10**10)
    with pytest.raises(ValueError, match=r"^A picture of 4096 x 2731 pixels needs .* 0\.1 GB are"):
        RunMemory.within(10**8, size, styles, 1.0)


def test_a_print_fits_where_its_activations_alone_would_not():
    total = RunMemory.of((5461, 8192), [(1500, 2000)], 1.0, 768).total
    assert total < 14e9
    assert RunMemory.of((5461, 8192), [(1500, 2000)]).total > 140e9
    # A large style image is looked at in blocks as well.
    assert RunMemory.of((512, 512), [(6000, 6000)], 8.0).total < 5e9


def test_a_run_that_does_not_fit_is_refused_in_one_sentence():
    words = r"2048 x 1365 pixels needs 9\.5 GB of memory, and 1\.2 GB are free; choose a smaller"
    with pytest.raises(ValueError, match=words):
        check_memory((1365, 2048), 9_466_000_000, 1_200_000_000)
    check_memory((256, 256), 1_100_000_000, 1_200_000_000)
