import pytest

from style_transfer.ui.token_bucket import TokenBucket

RATE, SIZE = 0.06, 1.0


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def bucket(now):
    return TokenBucket(RATE, SIZE, lambda: now[0])


def test_what_is_spent_when_it_is_open_is_its_rate_in_the_long_run(bucket, now):
    spent = 0.0
    for _ in range(10_000):
        if bucket.is_open:
            bucket.spend(0.3)
            spent += 0.3
        now[0] += 0.1
    assert RATE * now[0] <= spent <= RATE * now[0] + SIZE + 0.3


def test_a_burst_is_let_through_and_what_was_overspent_is_waited_for(bucket, now):
    assert bucket.is_open
    assert bucket.spend(SIZE) == 0
    assert bucket.spend(0.6) == pytest.approx(0.6 / RATE)
    now[0] = 0.5 / RATE
    assert not bucket.is_open
    assert bucket.spend(0) == pytest.approx(0.1 / RATE)


def test_no_more_than_a_burst_is_saved(bucket, now):
    assert bucket.is_full
    bucket.spend(SIZE)
    now[0] = 0.5 / RATE
    assert not bucket.is_full
    now[0] = 1000 / RATE
    assert bucket.is_full
    bucket.spend(SIZE)
    assert not bucket.is_open
