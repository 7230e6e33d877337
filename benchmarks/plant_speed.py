"""How many times faster than real time the units run: every tag at its rate, drained into a sink, on one core.

    python benchmarks/plant_speed.py [--seconds 60] [--tick 1.0] [--json]

Times real time are seconds of source time for a second of this process's CPU time, the best of three stretches after
one to warm up; the plant hands out its samples once a tick. `renderer_mb_s` is drawn strip at 0.5 mm a pixel, a byte
each, in frames of 1024 lines. A unit that is not installed is null. Prints a line a unit, and one JSON object last.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: several threads make small matrices slow

import argparse
import importlib
import json
from time import process_time

from connectors.items import weight
from connectors.times import SECOND
from testbed.plant import START
from testbed.scenario import PlantSpec

UNITS = {  # key: module and spec
    "caster": ("testbed.caster", "Caster"),
    "hot_mill": ("testbed.hotmill", "HotMill"),
    "runout": ("testbed.runout", "RunOutTable"),
    "cold_mill": ("testbed.coldmill", "ColdMill"),
    "whole_works": ("testbed.works", "Works"),
}
SEED, STRETCHES = 10_001, 3
FRAME, FRAMES = 1024, 40  # lines, and how many frames are drawn


def spec_of(module: str, name: str) -> PlantSpec | None:
    """The unit as it comes; None where it is not installed."""
    try:
        return getattr(importlib.import_module(module), name)()
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None


def times_real_time(spec: PlantSpec, seconds: float, tick: float) -> tuple[float, float]:
    """Source seconds a CPU second, best of STRETCHES; and samples, in MB, that a source second brings."""
    plant = spec.build(SEED, START)
    step = round(tick * SECOND)
    best, drained = 0.0, 0
    for i in range(STRETCHES + 1):
        began, end = process_time(), plant.present + round(seconds * SECOND)
        while plant.present < end:
            drained += sum(weight(item) for item in plant.advance(min(plant.present + step, end)))
        spent = process_time() - began
        best = best if i == 0 else max(best, seconds / spent)
    return best, drained / (seconds * (STRETCHES + 1)) / 1e6


def renderer() -> float:
    """MB of strip a CPU second."""
    from testbed.strip.render import Strip

    strip = Strip(SEED, "BENCHMARK")
    strip.render(0, FRAME)
    best = 0.0
    for i in range(STRETCHES):
        began = process_time()
        size = sum(strip.render((i * FRAMES + n) * FRAME, FRAME).nbytes for n in range(FRAMES))
        best = max(best, size / 1e6 / (process_time() - began))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of source time, each stretch")
    parser.add_argument("--tick", type=float, default=1.0, help="s")
    parser.add_argument("--json", action="store_true", help="the last line alone")
    asked = parser.parse_args()
    found: dict[str, float | None] = {}
    for key, (module, name) in UNITS.items():
        spec = spec_of(module, name)
        speed, megabytes = (None, 0.0) if spec is None else times_real_time(spec, asked.seconds, asked.tick)
        found[key] = None if speed is None else round(speed, 1)
        if not asked.json:
            print(f"{key}: {found[key]} x real time, {megabytes:.3f} MB a second", flush=True)
    found["renderer_mb_s"] = round(renderer(), 1)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
