"""From scores on normal data to a threshold that keeps a false-alarm budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import duration

MOST_TOLD = 60  # maxima that a card keeps
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
class Tail:
    """Maxima of blocks of normal scores, and Gumbel's law of them (Coles 2001, section 3), fitted by moments.

    Attributes:
        block_s: length of a block, s.
        maxima: the highest score of each, in rising order.
        mu, beta: place and width of the law; None where there is none.
    """

    block_s: float
    maxima: tuple[float, ...]
    mu: float | None = None
    beta: float | None = None

    def per_day(self, score: float) -> float | None:
        """Blocks in 24 h whose maximum the law puts at or above a score."""
        if self.mu is None or self.beta is None:
            return None
        return float(-np.expm1(-np.exp(-(score - self.mu) / self.beta))) * 86_400.0 / self.block_s

    def told(self) -> dict[str, Any]:
        """For the card: so many maxima as a plot can show, spread over all ranks, the highest always."""
        n = len(self.maxima)
        ranks = np.unique(np.linspace(0, n - 1, min(n, MOST_TOLD)).round().astype(int)) if n else []
        kept = [[int(n - rank), _short(self.maxima[rank])] for rank in ranks]
        law = {} if self.mu is None or self.beta is None else {"mu": _short(self.mu), "beta": _short(self.beta)}
        return {"block_s": round(self.block_s, 3), "blocks": n, "at_or_above": kept, **law}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold and how it came about.

    Attributes:
        value: scores at or above it raise the condition.
        hours: of normal data it rests on.
        method: 'gumbel' (block maxima) or 'maximum' (too little data for a tail).
        seen: the highest score on the normal data.
        tail: what the threshold was drawn from.
    """

    value: float
    hours: float
    method: str
    seen: float
    tail: Tail = field(default_factory=lambda: Tail(0.0, ()))


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
    ranked = tuple(np.sort(maxima).tolist())
    if len(maxima) < BLOCKS or maxima.std() == 0:
        return Threshold(1.1 * seen if seen > 0 else 1.0, total_s / 3600.0, "maximum", seen, Tail(block_s, ranked))
    beta = float(maxima.std(ddof=1)) * np.sqrt(6.0) / np.pi
    mu = float(maxima.mean()) - 0.5772 * beta
    blocks = max(budget.period_s / block_s, 1.01)
    value = mu - beta * np.log(-np.log1p(-1.0 / blocks))
    least = seen if budget.period_s >= total_s else 0.0
    tail = Tail(block_s, ranked, mu, beta)
    return Threshold(float(max(value, least)), total_s / 3600.0, "gumbel", seen, tail)


def _short(value: float) -> float:
    return float(f"{value:.5g}")


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
