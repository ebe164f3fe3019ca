"""What a server sets for its own process before Gradio is imported: a folder, and proxies."""

import tempfile
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from style_transfer.checks import port_number
from style_transfer.devices import VARIABLE
from style_transfer.runs import is_zero_gpu, process_folder

FOLDER_VARIABLE = "GRADIO_TEMP_DIR"  # where Gradio stores uploads and serves any file
PORT_VARIABLE = "GRADIO_SERVER_PORT"
_PREFIX = "style-transfer-page-"
_LOOPBACK = "localhost", "127.0.0.1", "::1"


def own_folder(environment: MutableMapping[str, str]) -> Path:
    """Let Gradio use a new folder that no other process has, and return it.

    It is below the one that FOLDER_VARIABLE names, by default the system's temporary folder, see
    `process_folder`. Raises OSError where none can be made.
    """
    root = Path(environment.get(FOLDER_VARIABLE) or tempfile.gettempdir()).absolute()
    folder = process_folder(root, _PREFIX)
    environment[FOLDER_VARIABLE] = str(folder)
    return folder


def named_port(environment: Mapping[str, str]) -> int | None:
    """Return the port at which the page is to be served; None for the first free one from 7860.

    Raises ValueError, one sentence, for what is no port.
    """
    text = environment.get(PORT_VARIABLE, "").strip()
    return port_number(PORT_VARIABLE, text) if text else None


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
