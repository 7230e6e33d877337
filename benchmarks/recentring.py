"""A normal day at the simulated caster on which the mould's water grows warm: false alarms before and after.

    python benchmarks/recentring.py [--warm K] [--hours H]

The simulated plant holds its inlet at one temperature. So the warmth is laid over what a run measured: inlet and both
outlets rise alike, a third of it by a ramp within the day. One run (seed 10,001, warm all the time) is confirmed to be
normal and moves the centre; another (seed 1) is scored. `caster-mspc` is the shipped file; `var-residual` is fitted
here on seed 10,000 without warmth.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from anomaly.calibrate import Budget
from anomaly.fit import fit
from connectors.items import Batch, Item
from connectors.tags import Group
from edge.model import SHIPPED, load_model
from testbed.library import load
from testbed.recentring import Said, Stretch, furthest, recentred
from testbed.train import run_of, without

WARM = ("MW_TIN", "MW_TOUT_BF", "MW_TOUT_FF")  # what warmer water lifts
RAMP = 1.0 / 3.0  # of the warmth, that comes within the day


def measured(groups: list[Group], hours: float, seed: int) -> list[list[Item]]:
    """Bundles of a normal run."""
    quiet = load("caster-quiet")
    scenario = replace(quiet, responses=(), tick_s=1.0, duration=3600.0 * hours)
    return list(run_of(scenario, seed, groups)())


def write(place: Path, bundles: list[list[Item]], warm: float) -> Path:
    """A run as CSV, a column a tag, `warm` K laid over its waters."""
    batches = [item for bundle in bundles for item in bundle if isinstance(item, Batch)]
    tags = {tag.name: tag for batch in batches for tag in batch.tags}
    times = np.unique(np.concatenate([batch.time for batch in batches]))
    values = {name: np.full(len(times), np.nan) for name in tags}
    for batch in batches:
        rows = np.searchsorted(times, batch.time)
        for i, tag in enumerate(batch.tags):
            values[tag.name][rows] = batch.values[:, i]
    drift = warm * (1.0 - RAMP + RAMP * np.linspace(0.0, 1.0, len(times)))
    for name in tags:
        if name.endswith(WARM):
            values[name] += drift
    from connectors.times import text

    lines = ["time," + ",".join(tags)]
    for i, time in enumerate(times):
        cells = ("" if np.isnan(values[name][i]) else f"{values[name][i]:.6g}" for name in tags)
        lines.append(f"{text(int(time))}," + ",".join(cells))
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    listed = ["name,unit,rate_hz,address,group"]
    listed += [f"{tag.name},{tag.unit},{tag.rate_hz or ''},{tag.name},{tag.group}" for tag in tags.values()]
    place.with_name("tags.csv").write_text("\n".join(listed) + "\n", encoding="utf-8")
    return place


def _told(said: Said) -> str:
    """Alarms that went active, and the share of all windows that reached the alarm level."""
    return f"{len(said.alarms)} ({100.0 * np.mean(said.scores[np.isfinite(said.scores)] >= 1.0):.1f} %)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warm", type=float, default=0.15, help="K")
    parser.add_argument("--hours", type=float, default=2.0)
    asked = parser.parse_args()
    shipped = SHIPPED / "caster-mspc.onnx"
    channels = set(load_model(shipped).card.inputs[0].channels)
    plant = load("caster-quiet").plant.build(1, 0)
    names = [tag.name for group in plant.groups for tag in group.tags if tag.name not in channels]
    groups = list(without(plant.groups, names))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        learned = place / "var-residual.onnx"
        normal = measured(groups, asked.hours, 10_000)
        learned.write_bytes(fit("var-residual", groups, [lambda: iter(normal)], Budget.parse("1/24h")))
        confirmed = write(place / "confirmed.csv", measured(groups, asked.hours, 10_001), asked.warm)
        scored, cold = measured(groups, asked.hours, 1), place / "cold.csv"
        day = Stretch(data=write(place / "day.csv", scored, asked.warm), by="bench", tags=place / "tags.csv").source()
        same = Stretch(data=write(cold, scored, 0.0), by="bench", tags=place / "tags.csv").source()
        print("| model | alarms (share of windows), as learned | warm, before | warm, after | furthest tag |")
        print("|---" * 5 + "|")
        for file in (shipped, learned):
            stretch = Stretch(data=confirmed, by="bench", tags=place / "tags.csv")
            made, entry = recentred(str(file), stretch, most=1e9, force=True)
            old = file.read_bytes()
            told = [_told(Said.of(data, "m", of)) for data, of in ((old, same), (old, day), (made, day))]
            tag, z = furthest(entry)
            print(f"| {file.stem} | {told[0]} | {told[1]} | {told[2]} | {tag.rsplit('/', 1)[-1]} {z:+.1f} σ |")
            print(f"in the confirmed run {entry['alarms_before']} -> {entry['alarms_after']} {entry['forced_against']}")


if __name__ == "__main__":
    main()
