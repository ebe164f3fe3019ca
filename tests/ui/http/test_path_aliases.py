"""What the server's folders are called outside."""

import asyncio
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from style_transfer.ui.http.path_aliases import HiddenPaths, PathAliases

FOLDER = Path("/home/ann/a#b 50% ü/uploads").absolute()
ALIASES = PathAliases({"page-files": FOLDER, "page-examples": Path("/opt/program/examples")})
ADDRESS = f"/gradio_api/file={quote(FOLDER.as_posix(), safe='/:')}/0/a.jpg"


def ask(
    body=b"", answer=b"{}", kind="application/json", path="/config", parts=1, sized=True, status=200
):
    """Return what the app was given, and how its answer looks outside: headers and parts."""
    given, sent = [], []
    received = [
        {
            "type": "http.request",
            "body": body[start : start + 9],
            "more_body": start + 9 < len(body),
        }
        for start in range(0, max(1, len(body)), 9)
    ]
    size = len(answer) // parts
    pieces = [answer[n * size : (n + 1) * size if n + 1 < parts else None] for n in range(parts)]

    async def app(scope, receive, send):
        given.append((scope["path"], (await receive())["body"]))
        headers = [(b"content-type", kind.encode())]
        headers += [(b"content-length", b"%d" % len(answer))] if sized else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for number, piece in enumerate(pieces, 1):
            more = number < parts
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def receive():
        return received.pop(0)

    async def send(message):
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "path": path, "method": "POST", "headers": headers}
    asyncio.run(HiddenPaths(app, ALIASES)(scope, receive, send))
    return given[0], dict(sent[0]["headers"]), [each["body"] for each in sent[1:]]


def test_an_answer_names_no_folder_of_the_server():
    told = {"path": f"{FOLDER}/0/a.jpg", "url": f"http://localhost:7860{ADDRESS}", "n": 1}
    for form in (json.dumps(told), json.dumps(told, ensure_ascii=False)):
        _, headers, (body,) = ask(answer=form.encode())
        assert json.loads(body) == {
            "path": "page-files/0/a.jpg",
            "url": "http://localhost:7860/gradio_api/file=page-files/0/a.jpg",
            "n": 1,
        }
        assert int(headers[b"content-length"]) == len(body)


def test_what_was_told_is_understood_again():
    call = json.dumps({"data": [{"path": "page-files/0/a.jpg"}, "page-files are fine", 5]})
    (_, given), *_ = ask(body=call.encode())
    assert json.loads(given) == {
        "data": [{"path": f"{FOLDER.as_posix()}/0/a.jpg"}, "page-files are fine", 5]
    }
    call = json.dumps("http://localhost:7860/gradio_api/file=page-files/0/a.jpg")
    (_, given), *_ = ask(body=call.encode())
    assert json.loads(given) == f"http://localhost:7860{ADDRESS}"
    (path, _), *_ = ask(path="/below/gradio_api/file=page-examples/lake.jpg")
    assert path == "/below/gradio_api/file=/opt/program/examples/lake.jpg"


def test_a_path_whose_parts_are_joined_as_on_windows_is_understood():
    folder = FOLDER.as_posix()
    call = json.dumps({"path": "page-files\\0\\a.jpg", "url": "/gradio_api/file=page-files\\a"})
    (_, given), *_ = ask(body=call.encode())
    address = f"/gradio_api/file={quote(folder, safe='/:')}\\a"
    assert json.loads(given) == {"path": f"{folder}\\0\\a.jpg", "url": address}
    (path, _), *_ = ask(path="/gradio_api/file=page-files\\0\\a.jpg")
    assert path == f"/gradio_api/file={folder}\\0\\a.jpg"


@pytest.mark.parametrize("path", [f"/gradio_api/file={FOLDER}/a", "/gradio_api/file=other/a"])
def test_other_paths_stay_as_they_are(path):
    assert ask(path=path)[0][0] == path


def test_a_stream_begins_at_once_and_a_long_text_is_sent_in_parts():
    line = f"data: {FOLDER}/0/a.jpg\n\n".encode()
    _, headers, bodies = ask(answer=2 * line, kind="text/event-stream", parts=2, sized=False)
    assert bodies == [b"data: page-files/0/a.jpg\n\n"] * 2
    assert b"content-length" not in headers
    _, headers, _ = ask(answer=2 * line, kind="text/html; charset=utf-8", parts=2)
    assert b"content-length" not in headers


def test_a_file_is_sent_as_it_is():
    data = f"{FOLDER}/0/a.jpg".encode()
    for told in ({"kind": "image/jpeg"}, {"path": "/gradio_api/file=page-files/settings.json"}):
        _, headers, (body,) = ask(answer=data, **told)
        assert body == data
        assert int(headers[b"content-length"]) == len(data)


def test_a_refusal_to_send_a_file_names_no_folder():
    data = json.dumps({"detail": f"File not allowed: {FOLDER}/0."}).encode()
    _, _, (body,) = ask(answer=data, path="/gradio_api/file=page-files/0", status=403)
    assert json.loads(body) == {"detail": "File not allowed: page-files/0."}
