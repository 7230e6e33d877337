"""Files like those of the Tennessee Eastman set, drawn here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from testbed.datasets.series import TEP_TAGS

STEP_MIN = 3


def write_tep(folder: Path, name: str, rows: int = 300, fault: int = 0, onset: int = 160) -> None:
    """A run whose first channel steps up by eight sigma at `onset` where it has a fault."""
    rng = np.random.default_rng(sum(name.encode()))
    values = 50.0 + rng.standard_normal((rows, len(TEP_TAGS)))
    label = (np.arange(rows) >= onset) & (fault > 0)
    values[:, 0] += 8.0 * label
    columns = {"minute": np.arange(rows) * STEP_MIN}
    columns |= {tag.address: values[:, i] for i, tag in enumerate(TEP_TAGS)}
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({**columns, "fault": np.full(rows, fault), "label": label.astype(int)}).write_parquet(folder / name)
