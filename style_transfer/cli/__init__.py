"""The command line."""

from style_transfer.cli.main import run_command

__all__ = ["run_command"]
