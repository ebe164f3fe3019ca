"""Programs and assistants call the server that serves the page."""

import asyncio
import base64
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from PIL import Image

from style_transfer.images import open_image, to_tensor
from style_transfer.recipe import read_recipe
from style_transfer.settings import Settings

PROGRAMS = Path(__file__).parents[2] / "docs" / "programs.md"


@pytest.fixture
def client(url):
    """A program's client."""
    return pytest.importorskip("gradio_client").Client(url, verbose=False)


@pytest.fixture
def given(samples):
    """A photo and a style as a program gives them."""
    return [pytest.importorskip("gradio_client").handle_file(str(file)) for file in samples]


@pytest.fixture
def assistant(url):
    """A function that asks as an assistant does that is set up by docs/programs.md."""
    mcp = pytest.importorskip("mcp")
    from mcp.client.streamable_http import streamable_http_client

    setup = json.loads(re.search(r"```json\n(.*?)```", PROGRAMS.read_text(), re.DOTALL)[1])
    address = setup["mcpServers"]["style-transfer"]["url"].replace("http://127.0.0.1:7860/", url)

    async def ask(question):
        async with (
            streamable_http_client(address) as (read, write, _),
            mcp.ClientSession(read, write) as session,
        ):
            await session.initialize()
            return await question(session)

    def assistant(question):
        with ThreadPoolExecutor(1) as thread:  # Playwright has a loop in this thread already
            return thread.submit(asyncio.run, ask(question)).result()

    return assistant


@pytest.fixture
def uploaded(url):
    """A function that uploads a file as docs/programs.md says and returns its address."""

    def uploaded(file):
        with file.open("rb") as content:
            (path,) = httpx.post(f"{url}gradio_api/upload", files={"files": content}).json()
        return f"{url}gradio_api/file={path}"

    return uploaded


def painted(assistant, **arguments):
    """Return what the tool answers, and whether it is an error."""
    answer = assistant(lambda session: session.call_tool("stylize", {"steps": 2} | arguments))
    return answer.content, answer.isError


def test_programs_get_a_picture_and_bounds(client, given):
    result = client.predict(*given, steps=2, size=64, api_name="/stylize")
    with Image.open(result) as image:
        assert max(image.size) == 64
    assert read_recipe(result).settings == Settings(steps=2)
    with pytest.raises(Exception, match="size must be a whole number from 32 to"):
        client.predict(*given, steps=2, size=9000, api_name="/stylize")
    endpoints = client.view_api(return_format="dict")
    assert list(endpoints["named_endpoints"]) == ["/stylize"]
    assert not endpoints["unnamed_endpoints"]
    private = client.view_api(all_endpoints=True, return_format="dict")
    assert list(private["named_endpoints"]) == ["/stylize"]


def test_programs_mix_two_styles_and_leave_what_a_mask_says(client, given, samples, tmp_path):
    handle_file = pytest.importorskip("gradio_client").handle_file
    Image.new("L", (600, 400), 0).save(tmp_path / "black.png")
    result = client.predict(
        *given,
        steps=2,
        size=64,
        mask=handle_file(str(tmp_path / "black.png")),
        other_style=given[0],
        style_scale=0.5,
        match_colors=True,
        keep_colors=0.5,
        api_name="/stylize",
    )
    picture, kept = (to_tensor(open_image(file, max_side=64)) for file in (result, samples[0]))
    assert (picture - kept).abs().max() <= 2 / 255
    recipe = read_recipe(result)
    assert (recipe.more_styles, recipe.mask) == ((samples[0].name,), "black.png")
    assert (recipe.settings.style_scale, recipe.settings.keep_colors) == (0.5, 0.5)
    assert recipe.settings.match_colors


def test_assistants_find_one_tool_with_its_description(assistant):
    (tool,) = assistant(lambda session: session.list_tools()).tools
    assert tool.name == "stylize"
    assert "Paint a photo in the style of another picture" in tool.description
    assert {"photo", "style", "beta"} <= set(tool.inputSchema["properties"])
    for name, each in tool.inputSchema["properties"].items():
        assert each["description"].endswith("."), name  # Gradio takes the first line alone


def test_an_assistant_uploads_two_pictures_and_gets_one_with_its_settings(
    assistant, uploaded, samples, tmp_path
):
    photo, style = map(uploaded, samples)
    (picture, words), failed = painted(assistant, photo=photo, style=style, size=64, beta=8)
    assert not failed
    with Image.open(io.BytesIO(base64.b64decode(picture.data))) as image:
        assert (image.format, max(image.size)) == ("PNG", 64)
    (tmp_path / "picture.png").write_bytes(httpx.get(words.text.split(": ")[1]).content)
    recipe = read_recipe(tmp_path / "picture.png")
    assert (recipe.photo, recipe.style) == tuple(file.name for file in samples)
    assert (recipe.settings.beta, recipe.step) == (8, 2)


def test_an_assistant_may_send_small_pictures_in_the_call_itself(assistant, samples):
    style = "data:image/jpeg;base64," + base64.b64encode(samples[1].read_bytes()).decode()
    (picture, _), failed = painted(assistant, photo=style, style=style, size=64)
    assert not failed
    assert picture.mimeType == "image/png"


@pytest.mark.parametrize(
    ("photo", "words"),
    [
        ("http://127.0.0.1:1/photo.jpg", "Upload the file first"),
        ("http://127.0.0.1:1/gradio_api/file=http://127.0.0.1:1/photo.jpg", "Upload the file"),
        ("http://127.0.0.1:1/gradio_api/file=/etc/passwd", "do not fit the call"),
        ("http://127.0.0.1:1/gradio_api/file=%2Fetc%2Fpasswd", "do not fit the call"),
        (f"http://127.0.0.1:1/gradio_api/file={PROGRAMS}", "do not fit the call"),
    ],
)
def test_an_assistant_cannot_have_anything_fetched_or_read(
    assistant, uploaded, samples, photo, words
):
    (told,), failed = painted(assistant, photo=photo, style=uploaded(samples[1]), size=64)
    assert failed
    assert words in told.text


def test_an_assistant_is_told_in_a_sentence_what_may_be_asked_for(assistant, uploaded, samples):
    photo, style = map(uploaded, samples)
    (told,), failed = painted(assistant, photo=photo, style=style, size=9000)
    assert failed
    assert "size must be a whole number from 32 to" in told.text


def test_a_proxy_is_told_to_pass_events_on_as_they_come(url):
    address = f"{url}gradio_api/queue/data?session_hash=nobody"
    with httpx.stream("GET", address) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
