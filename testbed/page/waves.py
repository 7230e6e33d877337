"""Vibration as it came, sample by sample: what a page draws spectra of and lets one hear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.tags import Group
from edge.merge import Chunk
from testbed.plant import Plant

SHORT = "ACC"  # last level of the tags of a stand's accelerometers
KEPT_S, SENT_S = 8.0, 0.5  # source time that is kept, and that one frame holds at most: judgement
STEP = 0.01  # m/s2 of one count on the wire: the sensor's own step


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of the waveforms.

    Attributes:
        first: number of its first sample, from the run's start on.
        data: int16 (n, k) counts of `STEP`, NaN as 0, as bytes; n samples of k tags.
    """

    first: int
    n: int
    data: bytes

    def plain(self) -> dict[str, Any]:
        """What goes before its bytes."""
        return {"bytes": len(self.data), "first": self.first, "n": self.n}


class Waves:
    """The newest waveforms of one run; the run's thread adds, another may read.

    Attributes:
        group: whose tags they are; None where a run has none.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.group = next((g for g in groups if g.kind == "blocks" and g.tags[0].short == SHORT), None)
        self._rate = 0.0 if self.group is None else float(self.group.tags[0].rate_hz or 0.0)
        self._pieces: tuple[tuple[int, np.ndarray], ...] = ()  # number of the first sample, and (n, k) m/s2

    def add(self, chunk: Chunk) -> None:
        """Take in what the group has up to its mark."""
        if self.group is None or chunk.group.name != self.group.name or not len(chunk.values):
            return
        end = self._end()
        least = end + len(chunk.values) - round(KEPT_S * self._rate)
        kept = tuple(piece for piece in self._pieces if piece[0] + len(piece[1]) > least)
        self._pieces = (*kept, (end, chunk.values))

    def _end(self) -> int:
        return self._pieces[-1][0] + len(self._pieces[-1][1]) if self._pieces else 0

    def since(self, number: int) -> Cut:
        """What came from sample `number` on, the newest of it where that is more than a frame holds.

        From 0 on it is all that is kept, for a page that has just begun to look.
        """
        pieces = self._pieces
        if not pieces:
            return Cut(number, 0, b"")
        end, span = pieces[-1][0] + len(pieces[-1][1]), KEPT_S if number == 0 else SENT_S
        begin = max(number, pieces[0][0], end - round(span * self._rate))
        parts = [values[max(0, begin - first) :] for first, values in pieces if first + len(values) > begin]
        if not parts:
            return Cut(begin, 0, b"")
        counts = np.clip(np.round(np.nan_to_num(np.concatenate(parts) / STEP)), -32_767, 32_767).astype("<i2")
        return Cut(begin, len(counts), counts.tobytes())

    def plain(self, plant: Plant) -> dict[str, Any] | None:
        """What does not change: tags, samples a second, m/s2 a count, and Hz at which each stand swings by itself."""
        if self.group is None:
            return None
        return {
            "tags": [tag.name for tag in self.group.tags], "rate_hz": self._rate, "step": STEP,
            "natural_hz": natural(plant),
        }  # fmt: skip


def natural(plant: Plant) -> Mapping[str, float]:
    """Hz of each stand's first mode with strip between its rolls, by its path; nothing where a unit does not say."""
    unit = getattr(plant, "units", {}).get("coldmill", plant)
    return dict(getattr(unit, "NATURAL_HZ", {}))
