"""A folder that only this user can read: others on this computer could swap what is kept in it."""

import errno
import os
import stat
import sys
from pathlib import Path


def user_name() -> str:
    """Return what tells this user's folders from those of others in a shared one, "" on Windows."""
    return "" if sys.platform == "win32" else f"-{os.geteuid()}"


def make_private(folder: Path) -> None:
    """Make `folder` where it is missing, and let nobody else in.

    Raises OSError, PermissionError where it `is_foreign`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_foreign(folder):
        raise PermissionError(errno.EACCES, "another user of this computer can change its folder")
    if sys.platform != "win32" and folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)


def is_foreign(folder: Path) -> bool:
    """Return whether another user can change what is at `folder`, be it a link; False for none."""
    if sys.platform == "win32":  # its temporary folders are the user's own
        return False
    try:
        place, found = folder.lstat(), folder.stat()
    except OSError:  # nothing is there, or nothing can be read or written
        return False
    own, root = os.geteuid(), 0  # root can change anything
    if not {place.st_uid, found.st_uid} <= {own, root}:
        return True
    return found.st_uid != own and bool(found.st_mode & stat.S_IWOTH)
