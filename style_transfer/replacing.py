"""Files that take the place of others."""

import os
import sys
import time
from pathlib import Path

_TRIES, _PAUSE = 50, 0.02  # s between


def replace_file(part: Path, file: str | os.PathLike[str]) -> None:
    """Let `part` be `file`, of which readers find the old one or the new one. Raises OSError.

    Windows replaces no file while it is read, be it by a scanner for viruses: it is waited for.
    """
    for left in reversed(range(_TRIES if sys.platform == "win32" else 1)):
        try:
            os.replace(part, file)
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(_PAUSE)
