"""A year and a test like those of the Battle of the Attack Detection Algorithms, drawn here."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from testbed.datasets.batadal import COLUMNS

START = datetime(2016, 7, 4)


def write_batadal(folder: Path, name: str, rows: int = 700, attacks: tuple[tuple[int, int], ...] = ()) -> None:
    """Hourly rows whose first level steps up by eight sigma in each attack (first, after)."""
    rng = np.random.default_rng([*name.encode()])
    values = 5.0 + 0.1 * rng.standard_normal((rows, len(COLUMNS)))
    flag = np.zeros(rows, int)
    for first, after in attacks:
        values[first:after, 0] += 0.8
        flag[first:after] = 1
    times = [str(START + timedelta(hours=i)) for i in range(rows)]
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"DATETIME": times, **dict(zip(COLUMNS, values.T, strict=True)), "ATT_FLAG": flag}).write_csv(
        folder / name
    )
