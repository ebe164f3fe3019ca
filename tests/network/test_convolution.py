import json
import math
import threading
import time

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import convolution, winograd
from style_transfer.network.backends import WAYS
from style_transfer.network.convolution import RATES, Convolution, candidates

SIZES = [
    (16, 16),
    (33, 47),
    (37, 32),
    (13, 5),
    (6, 25),
    (1, 1),
]  # with tiles cut to one pixel, and less than a tile
ERROR = dict.fromkeys(WAYS, 2e-5) | {"digits": 2e-4}  # of the largest result


@pytest.fixture(autouse=True)
def no_rates():
    kept = dict(RATES)
    RATES.clear()
    yield
    RATES.clear()
    RATES.update(kept)


def layer(ins=5, outs=7, **options):
    generator = torch.Generator().manual_seed(ins * outs)
    weight = torch.randn(outs, ins, 3, 3, generator=generator) / (9 * ins) ** 0.5
    return Convolution(weight, torch.randn(outs, generator=generator), **options)


def choose(convolution, way):
    outs, ins = convolution.weight.shape[:2]
    rates = {name: (0.0 if name == way else 1.0, 0.0) for name in WAYS}
    RATES[key(ins, outs)] = RATES[key(ins, outs) + "-backward"] = rates


def key(ins, outs):
    return f"{ins}-{outs}"


def picture(channels, height, width, seed=0):
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(seed))


def error(value, reference):
    return ((value - reference).abs().max() / reference.abs().max()).item()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("ins", "outs"), [(5, 7), (64, 32), (32, 64)])
@pytest.mark.parametrize("relu", [False, True])
def test_every_way_agrees_with_float64_forward_and_backward(way, size, ins, outs, relu):
    convolution = layer(ins, outs)
    choose(convolution, way)
    x = picture(ins, *size).requires_grad_()
    y = convolution(x, relu=relu)
    gradient = picture(outs, *size, seed=1)
    y.backward(gradient)

    exact = x.detach().double().requires_grad_()
    reference = F.conv2d(exact, convolution.weight.double(), convolution.bias.double(), padding=1)
    if relu:  # by our own mask: at a value of 0 within rounding the two may differ
        assert error(reference.clamp_min(0), y.double()) < ERROR[way]
        reference = reference * (y > 0)
    reference.backward(gradient.double())
    assert error(y.detach().double(), reference.detach()) < ERROR[way]
    assert error(x.grad.double(), exact.grad) < ERROR[way]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [*SIZES[:-1], (2, 3), (24, 70)])
def test_pooling_that_is_part_of_a_convolution_is_torchs(way, size):
    convolution = layer(64, 64)
    choose(convolution, way)
    x, y = (picture(64, *size).requires_grad_() for _ in range(2))
    found, expected = (
        convolution(x, relu=True, pool=True),
        F.avg_pool2d(convolution(y, relu=True), 2),
    )
    assert torch.equal(found, expected)
    gradient = torch.randn_like(found)
    found.backward(gradient)
    expected.backward(gradient)
    assert error(x.grad, y.grad) < 1e-6


@pytest.mark.parametrize("rough", [False, True])
def test_pooling_needs_no_gradient_and_no_special_way(rough):
    convolution, x = layer(16, 24), picture(16, 33, 47)
    expected = F.avg_pool2d(convolution(x, relu=True, rough=rough), 2)
    assert torch.equal(convolution(x, relu=True, rough=rough, pool=True), expected)
    exact = convolution.double()
    expected = F.avg_pool2d(exact(x.double(), relu=True), 2)
    assert torch.equal(exact(x.double(), relu=True, pool=True), expected)


@pytest.mark.skipif("digits" not in WAYS, reason="This CPU has no AMX.")
def test_a_rough_convolution_takes_digits_unless_a_gradient_is_asked_for():
    convolution, x = layer(16, 24), picture(16, 33, 47)
    choose(convolution, "direct")
    exact = convolution(x, relu=True)
    RATES[key(16, 24) + "-backward"] = {"direct": (1.0, 0.0), "digits": (0.0, 0.0)}
    found = convolution(x, relu=True, rough=True)
    assert 0 < error(found, exact) < ERROR["digits"]
    assert torch.equal(convolution(x.requires_grad_(), relu=True, rough=True), exact)


