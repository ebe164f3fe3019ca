"""How much memory there is for runs, as devices and the system tell; and what gives caches back."""

import re
from pathlib import Path

from style_transfer import devices
from style_transfer.engine import graphs
from style_transfer.runtime import release_free_memory

# cgroup v2 and v1, by the controllers that /proc/self/cgroup names: folder, files of limit, use and
# statistics, and the key of the latter for page cache that can be reclaimed.
_GROUPS = {
    "": ("", "memory.max", "memory.current", "memory.stat", "inactive_file"),
    "memory": (
        *("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat"),
        "total_inactive_file",
    ),
}


def available_memory(device: str = "cpu", system: Path = Path("/")) -> int | None:
    """Return the bytes that a run can have on `device`; None where that is unknown."""
    if (free := devices.free_memory(device)) is not None:
        return free
    known = [_free_in_system(system), _free_in_process(system)]
    for controller, (root, *names) in _GROUPS.items():
        # The limits of all groups around ours hold too; in a container ours is the outermost.
        place = Path(_own_group(system, controller).lstrip("/"))
        for group in (place, *place.parents):
            known.append(_free_in_group(system / "sys/fs/cgroup" / root / group, *names))
    return min((each for each in known if each is not None), default=None)


def release_caches() -> None:
    """Return to the system, and to other programs on a GPU, what is held for steps to come."""
    release_free_memory()  # of runs that ended
    graphs.forget()
    devices.release_memory()


def _free_in_system(system: Path) -> int | None:
    try:
        lines = (system / "proc/meminfo").read_text().splitlines()
        values = dict(line.split(":", 1) for line in lines)
        return 1024 * int(values["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):  # no Linux
        return None


def _free_in_process(system: Path) -> int | None:
    """Return what a limit of this process (`ulimit -v`) leaves, None where it has none."""
    try:
        folder = system / "proc/self"
        limit = re.search(r"^Max address space +(\d+)", (folder / "limits").read_text(), re.M)
        used = re.search(r"^VmSize:\s+(\d+) kB", (folder / "status").read_text(), re.M)
    except OSError:  # no Linux
        return None
    return max(0, int(limit[1]) - 1024 * int(used[1])) if limit and used else None


def _own_group(system: Path, controller: str) -> str:
    """Return the path of the group of this process, "" where the system does not tell."""
    try:
        lines = (system / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return ""
    fields = (line.split(":", 2) for line in lines)
    return next((path for _, names, path in fields if controller in names.split(",")), "")


def _free_in_group(folder: Path, limit: str, use: str, stat: str, files: str) -> int | None:
    try:
        most, used = (int((folder / name).read_text()) for name in (limit, use))
        values = dict(line.split() for line in (folder / stat).read_text().splitlines())
        return max(0, most - used + int(values[files]))
    except (OSError, KeyError, ValueError):  # no such group, or "max": without a limit
        return None
