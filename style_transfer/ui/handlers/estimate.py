"""The estimate of a run, before it is started."""

import gradio as gr

from style_transfer.checks import whole_number
from style_transfer.images import MIN_SIDE, fit
from style_transfer.recipe import MAX_SIZE
from style_transfer.runs import duration
from style_transfer.ui.handlers.inputs import style_files
from style_transfer.ui.http.calls import Values, by_elem_id, visitor_of
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.inputs import CONTENT_ID, STYLE_IDS
from style_transfer.ui.session.picture_reader import STYLE_SIDE
from style_transfer.ui.session.sessions import PageContext

ESTIMATE_IDS = (CONTENT_ID, *STYLE_IDS, "settings", "size")  # what the estimate depends on


class EstimateHandler:
    """The handler that tells what the run takes that Start would begin."""

    def __init__(self, context: PageContext) -> None:
        self._service, self._reader = context.service, context.reader

    def estimate(self, values: Values, request: gr.Request) -> str:
        """Return size, time and memory of a run in words, or why it cannot be."""
        named, reader = by_elem_id(values), self._reader.of(visitor_of(request))
        files = style_files(named)
        if named[CONTENT_ID] is None or not files:
            return ""
        try:
            side = whole_number("size", named["size"], MIN_SIDE, MAX_SIZE)
            settings = controls.to_settings(named["settings"])
            size = fit(reader.size_of(named[CONTENT_ID]), side)
            style_sizes = [fit(reader.size_of(file), STYLE_SIDE) for file in files]
            expected = self._service.estimate(size, style_sizes, settings)
        except ValueError as error:
            return str(error)
        words = f"{size[1]} x {size[0]} pixels, {expected}"
        limit = self._service.limits.seconds
        if expected.seconds > limit:
            words += f"; a run may take {duration(limit)} here"
        return words
