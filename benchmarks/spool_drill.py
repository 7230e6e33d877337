"""The spool drill through `testbed watch --publish`: the receiver away, the watch killed twice, nothing lost.

    python benchmarks/spool_drill.py [--away 600] [--broker mosquitto|embedded] [--json]

Ten models score a value every 20 ms, 500 results a second. What arrives is held against the numbers that the spool
gave. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.drills.bench import load
from tests.drills.spool import drill


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--away", type=float, default=600.0, help="wall seconds without a receiver")
    parser.add_argument("--broker", choices=("mosquitto", "embedded"), default="mosquitto")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(drill(Path(folder), asked.away, asked.broker))
    if not asked.json:
        print(f"{outcome.results} results, {outcome.per_s:g} a second; lost {outcome.missing}, out of order "
              f"{outcome.disordered}, doubles {outcome.doubles}, of another body {outcome.changed}")  # fmt: skip
    print(json.dumps({**asdict(outcome), "is_whole": outcome.is_whole, "machine": load()}))
    return 0 if outcome.is_whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
