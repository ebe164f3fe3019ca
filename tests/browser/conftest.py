"""The page in this process, and a real Chromium that visits it."""

import gc
import os
import shutil
import threading
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from style_transfer.network import convolution
from style_transfer.network.timing_cache import Timing

playwright = pytest.importorskip("playwright.sync_api")

playwright.expect.set_options(timeout=30_000)  # ms; a busy machine takes a second for a step

# The first has no window, and opens the page in half the time of the others.
NAMES = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
)


BACKENDS = "winograd", "onednn", "col2im", "torch"  # the fastest first, on most machines


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the page's own libraries warn: they run in this process, and are not ours to mend."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(autouse=True)
def timed_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose backends by their order, so that runs have nearly their real speed unmeasured."""

    def timings(_problem: object, names: Container[str], *_: object) -> dict[str, Timing]:
        return {name: (float(BACKENDS.index(name)), 0.0) for name in BACKENDS if name in names}

    for name in ("measure", "measure_at"):
        monkeypatch.setattr(convolution, name, timings)


@pytest.fixture(autouse=True)
def no_run_settles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs go on while they are looked at, however long a browser on a busy machine takes."""
    from style_transfer.runs.settling import Settling

    monkeypatch.setattr(Settling, "add", lambda *_: False)


@pytest.fixture(scope="package")
def served() -> Iterator[Any]:
    """The page, served by this process as app.py serves it."""
    from style_transfer.runs import RunService
    from style_transfer.ui.page import build

    threads = torch.get_num_threads()
    torch.set_num_threads(2)  # as at home; the tests of the engine do with one
    page = build(RunService.from_environment(os.environ))
    page.blocks.launch(**page.launch_options, prevent_thread_lock=True, quiet=True)
    yield page
    page.context.service.executor.cost_model()  # a process that ends while it measures is aborted
    page.blocks.close()
    torch.set_num_threads(threads)
    gc.collect()  # what its libraries leave open is to be warned of here, not in other tests


@pytest.fixture(scope="package")
def url(served: Any) -> str:
    """The address of the page."""
    return served.blocks.local_url


@pytest.fixture(scope="package")
def service(served: Any) -> Any:
    """The run service of the page."""
    return served.context.service


@pytest.fixture(scope="package")
def sessions(served: Any) -> Any:
    """The sessions of the page."""
    return served.context.sessions


@pytest.fixture(scope="package")  # its event loop must not outlive these tests
def browser() -> Iterator["playwright.Browser"]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("The browser tests need chromium, and a CI run must not skip them.")
        pytest.skip("These tests need chromium.")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(
    browser: "playwright.Browser", url: str
) -> Iterator[Callable[..., "playwright.Page"]]:
    """A function that opens the page in a new tab and waits until its events are attached."""
    opened = []

    def open_page(
        width: int = 1280, height: int = 800, query: str = "", **options: object
    ) -> "playwright.Page":
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        opened.append(page)
        page.set_default_timeout(20_000)
        page.goto(url + query)
        # Gradio draws the page before it listens; the estimate is the first answer it gets. The
        # first page waits for it until this machine is measured.
        playwright.expect(page.locator("#estimate")).to_contain_text("about", timeout=120_000)
        return page

    yield open_page
    for page in opened:
        page.close()


@pytest.fixture
def pause(sessions: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[["playwright.Page"], int]:
    """A function that pauses the run of the only page with one, and returns its step.

    That is the newest one: the step that was under way is finished and shown.
    """
    from style_transfer.runs.steered_execution import SteeredExecution
    from tests.browser.studio import session_of, step, wait_until

    idle, wait = threading.Event(), SteeredExecution._wait
    monkeypatch.setattr(SteeredExecution, "_wait", lambda each: (idle.set(), wait(each)))

    def pause(page: "playwright.Page") -> int:
        run = session_of(sessions).run
        page.locator("#pause").click()
        playwright.expect(page.locator("#status")).to_contain_text("Paused at")
        assert idle.wait(60)
        assert wait_until(lambda: step(page) == run.frame.step, 60)
        return step(page)

    return pause


@pytest.fixture
def run_threads() -> Callable[[], list[threading.Thread]]:
    """A function that lists the threads of all runs of this process."""
    from style_transfer.runs import THREAD_NAME

    return lambda: [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


@pytest.fixture(scope="session")
def samples() -> tuple[Path, Path]:
    """A photo and a style."""
    assets = Path(__file__).parents[2] / "assets"
    return assets / "content" / "fig.jpg", assets / "style" / "mosaic.jpg"


@pytest.fixture(scope="module")
def costless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page whose steps cost nothing."""
    from style_transfer.runs import Limits, RunService
    from style_transfer.ui.page import build
    from tests.runs.fake_executor import FakeExecutor

    folder = tmp_path_factory.mktemp("kept")
    page = build(RunService(Limits(), folder, FakeExecutor))
    page.blocks.launch(**page.launch_options, prevent_thread_lock=True, quiet=True)
    yield page
    page.blocks.close()
