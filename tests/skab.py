"""Files like those of SKAB, drawn here."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from testbed.datasets.series import SKAB_UNITS


def write_skab(
    root: Path, name: str, rows: int = 600, fault: tuple[int, int] = (500, 560), labelled: bool = True
) -> None:
    """A file like SKAB's, whose every channel steps up where it is faulty."""
    rng = np.random.default_rng(len(name) + rows)
    values = 10.0 + rng.standard_normal((rows, len(SKAB_UNITS)))
    label = np.zeros(rows)
    label[fault[0] : fault[1]] = 1
    values += 8.0 * label[:, None]
    head = ["datetime", *SKAB_UNITS, *(["anomaly", "changepoint"] if labelled else [])]
    lines = [";".join(head)]
    for i in range(rows):
        time = f"2020-03-09 {10 + i // 3600:02d}:{i // 60 % 60:02d}:{i % 60:02d}"
        cells = [time, *(f"{v:.5f}" for v in values[i]), *([f"{label[i]:.1f}", "0.0"] if labelled else [])]
        lines.append(";".join(cells))
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
