"""What the page uses of Gradio beyond its public interface, on real pages of the installed version.

A failure names what an upgrade of Gradio has moved.
"""

import asyncio
import errno
import inspect
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
from PIL import Image

from style_transfer.ui.http import gradio_internals
from style_transfer.ui.http.calls import MAX_MESSAGE, VISITOR_HEADER
from style_transfer.ui.http.gradio_internals import (
    FILE_ROUTE,
    NOT_CALLED,
    NOT_UPLOADED,
    UNFIT_VALUES,
    check_calls,
    file_url,
    limit_calls,
    read_pictures_at,
    share_patient_client,
)

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own are not ours to mend


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The upload folder."""
    folder = tmp_path_factory.mktemp("gradio") / "uploads"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        yield folder


def build(sample, seen):
    """A page as Gradio makes it; `seen` collects what the handler of its picture was given."""
    Image.new("RGB", (8, 8)).save(sample)
    with gr.Blocks(analytics_enabled=False) as page:
        image, number = gr.Image(type="filepath"), gr.Number(1, precision=0)
        gradio_internals.use_path_unread(image)
        gr.Examples([[str(sample)]], image)
        shown, data = gr.Textbox(), gr.JSON()

        def handle(file, count, request: gr.Request):
            seen.append((file, count, request.session_hash))
            return str(count)

        gr.Button().click(handle, [image, number], shown, api_name="handle")
        gr.Button().click(lambda value: "", data, shown, api_name="nested")
        gr.Button().click(lambda: time.sleep(2), api_name="slow")
        gr.Button().click(Handlers().double, number, number)
        gr.Button().click(lambda _: gr.skip(), image, image, api_name="skip")
        gr.Button().click(None, None, number, js="() => 2", api_name="script")
    page.queue()
    return page


class Handlers:
    """Handlers that are bound methods."""

    def double(self, count: int, request: gr.Request) -> int:
        """Double a number.

        Args:
            count: The number.
        """
        assert request.session_hash == "abc"
        return 2 * count


@pytest.fixture
def page(folder, tmp_path):
    return build(tmp_path / "sample.png", [])


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    """The page on a server of its own, with calls checked, and an HTTP client."""
    seen = []
    page = build(tmp_path_factory.mktemp("sample") / "sample.png", seen)
    check_calls(page)
    gradio_internals.poll_seldom(page)
    _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, run_history=False)
    with httpx.Client(base_url=url, timeout=60) as client:
        yield SimpleNamespace(page=page, client=client, seen=seen)
    page.close()


@pytest.fixture
def served(server):
    server.seen.clear()
    return server


@pytest.fixture
def seen(served):
    """What the handler of the page was given."""
    return served.seen


def call(served, *data, session="abc", name="handle"):
    """Make a call that is answered at once, and return the answer's status and words."""
    (number,) = [n for n, each in served.page.fns.items() if each.api_name == name]
    body = {"data": list(data), "fn_index": number, "session_hash": session}
    answer = served.client.post(f"/gradio_api/run/{name}", json=body)
    return answer.status_code, answer.json().get("error") or answer.json().get("data")


def upload(served, content=b"no picture"):
    (path,) = served.client.post(
        "/gradio_api/upload", files={"files": ("my photo.png", content)}
    ).json()
    return path


def file(path):
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def test_the_pauses_of_the_queue_are_where_they_are_set(page):
    for name in ("sleep_when_free", "progress_update_sleep_when_free"):
        before = getattr(page._queue, name, None)
        assert isinstance(before, float), f"Gradio has moved Queue.{name}: its queue is polled fast"
    gradio_internals.poll_seldom(page)
    assert page._queue.sleep_when_free == gradio_internals.QUEUE_POLLING


def test_no_call_that_is_over_is_counted(served):
    (number,) = [n for n, each in served.page.fns.items() if each.api_name == "nested"]
    for session in "one", "other":
        body = {"data": [None], "fn_index": number, "session_hash": session}
        assert served.client.post("/gradio_api/queue/join", json=body).is_success
    counted = [each["session_hash"] for each in served.page._queue.event_analytics.values()]
    assert counted == ["other"], "Gradio has moved Queue.ANALYTICS_MAX_EVENTS: it counts all calls"


