"""Settling: when a run has nothing more to gain by further steps."""

from collections import deque
from statistics import median

from torch import Tensor

from style_transfer.engine import Frame

WINDOW = 5  # steps whose median total is compared; without a line search single ones may rise
LEAST_GAIN = 0.01  # of the total, from one window to the next
WINDOWS = 3  # two gains below the least, one after the other
LEAST_MOVE = 1 / 255  # root mean square of what steps move, in MOVE_STEPS steps
MOVE_STEPS = 10


class Settling:
    """Notices when the steps of one objective at the full size change the picture no more."""

    def __init__(self) -> None:
        """Begin before the first frame."""
        self._objective: object = None
        self._content: Tensor | None = None
        self._begin()

    def add(self, frame: Frame) -> bool:
        """Take the next frame of a run; return whether the picture has settled.

        Frames of coarser stages do not count; another objective, size or step back begins anew.
        """
        if frame.image.shape != frame.content.shape or not frame.losses:
            self._begin()
            return False
        is_other = frame.content is not self._content or frame.state.objective != self._objective
        if is_other or frame.note:
            self._objective, self._content = frame.state.objective, frame.content
            self._begin()
        elif self._totals:
            self._totals.extend(losses["total"] for _, losses in frame.skipped)
        self._totals.append(frame.losses["total"])
        return self._gains_little() or self._moves_little(frame)

    def _begin(self) -> None:
        self._totals = deque[float](maxlen=WINDOW * WINDOWS)
        self._image: Tensor | None = None  # MOVE_STEPS ago at the most
        self._image_step = 0

    def _gains_little(self) -> bool:
        totals = list(self._totals)
        if len(totals) < WINDOW * WINDOWS:
            return False
        first, *others = (median(totals[n : n + WINDOW]) for n in range(0, len(totals), WINDOW))
        for each in others:
            if each <= (1 - LEAST_GAIN) * first:
                return False
            first = each
        return True

    def _moves_little(self, frame: Frame) -> bool:
        image, self._image_step = self._image, self._image_step or frame.step
        if image is None:
            self._image = frame.image
            return False
        if frame.step - self._image_step < MOVE_STEPS:
            return False
        self._image, self._image_step = frame.image, frame.step
        moved, reach = (frame.image - image).square().mean(), frame.state.reach
        share = 1.0 if reach is None else float(reach.mean().clamp_min(1e-6))
        return float(moved / share) ** 0.5 < LEAST_MOVE
