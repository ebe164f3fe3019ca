"""The page on the simulated platform: python -m tests.runs.zero_gpu_page

Prints its address; then answers each line with the calls that were made so far, as JSON.
"""

import json
import os
import sys

from tests.runs.zero_gpu_platform import begin

PLATFORM = begin()


def main():
    from style_transfer.ui.main import create

    page = create()
    options = page.launch_options | {"prevent_thread_lock": True, "quiet": True}
    _, url, _ = page.blocks.launch(**options)
    print(url, flush=True)
    # Not by sys.stdin, whose lock would be held where a worker is forked, and for ever in there.
    while os.read(sys.stdin.fileno(), 100):
        calls = [
            {"visitor": call.token.rpartition(".")[2], "ended": call.ended is not None}
            for call in PLATFORM.calls
        ]
        print(json.dumps(calls), flush=True)


if __name__ == "__main__":
    main()
