"""Work on several processes, told as it goes, and what all benches say alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

Progress = Callable[[float, float], None]  # done, of so many
Work = TypeVar("Work")
Done = TypeVar("Done")


def in_parallel(
    function: Callable[[Work], Done], work: Sequence[Work], processes: int, progress: Progress
) -> list[Done]:
    """What `function`, which stands in a module, makes of each piece of work, in order."""
    done: list[Done] = []
    if processes <= 1:
        for piece in work:
            done.append(function(piece))
            progress(len(done), len(work))
        return done
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for result in pool.map(function, work):
            done.append(result)
            progress(len(done), len(work))
    return done


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
