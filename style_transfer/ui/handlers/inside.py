"""Answering what the view "Inside" asks: each question by one pass, in turns with the runs."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from torch import Tensor

from style_transfer.checks import one_of
from style_transfer.engine import image_size
from style_transfer.inspection import SOURCES, ComparedLayer, Inspector, color_changes
from style_transfer.network import LAYERS, PIXELS, VGG, load_network
from style_transfer.runs import RunMemory
from style_transfer.ui.handlers.inside_answers import (
    DETAILS,
    SHOWS,
    Answered,
    Parameters,
    show_changes,
)
from style_transfer.ui.handlers.reconstructions import Reconstructions
from style_transfer.ui.http.inside import packed
from style_transfer.ui.session.moments import ShownMoment, shown_moment
from style_transfer.ui.session.sessions import PageContext
from style_transfer.ui.token_bucket import TokenBucket

# Pages of which the features of a layer are kept: of pictures below 512 px 200 MB for each at the
# most, and where a painting is enlarged 800 MB.
MAX_LOOKS = 3
IDLE = 30.0  # s after which they go
# Of the device's time, what all who look may take together; a run keeps 0.9 of its steps.
SHARE = 0.06
BURST = 1.0  # s that can be saved, so that what is asked for after a while is answered at once
CHANGES, MADE, STOP = "changes", "made", "stop"
EVERY_STEPS = 30  # of a run, until its changes are computed anew: each term costs a step


class _Changes(NamedTuple):
    """What the terms change, and of what: run, layer, objective, sizes, strokes, and the step."""

    subject: tuple[Any, ...]
    step: int
    answer: Answered


@dataclass(eq=False)
class _Look:
    """What is kept of a page that looks at the network."""

    network: VGG
    inspector: Inspector
    compared: ComparedLayer | None = None  # what was shown last
    changes: _Changes | None = None
    asked_at: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)  # one question at a time


class InsideHandlers:
    """Answers the questions of pages about what the network sees of their pictures."""

    def __init__(self, context: PageContext) -> None:
        self._sessions, self._service = context.sessions, context.service
        self._allowance = TokenBucket(SHARE, BURST)
        self._made = Reconstructions(context.service)
        self._looks: OrderedDict[str, _Look] = OrderedDict()  # by session, the newest last
        self._lock, self._is_dropping = threading.Lock(), False

    def answer(self, key: str, parameters: Mapping[str, str]) -> bytes | None:
        """Return the answer to a question, None where there is nothing to see or no time for it.

        Raises LookupError where there is no such page, ValueError for a question without sense.
        """
        session, given = self._sessions.known(key), Parameters(parameters)
        one_of("show", show := given.text("show"), (*SHOWS, CHANGES, *DETAILS, MADE))
        if show == MADE:
            made = self._made.answer(key)
            return packed(*made) if made else None
        shown = shown_moment(session)
        if shown is None:
            return None
        look = self._look(key, shown)
        with look.lock:
            if show in DETAILS:
                if look.compared is None:
                    return None
                with self._reserved(shown):
                    return packed(*DETAILS[show](look.compared, given))
            if self._service.under_way and not self._allowance.is_open:
                return None
            with self._reserved(shown):
                answer = self._changes if show == CHANGES else self._compared
                header, arrays = answer(look, shown, given)
        return packed(_header(shown) | header, arrays)

    def act(self, key: str, parameters: Mapping[str, str]) -> None:
        """Begin to make photo or painting again from one layer, or end that. Raises as `answer`."""
        session, given = self._sessions.known(key), Parameters(parameters)
        one_of("show", source := given.text("show"), (*SOURCES, STOP))
        shown = shown_moment(session)
        if source == STOP:
            self._made.stop(key)
        elif shown:
            self._made.start(key, shown, source, given.text("layer"), given.whole("painting", 1))

    def _compared(self, look: _Look, shown: ShownMoment, given: Parameters) -> Answered:
        layer, painting = given.text("layer"), given.whole("painting", 1)
        with self._turn(look):
            compared = look.inspector.compare(shown.moment, layer, painting)
            look.compared = compared
            header, arrays = SHOWS[given.text("show")](compared, given)
        return {"layer": layer, "statistic": compared.settings.statistic} | header, arrays

    def _changes(self, look: _Look, shown: ShownMoment, given: Parameters) -> Answered:
        """Answer what the terms change, anew where the picture has made enough steps since."""
        layer, objective_of = given.text("layer"), shown.moment.settings.objective
        one_of("layer", layer, (PIXELS, *LAYERS))
        sizes, strokes = (image_size(shown.moment.image), shown.moment.size), shown.moment.strokes
        subject = shown.name, shown.origin, layer, objective_of, sizes, strokes
        step = shown.step
        known = look.changes
        if not known or known.subject != subject or not 0 <= step - known.step < EVERY_STEPS:
            objective, here = look.inspector.objective(shown.moment)
            changes, found = color_changes(objective, here, layer), dict[str, Tensor]()
            while True:
                with self._turn(look):  # for each term
                    change = next(changes, None)
                if change is None:
                    break
                found[change[0]] = change[1]
            look.changes = known = _Changes(subject, step, show_changes(found))
        header, arrays = known.answer
        return header | {"of": known.step, "layer": layer}, arrays

    @contextmanager
    def _turn(self, look: _Look) -> Iterator[None]:
        """Have the device to itself, as a step of a run has; the time counts."""
        with self._service.scheduler:
            began = time.monotonic()
            try:
                with look.network.threads.running():
                    yield
            finally:
                self._allowance.spend(time.monotonic() - began)

    @contextmanager
    def _reserved(self, shown: ShownMoment) -> Iterator[None]:
        """Reserve the memory of a step of that size. Raises ValueError where it is not free."""
        moment = shown.moment
        sizes = [image_size(each) for each in moment.styles.images]
        needed = RunMemory.of(moment.size, sizes, moment.settings.style_scale)
        reservation = self._service.memory.reserve(moment.size, needed)
        try:
            yield
        finally:
            reservation.release()

    def _look(self, key: str, shown: ShownMoment) -> _Look:
        network = load_network(shown.origin.recipe.network, self._service.executor.local_device)
        with self._lock:
            look = self._looks.pop(key, None)
            if look is None or look.network is not network:
                look = _Look(network, Inspector(network, network.device))
            look.asked_at = time.monotonic()
            self._looks[key] = look
            if len(self._looks) > MAX_LOOKS:
                self._looks.popitem(last=False)
            if not self._is_dropping:
                self._drop_later()
        return look

    def _drop_later(self) -> None:
        self._is_dropping = True
        timer = threading.Timer(IDLE, self._drop_idle)
        timer.daemon = True
        timer.start()

    def _drop_idle(self) -> None:
        with self._lock:
            for key, look in list(self._looks.items()):
                if time.monotonic() - look.asked_at > IDLE:
                    del self._looks[key]
            self._is_dropping = False
            if self._looks:
                self._drop_later()


def _header(shown: ShownMoment) -> dict[str, Any]:
    moment = shown.moment
    return {"name": shown.name, "step": shown.step, "size": moment.size, "share": moment.share}
