"""Reading files is possible in a small process that has no use for tensors."""

import subprocess
import sys

import pytest


@pytest.mark.integration
def test_files_are_read_without_torch():
    code = "import sys, style_transfer.picture_files; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
