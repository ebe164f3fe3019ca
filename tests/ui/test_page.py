"""The page as a value: it can be built more than once, and starts nothing by itself."""

import gc
import threading
from inspect import unwrap

import gradio as gr
import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from style_transfer.runs import Limits, RunService
from style_transfer.ui.page import build
from style_transfer.ui.panels import layout
from style_transfer.ui.panels.panel import STATIC

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("default"),  # Gradio's own are not ours to mend
]


def threads():
    return sorted(thread.name for thread in threading.enumerate())


def test_building_a_page_starts_nothing(service, uploads, monkeypatch):
    frozen, started, start = gc.get_freeze_count(), [], threading.Thread.start
    builder = threading.current_thread()

    def noted(thread):
        if threading.current_thread() is builder:  # others are of earlier tests
            started.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    build(service)
    assert started == []
    assert gc.get_freeze_count() <= frozen  # of what was frozen before, some may just have gone


def test_what_a_page_starts_ends_with_it(service, uploads):
    page, before = build(service), threads()
    page.background.start()
    page.background.start()
    assert "housekeeping" in threads()
    page.background.stop()
    assert "housekeeping" not in threads()
    assert "connections" not in threads()
    assert gc.get_freeze_count() == 0
    page.background.start()  # a page may be launched again
    assert "housekeeping" in threads()
    page.background.stop()
    assert set(threads()) <= {*before, "measuring"}


def test_a_server_starts_and_stops_what_belongs_to_its_page(service, uploads):
    page = build(service)
    page.blocks.launch(**page.launch_options, prevent_thread_lock=True, quiet=True)
    try:
        assert "housekeeping" in threads()
    finally:
        page.blocks.close()
    assert "housekeeping" not in threads()


def test_routes_that_are_served_beside_the_page_are_let_through(service, uploads):
    def told(_):
        return PlainTextResponse("told")

    page = build(service, routes=[Route("/metrics", told)])
    page.blocks.launch(**page.launch_options, prevent_thread_lock=True, quiet=True)
    try:
        assert httpx.get(f"{page.blocks.local_url}metrics").text == "told"
        assert httpx.get(f"{page.blocks.local_url}others").status_code == 404
    finally:
        page.blocks.close()


def test_two_pages_in_one_process_are_independent(service, uploads, tmp_path):
    other_service = RunService(Limits(upload=7), tmp_path / "other")
    one, other = build(service), build(other_service)
    assert one.context.sessions is not other.context.sessions
    one.context.sessions.of("tab").notice = "mine"
    assert other.context.sessions.find("tab").notice == ""
    one.context.presence.is_tracked = True
    assert not one.context.presence.is_open("tab")
    assert other.context.presence.is_open("tab")
    assert other.launch_options["max_file_size"] == "7mb"
    handlers = [
        {fn.__self__ for fn in map(unwrap, functions) if hasattr(fn, "__self__")}
        for functions in (
            [each.fn for each in page.blocks.fns.values() if each.fn] for page in (one, other)
        )
    ]
    assert handlers[0]
    assert not handlers[0] & handlers[1]


def test_no_number_on_the_page_is_refused_or_rounded_by_gradio_itself(service, uploads):
    inputs = [each for function in build(service).blocks.fns.values() for each in function.inputs]
    numbers = {each.elem_id: each for each in inputs if isinstance(each, gr.Number)}
    assert {"more", "seconds", "hold", "seed"} <= numbers.keys()
    for elem_id, each in numbers.items():
        if elem_id:  # those of the endpoint have none
            assert each.preprocess(-1e9) == -1e9
            assert each.preprocess(1.5) == 1.5


def test_the_link_is_made_in_one_place_whatever_sets_the_knobs(service, uploads):
    blocks = build(service).blocks
    named = {block.elem_id: id_ for id_, block in blocks.blocks.items() if block.elem_id}
    (made,) = (
        each
        for each in blocks.fns.values()
        if named["estimate"] in [output._id for output in each.outputs]
    )
    assert (named["settings"], "change") in made.targets


def test_gradio_removes_no_file_of_a_page_that_is_open(service, uploads):
    assert build(service).blocks.delete_cache is None  # it goes by the age of a file alone


def test_only_the_endpoint_is_told_to_programs(service, uploads):
    info = build(service).blocks.get_api_info()
    assert list(info["named_endpoints"]) == ["/stylize"]
    names = [each["parameter_name"] for each in info["named_endpoints"]["/stylize"]["parameters"]]
    assert names[:4] == ["photo", "style", "alpha", "beta"]
    assert "context" not in names
    assert "request" not in names


def test_every_panel_that_shows_something_is_drawn_by_a_script(session):
    shown = layout.view(session)
    assert shown.keys() == {"time"} | {each.name for each in layout.PANELS if each.value}
    scripts = "".join(script.read_text() for script in STATIC.glob("*.js"))
    for name in shown.keys() - {"time"}:
        uses = f"detail.{name}", f'detail["{name}"]', f"value.{name}", f"{{ {name} }}"
        assert any(use in scripts for use in uses), name
