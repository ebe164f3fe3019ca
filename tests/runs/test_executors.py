import pytest

from style_transfer.runs import EXECUTORS, ThreadExecutor, open_executor
from tests.runs.fake_executor import FakeExecutor


def test_an_executor_is_opened_by_its_name_or_the_environments_and_ended(monkeypatch):
    ended = []
    monkeypatch.setattr(FakeExecutor, "end", lambda self: ended.append(self))
    monkeypatch.setitem(EXECUTORS, "fake", lambda *_: FakeExecutor())
    with open_executor("fake", {}) as executor:
        assert isinstance(executor, FakeExecutor)
        assert not ended
    assert ended == [executor]
    with open_executor(environment={"STYLE_TRANSFER_EXECUTOR": "fake"}) as executor:
        assert isinstance(executor, FakeExecutor)
    with open_executor("thread", {"STYLE_TRANSFER_DEVICE": "cpu"}) as executor:
        assert isinstance(executor, ThreadExecutor)


def test_an_executor_that_there_is_not_is_one_sentence():
    with (
        pytest.raises(ValueError, match=r"'moon'.*thread, process, ray, zerogpu"),
        open_executor("moon", {}),
    ):
        pass
