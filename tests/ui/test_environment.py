"""The environment of a server's process: its temporary folder and proxies."""

import subprocess
import sys
from pathlib import Path

import pytest

from style_transfer.runs import CheckpointLock
from style_transfer.ui.environment import exempt_loopback, own_folder, remove_abandoned


def test_each_server_has_a_folder_of_its_own_and_leaves_those_of_others(tmp_path):
    (tmp_path / ("a" * 64)).mkdir()  # an upload of another program
    folders = [own_folder(environment := {"GRADIO_TEMP_DIR": str(tmp_path)}) for _ in range(2)]
    assert folders[0] != folders[1]
    assert all(folder.parent == tmp_path and folder.is_dir() for folder in folders)
    assert environment["GRADIO_TEMP_DIR"] == str(folders[1])
    assert (tmp_path / ("a" * 64)).is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_the_folder_is_closed_to_other_users(tmp_path):
    assert own_folder({"GRADIO_TEMP_DIR": str(tmp_path)}).stat().st_mode & 0o777 == 0o700


def test_the_folder_of_a_process_that_died_is_removed_by_the_next(tmp_path):
    abandoned = tmp_path / "style-transfer-page-0"
    CheckpointLock(abandoned).release()
    (abandoned / "session").mkdir(parents=True)
    own = own_folder({"GRADIO_TEMP_DIR": str(tmp_path)})
    remove_abandoned(tmp_path)
    assert not abandoned.exists()
    assert own.is_dir()
    assert [file.name for file in tmp_path.glob("*.lock")] == [f"{own.name}.lock"]


@pytest.mark.integration
def test_the_folder_goes_with_its_process(tmp_path):
    script = "from style_transfer.ui.environment import own_folder; import os, sys;"
    script += "print(own_folder({'GRADIO_TEMP_DIR': sys.argv[1]}))"
    command = [sys.executable, "-c", script, str(tmp_path)]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    assert Path(made).parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_no_proxy_is_asked_for_the_own_machine():
    environment = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "intranet.example, localhost"}
    exempt_loopback(environment)
    assert environment["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"
    assert environment["NO_PROXY"] == environment["no_proxy"]
