"""python -m style_transfer: the command line."""

import sys

from style_transfer import runtime


def main() -> int:
    """Set up the process, run the command line and return its exit code."""
    runtime.configure()  # before torch is imported
    from style_transfer.cli import run_command, secure_console

    secure_console()
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
