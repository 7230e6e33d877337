"""Records like those of the bearing data of Case Western Reserve University, drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from testbed.datasets.bearings import COLUMN, RATE, VIEW

ORDERS = dict(VIEW.orders[0])
RINGS_HZ = 3000.0
SAMPLES = 33_000  # two windows, and some more


def vibration(fault: str, size: float, rpm: float, samples: int = SAMPLES, seed: int = 1) -> np.ndarray:
    """Acceleration, g, float64 (samples,): noise, and blows at the fault's order that ring; a ball's come anyhow."""
    rng = np.random.default_rng([seed, *fault.encode(), round(1e3 * size), round(rpm)])
    x = 0.05 * rng.standard_normal(samples)
    if fault == "normal":
        return x
    turns = rpm / 60.0 / RATE
    if fault == "ball":
        at = np.sort(rng.uniform(0, samples - 1, round(samples * turns * 5)))
    else:
        period = 1.0 / (ORDERS["BPFI" if fault.startswith("inner") else "BPFO"] * turns)
        at = np.cumsum(period * (1.0 + 0.005 * rng.standard_normal(int(samples / period) - 2)))
    blows = np.zeros(samples)
    blows[at.astype(int)] = size * 20.0 * (1.0 + 0.1 * rng.standard_normal(len(at)))
    t = np.arange(200) / RATE
    return x + np.convolve(blows, np.exp(-900.0 * t) * np.sin(2 * np.pi * RINGS_HZ * t))[:samples]


def write_cwru(
    root: Path, folder: str = "shared", sizes: Sequence[float] = (0.014, 0.021), loads: Sequence[int] = (0, 1),
    sound: bool = True,
) -> list[str]:  # fmt: skip
    """Records of every fault, size and load and their index; paths of the records, relative to the root."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    cases = [(fault, size, load) for fault in ("ball", "inner", "outer_at_6") for size in sizes for load in loads]
    rows = []
    for fault, size, load in [*cases, *([("normal", 0.0, 0)] if sound else [])]:
        rpm = 1797.0 - 24.0 * load
        x = vibration(fault, size, rpm, SAMPLES if size else 2 * SAMPLES)
        path = f"{folder}/{fault}_{round(1e3 * size):03}_{load}.parquet"
        pl.DataFrame({COLUMN: x.astype(np.float32)}).write_parquet(root / path)
        rows.append({"file": path, "fault": fault, "size_inch": size, "load_hp": load, "rpm": rpm, "fs": RATE})
    pl.DataFrame(rows).write_csv(root / f"index_{folder}.csv")
    return [row["file"] for row in rows]
