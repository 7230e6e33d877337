"""Two models beside each other: where their files differ, and where they say different things of the same data."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

from connectors.errors import InputError
from connectors.texts import say
from edge.library import find
from edge.model import loaded
from edge.speed import speed
from testbed.benching.jobs import Progress, called

ASIDE = ("format", "golden", "name")  # of a card: not worth a line


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two models.

    Attributes:
        models: their names.
        differs: of their files: what, and how it is in each.
        rows: of a bench with both, if one was asked for.
        cases: where they said different things: what was judged, and what each said.
    """

    models: tuple[str, str]
    differs: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    cases: list[dict[str, Any]]

    @property
    def score(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"models": list(self.models), "differs": self.differs, "rows": self.rows, "cases": self.cases}


def compare(
    names: Sequence[str], scenario: str | None = None, seeds: Sequence[int] = (1,), data: str | None = None,
    root: Path | None = None, test: Path | None = None, jobs: int = 1, progress: Progress = lambda done, of: None,
) -> Comparison:  # fmt: skip
    """Hold two models against each other, on a scenario or a set of data if one is named.

    Raises InputError for anything that does not fit, or a name that means the same file twice.
    """
    if len(names) != 2:
        raise InputError(say("compare takes two models, but got {n}.", n=len(names)))
    if scenario is not None and data is not None:
        raise InputError(say("compare runs on --scenario or on --data, not on both."))
    plant = ""
    if scenario is not None:
        from testbed.benching.scenarios import plant_of

        plant = plant_of(scenario).name
    files = [find(name, plant) for name in names]
    if files[0].resolve() == files[1].resolve():
        raise InputError(say("{a} and {b} are the same file.", a=names[0], b=names[1]))
    seen = [_facts(file) for file in files]
    a, b = seen
    keys = sorted((key for key in {**a, **b} if a.get(key) != b.get(key)), key=lambda key: "." in key)
    differs = [{"what": key, "a": a.get(key), "b": b.get(key)} for key in keys]
    labels = called(str(names[0])), called(str(names[1]))
    paths = [str(file) for file in files]
    if scenario is not None:
        found, cases = _on_scenario(scenario, seeds, paths, jobs, progress)
    elif data is not None:
        found, cases = _on_data(data, root, test, paths, jobs, progress)
    else:
        found, cases = [], []
    return Comparison(labels, differs, found, cases)


def _facts(file: Path) -> dict[str, Any]:
    """What can be told of a model without data, by name."""
    model, content = loaded(file)
    graph = onnx.load_from_string(content).graph
    p50, p99 = speed(model)
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **_flat("operators", dict(sorted(Counter(node.op_type for node in graph.node).items()))),
        "p50_ms": p50,
        "p99_ms": p99,
        **_flat("", {key: value for key, value in model.card.raw.items() if key not in ASIDE}),
    }


def _flat(name: str, value: Any) -> dict[str, Any]:
    """Objects and lists of objects taken apart: {'a': {'b': 1}} becomes {'a.b': 1}."""
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        value = {str(i + 1): one for i, one in enumerate(value)}
    if not isinstance(value, dict):
        return {name: value}
    inner = (_flat(f"{name}.{key}".lstrip("."), one) for key, one in value.items())
    return {key: one for part in inner for key, one in part.items()}


def _on_scenario(
    scenario: str, seeds: Sequence[int], models: Sequence[str], jobs: int, progress: Progress
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bench rows, and every fault that one found sooner, or alone, and every seed with other false alarms."""
    from testbed.benching.scenarios import judged, rows_of

    both = judged([scenario], seeds, models, "memory", jobs, progress)
    cases = []
    for seed, a, b in zip(seeds, *(both[scenario, model] for model in models), strict=True):
        for fault in sorted({*a.found, *b.found}):
            if a.found.get(fault) != b.found.get(fault):
                cases.append({"case": f"{scenario}, {seed}: {fault}", "a": a.found.get(fault), "b": b.found.get(fault)})
        if a.false_alarms != b.false_alarms:
            told = say("false alarms")
            cases.append({"case": f"{scenario}, {seed}: {told}", "a": a.false_alarms, "b": b.false_alarms})
    return rows_of(both), cases


def _on_data(
    data: str, root: Path | None, test: Path | None, models: Sequence[str], jobs: int, progress: Progress
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Bench rows, and every picture of which they said different things, or every file with other figures."""
    from testbed.datasets import series

    if data in series.SETS:
        from testbed.benching.series import judged
        from testbed.benching.series_rows import rows_of

        found = judged(data, root, test, models, jobs, progress)
        cases = [
            {"case": path, "a": one[models[0]].points.f1, "b": one[models[1]].points.f1}
            for path, one in found.items()
            if one[models[0]].points != one[models[1]].points
        ]
        return rows_of(data, found), cases
    from testbed.benching.pictures import judged as looked
    from testbed.benching.pictures import rows_of as picture_rows_of

    seen = looked(data, root, None, test, models, "memory", progress)
    a, b = seen.judges
    cases = [
        {"case": seen.pictures[i].path, "truth": seen.pictures[i].label, "a": a.said[i], "b": b.said[i]}
        for i in sorted(a.said)
        if a.said[i] != b.said[i]
    ]
    return picture_rows_of(data, seen), cases
