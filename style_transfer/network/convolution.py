"""Convolution: a frozen 3x3 convolution by the fastest backend for it on the machine at hand."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from style_transfer.devices import CPU
from style_transfer.network.autotune import (
    fastest,
    in_doubt,
    measure,
    measure_at,
)
from style_transfer.network.backend import Backend, Problem
from style_transfer.network.backends import BackendFailed, BackendSet
from style_transfer.network.padding import replicate_border
from style_transfer.network.pooling import SHARES, pool, pool_to_mask
from style_transfer.network.thread_pool import ThreadPool, single_threaded
from style_transfer.network.timing_cache import Timing, TimingCache


class Convolution(nn.Module):
    """3x3 convolution, stride 1, with weight (out, in, 3, 3) and bias (out,), both frozen."""

    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        padding: str = "zeros",
        backends: BackendSet | None = None,
        threads: ThreadPool | None = None,
    ) -> None:
        """Take `padding` of one pixel with "zeros", or as "replicate" with the border's pixels.

        The layers of a network share `backends` and `threads`.
        """
        super().__init__()
        self.padding = padding
        self._zero_padding = 0 if padding == "replicate" else 1  # px
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", bias)
        self.backends, self.threads = backends or BackendSet(), threads or ThreadPool()
        self._prepared: dict[str, Backend] = {}  # by name, made when first used

    def forward(
        self,
        x: Tensor,
        timings: TimingCache,
        relu: bool = False,
        approximate: bool = False,
        pooling: str | None = None,
    ) -> Tensor:
        """Return (B, out, H, W) for x (B, in, H, W), clamped at 0 with `relu`.

        Where it may be `approximate` it errs by up to 1e-4 of its largest value, unless x needs a
        gradient. With a `pooling` of POOLINGS, which takes `relu`, it is pooled over 2 x 2 to
        (B, out, H/2, W/2). What is missing in `timings` is measured and added.
        """
        if self.padding == "replicate":
            x = replicate_border(x)
        outs, ins = self.weight.shape[:2]
        problem = Problem(
            in_channels=ins,
            out_channels=outs,
            padding=self._zero_padding,
            dtype=x.dtype,
            device=x.device.type,
            batch=x.shape[0],
            approximate=approximate and not x.requires_grad,
        )
        layer = _Layer(self, problem, (x.shape[2], x.shape[3]), timings)
        if self.backends.only_fallback(problem):  # differentiable by autograd
            y = layer.compute(problem, lambda backend: backend.forward(x, relu))
        elif problem.device == CPU:
            fused: Tensor = _Convolve.apply(x, layer, relu, pooling)
            return fused
        else:  # where pooling has a mask of its own
            y = _Convolve.apply(x, layer, relu, None)
        return pool(y, pooling, self.threads) if pooling else y

    def fastest(self, problem: Problem, size: tuple[int, int], timings: TimingCache) -> Backend:
        """Return the fastest backend for inputs of `size` (height, width)."""
        if problem.approximate:
            # Approximate backends take as long in both directions.
            backend = self.fastest(problem.gradient, size, timings)
            if not backend.exact:
                return backend
            problem = problem.exact
        names = self.backends.candidates(problem)
        if len(names) == 1:
            return self._prepare(names[0])
        known = self._known(problem, timings, size)
        if not known:
            with self.backends.measuring:
                known = self._known(problem, timings, size) or self._measure(
                    problem, names, size, timings
                )
        return self._prepare(fastest(known, self._units(known, size)))

    def _known(
        self, problem: Problem, timings: TimingCache, size: tuple[int, int] | None
    ) -> dict[str, Timing]:
        """Return the timings of working backends, none if they are those of another machine."""
        known = timings.get(problem, size)
        if not known.keys() <= set(self.backends.supporting(problem)):
            return {}
        return {name: each for name, each in known.items() if name not in self.backends.disabled}

    def _measure(
        self, problem: Problem, names: list[str], size: tuple[int, int], timings: TimingCache
    ) -> dict[str, Timing]:
        """Return timings from which the backend for `size` is chosen, and add them to `timings`."""
        before, attempt = dict(self._prepared), self.backends.attempt
        known = self._known(problem, timings, None)
        if not known:
            backends = {name: self._prepare(name) for name in names}
            known = single_threaded(partial(measure, problem, backends, attempt))
            timings.set(problem, known)
        names = in_doubt(known, self._units(known, size), size)
        found = {name: known[name] for name in names}
        if len(names) > 1:
            backends = {name: self._prepare(name) for name in names}
            found = measure_at(problem, backends, size, attempt)
        timings.set(problem, found, size)
        # Filters prepared for what is never used would only take memory.
        used = fastest(found, self._units(found, size))
        self._prepared = before | {used: self._prepare(used)}
        return found

    def _units(self, names: Iterable[str], size: tuple[int, int]) -> dict[str, int]:
        return {name: self.backends[name].work_units(*size) for name in names}

    def _prepare(self, name: str) -> Backend:
        backend = self._prepared.get(name)  # another thread may measure, and replace all
        if backend is None:
            make, arguments = self.backends[name], (self.weight, self.bias, self._zero_padding)
            with self.backends.guard(name):
                backend = make(*arguments, self.threads)
            self._prepared[name] = backend
        return backend

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Convolution":
        self._prepared = {}  # made of weights that are moved or converted
        result: Convolution = super()._apply(fn, recurse)
        return result


@dataclass(frozen=True)
class _Layer:
    """A convolution with what chooses its backend at this call."""

    convolution: Convolution
    problem: Problem
    size: tuple[int, int]  # of the input
    timings: TimingCache

    def compute(self, problem: Problem, call: Callable[[Backend], Tensor]) -> Tensor:
        """Return what `call` gives with the fastest backend that does not fail."""
        while True:
            try:
                backend = self.convolution.fastest(problem, self.size, self.timings)
                return self.convolution.backends.attempt(backend.name, partial(call, backend))
            except BackendFailed:  # it is disabled; the next one is chosen
                continue


class _Convolve(torch.autograd.Function):
    """The convolution with the gradient of x alone, each by the fastest backend.

    ReLU is part of it, and on the CPU pooling: their gradients would be images of full size each.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, layer: _Layer, relu: bool, pooling: str | None) -> Tensor:
        y = layer.compute(layer.problem, lambda backend: backend.forward(x, relu))
        ctx.layer, ctx.share = layer, SHARES[pooling] if pooling else 1.0
        ctx.save_for_backward(y if relu else None)
        if pooling is None:
            return y
        pooled = pool_to_mask if ctx.needs_input_grad[0] else pool
        return pooled(y, pooling, layer.convolution.threads)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        (mask,) = ctx.saved_tensors
        layer: _Layer = ctx.layer
        result = layer.compute(
            layer.problem.gradient, lambda backend: backend.backward(gradient, mask, ctx.share)
        )
        return result, None, None, None
