import os
import threading
from dataclasses import replace

import pytest

from style_transfer.engine import State, Styles
from style_transfer.runs import run_folder
from style_transfer.runs.executor import Job
from style_transfer.runs.run_folder import RunFolder, WorkerFolder
from style_transfer.settings import Settings


@pytest.fixture
def job(photo, painting):
    return Job(photo, Styles((painting,)), Settings())


def test_pictures_are_read_when_those_that_replace_them_are_written(job, monkeypatch):
    folder, write, readers, read = RunFolder(), run_folder.write_file, [], []
    folder.begin(job)

    def slow_write(file, data):
        if not readers:  # in the middle of `control`, which holds new pictures already
            readers.append(threading.Thread(target=lambda: read.append(folder.pictures(2)[0])))
            readers[0].start()
            readers[0].join(0.1)
            assert not read
        write(file, data)

    monkeypatch.setattr(run_folder, "write_file", slow_write)
    other = job.content.flip(-1)
    folder.control(replace(job, content=other))
    readers[0].join()
    assert read[0] is other
    folder.remove()


def test_a_state_that_cannot_be_read_is_replaced_by_the_one_before_it(job):
    folder = RunFolder()
    file = folder.path / run_folder.STATE
    State(3, 0, job.content).save(file)
    known = folder.state(())
    file.write_bytes(b"?")
    assert folder.state(()) is None
    folder.begin(replace(job, state=known))
    assert WorkerFolder(folder.path).job.state.step == 3
    folder.remove()


@pytest.mark.skipif(os.name != "posix", reason="limits the size of a file")
def test_a_file_that_does_not_fit_leaves_nothing(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            run_folder.write_file(tmp_path / "a file", bytes(2_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
