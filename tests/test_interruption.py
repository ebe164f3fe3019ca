"""Signals that end a program, raised in this process."""

import signal
import subprocess
import sys
import threading

import pytest

from style_transfer.interruption import Interruption

NAMES = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


@pytest.fixture(autouse=True)
def _heard():
    """None is ignored, as a shell has some for what it starts in the background."""
    before = {name: signal.getsignal(getattr(signal, name)) for name in NAMES}
    for name, handler in before.items():
        if handler is signal.SIG_IGN:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    yield
    for name, handler in before.items():
        signal.signal(getattr(signal, name), handler)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_signal_raises_and_those_after_it_do_nothing(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with Interruption() as interruption:
        assert not interruption.noticed
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)
        assert interruption.noticed
    assert signal.getsignal(number) is before


def test_what_must_be_finished_is_not_interrupted():
    with Interruption() as interruption:
        interruption.only_notice()
        signal.raise_signal(signal.SIGINT)
        assert interruption.noticed


@pytest.mark.parametrize("name", NAMES)
def test_a_signal_that_the_parent_ignores_stays_ignored(name):
    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            assert signal.getsignal(number) is signal.SIG_IGN
            signal.raise_signal(number)
            assert not interruption.noticed
    finally:
        signal.signal(number, before)


def test_outside_the_main_thread_signals_stay_with_whom_they_belong_to():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with Interruption():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


# Raises the signal where torch is about to be imported.
EARLY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Finder:
    def find_spec(self, name, *_):
        if name == "style_transfer.cli":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
from style_transfer.__main__ import main
sys.exit(main())
"""


def test_a_program_that_is_interrupted_in_its_imports_says_so_in_one_line():
    answer = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True)
    assert answer.returncode == 130
    assert answer.stderr == "style_transfer: interrupted before there was a picture\n"
