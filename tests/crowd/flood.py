"""A flood of clients, as a process of its own: `python -m tests.crowd.flood PORT SECONDS PHOTO`."""

import http.client
import json
import socket
import sys
import threading
import time
from contextlib import suppress

HALF, ABANDONED, PAGES, UPLOADS, FETCHERS = 1100, 36, 34, 100, 8
HOST = "Host: 127.0.0.1\r\nX-Forwarded-For: {}\r\n"


def connect(port, text):
    """Return a connection on which `text` was sent, None where there is none."""
    with suppress(OSError):
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.sendall(text.encode())
        return connection
    return None


def half_requests(port, until):
    """Open so many connections, again where they are ended, and never say a whole request."""
    held = []
    while time.monotonic() < until:
        while len(held) < HALF and time.monotonic() < until:
            held.append(connect(port, "GET / HTTP/1.1\r\nHost: 127"))
        time.sleep(12)  # until the first of them are given up
        held = held[HALF // 2 :]


def abandoned_calls(port, photo):
    """Call the tool as assistants do, and leave after 0.4 s."""
    arguments = {"photo": photo, "style": photo, "steps": 500, "size": 128}
    call = {"method": "tools/call", "params": {"name": "stylize", "arguments": arguments}}
    body = json.dumps(call | {"jsonrpc": "2.0", "id": 1})
    headers = "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"
    head = f"POST /gradio_api/mcp/ HTTP/1.1\r\n{HOST}{headers}Content-Length: {len(body)}\r\n\r\n"
    made = [connect(port, head.format(f"9.9.8.{n}") + body) for n in range(ABANDONED)]
    time.sleep(0.4)
    for each in filter(None, made):
        each.close()


def open_pages(port, until):
    """Hold the connections of so many pages of one visitor."""
    line = "GET /gradio_api/heartbeat/{} HTTP/1.1\r\n"
    held = [connect(port, (line + HOST + "\r\n").format(n, "9.9.7.7")) for n in range(PAGES)]
    time.sleep(max(0, until - time.monotonic()))
    del held


def uploads(port):
    """Upload files of 1 MB, one after the other."""
    part = '--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    body = part.encode() + b"x" * 1_000_000 + b"\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x", "X-Forwarded-For": "9.9.6.6"}
    for _ in range(UPLOADS):
        with suppress(OSError, http.client.HTTPException):
            asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            asking.request("POST", "/gradio_api/upload", body, headers)
            asking.getresponse().read()


def fetch(port, until, number):
    """Fetch the page again and again."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    while time.monotonic() < until:
        try:
            asking.request("GET", "/", headers={"X-Forwarded-For": f"9.9.9.{number}"})
            asking.getresponse().read()
        except (OSError, http.client.HTTPException):
            asking.close()
            time.sleep(0.1)


def main(port, seconds, photo):
    """Do all of it at once for so many seconds."""
    until = time.monotonic() + seconds
    work = [(half_requests, port, until), (abandoned_calls, port, photo), (open_pages, port, until)]
    work += [(uploads, port), *((fetch, port, until, number) for number in range(FETCHERS))]
    threads = [threading.Thread(target=each[0], args=each[1:], daemon=True) for each in work]
    for thread in threads:
        thread.start()
    time.sleep(seconds)


if __name__ == "__main__":
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, most), most))
    main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3])
