"""style-transfer-ui: start the page."""

import argparse
import logging
import os
import sys
import time
from contextlib import suppress
from typing import Any

from style_transfer import runtime
from style_transfer.checks import port_number
from style_transfer.console import secure_console
from style_transfer.interruption import Interruption

MISSING = 1  # exit code where the page's dependencies are not installed

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until the process is ended; return the exit code."""
    options = read_options(arguments)
    runtime.configure()  # before torch is imported
    try:
        page = create(options.host)
    except ModuleNotFoundError as error:
        if error.name not in ("gradio", "av"):
            raise
        print(
            f"style-transfer-ui: the page needs {error.name}; install steered-style-transfer[ui].",
            file=sys.stderr,
        )
        return MISSING
    launch(page, options.host, options.port)
    return 0


def create(host: str | None = None) -> Any:
    """Return the `ui.page.Page` of this process, as its environment variables describe it.

    `host` is the address to listen at, where GRADIO_SERVER_NAME does not say it. A variable with a
    value that it cannot have ends the process with one sentence, and so do Ctrl-C and the signals
    that end programs, with exit code 0.
    """
    secure_console()  # uvicorn needs standard streams, which `pythonw` lacks
    with Interruption() as interruption:  # imports take seconds
        try:
            return _create(host)
        finally:
            if interruption.noticed:  # also where a library that was being imported failed by it
                print("The page was ended before it was served.", file=sys.stderr)
                sys.exit(0)


def _create(host: str | None) -> Any:
    from style_transfer.runs import RunService
    from style_transfer.ui.environment import (
        exempt_loopback,
        name_lent_gpu,
        named_port,
        own_folder,
    )

    try:
        own_folder(os.environ)
    except OSError as error:
        sys.exit(f"No folder for temporary files can be made: {error}")
    try:
        named_port(os.environ)
    except ValueError as error:
        sys.exit(str(error))
    name_lent_gpu(os.environ)
    exempt_loopback(os.environ)  # all before Gradio is imported
    from style_transfer.ui.http.answers import is_disk_full
    from style_transfer.ui.http.hosts import Hosts
    from style_transfer.ui.http.metrics import metrics_routes
    from style_transfer.ui.http.visitors import Visitors
    from style_transfer.ui.page import build

    environment = os.environ | ({"GRADIO_SERVER_NAME": host} if host else {})
    try:
        service = RunService.from_environment(environment)
        hosts, visitors = (
            Hosts.from_environment(environment),
            Visitors.from_environment(environment),
        )
        return build(service, hosts, visitors, metrics_routes(service, environment))
    except ValueError as error:
        sys.exit(str(error))
    except OSError as error:
        if not is_disk_full(error):
            raise
        sys.exit(f"The page cannot be made: {error}")


def launch(page: Any, host: str | None = None, port: int | None = None) -> None:
    """Serve a `ui.page.Page`, and log begin and end of each run.

    At another address or port than the environment names, where they are given; a port that is
    named and taken ends the process with one sentence.

    Ctrl-C and the signals that end programs save all runs and end the process with exit code 0.
    """
    from style_transfer.ui.environment import named_port
    from style_transfer.ui.http.log import log_no_alarms, use_plain_records
    from style_transfer.ui.shutdown import end_serving, leave_process, limit_duration

    use_plain_records()
    log_no_alarms()
    logging.basicConfig(format="%(asctime)s %(message)s")
    logging.getLogger("style_transfer").setLevel(logging.INFO)
    if problem := page.context.service.checkpoints.problem():
        _log.warning(problem)
    port = port or named_port(os.environ)
    where = {"server_name": host, "server_port": port}
    with Interruption() as interruption:
        with suppress(KeyboardInterrupt):
            try:
                page.blocks.launch(**page.launch_options, **where, prevent_thread_lock=True)
            except OSError:  # of Gradio, which tells of ports alone
                at = host or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
                sys.exit(
                    f"The page cannot be served at {at}, port {port or 'from 7860 on'}: that port "
                    "is taken, or the address is none of this machine."
                )
            while page.blocks.is_running and not interruption.noticed:
                time.sleep(0.1)
        if interruption.noticed:
            limit_duration()
            end_serving(page)
            leave_process()


def read_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return `host` and `port` of a command, None where they are not given.

    By default that of this process, which what is no option of the page ends with one sentence.
    """
    parser = argparse.ArgumentParser(
        description="Serve a page on which a photo is painted in the style of a painting, and "
        "steered meanwhile.",
    )
    add = parser.add_argument
    add("--host", help="address to listen at (default: GRADIO_SERVER_NAME or 127.0.0.1)")
    add("--port", type=_port, help="port (default: GRADIO_SERVER_PORT or the first free from 7860)")
    return parser.parse_args(arguments)


def _port(text: str) -> int:
    """Return the port that a text says. Raises ArgumentTypeError."""
    try:
        return port_number("it", text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from None


if __name__ == "__main__":
    sys.exit(main())
