"""The page on a platform that lends GPUs call by call: the real package, a simulated device API."""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.studio import SIZE, newest_run, set_number, wait_until

pytestmark = pytest.mark.slow
pytest.importorskip("spaces", reason="ZeroGPU needs spaces; comes with requirements-dev.txt")
if sys.platform != "linux":
    pytest.skip("ZeroGPU is there on Linux alone", allow_module_level=True)


class Server:
    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.runs.zero_gpu_page"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # with its workers
        )
        self.url = self._line("http")

    def _line(self, start):
        """The next line of what it prints that begins so; the platform prints too."""
        return next(line for line in self._process.stdout if line.startswith(start)).strip()

    def calls(self):
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._line("["))

    def end(self):
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@pytest.fixture(scope="module")
def server():
    server = Server()
    yield server
    server.end()


@pytest.fixture
def page(browser, server):
    payload = base64.urlsafe_b64encode(json.dumps({"user": "ada"}).encode()).decode().rstrip("=")
    page = browser.new_page(extra_http_headers={"x-ip-token": f"head.{payload}.ada"})
    page.set_default_timeout(20_000)
    page.goto(server.url)
    expect(page.locator("#estimate")).to_contain_text("GPU time", timeout=120_000)
    yield page
    page.close()


def test_a_run_holds_a_gpu_in_the_name_of_who_pressed_start_until_it_rests(page, server):
    set_number(page, "size", SIZE)
    set_number(page, "steps", 12)
    page.locator("#start").click()
    # A new worker finds the fastest convolutions first.
    expect(page.locator("#status")).to_contain_text("Resting at step 12", timeout=300_000)
    made = ended_calls(server)
    # Several, since the workers are slower than the GPU that they stand for.
    assert set(made) == {"ada"}
    run = newest_run(page)
    set_number(page, "beta", 20)  # which wakes it
    expect(page.locator("#status")).to_contain_text("Resting at step 42", timeout=120_000)
    assert newest_run(page) == run
    assert len(ended_calls(server)) > len(made)


def ended_calls(server):
    """The visitors in whose names calls were made, all of which have ended or will soon."""
    assert wait_until(lambda: all(call["ended"] for call in server.calls()), 10)
    return [call["visitor"] for call in server.calls()]
