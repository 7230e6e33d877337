"""From scores on normal data to a threshold that keeps a false-alarm budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import duration

BLOCKS = 20  # fewest blocks whose maxima say anything about a tail


@dataclass(frozen=True, slots=True)
class Budget:
    """So many false alarms in so many seconds.

    >>> Budget.parse("1/24h")
    Budget(alarms=1.0, seconds=86400.0)
    """

    alarms: float
    seconds: float

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Reads '1/24h'. Raises InputError."""
        number, slash, span = text.partition("/")
        try:
            budget = cls(float(number), duration(span))
        except ValueError:
            budget = cls(0.0, 0.0)
        if not slash or not (budget.alarms > 0 and budget.seconds > 0):
            raise InputError(say("A budget is written like 1/24h (alarms per time), but got '{text}'.", text=text))
        return budget

    @property
    def period_s(self) -> float:
        """Seconds a false alarm may come once in."""
        return self.seconds / self.alarms


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold and how it came about.

    Attributes:
        value: scores at or above it raise the condition.
        hours: of normal data it rests on.
        method: 'gumbel' (block maxima) or 'maximum' (too little data for a tail).
        seen: the highest score on the normal data.
    """

    value: float
    hours: float
    method: str
    seen: float


def threshold(runs: Sequence[np.ndarray], stride_s: float, budget: Budget) -> Threshold:
    """The score that normal data reach once in the budget's period.

    Args:
        runs: scores of normal stretches, float64 (n_i,), NaN where blind; not the data the model was fitted on.
        stride_s: seconds between scores.
        budget: false alarms allowed.

    Block maxima are independent where scores are not; their tail is taken as Gumbel's (Coles 2001, section 3), fitted
    by moments. Where the budget's period is longer than the data, it is not put below the highest score seen. With too
    few blocks the highest score, plus a tenth, has to do.
    """
    scores = [run[np.isfinite(run)] for run in runs]
    scores = [run for run in scores if len(run)]
    if not scores:
        raise InputError(say("There is no scored stretch to calibrate on. Give more normal data, or shorter windows."))
    total_s = sum(len(run) for run in scores) * stride_s
    seen = float(max(run.max() for run in scores))
    maxima, block_s = _maxima(scores, stride_s, total_s)
    if len(maxima) < BLOCKS or maxima.std() == 0:
        return Threshold(1.1 * seen if seen > 0 else 1.0, total_s / 3600.0, "maximum", seen)
    beta = float(maxima.std(ddof=1)) * np.sqrt(6.0) / np.pi
    mu = float(maxima.mean()) - 0.5772 * beta
    blocks = max(budget.period_s / block_s, 1.01)
    value = mu - beta * np.log(-np.log1p(-1.0 / blocks))
    least = seen if budget.period_s >= total_s else 0.0
    return Threshold(float(max(value, least)), total_s / 3600.0, "gumbel", seen)


def carried_h(calibration: Mapping[str, Any]) -> float | None:
    """Hours that the budget of a card's `calibration` speaks of, where they are more than the normal data it rests on.

    Such a threshold is a tail carried further than anybody has looked.

    >>> carried_h({"normal_hours": 6.0, "budget": "1/24h"})
    24.0
    """
    if not calibration.get("budget") or calibration.get("normal_hours") is None:
        return None
    asked = Budget.parse(str(calibration["budget"])).period_s / 3600.0
    return asked if asked > float(calibration["normal_hours"]) else None


def _maxima(scores: Sequence[np.ndarray], stride_s: float, total_s: float) -> tuple[np.ndarray, float]:
    """Maxima of blocks of equal length, and that length in s: an hour, or less where there is little data."""
    block_s = min(3600.0, total_s / (2 * BLOCKS))
    n = max(1, round(block_s / stride_s))
    maxima = [
        run[at : at + n].max() for run in scores for at in range(0, len(run) - n // 2, n) if len(run[at : at + n])
    ]
    return np.array(maxima), n * stride_s
