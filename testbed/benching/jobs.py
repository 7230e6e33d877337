"""Work on several processes, told as it goes, and what all benches say alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from testbed.benching.cells import Cells

Progress = Callable[[float, float], None]  # done, of so many
Where = int | str  # so many processes here, or the address of a Ray cluster
Work = TypeVar("Work")
Done = TypeVar("Done")


def in_parallel(
    function: Callable[[Work], Done], work: Sequence[Work], where: Where, progress: Progress,
    cells: Cells | None = None,
) -> list[Done]:  # fmt: skip
    """What `function`, which stands in a module, makes of each piece of work, in order.

    What `cells` holds is not made again, and what is made is put there at once.
    """
    known = (
        {} if cells is None else {i: made for i, piece in enumerate(work) if (made := cells.find(piece)) is not None}
    )
    left = [(i, piece) for i, piece in enumerate(work) if i not in known]
    if known:
        progress(len(known), len(work))
    for (i, piece), made in zip(left, _made(function, [piece for _, piece in left], where), strict=True):
        if cells is not None:
            cells.keep(piece, made)
        known[i] = made
        progress(len(known), len(work))
    return [known[i] for i in range(len(work))]


def _made(function: Callable[[Work], Done], work: Sequence[Work], where: Where) -> Iterator[Done]:
    if isinstance(where, str):
        from testbed.benching.on_ray import made_on_ray

        yield from made_on_ray(function, work, where)
        return
    if where <= 1:
        yield from map(function, work)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(where, mp_context=get_context("spawn")) as pool:
        yield from pool.map(function, work)


def together(digests: Sequence[str]) -> str:
    """One digest of several, in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def called(model: str) -> str:
    """What a row calls a model, or models joined by '+': its name, or the name of its file."""
    return "+".join(Path(part).stem if part.endswith(".onnx") else part for part in joined(model))


def joined(model: str) -> list[str]:
    """The models joined by '+'; a file's name may hold one.

    >>> joined("strip-surface-patch+surface-cls")
    ['strip-surface-patch', 'surface-cls']
    """
    return [model] if Path(model).is_file() else model.split("+")
