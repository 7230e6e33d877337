"""What a line believes of its strip beside what is true: the aha of a gauge that looks better the worse the steel gets.

The truth stays on the plant's side: this page stands there, no model and no tag ever sees it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from connectors.times import SECOND
from testbed.page.rows import Rows
from testbed.plant import Plant, believed, true_signals

SPAN_S, POINTS = 10.0, 160  # what is shown, judgement


def beliefs(plant: Plant, rows: Rows) -> list[dict[str, Any]]:
    """Of each true signal that a tag stands for: both over the last seconds, None where there is nothing."""
    pairs = believed(plant)
    if not pairs:
        return []
    signals = true_signals(plant)
    end = rows.start + rows.complete * rows.step_ns
    times = end - np.arange(POINTS - 1, -1, -1) * round(SPAN_S * SECOND / POINTS)
    return [
        {"tag": tag, "span_s": SPAN_S, "true": _at(*signals[name], times), "said": _said(rows, tag, times)}
        for name, tag in pairs.items()
        if name in signals and tag in rows.column
    ]


def _at(time: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> list[float | None]:
    """The last value at or before each wanted time, ns."""
    row = np.searchsorted(time, wanted, side="right") - 1
    return [_plain(values[i]) if i >= 0 else None for i in row]


def _said(rows: Rows, tag: str, wanted: np.ndarray) -> list[float | None]:
    """The middle of the row in which each wanted time lies."""
    row = (wanted - rows.start - 1) // rows.step_ns
    first = max(0, int(row[0]))
    block = rows.block(first, rows.complete, [rows.column[tag]])
    return [_plain(block[i - first].mean()) if first <= i < rows.complete else None for i in row]


def _plain(value: Any) -> float | None:
    return None if np.isnan(value) else round(float(value), 5)