def test_an_image_input_passes_the_path_of_a_file_that_is_no_picture(served, seen):
    path = upload(served)
    assert call(served, file(path), 1) == (200, ["1"]), (
        "Gradio has moved Component.preprocess: images are decoded before the handler"
    )
    assert seen == [(path, 1, "abc")]
    assert call(served, None, 2) == (200, ["2"])
    assert seen[-1] == (None, 2, "abc")


def test_the_checks_of_calls_stand_where_gradio_makes_its_calls(page):
    for holder, name, arguments in (
        (page, "preprocess_data", ["block_fn", "inputs", "state"]),
        (page._queue, "push", ["body", "request", "username"]),
    ):
        method = getattr(holder, name, None)
        assert inspect.iscoroutinefunction(method), f"Gradio has moved {name}: calls are unchecked"
        assert [*inspect.signature(method).parameters][: len(arguments)] == arguments, (
            f"Gradio has changed the arguments of {name}: calls cannot be checked"
        )


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/x.png", "HTTPS://a", "ftp://a", "data:a", f"a{FILE_ROUTE}http://a"],
)
@pytest.mark.parametrize("nest", [lambda it: it, lambda it: [it], lambda it: {"x": [{"y": it}]}])
def test_no_address_is_fetched_wherever_it_is_hidden(served, address, nest):
    page = served.page
    handler = next(each for each in page.fns.values() if each.api_name == "nested")
    with pytest.raises(gr.Error) as told:
        asyncio.run(page.preprocess_data(handler, [nest({"path": address})], None))
    assert told.value.message == NOT_UPLOADED


def test_a_call_that_names_an_address_is_refused_by_the_server(served, seen):
    status, words = call(served, file("http://127.0.0.1:1/photo.png"), 1)
    assert (status, words) == (500, NOT_UPLOADED), (
        "Gradio has moved Blocks.preprocess_data: addresses in calls are not refused"
    )
    assert seen == []


@pytest.mark.parametrize("name", ["#1", "100%", "why?", "a b", "照片", "%23", "a&b;c"])
def test_a_file_is_served_at_its_address_whatever_its_folder_is_called(served, folder, name):
    file = folder / name / "picture.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(name.encode())
    assert served.client.get(f"/{file_url(file)}").content == name.encode()


def test_the_address_of_an_upload_is_taken_for_its_path(served, seen):
    path = upload(served)
    address = f"https://name.hf.space{FILE_ROUTE}{path}".replace(" ", "%20")
    assert call(served, file(address), 1)[0] == 200
    assert seen == [(path, 1, "abc")]


def test_a_picture_stays_unread_after_it_was_updated(served, seen):
    path = upload(served)
    for _ in range(2):
        assert call(served, file(path), name="skip")[0] == 200, (
            "Gradio has moved the components of a session: it reads the files of strangers itself"
        )
    assert call(served, file(path), 1)[0] == 200
    assert seen == [(path, 1, "abc")]


@pytest.mark.parametrize("data", [(None, "x" * 50), (5, 1), ({"path": 5}, 1), (None,)])
def test_values_that_do_not_fit_get_one_sentence_and_no_traceback(served, seen, capfd, data):
    assert call(served, *data) == (500, UNFIT_VALUES), (
        "Gradio has moved Blocks.preprocess_data: values that do not fit are answered by itself"
    )
    assert seen == []
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("meta", [{}, {"meta": {}}, {"meta": None}, {"meta": {"_type": "other"}}])
def test_a_path_that_is_no_upload_is_refused_whatever_is_said_of_it(served, seen, meta):
    assert call(served, {"path": __file__} | meta, 1) == (500, UNFIT_VALUES), (
        "Gradio has moved what tells it that a value is a file: any file can be read"
    )
    assert seen == []


def refusal(page, message, visibility="private"):
    """Return what is told of a value that Gradio refuses, in a call of a page or of a program."""

    async def refuse(*_):
        raise gr.Error(message)

    page.preprocess_data = refuse
    check_calls(page)
    handler = SimpleNamespace(fn=print, api_visibility=visibility, inputs=[])
    with pytest.raises(gr.Error) as told:
        asyncio.run(page.preprocess_data(handler, [], None))
    return told.value.message


