"""The model of the descaler: each zone of the scanning pyrometer held against two others, fitted on normal days.

python -m testbed.runout.fitting FILE

Pressure and flows are not read: blocked nozzles move them as a header at rest does, only less, and a meter that reads
low takes as much from one flow. Where no jet hits, the bar keeps its heat, at one place of the width; pump, meters and
a header at rest leave no such trace.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from anomaly.balance import BalanceView
from anomaly.calibrate import Budget
from anomaly.fit import fit
from testbed.library import load
from testbed.runout.descaler import ZONES
from testbed.runout.tags import DESCALER, GROUPS
from testbed.train import looked_at, run_of

NORMAL = "runout-normal-day"
SEEDS = range(10_000, 10_004)
APART = ZONES // 3  # zones between those of one balance: further than nozzles that are blocked together reach

ZONE = tuple(f"{DESCALER}/T_RDT_{i}" for i in range(1, ZONES + 1))
VIEW = BalanceView(
    balances=tuple(
        (f"zone {i + 1}", (ZONE[i],), (ZONE[(i + APART) % ZONES], ZONE[(i + 2 * APART) % ZONES])) for i in range(ZONES)
    ),
    rate_hz=10.0,
    length=100,  # 10 s: the noise of a mean is a tenth of a sample's
)
NOTES = {
    "name": "runout-descaler", "condition": "process", "severity": 500, "advice": "look-at-top-tags",
    "origin": "trained on data simulated by testbed", "licence": "Apache-2.0",
}  # fmt: skip


def make(seeds: Sequence[int] = SEEDS) -> bytes:
    """The model as the bytes of its file. Seeds from 10,000 up."""
    training = {"data": f"scenario:{NORMAL}", "seeds": f"{seeds[0]}-{seeds[-1]}"}
    groups = looked_at(GROUPS, (), VIEW)
    runs = [run_of(load(NORMAL), seed, groups) for seed in seeds]
    return fit("balance", groups, runs, Budget.parse("1/24h"), {**NOTES, "training": training}, view=VIEW)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(make())
