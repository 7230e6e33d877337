"""What a model was fitted and calibrated on, as a sketch in its card, and how much of it comes again.

A sketch keeps the least of many hashes (bottom-k: Cohen and Kaplan, PVLDB 2007). Whatever else is hashed the same way
is compared exactly where its hash lies in the range that the sketch keeps, so that a share holds for all of it. Data
are found again under another name, in another file format or as a part; values that were changed are other data.
"""

from __future__ import annotations

import base64
import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from connectors.items import Batch, Item
from connectors.tags import Tag

KEY = "seen"  # of the card
BYTES = 6  # of a hash: among millions, two that meet by chance are not to be expected
KEPT = 4096  # hashes, 32 kB in the card
ROWS = 8  # of a block of a series, about: windows would depend on where a file begins
LEAST = 4  # rows that say something


def hashed(*parts: bytes) -> int:
    """A hash below 2**48."""
    return int.from_bytes(hashlib.blake2b(b"".join(parts), digest_size=BYTES).digest(), "big")


def of_array(array: np.ndarray) -> int:
    """The hash of a picture or a window, of its shape and numbers."""
    return hashed(repr((array.shape, array.dtype.str)).encode(), np.ascontiguousarray(array).tobytes())


class Sketch:
    """Takes hashes and keeps the least of them, each once."""

    def __init__(self) -> None:
        self._kept: set[int] = set()
        self._bound = 1 << (8 * BYTES)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Sketch:
        """The sketch that a card tells, to take in more."""
        sketch, data = cls(), base64.b64decode(told["hashes"])
        sketch._kept = {int.from_bytes(data[i : i + BYTES], "big") for i in range(0, len(data), BYTES)}
        sketch._bound = int(told["below"])
        return sketch

    def add(self, *hashes: int) -> None:
        """Take them in."""
        self._kept.update(h for h in hashes if h < self._bound)
        if len(self._kept) > 2 * KEPT:
            self._prune()

    def _prune(self) -> None:
        self._kept = set(heapq.nsmallest(KEPT, self._kept))
        self._bound = max(self._kept) + 1

    def told(self) -> dict[str, Any]:
        """For the card: hashes below a bound."""
        if len(self._kept) > KEPT:
            self._prune()
        data = b"".join(h.to_bytes(BYTES, "big") for h in sorted(self._kept))
        return {"below": self._bound, "hashes": base64.b64encode(data).decode("ascii")}

    def noted(self, bundles: Iterable[Sequence[Item]], channels: Sequence[str]) -> Iterator[Sequence[Item]]:
        """The bundles as they come, what they say of these tags taken in."""
        blocks = Blocks(channels)
        for bundle in bundles:
            for item in bundle:
                if isinstance(item, Batch):
                    self.add(*blocks.of(item.group, item.tags, item.time, item.values))
            yield bundle
        self.add(*blocks.rest())


class Blocks:
    """Cuts what comes of some tags into blocks of time that start at whole multiples of their length, and hashes each.

    Blocks in which nothing moves say nothing, and are left out.
    """

    def __init__(self, channels: Sequence[str]) -> None:
        self._order = {name: i for i, name in enumerate(channels)}
        self._open: dict[str, tuple[np.ndarray, np.ndarray, int]] = {}  # time, values and ns of a block, by group

    def of(self, group: str, tags: Sequence[Tag], time: np.ndarray, values: np.ndarray) -> list[int]:
        """Hashes of the blocks that these rows complete: int64 (n,) ns, float64 (n, tags)."""
        mine = sorted((self._order[tag.name], i) for i, tag in enumerate(tags) if tag.name in self._order)
        if not mine or not len(time):
            return []
        values = values[:, [i for _, i in mine]]
        rate = tags[mine[0][1]].rate_hz or 1.0
        if group in self._open:
            before, held, span = self._open[group]
            time, values = np.concatenate([before, time]), np.concatenate([held, values])
        else:
            span = 1 << int(np.ceil(np.log2(ROWS * 1e9 / rate)))
        slot = time // span
        edges = [0, *(np.flatnonzero(slot[1:] != slot[:-1]) + 1).tolist()]
        self._open[group] = time[edges[-1] :], values[edges[-1] :], span
        return [h for a, b in pairwise(edges) for h in _block(time[a:b], values[a:b])]

    def rest(self) -> list[int]:
        """Hashes of the blocks that nothing completes any more."""
        return [h for time, values, _ in self._open.values() for h in _block(time, values)]


def _block(time: np.ndarray, values: np.ndarray) -> list[int]:
    if len(time) < LEAST or not (values[1:] != values[:-1]).any(where=np.isfinite(values[1:])):
        return []
    return [hashed(time.tobytes(), np.ascontiguousarray(values).tobytes())]


class Again:
    """Counts what comes again of what a card says its model has seen."""

    def __init__(self, card: Mapping[str, Any], channels: Sequence[str] = ()) -> None:
        told = card.get(KEY)
        self.is_known = isinstance(told, Mapping)
        data = base64.b64decode(told["hashes"]) if isinstance(told, Mapping) else b""
        self._seen = {int.from_bytes(data[i : i + BYTES], "big") for i in range(0, len(data), BYTES)}
        self._bound = int(told["below"]) if isinstance(told, Mapping) else 0
        self._blocks = Blocks(channels)
        self.compared, self.found = 0, 0

    def note(self, *hashes: int) -> None:
        """Compare."""
        near = [h for h in hashes if h < self._bound]
        self.compared += len(near)
        self.found += sum(h in self._seen for h in near)

    def rows(self, group: str, tags: Sequence[Tag], time: np.ndarray, values: np.ndarray) -> None:
        """Compare rows of a series; see `Blocks.of`."""
        if self.is_known:
            self.note(*self._blocks.of(group, tags, time, values))

    def end(self) -> Again:
        """The series is over."""
        self.note(*self._blocks.rest())
        return self

    @property
    def share(self) -> float | None:
        """The share of what came that the model has seen, 0 … 1; None where its card does not say what it has seen."""
        if not self.is_known:
            return None
        return round(self.found / self.compared, 4) if self.compared else 0.0
