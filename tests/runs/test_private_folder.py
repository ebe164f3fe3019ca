"""Another user of the computer cannot swap what is kept of a run."""

import os
import stat
import sys

import pytest

from style_transfer.runs import CheckpointStore, Limits, RunService
from style_transfer.runs.checkpoint_files import STATE_FILE
from style_transfer.runs.checkpoint_store import FOLDER_VARIABLE, checkpoint_root
from style_transfer.runs.private_folder import is_foreign, make_private
from tests.runs.conftest import TOKEN

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no owners and modes")


@pytest.fixture
def another_user(monkeypatch):
    """A function that makes us another user, who is not root."""
    return lambda: monkeypatch.setattr("os.geteuid", lambda: 54321)


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder that belongs to user 12345, as whom we run."""
    folder = tmp_path / "kept"
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, 12345, -1)
        monkeypatch.setattr("os.geteuid", lambda: 12345)
    return folder


def test_what_is_kept_can_be_read_by_nobody_else(tmp_path, interrupt):
    (tmp_path / "kept").mkdir(mode=0o777)
    interrupt(CheckpointStore(tmp_path / "kept", Limits()), 1)
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


def test_a_folder_of_another_user_is_refused_at_the_start_in_one_sentence(own, another_user):
    another_user()
    with pytest.raises(ValueError, match=rf"another user.*; name .* by {FOLDER_VARIABLE}\.$"):
        RunService.from_environment({FOLDER_VARIABLE: str(own)})


def test_a_link_that_another_user_made_is_refused(own, tmp_path, another_user):
    link = tmp_path / "link"
    link.symlink_to(own)
    make_private(own)
    if os.stat(link, follow_symlinks=False).st_uid == 0:
        os.chown(link, 54321, -1, follow_symlinks=False)
    else:
        another_user()
    with pytest.raises(PermissionError, match="another user"):
        make_private(link)


def test_nothing_is_offered_or_removed_in_a_folder_that_became_another_users(
    own, interrupt, another_user
):
    store = CheckpointStore(own, Limits())
    folder = interrupt(store, 1)
    another_user()
    assert store.find(TOKEN) is None
    assert store.claim(TOKEN) is None
    os.utime(folder / STATE_FILE, (0, 0))
    store.sweep()
    assert folder.exists()


def test_users_of_one_temporary_folder_have_folders_of_their_own(another_user):
    before = checkpoint_root({})
    another_user()
    assert checkpoint_root({}).parent == before.parent
    assert checkpoint_root({}) != before


def test_a_missing_folder_is_nobodys(tmp_path):
    assert not is_foreign(tmp_path / "missing")
