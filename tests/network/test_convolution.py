"""Convolution: how it chooses among backends, and that it is torch's convolution with any."""

import logging
import threading

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import winograd
from style_transfer.network.backend import Problem
from style_transfer.network.backends import BACKENDS, BackendSet
from style_transfer.network.convolution import Convolution
from style_transfer.network.pooling import POOLINGS
from style_transfer.network.timing_cache import TimingCache
from tests.network.reference import SIZES, error, filters, image

TORCHS = {"average": F.avg_pool2d, "max": F.max_pool2d}
CHOOSABLE = [name for name in BACKENDS if name not in {"col2im", "cudnn"}]
MODULE = Convolution.__module__


@pytest.fixture(autouse=True)
def timed_backends():
    """Let backends be measured."""


def layer(ins=64, outs=64, padding="zeros", backends=None):
    return Convolution(*filters(outs, ins), padding, backends)


def problem(convolution, backward=False):
    outs, ins = convolution.weight.shape[:2]
    return Problem(ins, outs, 0 if convolution.padding == "replicate" else 1, backward=backward)


def preferring(convolution, *names):
    """Timings by which these are the fastest, the first that supports a direction."""
    timings = TimingCache()
    for backward in (False, True):
        names_here = convolution.backends.supporting(problem(convolution, backward))
        seconds = dict.fromkeys(names_here, 1e6)
        seconds |= {name: 10.0**rank for rank, name in enumerate(names) if name in names_here}
        timings.set(
            problem(convolution, backward), {name: (each, 0.0) for name, each in seconds.items()}
        )
    return timings


def name_of_fastest(convolution, size, timings, backward=False):
    return convolution.fastest(problem(convolution, backward), size, timings).name


@pytest.mark.parametrize("name", CHOOSABLE)
@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("size", [*SIZES[:-1], (2, 3), (24, 70)])
def test_pooling_that_is_part_of_a_convolution_is_torchs(name, pooling, size):
    convolution = layer()
    timings = preferring(convolution, name)
    x, y = (image(64, *size).requires_grad_() for _ in range(2))
    found, expected = (
        convolution(x, timings, relu=True, pooling=pooling),
        TORCHS[pooling](convolution(y, timings, relu=True), 2),
    )
    assert torch.equal(found, expected)
    gradient = torch.randn_like(found)
    found.backward(gradient)
    expected.backward(gradient)
    assert error(x.grad, y.grad) < 1e-6


@pytest.mark.parametrize("name", CHOOSABLE)
def test_of_equal_maxima_the_first_alone_gets_the_gradient(name):
    convolution, gradients = layer(), []
    timings = preferring(convolution, name)
    for pooled in (
        lambda x: convolution(x, timings, relu=True, pooling="max"),
        lambda x: F.max_pool2d(convolution(x, timings, relu=True), 2),
    ):
        x = torch.ones(1, 64, 12, 15).requires_grad_()  # within the border all are equal
        y = pooled(x)
        y.backward(torch.arange(float(y.numel())).view(y.shape) / y.numel())
        gradients.append(x.grad)
    assert error(*gradients) < 1e-6


@pytest.mark.parametrize("approximate", [False, True])
@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_needs_no_gradient_and_no_special_backend(approximate, pooling):
    convolution, x, timings = layer(16, 24), image(16, 33, 47), TimingCache()
    options = {"relu": True, "approximate": approximate}
    expected = TORCHS[pooling](convolution(x, timings, **options), 2)
    assert torch.equal(convolution(x, timings, **options, pooling=pooling), expected)
    exact = convolution.double()
    expected = TORCHS[pooling](exact(x.double(), timings, relu=True), 2)
    assert torch.equal(exact(x.double(), timings, relu=True, pooling=pooling), expected)


@pytest.mark.skipif(
    not BACKENDS["int8_split"].supports(Problem(16, 24, backward=True)),
    reason="This CPU has no AMX.",
)
def test_an_approximate_convolution_takes_int8_unless_a_gradient_is_needed():
    convolution, x = layer(16, 24), image(16, 33, 47)
    exact = convolution(x, preferring(convolution, "torch"), relu=True)
    timings = preferring(convolution, "int8_split", "torch")
    found = convolution(x, timings, relu=True, approximate=True)
    assert 0 < error(found, exact) < 2e-4
    assert torch.equal(convolution(x, timings, relu=True), exact)
    x.requires_grad_()
    assert torch.equal(convolution(x, timings, relu=True, approximate=True), exact)


