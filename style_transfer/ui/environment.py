"""What a server sets for its own process before Gradio is imported: a folder, and proxies."""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

from style_transfer.devices import VARIABLE
from style_transfer.runs import CheckpointLock, is_zero_gpu

FOLDER_VARIABLE = "GRADIO_TEMP_DIR"  # where Gradio stores uploads and serves any file
_PREFIX = "style-transfer-page-"
_LOOPBACK = "localhost", "127.0.0.1", "::1"


def own_folder(environment: MutableMapping[str, str]) -> Path:
    """Let Gradio use a new folder that no other process has, and return it.

    It is below the one that FOLDER_VARIABLE names, by default the system's temporary folder, is
    readable by this user alone, and is removed at the end of the process; those of processes that
    were killed are removed here. Raises OSError where none can be made.
    """
    root = Path(environment.get(FOLDER_VARIABLE) or tempfile.gettempdir()).absolute()
    root.mkdir(parents=True, exist_ok=True)
    remove_abandoned(root)
    folder = root / f"{_PREFIX}{secrets.token_hex(8)}"
    lock = CheckpointLock(folder)  # before the folder is there, or it would look abandoned
    folder.mkdir(mode=0o700)
    environment[FOLDER_VARIABLE] = str(folder)
    atexit.register(_remove, folder, lock)
    return folder


def remove_abandoned(root: Path) -> None:
    """Remove the folders below `root` of processes that have died."""
    for file in root.glob(f"{_PREFIX}*.lock"):
        folder = file.with_suffix("")
        try:
            lock = CheckpointLock(folder)
        except OSError:  # in use, another user's, or on a file system without locks
            continue
        _remove(folder, lock)


def exempt_loopback(environment: MutableMapping[str, str]) -> None:
    """Let no proxy be asked for addresses of this machine, as Gradio asks whether it answers."""
    given = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    names = [name.strip() for name in given.split(",") if name.strip()]
    names += [name for name in _LOOPBACK if name not in names]
    environment["no_proxy"] = environment["NO_PROXY"] = ",".join(names)


def name_lent_gpu(environment: MutableMapping[str, str]) -> None:
    """Name the GPU of a Space that lends one to calls: this process must not try what it can do."""
    if is_zero_gpu(environment):
        environment.setdefault(VARIABLE, "cuda")


def _remove(folder: Path, lock: CheckpointLock) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.release(remove=True)
