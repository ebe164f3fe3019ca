import pytest
import torch

from style_transfer.network import onednn


@pytest.fixture(autouse=True)
def probed_anew():
    onednn._multiplies_matrices.cache_clear()
    yield
    onednn._multiplies_matrices.cache_clear()


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
