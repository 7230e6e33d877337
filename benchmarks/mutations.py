"""Mutated payloads of every kind that comes from outside: refused by name, or read as a reference reads them.

    python benchmarks/mutations.py [--count 1000000] [--only publish] [--seed 10020] [--json]

So many of each kind: publish bodies (reference: asyncua), Sparkplug (protobuf's pure-Python decoder), JSON (the
standard library), group messages with blocks and pictures (a plain reading by struct), and headers of pictures. The
first payload that is read wrongly ends it, and is shown. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from connectors.clock import Stopwatch
from tests.connectors.mutations import KINDS, storm

FLAT_KIB = 20_000  # what an allocator may gain after the first tenth


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--only", choices=[kind.name for kind in KINDS])
    parser.add_argument("--seed", type=int, default=10_020)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    tallies = {}
    if not asked.json:
        print(
            "| kind | payloads | decoded as the reference | refused by name | memory gained KiB | s |\n"
            + "|---" * 6
            + "|"
        )
    for kind in KINDS:
        if asked.only in (None, kind.name):
            watch = Stopwatch()
            tally = storm(kind, asked.count, asked.seed)
            tallies[kind.name] = {**asdict(tally), "s": round(watch.seconds())}
            if not asked.json:
                print("| " + " | ".join([kind.name, *map(str, tallies[kind.name].values())]) + " |", flush=True)
    is_flat = all(tally["grown_kib"] < FLAT_KIB for tally in tallies.values())
    print(json.dumps({"kinds": tallies, "is_flat": is_flat}))
    return 0 if is_flat else 1


if __name__ == "__main__":
    raise SystemExit(main())
