"""Functions of tensors that are recorded on the device once, and replayed from then on.

A step makes a thousand small calls, and below 1024 px a GPU works them off faster than Python makes
them. Recorded as a CUDA graph, all of them are one call. A recording reads its arguments from
tensors of its own; so it serves every run whose arguments have the same structure, and another
value of a number, such as the weight of a term, needs no other recording.
"""

import logging
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from style_transfer import devices
from style_transfer.engine.tensor_tree import Parts, put_together, take_apart
from style_transfer.network import copy_each

MAX_RECORDINGS = 12  # the last ones used; a run has one for each stage, and its optimiser's
_MAX_SEEN = 64  # structures that are remembered to have been met once

T = TypeVar("T")
_log = logging.getLogger(__name__)


class StepGraphs:
    """Calls functions, and records those that are called a second time with alike arguments.

    A function is to be one of the module level, of tensors and floats in nested data
    (`tensor_tree`), and to return such data; floats are 0-d tensors for it while it is recorded. It
    must not depend on anything else that changes, nor wait for the device.
    """

    def __init__(self) -> None:
        self.enabled = True
        self._lock = threading.Lock()
        self._recordings: OrderedDict[Hashable, _Recording] = OrderedDict()
        # Whether what has been met once is to be recorded the next time: not if that has failed.
        self._seen: OrderedDict[Hashable, bool] = OrderedDict()

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return what the function returns, by a recording of it where there is one."""
        device = next(each.device for each in arguments if isinstance(each, Tensor))
        recorder = devices.recorder(device) if self.enabled else None
        if recorder is None:
            return function(*arguments)
        parts = take_apart(arguments)
        key = function, parts.structure
        with self._lock:
            recording = self._recordings.get(key)
            if recording is None and self._seen.get(key):
                recording = self._record(recorder, key, function, parts)
            if recording is not None:
                self._recordings.move_to_end(key)
                result: T = recording.replayed(parts)
                return result
            if key not in self._seen:
                self._remember(key, True)
        return function(*arguments)

    def records_on(self, device: torch.device) -> bool:
        """Return whether calls are recorded on a device."""
        return self.enabled and devices.recorder(device) is not None

    def __len__(self) -> int:
        """How many recordings there are."""
        return len(self._recordings)

    def forget(self) -> None:
        """Give back the memory of all recordings."""
        with self._lock:
            self._recordings.clear()
            self._seen.clear()

    def _remember(self, key: Hashable, recordable: bool) -> None:
        self._seen[key] = recordable
        while len(self._seen) > _MAX_SEEN:
            self._seen.popitem(last=False)

    def _record(
        self, recorder: devices.Recorder, key: Hashable, function: Callable[..., Any], parts: Parts
    ) -> "_Recording | None":
        """Return a new recording, or None where the device cannot make one."""
        while len(self._recordings) >= MAX_RECORDINGS:
            self._recordings.popitem(last=False)
        try:
            made = self._recordings[key] = _Recording.of(recorder, function, parts)
        except torch.OutOfMemoryError:
            self._recordings.clear()
            raise
        except RuntimeError as error:
            self._remember(key, False)
            words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
            _log.warning("A step cannot be recorded, which makes it slower: %s", words)
            return None
        return made


@dataclass
class _Recording:
    """A recorded call: replaying it computes the results from what its inputs hold then."""

    tensors: list[Tensor]  # inputs
    numbers: Tensor  # (n,) inputs
    replay: Callable[[], None]
    results: Parts
    sources: "list[weakref.ref[Tensor]]"  # whose values are in `tensors`
    values: list[float]  # that are in `numbers`

    @classmethod
    def of(
        cls, recorder: devices.Recorder, function: Callable[..., Any], parts: Parts
    ) -> "_Recording":
        device = parts.tensors[0].device
        tensors = [each.detach().clone() for each in parts.tensors]
        numbers = torch.tensor(parts.numbers, dtype=torch.float32).to(device)
        arguments = put_together(parts.structure, tensors, numbers.unbind())
        try:
            replay, result = recorder(lambda: function(*arguments))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:  # what is loaded, or made to be kept, at a first call is not recorded
            function(*arguments)
            replay, result = recorder(lambda: function(*arguments))
        sources = [weakref.ref(each) for each in parts.tensors]
        return cls(tensors, numbers, replay, take_apart(result), sources, parts.numbers)

    @torch.no_grad()
    def replayed(self, parts: Parts) -> Any:
        """Return the results for other tensors and numbers of the same structure."""
        changed = [
            number
            for number, (source, tensor) in enumerate(zip(self.sources, parts.tensors, strict=True))
            if source() is not tensor
        ]
        if changed:
            own, new = (
                [each[number] for number in changed] for each in (self.tensors, parts.tensors)
            )
            copy_each(new, own)
            for number in changed:
                self.sources[number] = weakref.ref(parts.tensors[number])
        if parts.numbers != self.values:
            devices.write(parts.numbers, self.numbers)
            self.values = parts.numbers
        self.replay()
        results = [each.clone() for each in self.results.tensors]
        return put_together(self.results.structure, results, self.results.numbers)


graphs = StepGraphs()  # of this process, for all of its runs
