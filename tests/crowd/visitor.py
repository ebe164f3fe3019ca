"""A visitor without a browser: holds the connections open that the page's script would."""

import ctypes
import json
import queue
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
from gradio_client.utils import apply_diff

BEGINNINGS = ("start", "restart", "branch", "continue_run", "recover")  # of runs
JSON = {"content-type": "application/json"}
CALM = 60.0  # s that an answer may take on a busy machine


class Visitor:
    """One browser tab. `shown` has what its page shows, by elem_id."""

    def __init__(self, url: str, token: str = "") -> None:
        """Open the page at `url`; `token` is what the browser kept from an earlier visit."""
        self.url, self.key = url, secrets.token_hex(8)
        self.token = token or secrets.token_hex(32)
        self.http = httpx.Client(base_url=url, timeout=CALM)
        config = self.http.get("/config").json()
        self._names = {c["id"]: c["props"].get("elem_id") for c in config["components"]}
        self.values = {
            c["props"]["elem_id"]: c["props"].get("value")
            for c in config["components"]
            if c["props"].get("elem_id")
        }
        self.values["interrupted"] = {"token": self.token, "step": 0, "asked": False}
        self._calls = {d["api_name"]: d for d in config["dependencies"]}
        self.shown: dict[str, Any] = {}
        self.steps: list[tuple[float, int]] = []  # when which step was first shown
        self.finished: queue.Queue[dict[str, Any]] = queue.Queue()
        self.ends: list[dict[str, Any]] = []  # of queued calls, all of them
        self._streams: list[httpx.Response] = []
        self._awake = threading.Event()
        self._awake.set()
        self._listeners: list[threading.Thread] = []
        self._joined: dict[str, str] = {}  # calls by event
        self._data: dict[str, Any] = {}  # what they gave last
        self._listen(f"/gradio_api/heartbeat/{self.key}", lambda message: None)
        self._hearing: threading.Thread | None = None

    @property
    def names(self) -> list[str]:
        """The calls that the page knows."""
        return list(self._calls)

    def settings(self, **knobs: Any) -> None:
        """Move knobs, without telling the page."""
        self.values["settings"] = self.values["settings"] | knobs

    def payload(self, name: str, *data: Any) -> dict[str, Any]:
        """Return what the page's script sends for the event handled by `name`."""
        call = self._calls[name]
        given = list(data) or [self.values.get(self._names[i]) for i in call["inputs"]]
        return {"data": given, "fn_index": call["id"], "session_hash": self.key}

    def call(self, name: str, *data: Any) -> httpx.Response:
        """Do what is answered at once: steer, pause, stop, show_preview, find_interrupted."""
        body = json.dumps(self.payload(name, *data))  # unlike httpx, with NaN
        answer = self.http.post("/gradio_api/run/predict", content=body, headers=JSON)
        if answer.is_success:
            self._show(name, answer.json()["data"])
        return answer

    def join(self, name: str, *data: Any) -> httpx.Response:
        """Begin what is answered by and by: start, recover, export. `finished` has its end."""
        if name in BEGINNINGS and not (chosen := self.call("submit")).is_success:
            return chosen
        return self.submit(json.dumps(self.payload(name, *data)).encode(), name)

    def submit(self, body: bytes, name: str = "") -> httpx.Response:
        """Send anything to where such calls go, and listen for its end."""
        if self._hearing and len(self.ends) == len(self._joined):
            self._hearing.join(2)  # it ends with the last call
        answer = self.http.post("/gradio_api/queue/join", content=body, headers=JSON)
        if answer.is_success:
            self._joined[answer.json()["event_id"]] = name
            if not self._hearing or not self._hearing.is_alive():
                path = f"/gradio_api/queue/data?session_hash={self.key}"
                self._hearing = self._listen(path, self._hear)
        return answer

    def start(self, size: int, **knobs: Any) -> None:
        """Begin a run."""
        self.values["size"] = {"size": size, "enlarge": False}
        self.settings(**knobs)
        assert self.join("start").is_success

    @property
    def status(self) -> str:
        """The line under the picture, as a reader sees it."""
        line = self.shown.get("status") or {}
        return " ".join(str(line.get(part, "")) for part in ("state", "words", "notices"))

    @property
    def step(self) -> int:
        """The step that is shown, -1 before the first picture."""
        found = re.search(r"step (\d+) of", self.status)
        return int(found.group(1)) if found else -1

    @property
    def picture(self) -> str:
        """The address of the picture on the canvas."""
        return (self.shown.get("canvas") or {}).get("src", "")

    def wait(self, condition: Any, seconds: float = CALM) -> None:
        """Wait until `condition()`."""
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"{self.status} {self.ends}"
            time.sleep(0.01)

    def leave(self) -> None:
        """Close the tab: all its connections end."""
        self.thaw()
        for each in self.sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for listener in self._listeners:
            listener.join(CALM)
        self.http.close()

    def freeze(self) -> None:
        """Read nothing more until `thaw`, like a tab that the system has put to sleep."""
        self._awake.clear()

    def thaw(self) -> None:
        """Read again."""
        self._awake.set()

    def fall_silent(self) -> None:
        """Lose the network: nothing that the server sends is acknowledged any more.

        A packet filter that lets nothing through on each socket; the system's, needs no rights.
        """
        for each in self.sockets:
            with suppress(OSError):
                deafen(each)

    @property
    def sockets(self) -> list[socket.socket]:
        """The connections that bring views."""
        network = [stream.extensions["network_stream"] for stream in self._streams]
        return [each.get_extra_info("socket") for each in network]

    def _show(self, name: str, data: Any) -> None:
        for output, value in zip(self._calls[name]["outputs"], data, strict=False):
            if isinstance(value, dict) and value.get("__type__") == "update":
                continue
            if self._names[output] == "view":
                if value["time"] > self.shown.get("time", 0):  # answers may overtake each other
                    self.shown |= value
            else:
                self.shown[self._names[output]] = value
        if self.step >= 0 and (not self.steps or self.steps[-1][1] != self.step):
            self.steps.append((time.monotonic(), self.step))

    def _hear(self, message: dict[str, Any]) -> None:
        event, output = message.get("event_id", ""), message.get("output")
        if message["msg"] not in ("process_generating", "process_completed"):
            return
        data, before = output.get("data"), self._data.get(event)
        if message["msg"] == "process_generating" and before is not None:
            try:
                data = [apply_diff(old, diff) for old, diff in zip(before, data, strict=True)]
            except (ValueError, TypeError, KeyError, IndexError):
                return  # it follows upon something that came before anybody listened
        self._data[event] = data
        name = self._joined.get(event, "")
        if data and name:
            self._show(name, data)
        if message["msg"] == "process_completed":
            self.ends.append({"name": name, "success": message["success"]} | output)
            self.finished.put(self.ends[-1])

    def _listen(self, path: str, hear: Any) -> threading.Thread:
        opened = threading.Event()

        def listen() -> None:
            with suppress(httpx.HTTPError, OSError), self._stream(path) as stream:
                self._streams.append(stream)
                opened.set()
                for line in stream.iter_lines():
                    self._awake.wait()
                    if line.startswith("data:") and line[5:].strip().startswith("{"):
                        message = json.loads(line[5:])
                        if message.get("msg") == "close_stream":
                            break
                        hear(message)
            opened.set()

        self._listeners.append(threading.Thread(target=listen, daemon=True))
        self._listeners[-1].start()
        assert opened.wait(CALM)
        return self._listeners[-1]

    @contextmanager
    def _stream(self, path: str) -> Iterator[httpx.Response]:
        with (
            httpx.Client(base_url=self.url, timeout=None) as http,
            http.stream("GET", path) as stream,
        ):
            yield stream


def deafen(sock: socket.socket) -> None:
    """Let nothing through to a socket any more, not even so far that it is acknowledged."""
    attach = 26  # SO_ATTACH_FILTER
    program = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0))  # accept 0 bytes
    filter_ = struct.pack("HL", 1, ctypes.addressof(program))
    sock.setsockopt(socket.SOL_SOCKET, attach, filter_)
