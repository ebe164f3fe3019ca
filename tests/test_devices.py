import pytest
import torch

from style_transfer import devices
from style_transfer.devices import DeviceType, check_device, peak_memory, precise, present, returned


class Several(DeviceType):
    def __init__(self, number):
        self._number = number

    def count(self):
        return self._number


def with_devices(monkeypatch, **counts):
    kinds = {name: Several(number) for name, number in counts.items()}
    monkeypatch.setattr(devices, "_TYPES", kinds | {"cpu": DeviceType()})


def test_several_devices_of_a_type_have_numbers(monkeypatch):
    with_devices(monkeypatch, cuda=2, xpu=0, mps=1)
    assert present() == ["cuda:0", "cuda:1", "mps", "cpu"]
    for name in ("cuda", "cuda:0", "cuda:1", "mps", "mps:0", "cpu"):
        check_device(name)


@pytest.mark.parametrize("name", ["cuda:2", "xpu", "tpu", "", "mps:1", "cpu:"])
def test_one_that_is_not_here_is_refused_in_one_sentence_with_those_that_are(monkeypatch, name):
    with_devices(monkeypatch, cuda=2, xpu=0, mps=1)
    words = f"no device '{name}' here, but cuda:0, cuda:1, mps, cpu; 'auto' takes the first"
    with pytest.raises(ValueError, match=words):
        check_device(name)


def test_that_auto_is_no_device_is_not_answered_by_auto(monkeypatch):
    with_devices(monkeypatch, cuda=1)
    with pytest.raises(ValueError, match=r"no device 'auto' here, but cuda, cpu\.$"):
        check_device("auto")


def test_float64_is_on_the_device_or_where_that_lacks_it_on_the_cpu():
    tensor = torch.ones(2)
    assert precise(tensor).dtype == torch.float64
    assert returned(precise(tensor), tensor).dtype == torch.float32


def test_devices_with_cudas_functions_are_asked_by_them(monkeypatch):
    called = []
    for name, answer in (
        ("is_available", lambda: True),
        ("device_count", lambda: 1),
        ("mem_get_info", lambda device: (1_000, 9_000)),
        ("memory_reserved", lambda device: 700),
        ("memory_allocated", lambda device: 200),
        ("max_memory_allocated", lambda device: 500),
        ("reset_peak_memory_stats", lambda device: called.append("restart")),
        ("synchronize", lambda device: called.append("synchronize")),
        ("empty_cache", lambda: called.append("empty")),
    ):
        monkeypatch.setattr(torch.cuda, name, answer)
    assert present() == ["cuda", "cpu"]
    assert devices.free_memory("cuda:0") == 1_500
    with peak_memory("cuda") as peak:
        assert called == ["restart"]
    assert peak.bytes == 300
    devices.synchronize("cuda")
    devices.release_memory()
    assert called == ["restart", "synchronize", "synchronize", "empty"]


def test_apples_devices_are_asked_by_their_own_functions(monkeypatch):
    called = []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    for name, answer in (
        ("recommended_max_memory", lambda: 1_000),
        ("current_allocated_memory", lambda: 200),
        ("synchronize", lambda: called.append("synchronize")),
        ("empty_cache", lambda: called.append("empty")),
    ):
        monkeypatch.setattr(torch.mps, name, answer)
    assert present() == ["mps", "cpu"]
    assert devices.free_memory("mps") == 800
    assert not devices.computes_float64(torch.device("mps"))
    devices.synchronize("mps")
    devices.release_memory()
    assert called == ["synchronize", "empty"]
    with peak_memory("mps") as peak:
        pass
    assert peak.bytes is None


def test_the_cpu_has_no_memory_of_its_own_and_nothing_to_wait_for():
    assert devices.free_memory("cpu") is None
    devices.synchronize("cpu")
    with peak_memory("cpu") as peak:
        torch.ones(1000)
    assert peak.bytes is None
