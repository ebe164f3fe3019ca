"""How long it takes to begin: the program, the page, and from Start to the first frames.

    python -m benchmarks.startup [--size 384] [--rounds 3]

Each round is a fresh process. Prints one JSON line a round and a table of medians, in seconds.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import closing

from benchmarks.contenders import ASSETS, PAIRS, table


def page() -> float:
    """Return the seconds from the start of app.py to its first answer."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
    app = subprocess.Popen(
        [sys.executable, "app.py"], env=environment, stdout=subprocess.DEVNULL, cwd=ASSETS.parent
    )
    try:
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    answer.read()
                return time.perf_counter() - began
            except OSError:
                time.sleep(0.02)
    finally:
        app.terminate()
        app.wait()


def program() -> float:
    """Return the seconds that the command line takes to say what it can do."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "style_transfer", "--help"]
    subprocess.run(command, check=True, capture_output=True, cwd=ASSETS.parent)
    return time.perf_counter() - began


def first_frames(size: int, prepared: bool) -> dict[str, float]:
    """Return the seconds from Start to the first picture and the first step, of two runs.

    The first one is cold, or that of a page that has `prepared` what it does beside waiting for its
    first visitor.
    """
    from style_transfer.engine import Styles
    from style_transfer.images import open_image, to_tensor
    from style_transfer.runs import Job, RunService
    from style_transfer.settings import Settings

    photo = to_tensor(open_image(ASSETS / "content" / PAIRS[0][0]), size)
    style_image = to_tensor(open_image(ASSETS / "style" / PAIRS[0][1]))
    service, found = RunService.from_environment({}), dict[str, float]()
    job = Job(photo, Styles.of(style_image), Settings())
    if prepared:
        service.executor.cost_model(anew=True)
    # Cold: the network is loaded, the backends are measured unless that was done at another time.
    for name in ("prepared" if prepared else "cold", "warm"):
        began, run = time.perf_counter(), service.start(job)
        for frame in run.frames():
            if frame is not None:
                seconds = time.perf_counter() - began
                found.setdefault(f"{name} picture", seconds)
                if frame.step:
                    found.setdefault(f"{name} step", seconds)
                    run.stop()
        run.join()
    return found


def main() -> None:
    """Measure each round in processes of its own, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", choices=("cold", "prepared"), help="the first frames only, once")
    options = parser.parse_args()
    if options.here:
        print(json.dumps(first_frames(options.size, options.here == "prepared")))
        return
    rows = []
    for _ in range(options.rounds):
        rows.append({"program": program(), "page": page()})
        for here in ("prepared", "cold"):
            command = [sys.executable, "-m", "benchmarks.startup", "--here", here]
            command += ["--size", str(options.size)]
            run = subprocess.run(command, check=True, capture_output=True, text=True)
            rows[-1] |= json.loads(run.stdout)
        print(json.dumps(rows[-1]), flush=True)
    print(table([{name: statistics.median(row[name] for row in rows) for name in rows[0]}]))


if __name__ == "__main__":
    main()
