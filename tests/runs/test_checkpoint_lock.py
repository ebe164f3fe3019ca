import sys

import pytest

from style_transfer.runs import checkpoint_lock
from style_transfer.runs.checkpoint_lock import CheckpointLock


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no open file")
def test_a_file_that_another_process_removes_before_it_is_locked_is_no_lock(tmp_path, monkeypatch):
    lock, locked = checkpoint_lock.lock_descriptor, []

    def late(descriptor):
        if not locked:
            (tmp_path / "run.lock").unlink()
        locked.append(descriptor)
        lock(descriptor)

    monkeypatch.setattr(checkpoint_lock, "lock_descriptor", late)
    held = CheckpointLock(tmp_path / "run")
    with pytest.raises(BlockingIOError):
        CheckpointLock(tmp_path / "run")
    held.release()
