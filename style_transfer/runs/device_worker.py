"""The process of a `DeviceProcess`: python -m style_transfer.runs.device_worker DEVICE SHARE OF"""

import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import torch

from style_transfer import devices, runtime
from style_transfer.runs import worker
from style_transfer.runs.scheduler import Scheduler
from style_transfer.runs.thread_executor import ThreadExecutor
from style_transfer.settings import Settings

TOLD_EVERY = 2.0  # s; how much memory of the device is free


class _Server:
    """Answers questions, each in a thread of its own; runs make their steps in turn."""

    def __init__(self, device: str, answers: BinaryIO) -> None:
        self._executor, self._device = ThreadExecutor(Scheduler(), device=device), device
        self._answers, self._lock = answers, threading.Lock()

    def serve(self, questions: BinaryIO) -> None:
        """Answer until the one that asks is gone."""
        threading.Thread(target=self._tell, daemon=True).start()
        while True:
            try:
                question = pickle.load(questions)
            except EOFError:
                return
            threading.Thread(target=self._answer, args=question, daemon=True).start()

    def _answer(self, number: int, task: str, *arguments: Any) -> None:
        try:
            if task == "paint":
                self._paint(number, *arguments)
            else:
                self._measure(number, *arguments)
        finally:  # after a fault too, or its answer would be waited for
            runtime.release_free_memory()  # of a run, before another is admitted in its place
            self._send(number)

    def _paint(self, number: int, path: Path) -> None:
        with suppress(OSError):  # its run was given up
            for message in worker.messages(path, self._executor.start, lambda: float("inf")):
                self._send(number, message)

    def _measure(self, number: int, network: str, settings: Settings, anew: bool) -> None:
        try:
            self._send(number, self._executor.cost_model(network, settings, anew=anew))
        except ValueError as error:
            self._send(number, error)

    def _tell(self) -> None:
        timer = threading.Event()
        while True:
            self._send(0, devices.free_memory(self._device))
            timer.wait(TOLD_EVERY)

    def _send(self, *item: Any) -> None:
        data = pickle.dumps(item)
        with self._lock:
            try:
                self._answers.write(data)
                self._answers.flush()
            except OSError:  # the one that asks is gone
                os._exit(0)


def _take_share(number: int, shares: int) -> None:
    """Compute in one share of the CPU alone, so that processes do not wait for each other."""
    count = os.cpu_count() or 1
    if hasattr(os, "sched_setaffinity"):  # Linux
        cores = sorted(os.sched_getaffinity(0))
        count = len(cores)
        if count >= shares:
            os.sched_setaffinity(0, set(cores[number::shares]))
    torch.set_num_threads(max(1, count // shares))


def main(device: str, number: str, shares: str) -> None:
    """Answer what comes from standard input."""
    # Ctrl-C is for the process that asks, which saves first. Windows has no sessions to say so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    runtime.configure()  # the environment has what must be there before torch is imported
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # where what others print belongs
    if device == devices.CPU:
        _take_share(int(number), int(shares))
    _Server(device, answers).serve(sys.stdin.buffer)
    os._exit(0)  # threads that compute in native code would crash while the interpreter goes


if __name__ == "__main__":
    main(*sys.argv[1:])
