import io

from style_transfer.runs import device_worker


def test_memory_of_a_run_is_released_before_its_end_is_told(monkeypatch, tmp_path):
    server, order = device_worker._Server("cpu", io.BytesIO()), []
    monkeypatch.setattr(device_worker.runtime, "release_free_memory", lambda: order.append("free"))
    monkeypatch.setattr(server, "_send", lambda *answer: order.append(answer))
    server._answer(1, "paint", tmp_path / "given up")
    assert order == ["free", (1,)]
