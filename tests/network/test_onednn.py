from functools import partial

import pytest
import torch
import torch.nn.functional as F

from style_transfer.network import onednn
from style_transfer.network.thread_pool import ThreadPool, single_threaded
from tests.network.reference import error as error_of
from tests.network.reference import filters, image


@pytest.fixture(autouse=True)
def probed_anew():
    onednn._multiplies_matrices.cache_clear()
    yield
    onednn._multiplies_matrices.cache_clear()


PRIVATE = {
    "mkldnn": ("_reorder_convolution_weight", "_convolution_pointwise", "_linear_pointwise"),
    "onednn": ("qconv_prepack", "qconv2d_pointwise"),
}
SLOWER = "faster convolutions and products are off until network/onednn.py is adapted"


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="This torch has no oneDNN.")
def test_torchs_private_operators_are_those_that_are_called():
    missing = [
        f"{library}.{name}"
        for library, names in PRIVATE.items()
        for name in names
        if not hasattr(getattr(torch.ops, library), name)
    ]
    assert not missing, f"torch {torch.__version__} lacks {', '.join(missing)}: {SLOWER}."
    assert hasattr(torch.cpu, "_is_amx_tile_supported"), f"torch cannot tell AMX: {SLOWER}."


@pytest.mark.skipif(not onednn.available(), reason="This torch has no oneDNN.")
def test_torchs_private_operators_do_what_they_are_called_for():
    (weight, bias), x = filters(24, 16), image(16, 9, 11)
    try:
        found = onednn.convolution(x, onednn.packed_filters(weight, (9, 11)), bias)
    except Exception as error:
        pytest.fail(f"torch {torch.__version__} has changed its operators ({error}): {SLOWER}.")
    assert error_of(found, F.conv2d(x, weight, bias, padding=1)) < 1e-5
    assert onednn._multiplies_matrices(), f"The matrix product has changed: {SLOWER}."


@pytest.mark.skipif(not onednn.available(), reason="This torch has no oneDNN.")
def test_filters_laid_out_for_a_size_give_torchs_convolution_at_every_size():
    (weight, bias), packed = filters(24, 16), onednn.PackedFilters(filters(24, 16)[0])
    for size in ((1, 1), (2, 3), (5, 8), (9, 40), (5, 8), (33, 47)):
        x = image(16, *size)
        found = onednn.convolution(x, packed.packed_for(x), bias)
        assert error_of(found, F.conv2d(x, weight, bias, padding=1)) < 1e-5


@pytest.mark.skipif(not onednn.available(), reason="This torch has no oneDNN.")
def test_filters_are_laid_out_for_the_sizes_in_use_once(monkeypatch):
    packed, sizes = onednn.PackedFilters(filters(24, 16)[0]), []
    pack = onednn.packed_filters
    monkeypatch.setattr(
        onednn, "packed_filters", lambda weight, size: sizes.append(size) or pack(weight, size)
    )
    for side in (5, 6, 5, 6, 5, 6, 7, 8, 9, 5):
        packed.packed_for(image(16, side, side))
    assert sizes == [(5, 5), (6, 6), (7, 7), (8, 8), (9, 9), (5, 5)]
    assert len(packed._layouts) == packed._max_layouts


@pytest.mark.skipif(not onednn.available(), reason="This torch has no oneDNN.")
@pytest.mark.parametrize("size", [(4, 6), (9, 16), (24, 24), (37, 50)])
def test_no_call_lays_filters_out_anew(size, capfd):
    backend, x = onednn.OneDNN(*filters(256, 256), 1, ThreadPool()), image(256, *size)
    for call in partial(backend.forward, x, True), partial(backend.backward, x, x):
        call()
        with torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
            call()
        told = [line for line in capfd.readouterr().out.splitlines() if ",exec," in line]
        assert any(",convolution," in line for line in told)
        assert not [line for line in told if ",reorder," in line and "3x3" in line]


@pytest.mark.skipif(not onednn.available(), reason="This torch has no oneDNN.")
def test_filters_are_laid_out_by_as_many_threads_as_compute(monkeypatch):
    packed, threads = onednn.PackedFilters(filters(24, 16)[0]), []
    pack = onednn.packed_filters
    monkeypatch.setattr(
        onednn,
        "packed_filters",
        lambda weight, size: threads.append(torch.get_num_threads()) or pack(weight, size),
    )
    x, before = image(16, 5, 5), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        single_threaded(lambda: packed.packed_for(x))  # as while backends are measured
        for _ in range(2):
            packed.packed_for(x)
    finally:
        torch.set_num_threads(before)
    assert threads == [1, 2]


def rows_and_symmetric(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    rows, matrix = (torch.randn(n, 16, generator=generator, dtype=dtype) for n in (40, 16))
    return rows, matrix + matrix.T


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_product_with_a_symmetric_matrix_is_torchs(dtype):
    rows, matrix = rows_and_symmetric(dtype)
    torch.testing.assert_close(onednn.product_with_symmetric(rows, matrix), rows @ matrix)


def test_torchs_product_takes_over_where_the_private_operator_has_changed(monkeypatch, caplog):
    def changed(*_):
        raise TypeError("_linear_pointwise() expected 7 arguments")

    monkeypatch.setattr(onednn, "_linear", changed)
    rows, matrix = rows_and_symmetric()
    for _ in range(2):
        assert torch.equal(onednn.product_with_symmetric(rows, matrix), rows @ matrix)
    (record,) = caplog.records
    assert "torch's own takes over" in record.getMessage()
