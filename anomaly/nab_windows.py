"""The score of the Numenta Anomaly Benchmark on its own labels: windows around what happened, standard profile.

Lavin and Ahmad, "Evaluating Real-time Anomaly Detection Algorithms – the Numenta Anomaly Benchmark", ICMLA 2015, as the
benchmark's code (version 1.1) works it out row by row. The first rows of a file are for learning and are not scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anomaly.nab import FALSE, HIT, MISS, Nab

LEARNING, MOST_ROWS = 0.15, 5000  # share of a file that is not scored, of so many rows at most
STEEP = 5.0  # of the sigmoid
FAR = 3.0  # widths behind a window; what is said farther off is false in full


def learning_rows(rows: int) -> int:
    """How many first rows of a file are not scored: a floor of the share, or the share of MOST_ROWS.

    >>> learning_rows(4033), learning_rows(22695)
    (604, 750)
    """
    return min(int(LEARNING * rows), int(LEARNING * MOST_ROWS))


def nab_windows(windows: Sequence[tuple[int, int]], said: np.ndarray, learning: int) -> Nab:
    """Points of a file.

    Args:
        windows: (first, last) row of each, both inside, in order, not overlapping.
        said: (rows,), other than 0 where something was said to be wrong.
        learning: first rows that are not scored.

    The best word inside a window counts, the others do not; a word outside is as false as it is far behind the window
    before it.
    """
    rows = np.flatnonzero(np.asarray(said) != 0)
    rows = rows[rows >= learning]
    points, inside = 0.0, np.zeros(len(rows), bool)
    for first, last in windows:
        here = (rows >= first) & (rows <= last)
        inside |= here
        if here.any():
            place = -(last - rows[here] + 1) / (last - first + 1)
            points += HIT * float(_worth(place).max() / _worth(np.array(-1.0)))
        elif last >= learning:
            points += MISS
    scored = sum(last >= learning for _, last in windows)
    return Nab(points - FALSE * float(_behind(windows, rows[~inside]).sum()), scored)


def _worth(place: np.ndarray) -> np.ndarray:
    """1 early in a window (place -1), 0 at its end (0), -1 far behind."""
    return 2.0 / (1.0 + np.exp(STEEP * place)) - 1.0


def _behind(windows: Sequence[tuple[int, int]], rows: np.ndarray) -> np.ndarray:
    """What false words are worth, -1 … 0."""
    worth = np.full(len(rows), -1.0)
    for first, last in windows:
        behind = rows > last
        place = (rows[behind] - last) / max(last - first, 1e-9)
        worth[behind] = np.where(place > FAR, -1.0, _worth(np.minimum(place, FAR)))
    return worth
