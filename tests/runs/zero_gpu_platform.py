"""ZeroGPU as far as a program sees it: the real `spaces` package, with a device API that is faked.

To be imported before all else, in a process of its own: `spaces` changes torch and Gradio for good.
No GPU is there, so that workers compute on the CPU; whatever would use CUDA in the process that
lends them raises.
"""

import base64
import json
import os
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse


class Call:
    """One lent GPU."""

    def __init__(self, asked, token):
        self.asked, self.token, self.pid = asked, token, None
        self.began, self.ended, self.failed = time.monotonic(), None, False

    @property
    def seconds(self):
        return self.ended - self.began


class Platform:
    """The device API, which lends as many GPUs as are asked for, unless the quota is used up."""

    def __init__(self):
        self.calls, self.used_up, self.reported = [], False, False
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                place = urlparse(self.path)
                named = {name: values[0] for name, values in parse_qs(place.query).items()}
                status, answer = getattr(platform, place.path[1:].replace("-", "_"))(named)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"

    @property
    def held(self):
        """How many GPUs are lent now."""
        return sum(call.ended is None for call in self.calls)

    def startup_report(self, _):
        self.reported = True
        return 200, {}

    def schedule(self, named):
        if self.used_up:
            return 429, {"left": 3, "wait": 7260}
        index = next(n for n in range(9) if n not in self._indices())
        self.calls.append(Call(int(named["durationSeconds"]), named.get("token")))
        self.calls[-1].index = index
        token = str(len(self.calls) - 1)
        lent = {"nvidiaIndex": index, "nvidiaUUID": "GPU-0", "allowToken": token}
        return 200, {"idle": True, **lent}

    def allow(self, named):
        self.calls[int(named["allowToken"])].pid = int(named["pid"])
        return 200, {}

    def release(self, named):
        call = self.calls[int(named["allowToken"])]
        call.ended, call.failed = time.monotonic(), named["fail"] == "true"
        return 200, {}

    def _indices(self):
        return {call.index for call in self.calls if call.ended is None}


def begin():
    """Return the platform, with `spaces` imported as on a Space."""
    platform, folder = Platform(), Path(tempfile.mkdtemp())
    (folder / "cgroup").write_text("0::/kubepods/pod\n")
    os.environ |= {
        "SPACES_ZERO_GPU": "true",
        "SPACES_ZERO_DEVICE_API_URL": platform.url,
        "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
        "ZEROGPU_OFFLOAD_DIR": str(folder / "tensors"),
        "STYLE_TRANSFER_DEVICE": "cpu",
        "XDG_CACHE_HOME": str(folder / "cache"),  # of what is measured
        "STYLE_TRANSFER_KEPT_FOLDER": str(folder / "kept"),
    }
    from spaces.zero import torch as emulation

    # What initialises CUDA in a worker.
    emulation.init = lambda _uuid: None
    emulation.move = lambda callback=None: None
    return platform


def visitor(name):
    """Let what follows in this context be asked for by a visitor, as Gradio does."""
    from gradio.context import LocalContext
    from starlette.datastructures import Headers

    payload = base64.urlsafe_b64encode(json.dumps({"user": name}).encode()).decode().rstrip("=")
    headers = Headers({"x-ip-token": f"head.{payload}.{name}"})
    LocalContext.request.set(SimpleNamespace(headers=headers))
