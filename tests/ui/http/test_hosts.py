"""Requests under names that are not ours, and by pages of others, in front of Gradio and alone."""

import asyncio

import gradio as gr
import httpx
import pytest

from style_transfer.ui.http.answers import answer
from style_transfer.ui.http.gradio_internals import put_in_front
from style_transfer.ui.http.hosts import HostCheck, Hosts

SPACE = Hosts.from_environment(
    {"SPACE_HOST": "ann-paint.hf.space", "STYLE_TRANSFER_HOSTS": "Paint.example, studio.lan"}
)


def ask(hosts=Hosts(), **headers):  # noqa: B008
    """Return status and words of the answer to a request with these headers."""
    sent = []

    async def app(scope, receive, send):
        await answer(send, 200, "")

    async def send(message):
        sent.append(message)

    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "headers": named}
    asyncio.run(HostCheck(app, hosts)(scope, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    "host",
    [
        *("localhost:7860", "127.0.0.1:7860", "[::1]:7860", "LOCALHOST", "page.localhost"),
        *("192.168.1.5:7860", "10.0.0.7", "[fe80::1]"),  # a home network, by its numbers
    ],
)
def test_loopback_names_and_numbers_are_served_everywhere(host):
    assert ask(host=host)[0] == 200
    assert ask(SPACE, host=host)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:7860", "localhost.evil.example", "127.0.0.1.evil.example"),
        *("evillocalhost", "evil.example@localhost.example", "[::1", "", " ", "1.2.3"),
    ],
)
def test_other_names_are_refused_in_a_sentence_that_tells_the_setting(host):
    status, words = ask(SPACE, host=host)
    assert status == 403
    assert "STYLE_TRANSFER_HOSTS" in words


@pytest.mark.parametrize("given", ["MÜNCHEN.example", " münchen.example. ,"])
def test_a_name_is_taken_as_browsers_write_it(given):
    hosts = Hosts.from_environment({"STYLE_TRANSFER_HOSTS": given})
    assert ask(hosts, host="xn--mnchen-3ya.example")[0] == 200


@pytest.mark.parametrize(
    "given", ["https://paint.example", "paint.example:8443", "paint.example/", "*", "a..example"]
)
def test_what_is_no_name_is_refused_in_a_sentence(given):
    with pytest.raises(ValueError, match=r"^STYLE_TRANSFER_HOSTS must be names such as .*\.$") as e:
        Hosts.from_environment({"STYLE_TRANSFER_HOSTS": f"studio.lan,{given}"})
    assert repr(given) in str(e.value)


@pytest.mark.parametrize("host", ["ann-paint.hf.space", "paint.example:8443", "STUDIO.lan"])
def test_a_space_and_whoever_runs_the_server_name_hosts(host):
    assert ask(SPACE, host=host)[0] == 200
    assert ask(host=host)[0] == 403


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:7860", "http://127.0.0.1:7860"),
        ("localhost:8000", "http://localhost:8000"),
        ("[::1]:7860", "http://[::1]:7860"),
        ("192.168.1.5", "http://192.168.1.5:80"),
        ("ann-paint.hf.space", "https://ann-paint.hf.space"),
        ("paint.example:443", "https://paint.example"),
        ("127.0.0.1:7860", "https://paint.example"),  # a proxy that asks under our own address
    ],
)
def test_the_page_may_call_itself(host, origin):
    assert ask(SPACE, host=host, origin=origin)[0] == 200


def test_the_page_may_call_itself_through_a_proxy_that_tells_its_name():
    headers = {"host": "127.0.0.1:7860", "origin": "https://somewhere.example"}
    assert ask(**headers, x_forwarded_host="somewhere.example")[0] == 200
    assert ask(**headers, x_forwarded_host="other.example")[0] == 403


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "http://127.0.0.1:9999", "http://localhost:7860"),
        *("https://huggingface.co", "file://", "http://127.0.0.1:7860.evil.example"),
    ],
)
def test_pages_of_others_may_not_call(origin):
    assert ask(SPACE, host="127.0.0.1:7860", origin=origin)[0] == 403


@pytest.fixture(scope="module")
def server():
    """A page of Gradio with a check in front, and an HTTP client."""
    with gr.Blocks(analytics_enabled=False) as page:
        gr.Textbox()
    app, url, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False)
    put_in_front(app, lambda inner: HostCheck(inner, SPACE))
    with httpx.Client(base_url=url) as client:
        yield client
    page.close()


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("host", ["paint.example", "127.0.0.1"])
def test_the_check_is_in_front_of_what_gradio_answers_to_scripts_of_others(server, host):
    headers = {"host": host, "origin": "https://evil.example"}
    asked = headers | {"access-control-request-method": "POST"}
    for answered in (
        server.options("/gradio_api/upload", headers=asked),
        server.get("/config", headers=headers),
        server.post("/gradio_api/upload", headers=headers, files={"files": ("a.png", b"x")}),
    ):
        assert answered.status_code == 403
        assert "access-control-allow-origin" not in answered.headers
    assert server.get("/config", headers={"host": host}).status_code == 200
