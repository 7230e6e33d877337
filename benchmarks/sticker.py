"""How well the shipped sticker model carries over: 40 seeds on the nominal mould and on moulds that differ by 30 %.

    python benchmarks/sticker.py [--seeds 0-39] [--json]

Prints for each mould how many of the stickers that could be seen in time were found before their deadline, the lead,
and false alarms; as a table, and as one JSON object in the last line. Simulated moulds all.
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import numpy as np

from testbed.caster import Caster
from testbed.library import load
from testbed.running import Order, carry_out

MOULDS = {
    "nominal": Caster(),
    "lag -30 %": Caster(lag_scale=0.7),
    "lag +30 %": Caster(lag_scale=1.3),
    "noise -30 %": Caster(noise_scale=0.7),
    "noise +30 %": Caster(noise_scale=1.3),
    "row pitch -30 %": Caster(pitch_scale=0.7),
    "row pitch +30 %": Caster(pitch_scale=1.3),
}


def scored(job: tuple[str, int]) -> dict:
    """Score of one seed on one mould."""
    mould, seed = job
    scenario = replace(load("caster-sticker"), plant=MOULDS[mould], tick_s=0.5)
    return carry_out(Order(scenario, seed)).score


def row(mould: str, scores: list[dict]) -> dict:
    """One row of the table."""
    faults = [fault for score in scores for fault in score["faults"] if fault["in_time"]]
    leads = [fault["lead_s"] for fault in faults if fault["detected"]]
    return {
        "mould": mould,
        "stickers": len(faults),
        "found_in_time": len(leads),
        "lead_p50_s": round(float(np.median(leads)), 1) if leads else None,
        "lead_min_s": min(leads, default=None),
        "false_alarms": sum(score["false_alarms"] for score in scores),
        "forbidden": sum(len(score["forbidden"]) for score in scores),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-39")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="the last line alone")
    asked = parser.parse_args()
    first, last = (int(n) for n in asked.seeds.split("-"))
    seeds = range(first, last + 1)
    rows = []
    with ProcessPoolExecutor(asked.jobs, mp_context=get_context("spawn")) as pool:
        for mould in MOULDS:
            rows.append(row(mould, list(pool.map(scored, [(mould, seed) for seed in seeds]))))
            if not asked.json:
                print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    print(json.dumps({"seeds": asked.seeds, "rows": rows}))


if __name__ == "__main__":
    main()
