"""A folder that only this user can read: others on this computer could swap what is kept in it."""

import os
import stat
import sys
from pathlib import Path


def user_name() -> str:
    """Return what tells this user's folders from those of others in a shared one, "" on Windows."""
    return "" if sys.platform == "win32" else f"-{os.geteuid()}"


def make_private(folder: Path) -> None:
    """Make `folder` where it is missing, and let nobody else in.

    Raises OSError, PermissionError where the folder, or a link in its place, is another user's.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    check_private(folder)
    if sys.platform != "win32" and folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)


def check_private(folder: Path) -> None:
    """Raise PermissionError where there is a folder, or a link, that another user can change."""
    if sys.platform == "win32":  # its temporary folders are the user's own
        return
    try:
        found = [folder.lstat(), folder.stat()]
    except FileNotFoundError:
        return
    own = os.geteuid()
    changeable = [each for each in found if each.st_uid not in (own, 0)]  # root can change anything
    if changeable or (found[1].st_uid != own and found[1].st_mode & stat.S_IWOTH):
        raise PermissionError(f"{folder} can be changed by another user of this computer")
