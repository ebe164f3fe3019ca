"""The moment of a run that a page shows, to look at through the network."""

from typing import NamedTuple

from style_transfer.inspection import Moment
from style_transfer.ui.session.run_inputs import Origin
from style_transfer.ui.session.session import Session


class ShownMoment(NamedTuple):
    """The picture on the canvas of a page, and what it is of."""

    moment: Moment
    name: str  # of its run
    step: int
    origin: Origin


def shown_moment(session: Session) -> ShownMoment | None:
    """Return the moment on the canvas, None before the first picture.

    The newest picture of a run is taken as it is, earlier ones as they were kept, as JPEG.
    """
    record, preview = session.selected, session.preview
    if record is None or preview is None:
        return None
    origin, frame = preview.origin, record.last_frame
    if frame is not None and preview.shows(frame):
        image, content = frame.image, frame.content
    else:
        image, content = preview.image, session.pictures.read(preview.content_file)
    moment = Moment(image, content, origin.styles, preview.settings, preview.strokes)
    return ShownMoment(moment, record.name, preview.step, origin)
