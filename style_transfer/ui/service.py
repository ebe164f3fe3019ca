"""The run service of this process."""

import os
import sys

from style_transfer.runs import RunService


def _service() -> RunService:
    try:
        return RunService.from_environment(os.environ)
    except ValueError as error:
        sys.exit(str(error))


SERVICE = _service()
