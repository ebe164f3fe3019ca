"""Standard streams that are closed or broken."""

import pytest

from style_transfer.console import Console


class Broken:
    """A stream whose other end is gone."""

    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise OSError(28, "No space left on device")

    def isatty(self):
        return False


@pytest.mark.parametrize("stream", [None, Broken()])
def test_a_console_never_fails(stream):
    console = Console(stream)
    assert console.write("words") == 5
    console.flush()
    assert not console.isatty()
