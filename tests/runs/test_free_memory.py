import pytest

from style_transfer import devices
from style_transfer.runs.free_memory import available_memory, release_caches
from style_transfer.runs.memory import check_memory


def system(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


MEMINFO = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable: 5000 kB\n"}


def test_the_memory_of_the_system_is_read(tmp_path):
    assert available_memory(system=system(tmp_path, MEMINFO)) == 5000 * 1024


def test_a_container_may_allow_less_than_the_system_has(tmp_path):
    group = {"memory.max": "4000000", "memory.current": "3000000"}
    files = {f"sys/fs/cgroup/{name}": f"{text}\n" for name, text in group.items()}
    files["sys/fs/cgroup/memory.stat"] = "anon 2500000\ninactive_file 500000\n"
    assert available_memory(system=system(tmp_path, MEMINFO | files)) == 1_500_000
    files["sys/fs/cgroup/memory.max"] = "max\n"
    assert available_memory(system=system(tmp_path, files)) == 5000 * 1024


@pytest.mark.parametrize(
    ("limit", "left"),
    [("4000000", 4_000_000 - 1000 * 1024), ("900", 0), ("unlimited", 5000 * 1024)],
)
def test_a_process_may_be_allowed_less_than_the_system_has(tmp_path, limit, left):
    limits = f"Limit  Soft  Hard  Units\nMax address space    {limit}    unlimited  bytes\n"
    own = {"proc/self/limits": limits, "proc/self/status": "Name: python\nVmSize:\t  1000 kB\n"}
    assert available_memory(system=system(tmp_path, MEMINFO | own)) == left


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("limited", ["shop", "shop/page"])  # a group around ours, and ours
def test_a_service_may_be_allowed_less_than_its_container(tmp_path, version, limited):
    limit, use, stat, root = "memory.max", "memory.current", "inactive_file", ""
    if version == 1:
        limit, use, root = "memory.limit_in_bytes", "memory.usage_in_bytes", "memory/"
        stat = "total_inactive_file"
    files = MEMINFO | {"proc/self/cgroup": "9:pids:/\n4:memory:/shop/page\n0::/shop/page\n"}
    folder = f"sys/fs/cgroup/{root}{limited}"
    files |= {f"{folder}/{limit}": "4000000", f"{folder}/{use}": "3000000"}
    files[f"{folder}/memory.stat"] = f"{stat} 500000\n"
    assert available_memory(system=system(tmp_path, files)) == 1_500_000


def test_where_nothing_is_known_nothing_is_refused(tmp_path):
    assert available_memory(system=tmp_path) is None
    check_memory((100_000, 100_000), 10**15, None)


def test_the_memory_of_a_gpu_is_its_own_and_what_torch_holds_of_it_is_given_back(monkeypatch):
    released = []
    monkeypatch.setattr(devices, "free_memory", {"cuda:1": 1_500}.get)
    monkeypatch.setattr(devices, "release_memory", lambda: released.append(True))
    assert available_memory("cuda:1") == 1_500
    release_caches()
    assert released
