"""Servers that are killed and visitors that leave, at the end of a test at the latest."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.crowd.server import Server

if TYPE_CHECKING:
    from tests.crowd.visitor import Visitor


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts the page as a process, with variables of the environment by name."""
    servers = []

    def serve(**environment: object) -> Server:
        servers.append(Server(tmp_path, **environment))
        return servers[-1].start()

    yield serve
    for server in servers:
        server.kill()


@pytest.fixture
def visit() -> Iterator[Callable[..., "Visitor"]]:
    """A function that opens the page of a server."""
    from tests.crowd.visitor import Visitor  # imports gradio, without which tests are skipped

    visitors = []

    def visit(server: Server, token: str = "") -> "Visitor":
        visitors.append(Visitor(server.url, token))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.leave()


@pytest.fixture(scope="package")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for all tests that neither kill nor measure it."""
    # A second thread costs tenfold on a busy machine, and small pictures gain nothing from it.
    server = Server(tmp_path_factory.mktemp("shared"), OMP_NUM_THREADS=1)
    yield server.start()
    server.kill()
