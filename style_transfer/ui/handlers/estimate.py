"""What follows from the knobs without a run: the estimate of one, and the link."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from style_transfer.images import PRINT_DPI, painted_size
from style_transfer.links import to_query
from style_transfer.runs import duration
from style_transfer.ui.handlers.inputs import last_value, style_files, usable_settings
from style_transfer.ui.http.calls import (
    Values,
    by_elem_id,
    or_error_on_page,
    session_key,
    visitor_of,
)
from style_transfer.ui.panels import controls
from style_transfer.ui.panels.inputs import CONTENT_ID, STYLE_IDS
from style_transfer.ui.panels.start_options import (
    ESTIMATE_ID,
    SIZE_ID,
    call_number,
    chosen_size,
    estimate_value,
)
from style_transfer.ui.session.picture_reader import style_size
from style_transfer.ui.session.sessions import PageContext

ESTIMATE_IDS = (CONTENT_ID, *STYLE_IDS, "settings", SIZE_ID)  # what the estimate depends on
PRINT_SIDE = 1024  # px, longer side from which a picture is told in centimetres as well
_CM = 2.54  # an inch


class EstimateHandler:
    """The handler that tells what the run takes that Start would begin, and the link."""

    def __init__(self, context: PageContext) -> None:
        self._service, self._reader = context.service, context.reader
        self._sessions = context.sessions

    def tell(self, values: Values, request: gr.Request) -> dict[str, Any]:
        """Return the estimate and the query of the link, however the knobs were set.

        In one call, since a slider that is dragged makes one for each of its places. The page
        leaves the answer to an earlier call than that of the one it shows alone.
        """
        call = call_number(by_elem_id(values)[ESTIMATE_ID])
        return self.estimate(values, request) | {"link": self.link(values, request), "call": call}

    def link(self, values: Values, request: gr.Request) -> Any:
        """Return the query of the link with the settings; one that is refused is as in the run."""
        named, steered = by_elem_id(values), self._sessions.find(session_key(request)).steered

        def check(value: Mapping[str, Any]) -> None:
            settings = usable_settings(value, self._service.limits)
            if steered:
                settings.check_styles(len(steered.inputs.styles.images))

        used, _ = or_error_on_page(controls.use_each, named["settings"], last_value(steered), check)
        return to_query(controls.to_settings(used))

    def estimate(self, values: Values, request: gr.Request) -> dict[str, Any]:
        """Return size, time and memory of a run in words, or why it cannot be.

        And the longest side that a picture of the photo can have, at which the slider ends.
        """
        named, visitor = by_elem_id(values), visitor_of(request)
        if named[CONTENT_ID] is None or not style_files(named):
            return estimate_value("")
        largest = 0
        try:
            reader = self._reader.of(visitor)
            photo = reader.size_of(named[CONTENT_ID])
            styles = [style_size(reader.size_of(file)) for file in style_files(named)]
            settings, chosen = controls.to_settings(named["settings"]), chosen_size(named[SIZE_ID])
            largest = self._service.largest_side(
                photo,
                styles,
                settings.style_scale,
                enlarge=chosen["enlarge"],
                visitor=visitor,
            )
            size = painted_size(photo, chosen["size"], chosen["enlarge"])
            self._service.limits.check_size(*size, visitor)
            expected = self._service.estimate(size, styles, settings)
        except ValueError as error:
            return estimate_value(str(error), largest)
        words = f"{_size_in_words(size, chosen, photo)}, {expected}"
        limit = self._service.limits.seconds_of(visitor)
        if expected.seconds > limit:
            words += f"; a run may take {duration(limit)} here"
        return estimate_value(words, largest)


def _size_in_words(size: tuple[int, int], chosen: Mapping[str, Any], photo: tuple[int, int]) -> str:
    height, width = size
    words = f"{width} x {height} pixels"
    if max(size) >= PRINT_SIDE:
        across, down = (round(_CM * side / PRINT_DPI) for side in (width, height))
        words += f" ({across} x {down} cm at {PRINT_DPI:g} dpi)"
    if max(photo) < chosen["size"] and not chosen["enlarge"]:
        words += ", as large as the photo is"
    return words
