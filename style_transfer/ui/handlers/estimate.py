"""Prospect: what the run that Start would begin takes, told before it is pressed."""

from style_transfer.images import MIN_SIDE, fit, size_of
from style_transfer.network.vgg import load_network
from style_transfer.recipe import MAX_SIZE
from style_transfer.runs.cost_model import measured
from style_transfer.runs.estimate import Forecast, duration
from style_transfer.runs.limits import limits
from style_transfer.runs.scheduler import DEVICE
from style_transfer.settings import whole_number
from style_transfer.ui.handlers import pictures
from style_transfer.ui.http.calls import Values, by_elem_id
from style_transfer.ui.panels import controls

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
        network = load_network()
        if not measured.cache_info().currsize:
            with DEVICE:  # so that the machine's speed is that of one run
                measured(network)
        forecast = Forecast.of(network, size, paintings, settings)
    except ValueError as error:
        return str(error)
    words = f"{size[1]} x {size[0]} pixels, {forecast}"
    if forecast.seconds > limits().seconds:
        words += f"; a run may take {duration(limits().seconds)} here"
    return words