def test_an_approximate_convolution_is_exact_where_int8_is_not_the_fastest():
    convolution, x = layer(16, 24), image(16, 33, 47)
    timings = preferring(convolution, "torch")
    assert torch.equal(convolution(x, timings, approximate=True), convolution(x, timings))


@pytest.mark.parametrize("names", [("torch",), ("col2im", "torch")])
@pytest.mark.parametrize("size", [*SIZES, (70, 23)])
@pytest.mark.parametrize("relu", [False, True])
def test_replicate_padding_agrees_with_torch(names, size, relu):
    convolution = layer(3, 8, padding="replicate")
    timings = preferring(convolution, *names)
    x, y = (image(3, *size).requires_grad_() for _ in range(2))
    padded = F.pad(y, (1, 1, 1, 1), mode="replicate")
    expected = F.conv2d(padded, convolution.weight, convolution.bias)
    if relu:
        expected = F.relu(expected)
    found = convolution(x, timings, relu=relu)
    (found.square().sum() + expected.square().sum()).backward()
    assert error(found.detach(), expected.detach()) < 1e-5
    assert error(x.grad, y.grad) < 1e-5


def test_channels_first_and_channels_last_images_give_the_same():
    convolution, x = layer(), image(64, 20, 22)
    timings = preferring(convolution, "winograd")
    last = x.contiguous(memory_format=torch.channels_last)
    assert torch.equal(convolution(x, timings), convolution(last, timings))


@pytest.mark.parametrize("name", CHOOSABLE)
def test_the_result_is_channels_last_so_that_pooling_needs_no_copy(name):
    convolution = layer()
    y = convolution(image(64, 20, 22), preferring(convolution, name))
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert F.avg_pool2d(y, 2).is_contiguous(memory_format=torch.channels_last)


def test_a_shape_is_measured_once(monkeypatch):
    timings = TimingCache()
    first = layer()
    first(image(64, 24, 30), timings)
    candidates = first.backends.candidates(problem(first))
    assert set(timings.get(problem(first))) == set(candidates)
    monkeypatch.setattr(f"{MODULE}.measure", lambda *_: pytest.fail("measured again"))
    layer()(image(64, 36, 31), timings)
    monkeypatch.setattr(Convolution, "_measure", lambda *_: pytest.fail("measured again"))
    layer()(image(64, 24, 30), timings)
    layer()(image(64, 36, 31), timings)


def test_the_backend_of_a_small_image_is_confirmed_at_its_very_size(monkeypatch):
    chosen, timings = layer(), TimingCache()
    timings.set(problem(chosen), {"torch": (0, 1), "winograd": (0, 24)})
    slower = {"torch": (9.0, 0.0), "winograd": (1.0, 0.0)}
    sizes = []

    def measured(problem, backends, size, attempt):
        sizes.append(size)
        return {name: slower[name] for name in backends}

    monkeypatch.setattr(f"{MODULE}.measure_at", measured)
    assert name_of_fastest(chosen, (5, 8), timings) == "winograd"
    assert name_of_fastest(chosen, (5, 8), timings) == "winograd"
    assert sizes == [(5, 8)]
    assert name_of_fastest(chosen, (240, 240), timings) == "torch"  # 1.5 times as fast: no doubt
    assert sizes == [(5, 8)]


def test_filters_of_backends_that_are_not_the_fastest_are_not_kept():
    convolution = layer()
    fastest = name_of_fastest(convolution, (240, 240), TimingCache())
    assert set(convolution._prepared) == {fastest}


def test_the_backend_with_the_least_time_for_the_size_is_taken():
    convolution, timings = layer(), TimingCache()
    timings.set(problem(convolution), {"torch": (0, 1), "winograd": (16, 4)})
    assert name_of_fastest(convolution, (2, 3), timings) == "torch"  # 6 pixels, less than a tile
    assert name_of_fastest(convolution, (24, 24), timings) == "winograd"  # 36 tiles of 16 pixels


def test_timings_with_backends_of_another_machine_are_measured_again():
    convolution, timings = layer(), TimingCache()
    timings.set(problem(convolution), {"torch": (0.0, 1.0), "other": (0.0, 0.0)})
    assert name_of_fastest(convolution, (24, 30), timings) in BACKENDS
    candidates = convolution.backends.candidates(problem(convolution))
    assert set(timings.get(problem(convolution))) == set(candidates)


def test_weights_get_no_gradient_and_no_graph_is_kept_without_need():
    convolution, timings = layer(5, 7), TimingCache()
    assert not list(convolution.parameters())
    assert not convolution(image(5, 9, 9), timings).requires_grad
    convolution(image(5, 9, 9).requires_grad_(), timings).sum().backward()
    assert convolution.weight.grad is None


