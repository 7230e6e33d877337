"""Chaos drills at full length against node-opcua and mosquitto: shown, back, and every sample accounted for.

    python benchmarks/drills.py [--share 1.0] [--only NAME] [--over opcua|mqtt] [--json]

A foreign server (tests/node/ticks.js) or publisher (tests/node/ticks_mqtt.js) writes tick numbers. `expected` is
counted from them; `received` are the different ones that came out of the source, `lost` is what the source says it
lost. The last line is one JSON object. It needs node with the packages of tests/node, and mosquitto.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.drills.bench import DRILLS, Outcome, load, run_all

SHOWN_S, BACK_S = 3.0, 5.0


HEAD = ("over", "drill", "s", "shown s", "back s", "what is shown", "expected", "received", "filled", "lost", "doubled",
        "adds up")  # fmt: skip


def _row(outcome: Outcome) -> str:
    times = ["never" if s is None else f"{s:.2f}" for s in (outcome.shown_s, outcome.back_s)]
    counts = [outcome.expected, outcome.received, outcome.filled, outcome.lost, outcome.doubled]
    shown = f"{outcome.state}: {outcome.reason}" if outcome.reason else outcome.at_end
    cells = [outcome.over, outcome.name, f"{outcome.length_s:g}", *times, shown, *map(str, counts)]
    return "| " + " | ".join([*cells, "yes" if outcome.adds_up else "NO"]) + " |"


async def _all(names: str, overs: Sequence[str], share: float, told: Callable[[Outcome], None]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["TESTBED_HOME"] = str(Path(home) / "home")
        for over in overs:
            chosen = [drill for drill in DRILLS if names in drill.name and over in drill.over]
            async for outcome in run_all(chosen, over, Path(home), share):
                outcomes.append(outcome)
                told(outcome)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--over", choices=("opcua", "mqtt"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not asked.json:
        print("| " + " | ".join(HEAD) + " |")
        print("|---" * len(HEAD) + "|")
    overs = [asked.over] if asked.over else ["opcua", "mqtt"]

    def told(outcome: Outcome) -> None:
        if not asked.json:
            print(_row(outcome), flush=True)

    outcomes = asyncio.run(_all(asked.only, overs, asked.share, told))
    met = [o.adds_up and (o.shown_s or 99) <= SHOWN_S and (o.back_s or 99) <= BACK_S for o in outcomes]
    print(json.dumps({"drills": [o.as_dict() for o in outcomes], "met": sum(met), "of": len(met), "machine": load()}))
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