def test_a_long_value_is_not_repeated_whole(page):
    assert len(refusal(page, f"Value: {'x ' * 10_000} is not in the list")) <= MAX_MESSAGE


def test_programs_are_told_gradios_words_as_they_are(page):
    assert refusal(page, "<class 'str'>", "public") == "<class 'str'>"
    assert refusal(page, "<class 'str'>") == "&lt;class 'str'&gt;"


@pytest.mark.parametrize(("given", "kept"), [("abc", "abc"), ("", None), (None, None)])
def test_a_queued_call_with_an_empty_session_is_one_without(page, given, kept):
    pushed = []

    async def push(body, request, username):
        pushed.append(body.session_hash)

    page._queue.push = push
    check_calls(page)
    body = SimpleNamespace(session_hash=given)
    asyncio.run(page._queue.push(body=body, request=None, username=None))
    assert pushed == [kept]


def test_handlers_of_gradio_itself_answer_in_a_sentence_too(page):
    own = [
        each for each in page.fns.values() if each.fn and each.fn.__module__.startswith("gradio.")
    ]
    assert own, "Gradio has moved the handlers of gr.Examples"
    check_calls(page)
    for each in own:
        with pytest.raises(gr.Error, match="do not fit the call"):
            each.fn("too", "many", "values", "for", "it", "by", "far")


def test_everything_that_gradio_stores_of_a_session_is_known_and_can_be_dropped(served):
    page = served.page
    join = {"data": [None, 1], "fn_index": 0, "session_hash": "queued"}
    (join["fn_index"],) = [n for n, each in page.fns.items() if each.api_name == "handle"]
    assert call(served, None, 1, session="direct")[0] == 200
    assert served.client.post("/gradio_api/queue/join", json=join).is_success
    holder, queue = page.state_holder, page._queue
    stores = {
        "StateHolder.session_data": holder.session_data,
        "StateHolder.time_last_used": holder.time_last_used,
        "Queue.pending_messages_per_session": queue.pending_messages_per_session,
        "Queue.pending_event_ids_session": queue.pending_event_ids_session,
    }
    until = time.monotonic() + 30
    while gradio_internals.calling_sessions(page) and time.monotonic() < until:
        time.sleep(0.05)
    for name, store in stores.items():
        assert "queued" in store, f"Gradio has moved {name}: sessions cannot be forgotten"
    assert {"direct", "queued"} <= gradio_internals.known_sessions(page)
    gradio_internals.forget_sessions(page, {"queued"})
    assert "queued" not in gradio_internals.known_sessions(page)
    assert "direct" in gradio_internals.known_sessions(page)


def test_a_call_under_way_is_known_with_its_session(served):
    (number,) = [n for n, each in served.page.fns.items() if each.api_name == "slow"]
    body = {"data": [], "fn_index": number, "session_hash": "slow"}
    assert served.client.post("/gradio_api/queue/join", json=body).is_success
    assert "slow" in gradio_internals.calling_sessions(served.page), (
        "Gradio has moved Queue.event_ids_to_events: sessions with a call could be forgotten"
    )


def test_the_server_of_a_page_is_found_while_it_is_served(served, page):
    server = gradio_internals.server_of(served.page)
    assert hasattr(server, "server_state"), "Gradio has moved Blocks.server, its uvicorn server"
    assert gradio_internals.server_of(page) is None


def test_the_names_of_files_are_forgotten(served):
    path = upload(served, b"named")
    assert any(path in names for names in served.page.temp_file_sets), (
        "Gradio has moved Blocks.temp_file_sets: it keeps the names of all files"
    )
    gradio_internals.forget_file_names(served.page)
    assert not any(served.page.temp_file_sets)
    assert Path(path).exists()


def test_the_samples_that_gradio_copied_are_known(page, folder):
    samples = gradio_internals.sample_files(page)
    assert [file.name for file in samples] == ["sample.png"], (
        "Gradio has moved Component.keep_in_cache: housekeeping would remove samples"
    )
    assert all(file.is_relative_to(folder) for file in samples)


