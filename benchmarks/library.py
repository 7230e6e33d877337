"""The whole scenario library on many seeds: what is found before its deadline, what is missed, and what rings falsely.

    python benchmarks/library.py [--seeds 0-19] [--also caster-quiet:0-9 ...] [--jobs 2] [--out FOLDER] [--json]

Each scenario runs with the models it names, once a seed. A row a fault: how many could be found in time, how many were,
the lead, and what came of the others. A row a plant: hours without and with look-alikes, false alarms, and how many
that is in 24 hours. As tables, and as one JSON object in the last line. With --out each run's score is kept, and the
same command goes on where it stopped. Simulated plants all; the shipped models were fitted on seeds from 10,000 up.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from testbed.library import load, names
from testbed.running import Order, carry_out

KEPT = ("scenario", "seed", "plant", "duration_s", "faults", "false_alarm_events", "forbidden", "blind_s", "met")


def scored(job: tuple[str, int]) -> dict:
    """What is kept of the score of one seed."""
    name, seed = job
    scenario = load(name)
    plant = scenario.plant.build(0, scenario.start).name
    told = {"scenario": name, "seed": seed, "plant": plant, **carry_out(Order(scenario, seed)).score}
    return {key: told[key] for key in KEPT}


def scores(jobs: list[tuple[str, int]], processes: int, out: Path | None) -> Iterator[dict]:
    """Of all jobs, those in the folder first."""
    files = {job: out / f"{job[0]}-{job[1]}.json" for job in jobs} if out else {}
    done = {job: json.loads(file.read_text()) for job, file in files.items() if file.exists()}
    yield from done.values()
    left = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for job, score in zip(left, pool.map(scored, left), strict=True):
            if out:
                files[job].write_text(json.dumps(score))
            yield score


def fault_rows(found: list[dict]) -> list[dict]:
    """A row a fault and scenario."""
    rows = {}
    for score in found:
        for fault in score["faults"]:
            row = rows.setdefault((score["scenario"], fault["name"]), {"leads": [], "in_time": 0, "all": 0, "no": []})
            row["all"] += 1
            row["in_time"] += fault["in_time"]
            if fault["in_time"] and fault["detected"]:
                row["leads"].append(fault["lead_s"])
            elif fault["in_time"]:
                late = fault["lead_s"]
                row["no"].append(f"seed {score['seed']} " + ("never" if late is None else f"{-late:.0f} s late"))
    return [
        {
            "scenario": scenario, "fault": name, "injected": row["all"], "detectable_in_time": row["in_time"],
            "found_in_time": len(row["leads"]), "lead_p50_s": _middle(row["leads"]),
            "lead_min_s": round(min(row["leads"]), 1) if row["leads"] else None, "missed": row["no"],
        }
        for (scenario, name), row in rows.items()
    ]  # fmt: skip


def plant_rows(found: list[dict]) -> list[dict]:
    """A row a plant: false alarms over all its hours, by scenario and condition where there are any."""
    rows = []
    for plant in dict.fromkeys(score["plant"] for score in found):
        own = [score for score in found if score["plant"] == plant]
        days = sum(score["duration_s"] for score in own) / 86400.0
        rang = [(s["scenario"], e["condition"]) for s in own for e in s["false_alarm_events"]]
        rows.append({
            "plant": plant, "runs": len(own), "days": round(days, 3), "false_alarms": len(rang),
            "forbidden": sum(len(score["forbidden"]) for score in own), "per_24h": round(len(rang) / days, 2),
            "by": {f"{a} {b}": rang.count((a, b)) for a, b in dict.fromkeys(rang)},
        })  # fmt: skip
    return rows


def _middle(values: list[float]) -> float | None:
    return round(float(np.median(values)), 1) if values else None


def table(rows: list[dict]) -> None:
    """Under the keys of the first row."""
    told = [[str(key) for key in rows[0]], *([_cell(value) for value in row.values()] for row in rows)]
    wide = [max(len(row[i]) for row in told) for i in range(len(told[0]))]
    for row in told:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, wide, strict=True)).rstrip())
    print()


def _cell(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def seeds_of(text: str) -> range:
    """'0-19' or '7'."""
    first, last = (text.split("-") * 2)[:2]
    return range(int(first), int(last) + 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-19")
    parser.add_argument("--also", nargs="*", default=[], help="slow scenarios and their seeds: caster-quiet:0-9")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true", help="the last line alone")
    asked = parser.parse_args()
    if asked.out:
        asked.out.mkdir(parents=True, exist_ok=True)
    library = [name for name in names() if not load(name).slow]
    jobs = [(name, seed) for seed in seeds_of(asked.seeds) for name in library]
    jobs += [(name, seed) for name, seeds in (one.split(":") for one in asked.also) for seed in seeds_of(seeds)]
    found = []
    for score in scores(jobs, asked.jobs, asked.out):
        found.append(score)
        if not asked.json:
            print(f"\r{len(found)} of {len(jobs)} runs", end="", flush=True)
    faults, plants = fault_rows(found), plant_rows(found)
    could, did = (sum(row[key] for row in faults) for key in ("detectable_in_time", "found_in_time"))
    total = {"seeds": asked.seeds, "detectable_in_time": could, "found_in_time": did, "share": round(did / could, 4)}
    if not asked.json:
        print("\n")
        table(faults)
        table(plants)
        print("  ".join(f"{key} {value}" for key, value in total.items()))
    print(json.dumps({**total, "faults": faults, "plants": plants}))


if __name__ == "__main__":
    main()
