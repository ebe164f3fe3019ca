"""QueuePlace: the place of a page in the admission queue, from a start until its run has ended."""

from dataclasses import dataclass

from style_transfer.ui.session.pending_run import PendingRun


@dataclass(eq=False)  # each start has one of its own
class QueuePlace:
    """A ticket of that queue, and what waits with it."""

    ticket: object
    pending: PendingRun | None = None  # what can be steered until it begins
    ahead: int = 0  # runs before it; 0 once it begins
