"""The environment of a server's process: its temporary folder and proxies."""

import pytest

from style_transfer.ui.environment import exempt_loopback, named_port, own_folder


def test_each_server_has_a_folder_of_its_own_and_leaves_those_of_others(tmp_path):
    (tmp_path / ("a" * 64)).mkdir()  # an upload of another program
    folders = [own_folder(environment := {"GRADIO_TEMP_DIR": str(tmp_path)}) for _ in range(2)]
    assert folders[0] != folders[1]
    assert all(folder.parent == tmp_path and folder.is_dir() for folder in folders)
    assert environment["GRADIO_TEMP_DIR"] == str(folders[1])
    assert (tmp_path / ("a" * 64)).is_dir()


def test_a_named_port_is_a_number_or_refused_in_a_sentence():
    assert named_port({}) is None
    assert named_port({"GRADIO_SERVER_PORT": " 8104 "}) == 8104
    for wrong in ("abc", "99999", "0", "-1", "8104.0", "\u0661"):
        with pytest.raises(ValueError, match=rf"must be from 1 to 65535, not '{wrong}'\.$"):
            named_port({"GRADIO_SERVER_PORT": wrong})


def test_no_proxy_is_asked_for_the_own_machine():
    environment = {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "intranet.example, localhost"}
    exempt_loopback(environment)
    assert environment["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"
    assert environment["NO_PROXY"] == environment["no_proxy"]
