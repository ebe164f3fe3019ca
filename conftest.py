"""What applies to all tests, and to the doctests of the package."""

from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent
# Chromium, and servers of many visitors: folders with a marker of their name.
SYSTEM_TESTS = {name: ROOT / "tests" / name for name in ("browser", "crowd")}
PAGE = ROOT / "style_transfer" / "ui"
PAGE_TESTS = (ROOT / "tests" / "ui", *SYSTEM_TESTS.values())
# Modules whose tests share a fixture that takes half a minute.
SHARING = ("tests/runs/test_zero_gpu.py", "tests/test_packaging.py")
NOT_FAST = {"slow", "integration", *SYSTEM_TESTS}


class NeedsGradio(pytest.Module):
    """A module of tests that is skipped without being imported."""

    def collect(self) -> list[pytest.Item]:
        raise pytest.skip.Exception("the page needs gradio", allow_module_level=True)


def missing_gradio(path: Path, folders: tuple[Path, ...]) -> bool:
    """Return whether a test in one of `folders` needs gradio, which is not installed."""
    if not any(folder in path.parents for folder in folders):
        return False
    try:
        return find_spec("gradio") is None
    except ModuleNotFoundError:  # raised by finders that hide it
        return True


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import none of the system tests for the fast part, which has none of them."""
    left_out = config.option.markexpr == "fast" and collection_path in SYSTEM_TESTS.values()
    return left_out or None


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Skip the tests of the page, and leave its doctests alone, where they cannot be imported."""
    collectors = yield
    if missing_gradio(file_path, PAGE_TESTS):
        tests = any(isinstance(collector, pytest.Module) for collector in collectors)
        return [NeedsGradio.from_parent(parent, path=file_path)] if tests else []
    return [] if missing_gradio(file_path, (PAGE,)) else collectors


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark system tests by their folder, and as `fast` what no other marker excludes."""
    for item in items:
        for name, folder in SYSTEM_TESTS.items():
            if folder in item.path.parents:
                item.add_marker(name)
        if NOT_FAST.isdisjoint(marker.name for marker in item.iter_markers()):
            item.add_marker("fast")


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, make the tests of a system folder, or of one in SHARING, on one of the workers."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            wholes = (*(f"tests/{name}/" for name in SYSTEM_TESTS), *SHARING)
            return next((whole for whole in wholes if nodeid.startswith(whole)), nodeid)

    return Scheduler(config, log)
