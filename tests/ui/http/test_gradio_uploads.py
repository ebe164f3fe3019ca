"""What is left of uploads, in front of Gradio's own route for them."""

import asyncio
import errno
import json
import os
import time
from contextlib import suppress
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio.routes import App, file_upload_statuses
from starlette.middleware import Middleware

from style_transfer.ui.http import answers, gradio_uploads
from style_transfer.ui.http.answers import RefusedError
from style_transfer.ui.http.callers import Callers
from style_transfer.ui.http.gate import Gate
from style_transfer.ui.http.gradio_uploads import remove_upload
from style_transfer.ui.http.gradio_uploads import uploads as uploaded
from style_transfer.ui.http.presence import Presence
from style_transfer.ui.http.upload_quota import UploadQuota
from style_transfer.ui.http.visitors import Visitors

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own are not ours to mend

END = b"--x--\r\n"
NAMELESS = b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n"


@pytest.fixture
def quota():
    return UploadQuota(each=5, total=7)


@pytest.fixture
def app(uploads, quota):
    """A page's routes, behind a gate that takes files of 2 MB."""

    async def create():
        with gr.Blocks(analytics_enabled=False) as page:
            gr.Image()
        page.max_file_size = None  # as `launch` sets it
        gate = Middleware(Gate, Callers(Visitors(), Presence(), 10), quota, 2)
        return App.create_app(page, app_kwargs={"middleware": [gate]})

    return asyncio.run(create())


def part(field, name=None, content=b"x" * 100_000):
    """A part of a form: a file where it has a name."""
    of_file = "" if name is None else f'; filename="{name}"'
    head = f'--x\r\nContent-Disposition: form-data; name="{field}"{of_file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def client_of(app, address="203.0.113.5"):
    """A client that asks as a visitor."""
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://page")


def upload(app, *parts, query="", address="203.0.113.5"):
    """Upload a form as a visitor; return status and answer."""

    async def ask():
        async with client_of(app, address) as client:
            headers = {"content-type": "multipart/form-data; boundary=x"}
            path = f"/gradio_api/upload{query}"
            return await client.post(path, content=b"".join(parts), headers=headers)

    answer = asyncio.run(ask())
    return answer.status_code, answer.text


def progress():
    """The names of the uploads whose progress Gradio keeps."""
    kept = file_upload_statuses
    return {*kept._statuses, *kept._signals}


def kept():
    """What has been uploaded and is there, whole or not."""
    return sorted(str(file) for file, _ in uploaded())


def test_the_files_that_the_answer_names_are_kept(app):
    status, words = upload(app, part("files", "a.png"), part("files", "b.png", b"other"), END)
    assert (status, kept()) == (200, sorted(json.loads(words)))
    assert len(kept()) == 2


@pytest.mark.parametrize(
    ("parts", "query"),
    [
        ([part("other", "a.png"), END], ""),
        ([part("files", "a.png"), b"nothing of a form\r\n\r\n"], ""),
        ([part("files", "a.png")[:-50_000]], ""),
        ([part("files", "a.png"), part("text"), END], "?upload_id=q"),
        (
            [part("files", "a.png"), b"--x\r\nContent-Disposition: form-data\r\n\r\nabc\r\n", END],
            "",
        ),
    ],
)
def test_what_the_answer_to_an_upload_does_not_name_is_gone(app, quota, parts, query):
    upload(app, *parts, query=query)
    assert kept() == [], "Gradio has moved the class of files that it receives"
    with quota.reserve("203.0.113.5", 5_000_000):  # nothing counts
        pass


@pytest.mark.parametrize("second", [part("files"), part("files", "..", b"other")])
def test_what_gradio_keeps_of_an_upload_that_it_refuses_counts(app, quota, second):
    megabytes = b"x" * 1_500_000
    assert upload(app, part("files", "a.png", megabytes), second, END)[0] == 400
    (file,) = kept()
    assert file.endswith("a.png")
    with (
        pytest.raises(RefusedError, match="uploaded 2 MB of at most 5 MB"),
        quota.reserve("203.0.113.5", 3_600_000),
    ):
        pass


