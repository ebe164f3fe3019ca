"""A disk that is full at times."""

import errno
import os


class Disk:
    """Where a module writes the files of runs by its `write_file`."""

    def __init__(self, monkeypatch, module):
        self.is_full, self._write = False, module.write_file
        monkeypatch.setattr(module, "write_file", self.write)

    def write(self, file, data):
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._write(file, data)
