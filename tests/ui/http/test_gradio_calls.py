"""Calls with values that the page's components cannot take."""

import asyncio
from types import SimpleNamespace

import gradio as gr
import pytest
from gradio import helpers

from style_transfer.ui.http.gradio_calls import LONGEST, NO_FIT, UPLOADED, check_calls


class Page:
    """As much of a page as is asked before a handler: what its components make of the values."""

    def __init__(self, error=None):
        self.fns = {0: SimpleNamespace(fn=helpers.log_message), 1: SimpleNamespace(fn=None)}
        self.error, self._queue = error, SimpleNamespace(push=self.push)
        check_calls(self)

    async def push(self, body, request, username):
        return body.session_hash

    async def preprocess_data(self, block_fn, inputs, *rest):
        if self.error:
            raise self.error
        return inputs


def call(page, *inputs):
    return asyncio.run(page.preprocess_data(None, list(inputs), None))


def test_values_that_fit_go_through():
    assert call(Page(), 1, {"path": "/uploads/photo.jpg"}) == [1, {"path": "/uploads/photo.jpg"}]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/x.png", "HTTPS://a", "ftp://a", "data:a", f"a{UPLOADED}http://a"]
)
@pytest.mark.parametrize("place", [lambda it: it, lambda it: [it], lambda it: {"x": [{"y": it}]}])
def test_no_address_is_fetched_wherever_it_is_hidden(address, place):
    with pytest.raises(gr.Error, match="no address is fetched"):
        call(Page(), place({"path": address}))


def test_the_address_of_an_upload_is_taken_for_its_path():
    given = {"path": "https://name.hf.space/gradio_api/file=/uploads/my%20photo.jpg"}
    assert call(Page(), given) == [{"path": "/uploads/my photo.jpg"}]


@pytest.mark.parametrize("error", [TypeError("x"), KeyError("path"), AttributeError("None")])
def test_values_that_do_not_fit_get_one_sentence_and_no_traceback(error):
    with pytest.raises(gr.Error) as told:
        call(Page(error), None)
    assert told.value.message == NO_FIT
    assert not told.value.print_exception


def test_a_long_value_is_not_repeated_whole():
    with pytest.raises(gr.Error) as told:
        call(Page(gr.Error(f"Value: {'x ' * 10_000} is not in the list")))
    assert len(told.value.message) <= LONGEST


@pytest.mark.parametrize(("given", "kept"), [("abc", "abc"), ("", None), (None, None)])
def test_a_call_from_a_page_without_a_name_is_one_from_no_page(given, kept):
    body = SimpleNamespace(session_hash=given)
    assert asyncio.run(Page()._queue.push(body, None, None)) == kept


def test_what_gradio_itself_does_is_answered_in_a_sentence_too():
    with pytest.raises(gr.Error, match="do not fit the call"):
        Page().fns[0].fn("too", "many", "values", "for", "it", "by", "far")