def test_bound_methods_are_handlers_like_functions(served):
    info = served.client.get("/gradio_api/info").json()["named_endpoints"]["/double"]
    assert info["description"].startswith("Double a number")
    assert [each["parameter_name"] for each in info["parameters"]] == ["count"], (
        "Gradio does not tell the arguments of bound methods as those of functions"
    )
    assert call(served, 4, name="double") == (200, [8])


def test_a_full_disk_is_told_in_one_sentence_by_handlers_of_both_kinds():
    full = OSError(errno.ENOSPC, "No space left on device")

    def call():
        raise full

    def stream():
        yield 1
        raise full

    with gr.Blocks() as page:
        gr.Button("one").click(call)
        gr.Button("other").click(stream)
    page.queue()
    check_calls(page)
    one, other = (each.fn for each in page.fns.values())
    with pytest.raises(gr.Error, match=r"^.*The disk of the server is full"):
        one()
    frames = other()
    assert next(frames) == 1
    with pytest.raises(gr.Error, match=r"^.*The disk of the server is full"):
        next(frames)


def test_another_fault_of_a_file_stays_a_fault():
    def call():
        raise FileNotFoundError(errno.ENOENT, "No such file")

    with gr.Blocks() as page:
        gr.Button("one").click(call)
    page.queue()
    check_calls(page)
    with pytest.raises(FileNotFoundError):
        next(iter(page.fns.values())).fn()


def test_a_visitor_has_some_of_the_places_in_gradios_queue(page):
    limit_calls(page, 2)
    number = next(n for n, each in page.fns.items() if each.api_name == "slow")
    told = []

    async def push(*visitors):
        for visitor in visitors:
            body = SimpleNamespace(fn_index=number, session_hash="abc", data=[], request=None)
            request = SimpleNamespace(headers={VISITOR_HEADER: visitor} if visitor else {})
            told.append(await page._queue.push(body=body, request=request, username=None))

    asyncio.run(push(*["mallory"] * 3, "alice", *[""] * 4))
    assert [done for done, _, _ in told] == [True, True, False, True, *[True] * 4], (
        "Gradio has moved Queue.event_ids_to_events or the request of its events"
    )
    assert told[2][1:] == (
        "You have 2 calls under way, which is the limit for one visitor.",
        "queue_full",
    )


def test_pictures_for_assistants_are_read_at_the_paths_that_are_meant(tmp_path):
    mcp = pytest.importorskip("gradio.mcp")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    page = SimpleNamespace(mcp_server_obj=SimpleNamespace(get_image=mcp.GradioMCPServer.get_image))
    read_pictures_at(page, lambda path: path.replace("alias", str(tmp_path)))
    assert page.mcp_server_obj.get_image("alias/a.png").size == (8, 8), (
        "Gradio reads the pictures of assistants elsewhere"
    )


def test_calls_by_which_gradio_answers_assistants_share_a_client_that_waits():
    made = []

    class Assistants:
        client = None

        def _get_or_create_client(self):
            if self.client is None:
                made.append(SimpleNamespace(httpx_kwargs={}))
                time.sleep(0.05)
                self.client = made[-1]
            return self.client

    page = SimpleNamespace(mcp_server_obj=Assistants())
    share_patient_client(page)
    with ThreadPoolExecutor(8) as threads:
        clients = list(threads.map(lambda _: page.mcp_server_obj._get_or_create_client(), range(8)))
    assert clients == made * 8
    assert made[0].httpx_kwargs == {"timeout": None}
    share_patient_client(SimpleNamespace(mcp_server_obj=None))
    mcp = pytest.importorskip("gradio.mcp")
    assert callable(mcp.GradioMCPServer._get_or_create_client)
    assert "httpx_kwargs" in inspect.signature(mcp.Client).parameters


def test_an_event_that_a_script_alone_answers_is_not_called(served, capfd):
    assert call(served, name="script") == (500, NOT_CALLED)
    assert "Traceback" not in "".join(capfd.readouterr())
