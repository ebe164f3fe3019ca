"""The command line."""

from style_transfer.cli.console import secure_console
from style_transfer.cli.main import run_command

__all__ = ["run_command", "secure_console"]