def test_whoever_uploads_a_file_first_has_it_counted(app, quota):
    megabytes = b"x" * 1_500_000
    for visitor in ("203.0.113.5", "203.0.113.6"):
        assert upload(app, part("files", "a.png", megabytes), END, address=visitor)[0] == 200
    with quota.reserve("203.0.113.6", 5_000_000):
        pass
    with pytest.raises(RefusedError), quota.reserve("203.0.113.5", 5_000_000):
        pass


def test_an_upload_that_meets_a_full_disk_leaves_it_as_it_was_and_is_logged_once(
    app, monkeypatch, caplog
):
    async def write(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    answers._log_full_disk.cache_clear()
    monkeypatch.setattr(gradio_uploads.ReceivedFile, "write", write)
    for _ in range(2):
        status, words = upload(app, part("files", "a.png"), END)
        assert (status, json.loads(words)) == (507, {"error": answers.DISK_FULL})
        assert kept() == []
    lines = [each.getMessage() for each in caplog.records if "files cannot be" in each.message]
    assert lines == [
        "Visitors cannot be served, for files cannot be written: No space left on device."
    ]


def test_the_progress_of_an_upload_is_forgotten_at_its_end(app):
    assert upload(app, part("files", "a.png"), END, query="?upload_id=mine")[0] == 200
    assert progress() == set()


def test_the_progress_of_an_upload_that_never_comes_is_not_kept(app):
    async def ask():
        async with client_of(app) as client:
            answer = client.get("/gradio_api/upload_progress", params={"upload_id": "none"})
            asked = asyncio.ensure_future(answer)
            until = time.monotonic() + 30
            while not (during := progress()) and time.monotonic() < until:
                await asyncio.sleep(0.01)
            asked.cancel()
            with suppress(asyncio.CancelledError):
                await asked
        return during

    assert asyncio.run(ask()) == {"none"}, "Gradio has moved FileUploadProgress._signals"
    assert progress() == set()


def test_the_progress_of_an_upload_is_kept_while_somebody_asks_for_it(app):
    with gradio_uploads.progress_forgotten("mine"):
        assert upload(app, part("files", "a.png"), END, query="?upload_id=mine")[0] == 200
        assert file_upload_statuses.is_done("mine"), "Gradio has moved FileUploadProgress._statuses"
    assert progress() == set()


def test_uploads_are_files_in_folders_named_by_a_sha256(app):
    (path,) = json.loads(upload(app, part("files", "a.png"), END)[1])
    found = [str(file) for file, _ in uploaded()]
    assert path in found, "Gradio has moved or renamed the folders of its uploads"
    remove_upload(Path(path))
    assert path not in [str(file) for file, _ in uploaded()]


def test_an_incomplete_upload_is_an_upload(uploads):
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / "tmpabc").touch()
    os.utime(uploads / "tmpabc", (0, 0))
    ((file, age),) = [each for each in uploaded() if each[0].name == "tmpabc"]
    assert age > 1e9
    remove_upload(file)
    assert not file.exists()


def test_no_file_but_an_upload_is_ever_removed(uploads, tmp_path):
    others = [tmp_path / "mine.jpg", uploads / ("z" * 32) / "1.jpg", tmp_path / ("a" * 64) / "x"]
    for other in others:
        other.parent.mkdir(exist_ok=True, parents=True)
        other.touch()
        remove_upload(other)
        assert other.exists()


def test_an_upload_that_is_refused_while_it_comes_leaves_no_file(app):
    before = uploaded()

    async def ask():
        sent = []
        head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        parts = [head, b"x" * 100_000]

        async def receive():
            if parts:
                return {"type": "http.request", "body": parts.pop(0), "more_body": True}
            raise gradio_uploads.UploadError(f"the {gradio_uploads.UPLOAD_TOO_LARGE}")

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/gradio_api/upload",
            "raw_path": b"/gradio_api/upload",
            "root_path": "",
            "query_string": b"",
            "headers": [(b"content-type", b"multipart/form-data; boundary=x"), (b"host", b"x")],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
            "scheme": "http",
            "http_version": "1.1",
        }
        await app(scope, receive, send)
        return sent[0]["status"]

    assert asyncio.run(ask()) == 413, (
        "Gradio answers uploads that are too large otherwise than by MultiPartException"
    )
    assert uploaded() == before, "Gradio keeps what has come of an upload that was refused"
