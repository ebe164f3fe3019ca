"""How many bytes of uploads each visitor may have, and all together."""

import pytest

from style_transfer.runs import MEGABYTE, OWN_MACHINE
from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.upload_quota import UploadQuota


@pytest.fixture
def quota(uploads):
    """A quota of 2 MB of each visitor, and 5 MB of all."""
    return UploadQuota(2, 5)


def test_uploads_on_their_way_count_until_they_end_and_up_to_the_last_byte(quota):
    with quota.reserve("ann", MEGABYTE):
        with quota.reserve("ann", MEGABYTE):
            with (
                pytest.raises(RefusedError, match="have uploaded 2 MB of at most 2 MB"),
                quota.reserve("ann", 1),
            ):
                pass
            with quota.reserve("bob", 2 * MEGABYTE):
                pass
        with quota.reserve("ann", MEGABYTE):
            pass


def test_the_user_of_this_machine_has_all_the_room_there_is_and_no_more(quota):
    with quota.reserve(OWN_MACHINE, 5 * MEGABYTE):
        for visitor in (OWN_MACHINE, "ann"):
            with (
                pytest.raises(RefusedError, match="no room for more uploads"),
                quota.reserve(visitor, 1),
            ):
                pass
    with (
        pytest.raises(RefusedError, match="no room for more uploads"),
        quota.reserve(OWN_MACHINE, 5 * MEGABYTE + 1),
    ):
        pass


def test_an_upload_that_fails_counts_no_more(quota):
    for _ in range(3):
        with pytest.raises(KeyError), quota.reserve("ann", 2 * MEGABYTE):
            raise KeyError
