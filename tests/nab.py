"""Series like those of the Numenta Anomaly Benchmark, drawn here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

START = datetime(2014, 4, 10, 0, 4)
STEP = timedelta(minutes=5)
AROUND = 20  # rows of a window before and after what happened


def write_nab(root: Path, happened: Mapping[str, Sequence[int]], rows: int = 1200) -> None:
    """Series 'folder/name.csv', each with a step of eight sigma for ten rows at the given rows, and their windows."""
    windows = {}
    for name, events in happened.items():
        rng = np.random.default_rng([*name.encode()])
        values = 50.0 + rng.standard_normal(rows)
        for row in events:
            values[row : row + 10] += 8.0
        times = [START + i * STEP for i in range(rows)]
        windows[name] = [[f"{times[row - AROUND]}.000000", f"{times[row + AROUND]}.000000"] for row in events]
        path = root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"timestamp": [str(t) for t in times], "value": values}).write_csv(path)
    (root / "labels").mkdir(exist_ok=True)
    (root / "labels" / "combined_windows_here.json").write_text(json.dumps(windows))