def test_a_rough_convolution_takes_the_usual_way_where_digits_are_not_the_fastest():
    convolution, x = layer(16, 24), picture(16, 33, 47)
    choose(convolution, "direct")
    assert torch.equal(convolution(x, rough=True), convolution(x))


@pytest.mark.parametrize("backward", [False, True])
def test_the_channels_of_a_picture_have_ways_of_their_own_on_the_way_back(backward):
    assert ("columns" in candidates(3, 64, backward)) is backward
    assert "digits" not in candidates(3, 64, backward)
    assert "columns" not in candidates(64, 64, backward)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("channels", [(16, 8), (128, 192)])  # the latter in three groups
def test_many_blocks_and_threads_give_what_one_gives(threads, channels, monkeypatch):
    convolution = layer(*channels)
    choose(convolution, "F(4x4)")
    x = picture(channels[0], 61, 50)
    whole = convolution(x)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    choose(convolution, "F(4x4)")
    try:
        assert error(convolution(x), whole) < 1e-5
        monkeypatch.setattr(winograd, "TILES_PER_BLOCK", 10)
        assert error(convolution(x), whole) < 1e-5
        monkeypatch.setattr(winograd, "TILES_PER_BLOCK", 1000)
        assert error(convolution(x), whole) < 1e-5
        monkeypatch.setattr(winograd, "LARGEST_DIRECT_PRODUCT", math.inf)
        assert error(convolution(x), whole) < 1e-5
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_no_number_is_not_hidden(way):
    convolution = layer()
    choose(convolution, way)
    convolution.bias[3] = float("nan")
    assert convolution(picture(5, 9, 9), relu=True)[0, 3].isnan().all()


@pytest.mark.parametrize("way", ["direct", "columns"])
@pytest.mark.parametrize("size", [*SIZES, (70, 23)])
@pytest.mark.parametrize("relu", [False, True])
def test_replicate_padding_agrees_with_torch(way, size, relu):
    convolution = layer(3, 8, padding="replicate")
    choose(convolution, way)
    x, y = (picture(3, *size).requires_grad_() for _ in range(2))
    expected = F.conv2d(
        F.pad(y, (1, 1, 1, 1), mode="replicate"), convolution.weight, convolution.bias
    )
    if relu:
        expected = F.relu(expected)
    found = convolution(x, relu=relu)
    (found.square().sum() + expected.square().sum()).backward()
    assert error(found.detach(), expected.detach()) < 1e-5
    assert error(x.grad, y.grad) < 1e-5


def test_many_channels_with_replicate_padding_take_torchs_own():
    assert candidates(64, 64, backward=True, zeros=0) == ["direct"]
    convolution = layer(5, 8, padding="replicate")
    convolution(picture(5, 9, 9).requires_grad_()).sum().backward()
    assert RATES[key(5, 8)].keys() == RATES[key(5, 8) + "-backward"].keys() == {"direct"}


def test_channels_first_and_channels_last_pictures_give_the_same():
    convolution = layer()
    choose(convolution, "F(4x4)")
    x = picture(5, 20, 22)
    assert torch.equal(convolution(x), convolution(x.contiguous(memory_format=torch.channels_last)))


def test_the_result_is_channels_last_so_that_pooling_needs_no_copy():
    convolution = layer()
    for way in WAYS:
        choose(convolution, way)
        y = convolution(picture(5, 20, 22))
        assert y.is_contiguous(memory_format=torch.channels_last)
        assert F.avg_pool2d(y, 2).is_contiguous(memory_format=torch.channels_last)


def test_rates_are_measured_once_for_a_shape_and_remembered(monkeypatch):
    layer(64, 64)(picture(64, 24, 30))
    assert set(RATES[key(64, 64)]) == set(candidates(64, 64))
    monkeypatch.setattr(Convolution, "_measured", lambda *_: pytest.fail("measured again"))
    layer(64, 64)(picture(64, 24, 30))
    layer(64, 64)(picture(64, 36, 31))


def test_filters_of_ways_that_are_not_the_fastest_are_not_kept():
    convolution = layer(64, 64)
    fastest = convolution.fastest(240, 240)
    assert convolution.way_bytes() == convolution.way(fastest).bytes()


