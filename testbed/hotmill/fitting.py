"""The models of the hot mill, fitted on plain rolling: heads, tails, speeds, skid marks.

python -m testbed.hotmill.fitting FOLDER [NAME...]
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from anomaly.calibrate import Budget
from anomaly.envelope import EnvelopeView
from anomaly.fit import fit
from anomaly.spectrum import View
from connectors.items import Batch, Item, Mark
from connectors.tags import Group
from connectors.times import nanoseconds
from testbed.engine import Engine
from testbed.hotmill import HotMill, tags
from testbed.scenario import Scatter, Scenario
from testbed.train import looked_at

PLAIN = ("speed_change", "skid_marks", "coil_change")  # what every day brings; what fools an oracle is not learnt
SEEDS = range(10_000, 10_006)


@dataclass(frozen=True, slots=True)
class Made:
    """A model to be made: what its alarm says, and the tags it looks at."""

    condition: str
    place: str
    advice: str
    shorts: tuple[str, ...]
    rings_s: float = 0.0  # s that what has been mended may ring on in its tags; judgement
    view: View | EnvelopeView | None = None  # of the spectrum it looks at; without one it weighs its tags together

    @property
    def kind(self) -> str:
        if self.view is None:
            return "mspc"
        return "spectrum" if isinstance(self.view, View) else "envelope"


MODELS = {
    # a drive moves the loops on both its sides alike: the alarm names the mill, its evidence the loops
    "hotmill-flow": Made("process", "unit", "rematch-speeds", ("LPR_TRIM",), rings_s=10.0),
    "hotmill-walk": Made("process", "unit", "level-rolls", ("CENTRE", "SIDE_DEV")),
    "hotmill-gauge": Made("sensor", "unit", "check-sensor", ("MASS_DEV", "MONITOR")),
    "hotmill-cells": Made("sensor", "top", "check-sensor", ("FORCE_DEV", "SIDE_DEV")),
    "hotmill-valves": Made("machine", "top", "look-at-top-tags", ("SERVO_BIAS", "SERVO_ACT")),
    "hotmill-spectrum": Made("machine", "top", "look-at-top-tags", (), view=View(**tags.SPECTRUM)),
    "hotmill-envelope": Made("machine", "top", "check-roll", (), view=EnvelopeView(**tags.ENVELOPE)),
}


def wanted(made: Made) -> tuple[Group, ...]:
    """The groups that a model reads, less the tags it does not look at."""
    if made.view is not None:
        return looked_at(tags.GROUPS, (), made.view)
    groups = []
    for group in tags.GROUPS[:4]:
        chosen = tuple(t for t in group.tags if t.short in made.shorts)
        if chosen:
            groups.append(replace(group, tags=chosen))
    return tuple(groups)


def normal(seed: int, names: frozenset[str]) -> list[list[Item]]:
    """Four minutes of plain rolling, some tags, second by second."""
    plain = Scenario(name="hotmill-plain", plant=HotMill(grade="SPHC"), duration=240.0, tick_s=1.0,
                     steps=(Scatter(PLAIN[seed % 3 :] + PLAIN[: seed % 3], every=40.0, first=20.0),))  # fmt: skip
    engine = Engine(plain, seed)
    bundles: list[list[Item]] = []
    while engine.plant.present < engine.end:
        items = engine.tick(min(engine.plant.present + nanoseconds(1.0), engine.end))
        bundles.append([_only(item, names) for item in items if isinstance(item, Batch | Mark)])
    return bundles


def _only(item: Batch | Mark, names: frozenset[str]) -> Item:
    if isinstance(item, Mark):
        return Mark(item.group, item.time)
    keep = [i for i, tag in enumerate(item.tags) if tag.name in names] or [0]
    chosen = tuple(item.tags[i] for i in keep)
    return Batch(chosen, item.time, item.values[:, keep].copy(), item.status[:, keep].copy())


def make(names: Sequence[str], folder: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Write the models of these names into a folder."""
    made = {name: MODELS[name] for name in names}
    read = frozenset(tag.name for one in made.values() for group in wanted(one) for tag in group.tags)
    days = [normal(seed, read) for seed in seeds]
    for name, one in made.items():
        groups = wanted(one)
        notes = {
            "name": name, "condition": one.condition, "place": one.place, "advice": one.advice,
            "origin": "trained on data simulated by testbed", "licence": "Apache-2.0",
            "training": {"data": "plain rolling, testbed/hotmill/fitting.py", "seeds": f"{seeds[0]}-{seeds[-1]}"},
        }  # fmt: skip
        if one.rings_s:
            notes["alarm"] = {"k": 3, "n": 5, "off_delay_s": one.rings_s, "deadband": 0.1}
        runs = [lambda day=day, groups=groups: (_chosen(bundle, groups) for bundle in day) for day in days]
        (folder / f"{name}.onnx").write_bytes(fit(one.kind, groups, runs, Budget.parse("1/24h"), notes, view=one.view))


def _chosen(bundle: Sequence[Item], groups: Sequence[Group]) -> list[Item]:
    found: list[Item] = []
    for item in bundle:
        for group in groups:
            if item.group == group.name:
                found.append(_only(item, frozenset(t.name for t in group.tags)) if isinstance(item, Batch) else item)
    return found


if __name__ == "__main__":
    make(sys.argv[2:] or list(MODELS), Path(sys.argv[1]))
