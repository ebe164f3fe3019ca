"""The page as a process of its own, as `python app.py` starts it: it can be killed and measured."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
# A run makes all of its steps, though further ones would change nothing.
NEVER_SETTLED = """
import runpy
from style_transfer.runs import settling
settling.LEAST_GAIN, settling.LEAST_MOVE = float("-inf"), 0.0
runpy.run_path("app.py", run_name="__main__")
"""
PATIENCE = 120.0  # s that a start may take


class Server:
    """`python app.py` with all its files below one folder."""

    def __init__(self, folder: Path, **environment: object) -> None:
        """Prepare; environment variables take the place of those of this process."""
        self.folder, self.log_file = folder, folder / "log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = os.environ | {
            "GRADIO_SERVER_NAME": "127.0.0.1",
            "GRADIO_SERVER_PORT": str(self.port),
            "GRADIO_TEMP_DIR": str(folder / "uploads"),
            "STYLE_TRANSFER_KEPT_FOLDER": str(folder / "kept"),
            "PYTHONUNBUFFERED": "1",
        }
        self._environment |= {name: str(value) for name, value in environment.items()}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Return when the page answers."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", NEVER_SETTLED],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            try:
                health = self.health()
            except httpx.HTTPError:
                time.sleep(0.2)
                continue
            assert health["alive"]
            return self
        raise RuntimeError(f"The page did not start.\n{self.log}")

    def kill(self) -> None:
        """End it as the kernel would, with kill -9."""
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._process = None

    def end(self, number: int) -> tuple[int, float]:
        """Send a signal, and return the exit code and the seconds that the end took."""
        assert self._process
        began = time.monotonic()
        self._process.send_signal(number)
        code = self._process.wait(60)
        self._process = None
        return code, time.monotonic() - began

    @property
    def log(self) -> str:
        """All that was printed."""
        return self.log_file.read_text(errors="replace")

    def health(self) -> dict[str, Any]:
        """What the health endpoint says."""
        return httpx.get(f"{self.url}/health", timeout=30).json()

    @property
    def peak_mb(self) -> float:
        """The most memory that it ever had."""
        assert self._process
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))

    @property
    def memory_mb(self) -> float:
        """The memory that it has, without that of other processes that it started."""
        assert self._process
        return _memory_mb(self._process.pid)

    @property
    def children_mb(self) -> float:
        """The memory of the processes that it started, all together."""
        assert self._process
        children: list[str] = []
        for file in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            with suppress(OSError):  # of a thread that has just ended
                children += file.read_text().split()
        return sum(_memory_mb(int(child)) for child in children)

    @property
    def threads(self) -> int:
        """How many threads it has."""
        assert self._process
        return len(list(Path(f"/proc/{self._process.pid}/task").iterdir()))

    def files(self) -> list[Path]:
        """All files of visitors: uploads, previews, kept runs."""
        return [
            Path(folder) / file
            for name in ("uploads", "kept")
            for folder, _, files in os.walk(self.folder / name)  # minds no folder that just went
            for file in files
        ]


def _memory_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)