def test_the_way_with_the_least_time_for_the_size_is_taken():
    convolution, never = layer(), (1e9, 0)
    RATES[key(5, 7)] = dict.fromkeys(WAYS, never) | {"direct": (0, 1), "F(4x4)": (2, 10)}
    assert convolution.fastest(2, 3) == "direct"  # 6 pixels, less than a tile
    assert convolution.fastest(8, 8) == "F(4x4)"  # 4 tiles of 16 pixels each


def test_rates_are_the_cpu_time_of_one_thread_which_other_work_does_not_hold_up(monkeypatch):
    threads, clock = set(), [0.0]

    def forward(way, x, relu):
        threads.add(torch.get_num_threads())
        clock[0] += x.shape[2] ** 2 / 16
        return x

    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    monkeypatch.setattr(WAYS["F(4x4)"], "forward", forward)
    layer(64, 64).fastest(24, 30)
    assert RATES[key(64, 64)]["F(4x4)"] == (0.0, 1.0)  # a second for each tile
    assert threads == {1}


def test_what_is_slower_by_far_is_measured_once(monkeypatch):
    turns, clock = dict.fromkeys(["F(4x4)", "direct"], 0), [0.0]
    monkeypatch.setattr(time, "thread_time", lambda: clock[0])
    monkeypatch.setattr(convolution, "candidates", lambda *_: list(turns))
    for name, seconds in ("F(4x4)", 1), ("direct", 2):

        def forward(way, x, relu, name=name, seconds=seconds):
            turns[name] += 1
            clock[0] += seconds
            return x

        monkeypatch.setattr(WAYS[name], "forward", forward)
    layer(64, 64).fastest(24, 30)
    # For each of two sizes once to lay out the filters, then up to three times.
    assert turns == {"F(4x4)": 8, "direct": 4}


def test_rates_of_other_ways_are_measured_again():
    RATES[key(64, 64)] = {"direct": (0.0, 1.0), "F(9x9)": (0.0, 0.0)}
    assert layer(64, 64).fastest(24, 30) in WAYS
    assert set(RATES[key(64, 64)]) == set(candidates(64, 64))


def test_rates_go_through_json_and_back_bit_for_bit():
    x = picture(5, 24, 30)
    first = layer()(x)
    saved = json.dumps(RATES)
    RATES.clear()
    RATES.update(json.loads(saved))
    assert torch.equal(layer()(x), first)


def test_weights_get_no_gradient_and_no_graph_is_kept_without_need():
    convolution = layer()
    assert not list(convolution.parameters())
    assert not convolution(picture(5, 9, 9)).requires_grad
    convolution(picture(5, 9, 9).requires_grad_()).sum().backward()
    assert convolution.weight.grad is None


def test_two_threads_at_once_get_what_one_gets(monkeypatch):
    monkeypatch.setattr(winograd, "TILES_PER_BLOCK", 8)
    convolution, results = layer(16, 24), {}
    choose(convolution, "F(4x4)")
    pictures = [picture(16, 60, 60, seed) for seed in range(2)]

    def gradient(x):
        x = x.clone().requires_grad_()
        convolution(x, relu=True).square().sum().backward()
        return x.grad

    def run(i):
        results[i] = [gradient(pictures[i]) for _ in range(20)]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, x in enumerate(pictures):
        alone = gradient(x)
        assert all(torch.equal(found, alone) for found in results[i])


def test_replicate_padding_holds_for_other_types_too():
    convolution = layer(3, 8, padding="replicate").double()
    x = picture(3, 9, 9).double()
    expected = F.conv2d(
        F.pad(x, (1, 1, 1, 1), mode="replicate"), convolution.weight, convolution.bias
    )
    assert error(convolution(x), expected) < 1e-12


def test_other_types_take_torchs_own():
    convolution = layer().double()
    x = picture(5, 9, 9).double()
    assert torch.equal(convolution(x), F.conv2d(x, convolution.weight, convolution.bias, padding=1))
    assert not RATES


@pytest.mark.parametrize("way", WAYS)
def test_a_way_takes_the_memory_of_its_filters(way):
    convolution, filters = layer(64, 32), 64 * 32 * 4
    assert convolution.way_bytes() == 0
    choose(convolution, way)
    convolution(picture(64, 9, 9))
    expected = {"direct": 0, "packed": 18, "columns": 9, "F(4x4)": 72, "digits": 13.5}
    assert convolution.way_bytes() == expected[way] * filters
