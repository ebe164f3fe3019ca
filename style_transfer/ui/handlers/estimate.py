"""Prospect: what the run that Start would begin takes, told before it is pressed."""

from style_transfer.checks import whole_number
from style_transfer.images import MIN_SIDE, fit, size_of
from style_transfer.recipe import MAX_SIZE
from style_transfer.runs import duration
from style_transfer.ui.handlers import pictures
from style_transfer.ui.http.calls import Values, by_elem_id
from style_transfer.ui.panels import controls
from style_transfer.ui.service import SERVICE

CHOSEN = ("content-image", *pictures.CHOSEN[:-1], "settings", "size")  # what it depends on


def prospect(values: Values) -> str:
    """Return size, time and memory of the run that is chosen now, or why it cannot be."""
    named = by_elem_id(values)
    files = pictures.style_files(named)
    if named["content-image"] is None or not files:
        return ""
    try:
        side = whole_number("size", named["size"], MIN_SIDE, MAX_SIZE)
        settings = controls.to_settings(named["settings"])
        size = fit(size_of(named["content-image"]), side)
        paintings = [fit(size_of(file), pictures.STYLE_SIDE) for file in files]
        expected = SERVICE.estimate(size, paintings, settings)
    except ValueError as error:
        return str(error)
    words = f"{size[1]} x {size[0]} pixels, {expected}"
    if expected.seconds > SERVICE.limits.seconds:
        words += f"; a run may take {duration(SERVICE.limits.seconds)} here"
    return words
