"""What a benchmark's own scorer says of a model's alarms, beside the figures that every series gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.batadal import Batadal
from anomaly.nab import Nab, nab
from anomaly.nab_windows import nab_windows
from connectors.times import SECOND
from testbed.benching.rounding import rounded
from testbed.datasets import batadal, nab_published
from testbed.datasets.labelled import Series


@dataclass(slots=True)
class Answer:
    """What is right: the rows behind the head of a file.

    Attributes:
        time: int64 (n,) ns. truth: other than 0 where something is wrong, (n,).
        changes: other than 0 where the state changes, (n,).
        windows: (first, last) row of each of the benchmark's windows, from the first row behind the head.
        scorer: see Series.
    """

    time: np.ndarray
    truth: np.ndarray
    changes: np.ndarray
    windows: tuple[tuple[int, int], ...] = ()
    scorer: str = "skab"

    @classmethod
    def of(cls, series: Series, time: np.ndarray, labels: dict[str, np.ndarray]) -> Answer:
        """The answer to a series, of all its rows' times and label columns."""
        truth = labels.get(series.truth, np.zeros(len(time)))
        for first, last in series.windows:
            truth = np.where((time >= first) & (time <= last), 1.0, truth)
        changes = labels.get(series.changes, np.zeros(len(time)))
        rows = [(int(np.searchsorted(time, first)), int(np.searchsorted(time, last, "right")) - 1)
                for first, last in series.windows]  # fmt: skip
        scored = slice(series.head, None)
        windows = tuple((first - series.head, last - series.head) for first, last in rows if last >= series.head)
        return cls(time[scored], truth[scored], changes[scored], windows, series.scorer)

    @property
    def seconds(self) -> np.ndarray:
        """s since the first row, (n,)."""
        return (self.time - self.time[0]) / SECOND

    def nab(self, alarm: np.ndarray) -> Nab:
        """Points of an alarm, bool (n,): by NAB's windows each beginning is a word, by SKAB's changes each end, too."""
        if self.scorer != "nab":
            return nab(self.changes, alarm, self.seconds)
        begins = alarm & ~np.concatenate(([False], alarm[:-1]))
        return nab_windows(self.windows, begins, 0)

    def batadal(self, alarm: np.ndarray) -> Batadal | None:
        """The competition's figures of an alarm, bool (n,), on its own set."""
        return Batadal.of(self.truth, alarm) if self.scorer == "batadal" else None


def competition(found: Sequence[Batadal | None], moved: Sequence[Sequence[Batadal | None]]) -> dict[str, Any]:
    """Keys of a row for the set of the competition: its score, pooled, its two parts, and with the threshold moved."""
    whole = _together(found)
    if whole is None:
        return {}
    others = [_together(part) for part in moved]
    return {
        "batadal": rounded(whole.s),
        "batadal_moved": [None if one is None else rounded(one.s) for one in others] or None,
        "s_ttd": rounded(whole.s_ttd),
        "s_cm": rounded(whole.s_cm),
    }


def published(data: str, windows: Mapping[str, int]) -> list[dict[str, Any]]:
    """Rows of what a benchmark publishes of others on the very files that were scored: paths and numbers of windows.

    For the competition: what was published on its own test file; on others it says nothing.
    """
    if data == "nab":
        names = ["/".join(Path(path).parts[-2:]) for path in windows]
        theirs = nab_published.published(list(zip(names, windows.values(), strict=True)))
        return [{"model": name, "data": data, "files": len(names), "nab": rounded(nab.score)}
                for name, nab in theirs.items()]  # fmt: skip
    if data == "batadal" and [Path(path).name for path in windows] == [batadal.TESTED]:
        return [{"model": name, "data": data, "files": 1, "batadal": s, "s_ttd": ttd, "s_cm": cm}
                for name, (s, ttd, cm) in batadal.PUBLISHED.items()]  # fmt: skip
    return []


def _together(found: Sequence[Batadal | None]) -> Batadal | None:
    """Several files as one."""
    known = [one for one in found if one is not None]
    return sum(known, Batadal()) if known else None
