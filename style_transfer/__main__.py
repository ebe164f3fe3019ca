"""python -m style_transfer: the command line."""

import sys

from style_transfer import runtime
from style_transfer.console import secure_console
from style_transfer.interruption import Interruption


def main() -> int:
    """Set up the process, run the command line and return its exit code."""
    try:
        with Interruption():  # imports take seconds
            runtime.configure()  # before torch is imported
            secure_console()
            from style_transfer.cli import run_command
    except KeyboardInterrupt:
        print("style_transfer: interrupted before there was a picture", file=sys.stderr)
        return 130  # as `run_command` does
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
