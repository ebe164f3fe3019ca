"""Four visitors in a loop, as long as VISITORS_SECONDS says (an hour: 3600)."""

import os
import random
import threading
import time

import pytest

SECONDS = float(os.environ.get("VISITORS_SECONDS", "60"))
VISITORS = 4
FILES = 2000  # more than four visitors need, far fewer than an hour of them makes
FLAT = 1.08  # of the memory in the last half to that in the first, its first fifth left out


def spend_time(server, visit, number, until):
    """Come, paint, steer, pause, walk back, take home and leave, again and again."""
    chance, visits = random.Random(number), 0
    while time.monotonic() < until:
        visitor, visits = visit(server), visits + 1
        visitor.start(chance.choice((128, 160, 224)), steps=chance.randrange(10, 60))
        visitor.wait(lambda visitor=visitor: visitor.step >= 3, 120)
        for _ in range(chance.randrange(4)):
            visitor.settings(beta=chance.uniform(0, 30), tv=chance.uniform(0, 1))
            assert visitor.call("steer").is_success
            time.sleep(chance.uniform(0, 0.5))
        if chance.random() < 0.5:
            visitor.call("pause")
            time.sleep(0.5)
            visitor.call("pause")
        if chance.random() < 0.6:
            assert visitor.finished.get(timeout=300)["success"]
            visitor.values["timeline"] = {"run": "Run 1", "at": 2, "last": 3, "walks": 1}
            assert visitor.call("show_preview").is_success
            visitor.values["kind"] = chance.choice(["JPEG", "Time-lapse, MP4", "Settings file"])
            visitor.join("export")
            assert visitor.finished.get(timeout=120)["success"]
        visitor.leave()
    return visits


@pytest.mark.slow
def test_four_visitors_in_a_loop_leave_the_server_as_it_was(serve, visit):
    server = serve(STYLE_TRANSFER_LEFT=20)
    began, counts, visits, failed = time.monotonic(), [], [], []

    def work(number):
        try:
            visits.append(spend_time(server, visit, number, began + SECONDS))
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(VISITORS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        counts.append((time.monotonic() - began, server.health()["memory_mb"], len(server.files())))
    assert not failed
    memory = [mb for at, mb, _ in counts if at > SECONDS / 5]
    first, last = memory[: len(memory) // 2], memory[len(memory) // 2 :]
    flat = (sum(last) / len(last)) / (sum(first) / len(first))
    files = max(files for _, _, files in counts)
    print(
        f"\n{sum(visits)} visits in {SECONDS:.0f} s, memory {min(memory):.0f} to "
        f"{max(memory):.0f} MB, last half / first half {flat:.3f}, at most {files} files"
    )
    assert "Traceback" not in server.log
    assert "ERROR" not in server.log
    assert "fault" not in server.log
    assert flat <= FLAT
    assert files < FILES