def test_two_threads_at_once_get_what_one_gets(monkeypatch):
    monkeypatch.setattr(winograd, "fastest_limits", lambda: winograd.BlockLimits(8))
    convolution, results = layer(), {}
    timings = preferring(convolution, "winograd")
    images = [image(64, 60, 60, seed) for seed in range(2)]

    def gradient(x):
        x = x.clone().requires_grad_()
        convolution(x, timings, relu=True).square().sum().backward()
        return x.grad

    def run(i):
        results[i] = [gradient(images[i]) for _ in range(20)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, x in enumerate(images):
        alone = gradient(x)
        assert all(torch.equal(found, alone) for found in results[i])


def test_replicate_padding_holds_for_other_types_too():
    convolution = layer(3, 8, padding="replicate").double()
    x = image(3, 9, 9).double()
    padded = F.pad(x, (1, 1, 1, 1), mode="replicate")
    expected = F.conv2d(padded, convolution.weight, convolution.bias)
    assert error(convolution(x, TimingCache()), expected) < 1e-12


def test_other_types_are_torchs_own_and_need_no_timings():
    convolution, timings = layer().double(), TimingCache()
    x = image(64, 9, 9).double()
    expected = F.conv2d(x, convolution.weight, convolution.bias, padding=1)
    assert torch.equal(convolution(x, timings), expected)
    assert timings == TimingCache()


def test_batches_are_torchs_own():
    convolution = layer()
    x = torch.cat([image(64, 9, 9, seed) for seed in range(2)])
    expected = F.conv2d(x, convolution.weight, convolution.bias, padding=1)
    assert error(convolution(x, TimingCache()), expected) < 1e-6


def test_weights_that_are_converted_are_prepared_anew():
    convolution, x = layer(), image(64, 9, 9)
    timings = preferring(convolution, "torch")
    convolution(x, timings)
    assert convolution.double()(x.double(), timings).dtype == torch.float64
    assert convolution.float()(x, timings).dtype == torch.float32


def failing(name, step, error=None):
    """BACKENDS in which the one of this name raises when it is "built", or runs this direction."""

    class Failing(BACKENDS[name]):
        def __init__(self, *arguments):
            if step == "built":
                raise error
            super().__init__(*arguments)

        def forward(self, x, relu):
            if step == "forward":
                raise error
            return super().forward(x, relu)

        def backward(self, gradient, mask, share=1.0):
            if step == "backward":
                raise error
            return super().backward(gradient, mask, share)

    error = error or RuntimeError("Unknown builtin op:\n mkldnn::gone")
    return BackendSet(BACKENDS | {name: Failing})


@pytest.mark.parametrize("step", ["built", "forward", "backward"])
@pytest.mark.parametrize("measured", [False, True])
def test_a_backend_that_fails_is_replaced_by_the_next_best(step, measured, caplog):
    convolution = layer(backends=failing("winograd", step))
    timings = preferring(convolution, "winograd", "torch") if measured else TimingCache()
    x, y = (image(64, 24, 30).requires_grad_() for _ in range(2))
    for _ in range(2):
        found = convolution(x, timings, relu=True)
        found.square().sum().backward()
    for _ in range(2):
        expected = F.relu(F.conv2d(y, convolution.weight, convolution.bias, padding=1))
        expected.square().sum().backward()
    assert error(found, expected) < 1e-5
    assert error(x.grad, y.grad) < 1e-3
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == (
        "Convolutions by winograd are off, the next best take over: "
        "RuntimeError: Unknown builtin op: mkldnn::gone"
    )


def test_a_backend_that_fails_after_it_was_chosen_leaves_the_others_their_timings(caplog):
    convolution = layer(backends=failing("onednn", "forward"))
    timings = preferring(convolution, "onednn", "winograd")
    convolution(image(64, 24, 30), timings)
    for each, seconds in preferring(convolution, "onednn", "winograd").as_dict().items():
        assert timings.as_dict()[each] == seconds
    assert name_of_fastest(convolution, (24, 30), timings) == "winograd"


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_a_lack_of_memory_disables_no_backend(error, caplog):
    convolution = layer(backends=failing("winograd", "forward", error))
    with pytest.raises(type(error)):
        convolution(image(64, 24, 30), preferring(convolution, "winograd"))
    assert not convolution.backends.disabled
    assert not caplog.records


def test_an_error_of_torchs_own_convolution_is_the_callers():
    convolution = layer(backends=failing("torch", "forward"))
    with pytest.raises(RuntimeError, match="gone"):
        convolution(image(64, 24, 30), preferring(convolution, "torch"))
