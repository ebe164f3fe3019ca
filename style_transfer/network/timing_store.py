"""TimingStore: the timings of backends on disk, so that not every process measures them anew."""

from pathlib import Path

from style_transfer.network.machine_file import MachineFile
from style_transfer.network.timing_cache import TimingCache

# Names the way in which they are measured; those of another way tell nothing.
_CONTENT = "timings-5"


class TimingStore:
    """The timings of backends on this machine."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder, by default that of a `MachineFile`."""
        self.file = MachineFile(_CONTENT, folder)
        self._known = TimingCache()  # as they were read or written last

    def load(self) -> TimingCache:
        """Return the timings on disk; none where there are none."""
        self._known = _parsed(self.file.read())
        return self._known.updated(TimingCache())

    def save(self, timings: TimingCache) -> None:
        """Add timings to those on disk, unless they are there."""
        if timings != self._known:
            self._known = timings.updated(TimingCache())
            self.file.update(lambda found: _parsed(found).updated(timings).as_dict())


def _parsed(found: object) -> TimingCache:
    try:
        return TimingCache.from_dict(found)
    except ValueError:
        return TimingCache()
