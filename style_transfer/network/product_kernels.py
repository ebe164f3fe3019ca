"""Compiled matrix product for matrices of few rows, such as those of a Winograd convolution.

A BLAS library copies ("packs") the matrices before it multiplies, which takes as long as a product
of few rows. Here a block of ROWS x WIDTH results stays in registers while the rows of the second
matrix stream past, read where they are. It is written in LLVM's instructions for vectors, since its
vectoriser does not keep sums of several rows in registers; LLVM divides vectors into those of the
CPU, whatever their width. Goto and van de Geijn 2008, "Anatomy of High-Performance Matrix
Multiplication", without packing.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from style_transfer.network.jit import compiled

WIDTH = 16  # columns of a block; more rows or columns do not fit the 16 registers of AVX2
ROWS = 4
_DEPTH = 64  # of the inner dimension at a time: 64 x 64 numbers of `right` stay in the L1 cache
_BYTES = 4  # of a float32

_FLOAT, _INDEX, _LANE = ir.FloatType(), ir.IntType(64), ir.IntType(32)
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_ZEROS = ir.Constant(_VECTOR, [0.0] * WIDTH)
_UNDEFINED = ir.Constant(_VECTOR, ir.Undefined)
_ALL_LANES = ir.Constant(ir.VectorType(_LANE, WIDTH), [0] * WIDTH)


def _block(rows: int) -> Callable[..., None]:
    """Return what adds to `rows` x WIDTH results in registers, for use in compiled functions.

    Its arguments are addresses of left, right and result; the count of products to add to each
    result; the lengths of the rows of left, and of both others; and whether it starts with zeros
    instead of what the result holds.
    """

    @intrinsic
    def add_products(
        context: Any,
        left: Any,
        right: Any,
        result: Any,
        count: Any,
        left_length: Any,
        length: Any,
        from_zeros: Any,
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _generate(builder, rows, arguments)
            return context.get_dummy_value()

        return types.void(*[types.uintp] * 6, types.boolean), generate

    found: Callable[..., None] = add_products
    return found


def _generate(builder: Any, rows: int, arguments: Sequence[Any]) -> None:
    """Write the instructions of `_block`; the arguments are LLVM's values."""
    left, right, result, count, left_length, length, from_zeros = arguments

    def row(address: Any, index: Any, length: Any) -> Any:
        bytes_ = builder.mul(length, ir.Constant(_INDEX, _BYTES))
        return builder.add(address, builder.mul(index, bytes_))

    def load(address: Any, kind: Any) -> Any:
        return builder.load(builder.inttoptr(address, kind.as_pointer()), align=_BYTES)

    numbers = [ir.Constant(_INDEX, number) for number in range(rows)]
    lefts = [row(left, number, left_length) for number in numbers]
    results = [row(result, number, length) for number in numbers]
    start, loop, end = builder.block, *map(builder.append_basic_block, ("loop", "end"))
    builder.branch(loop)

    builder.position_at_end(loop)
    step, sums = builder.phi(_INDEX), [builder.phi(_VECTOR) for _ in numbers]
    factors = load(row(right, step, length), _VECTOR)
    fused = ("contract",)  # one instruction and one rounding, where the CPU has it
    totals = []
    for address, total in zip(lefts, sums, strict=True):
        one = load(row(address, step, ir.Constant(_INDEX, 1)), _FLOAT)
        first = builder.insert_element(_UNDEFINED, one, ir.Constant(_LANE, 0))
        same = builder.shuffle_vector(first, _UNDEFINED, _ALL_LANES)
        totals.append(builder.fadd(builder.fmul(same, factors, flags=fused), total, flags=fused))
    following = builder.add(step, ir.Constant(_INDEX, 1))
    step.add_incoming(ir.Constant(_INDEX, 0), start)
    step.add_incoming(following, loop)
    for total, new in zip(sums, totals, strict=True):
        total.add_incoming(_ZEROS, start)
        total.add_incoming(new, loop)
    builder.cbranch(builder.icmp_unsigned("<", following, count), loop, end)

    builder.position_at_end(end)
    for address, total in zip(results, totals, strict=True):
        before = builder.select(from_zeros, _ZEROS, load(address, _VECTOR))
        into = builder.inttoptr(address, _VECTOR.as_pointer())
        builder.store(builder.fadd(before, total), into, align=_BYTES)


_one_row, _two_rows, _three_rows, _four_rows = map(_block, range(1, ROWS + 1))


@compiled
def multiply(left: Any, right: Any, result: Any) -> None:
    """Write left (M, K) times right (K, N) to result (M, N), all contiguous float32.

    N is a multiple of WIDTH. The sums are added up in one order, whatever M and N are.
    """
    (rows, inner), columns = left.shape, right.shape[1]
    from_left, from_right = np.uintp(left.ctypes.data), np.uintp(right.ctypes.data)
    to = np.uintp(result.ctypes.data)
    left_length, length = np.uintp(inner), np.uintp(columns)
    for first in range(0, inner, _DEPTH):
        count, new = np.uintp(min(_DEPTH, inner - first)), first == 0
        for row in range(0, rows, ROWS):
            some = rows - row
            left_at = from_left + np.uintp(_BYTES * (row * inner + first))
            for column in range(0, columns, WIDTH):
                right_at = from_right + np.uintp(_BYTES * (first * columns + column))
                at = to + np.uintp(_BYTES * (row * columns + column))
                if some >= ROWS:
                    _four_rows(left_at, right_at, at, count, left_length, length, new)
                elif some == 3:
                    _three_rows(left_at, right_at, at, count, left_length, length, new)
                elif some == 2:
                    _two_rows(left_at, right_at, at, count, left_length, length, new)
                else:
                    _one_row(left_at, right_at, at, count, left_length, length, new)
