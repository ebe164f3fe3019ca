"""Reconstructions: photo or painting made again from one layer alone, by small runs on demand."""

import threading
import time
from typing import Any

from torch import Tensor

from style_transfer.checks import whole_number
from style_transfer.engine import Frame, Styles, image_size, resize_clamped, style_picture
from style_transfer.images import fit
from style_transfer.inspection import reconstruction_settings
from style_transfer.runs import Job, Run, RunService
from style_transfer.ui.handlers.inside_answers import Answered, as_bytes
from style_transfer.ui.session.moments import ShownMoment

SIDE = 128  # px, longer side: the fifth block has eight positions there
MOST = 2  # of all pages at a time; each takes turns like a run
PATIENCE = 10.0  # s after which one goes on for nobody


class _Reconstruction:
    """A small run with its newest picture, which ends when nobody has asked for long."""

    def __init__(self, run: Run, source: str, layer: str, original: Tensor) -> None:
        self.source, self.layer, self.asked_at = source, layer, time.monotonic()
        self.original = original  # (1, 3, H, W), as the run compares it
        self.run, self.frame = run, run.frame
        threading.Thread(target=self._follow, name="reconstruction", daemon=True).start()

    def _follow(self) -> None:
        for frame in self.run.frames():
            self.frame = frame or self.frame
            if time.monotonic() - self.asked_at > PATIENCE:
                self.run.stop()


class Reconstructions:
    """The reconstructions of all pages, one for each."""

    def __init__(self, service: RunService) -> None:
        self._service, self._lock = service, threading.Lock()
        self._made: dict[str, _Reconstruction] = {}  # by session
        self._runs: list[Run] = []  # that may not have ended: those of before, too

    def start(self, key: str, shown: ShownMoment, source: str, layer: str, painting: int) -> None:
        """Begin one for a page, in the place of its last. Raises ValueError, one sentence."""
        moment = shown.moment
        settings = reconstruction_settings(source, layer, moment.settings)
        images = moment.styles.images
        whole_number("painting", painting, 1, len(images))
        size = fit(image_size(moment.content), SIDE)
        content = resize_clamped(moment.content, size).cpu()
        image, network = images[painting - 1].to(content.device), shown.origin.recipe.network
        job = Job(content, Styles((image,)), settings, init="noise", network=network)
        original = content if source == "photo" else style_picture(image, content, settings)
        with self._lock:
            last = self._stop(key)  # which ends after its step, and is no other
            self._made = {k: each for k, each in self._made.items() if not self._is_over(each)}
            self._runs = [run for run in self._runs if not run.ended]
            if sum(run is not last for run in self._runs) >= MOST:
                raise ValueError(f"{MOST} others are being made; try again in a few seconds.")
            self._runs.append(run := self._service.start(job))
            self._made[key] = _Reconstruction(run, source, layer, original)

    def stop(self, key: str) -> None:
        """End that of a page, if it has one; its newest picture stays for a while."""
        with self._lock:
            self._stop(key)

    def answer(self, key: str) -> Answered | None:
        """Return the newest picture of a page's reconstruction, None before the first.

        Raises ValueError, one sentence, where it was ended by an error.
        """
        made = self._made.get(key)
        if made is None:
            return None
        made.asked_at = time.monotonic()
        if made.run.error:
            raise ValueError(str(made.run.error))
        ended, frame = made.run.ended, made.frame
        return None if frame is None else _answered(made, frame, ended)

    def _stop(self, key: str) -> Run | None:
        """Stop that of a page, and return its run."""
        made = self._made.get(key)
        if made:
            made.run.stop()
        return made.run if made else None

    def _is_over(self, made: _Reconstruction) -> bool:
        return made.run.ended and time.monotonic() - made.asked_at > PATIENCE


def _answered(made: _Reconstruction, frame: Frame, ended: bool) -> Answered:
    losses, loss = frame.losses, "content" if made.source == "photo" else "style"
    header: dict[str, Any] = {
        "source": made.source,
        "layer": made.layer,
        "made": frame.step,
        "steps": frame.settings.steps,
        "ended": ended,
        "loss": losses.get(loss),
    }
    pictures = {"picture": frame.image, "original": made.original}
    return header, {name: as_bytes(image.squeeze(0)) for name, image in pictures.items()}
