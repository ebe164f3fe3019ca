"""The tests that are for every device."""

import argparse
from typing import Any

import pytest

from benchmarks.gpu.common import tell


class _Reporter:
    """Counts tests that pass, and keeps what is to be told of those that do not.

    It is told after the tests: while they run, pytest keeps what is printed to itself.
    """

    def __init__(self) -> None:
        self.passed, self.failures = 0, list[dict[str, str]]()

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.passed += report.passed and report.when == "call"
        self._keep(report)

    def pytest_collectreport(self, report: Any) -> None:
        self._keep(report)

    def _keep(self, report: Any) -> None:
        if report.failed:
            self.failures.append({"failed": report.nodeid, "words": str(report.longrepr)[-300:]})


def tests(options: argparse.Namespace) -> None:
    """Print each test that fails, and how many pass."""
    reporter = _Reporter()
    workers = ["-n", str(options.workers)] if options.workers else []
    code = pytest.main(
        # Warnings are of the machine's libraries, and no failures.
        ["-q", "-m", "every_device", "-k", "accelerator", "-W", "default", *workers],
        [reporter],
    )
    for failure in reporter.failures:
        tell(failure)
    tell({"code": int(code), "passed": reporter.passed})
