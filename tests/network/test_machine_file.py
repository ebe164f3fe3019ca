import json
from pathlib import Path

import platformdirs
import pytest
import torch

from style_transfer.network import load_network, machine_file
from style_transfer.network.machine_file import MachineFile


def test_another_process_reads_what_one_has_written(tmp_path):
    MachineFile("costs", tmp_path / "caches").update(lambda _: [1.5])
    assert MachineFile("costs", tmp_path / "caches").read() == [1.5]
    assert [each.suffix for each in (tmp_path / "caches").iterdir()] == [".json"]


def test_what_others_have_written_can_be_added_to(tmp_path):
    file = MachineFile("costs", tmp_path)
    file.update(lambda found: [found])
    file.update(lambda found: [*found, 2])
    assert file.read() == [None, 2]


def test_kinds_of_measurements_have_files_of_their_own(tmp_path):
    MachineFile("costs", tmp_path).update(lambda _: 1)
    assert MachineFile("timings", tmp_path).read() is None


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"[1]", b"{}", b'{"timings": 1}', b"[" * 10**5]
)
def test_a_damaged_file_is_like_none_and_is_replaced(tmp_path, content):
    file = MachineFile("costs", tmp_path)
    file.file.write_bytes(content)
    assert file.read() is None
    file.update(lambda _: 3)
    assert json.loads(file.file.read_text()) == {"costs": 3}


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").touch()
    file = MachineFile("costs", tmp_path / "file")
    file.update(lambda _: 1)
    assert file.read() is None


def test_a_user_without_a_home_is_no_fault(monkeypatch, tmp_path):
    def no_home(*_):
        raise RuntimeError("could not determine the home directory")

    monkeypatch.chdir(tmp_path)
    for found in (no_home, lambda *_: Path("~/.cache/style-transfer")):
        monkeypatch.setattr(machine_file, "user_cache_path", found)
        file = MachineFile("costs")
        file.update(lambda _: 1)
        assert file.read() is None
    assert not [*tmp_path.iterdir()]


def test_measurements_belong_to_a_machine(tmp_path, monkeypatch):
    here = MachineFile("costs", tmp_path).file
    assert MachineFile("costs", tmp_path).file == here
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert MachineFile("costs", tmp_path).file != here
    monkeypatch.undo()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert MachineFile("costs", tmp_path).file != here


def test_the_network_of_these_tests_keeps_what_they_make_up_out_of_the_users_cache():
    store = load_network().timing_store
    assert store.file.file.parent != platformdirs.user_cache_path("style-transfer", False)
