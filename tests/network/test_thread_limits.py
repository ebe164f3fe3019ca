import threading
import time

import pytest
import torch
from threadpoolctl import threadpool_info

from style_transfer.network.thread_limits import BlasLimit, one_core, use_one_core


@pytest.fixture
def two_torch_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_blas_starts_no_threads_inside_and_its_own_number_again_afterwards():
    limit, before = BlasLimit(), blas_threads()
    with limit:
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_blas_is_limited_as_long_as_anybody_needs_it():
    limit, before = BlasLimit(), blas_threads()
    with limit:
        with limit:
            pass
        assert blas_threads() == {1}
    assert blas_threads() == before


def test_an_error_lifts_the_limit_too():
    limit, before = BlasLimit(), blas_threads()
    with pytest.raises(ArithmeticError), limit:
        raise ArithmeticError
    assert blas_threads() == before


@pytest.mark.usefixtures("two_torch_threads")
def test_torch_takes_one_core_inside_and_as_many_as_before_afterwards():
    with one_core():
        with one_core():
            pass
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_torch_threads")
def test_an_error_gives_torch_its_cores_back():
    with pytest.raises(ArithmeticError), one_core():
        raise ArithmeticError
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_torch_threads")
def test_a_thread_with_one_core_leaves_those_before_and_after_it_theirs():
    counts = {}

    def limited():
        use_one_core()
        counts["limited"] = torch.get_num_threads()

    def later():
        counts["later"] = torch.get_num_threads()

    for work in limited, later:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert counts == {"limited": 1, "later": 2}
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_torch_threads")
def test_matrix_products_and_eigenvalues_of_a_thread_with_one_core_take_one_core():
    """Also where the number of torch's threads was set, which MKL remembers by itself."""
    shares = list[float]()

    def limited():
        use_one_core()
        shares.extend(own_shares())

    thread = threading.Thread(target=limited)
    thread.start()
    thread.join()
    assert max(shares) > 0.8


@pytest.mark.usefixtures("two_torch_threads")
def test_matrix_products_and_eigenvalues_take_one_core_inside():
    with one_core():
        assert max(own_shares()) > 0.8


def own_shares():
    """The present thread's share of the process's CPU time during linear algebra, five times."""
    matrix, shares = torch.rand(512, 512, dtype=torch.float64), []
    torch.linalg.eigvalsh(matrix)  # loads what it needs
    for _ in range(5):
        all_threads, own = time.process_time(), time.thread_time()
        torch.linalg.eigvalsh(matrix @ matrix.T)
        shares.append((time.thread_time() - own) / (time.process_time() - all_threads))
    return shares
