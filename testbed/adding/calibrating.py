"""The alarm level of a model that says none: what normal data reach once in the budget's period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.calibrate import Budget, Threshold, threshold
from connectors.errors import InputError
from connectors.results import Result
from connectors.tags import Group
from connectors.texts import say
from edge.model import OnnxModel
from edge.pipeline import Pipeline, Watch
from testbed.adding.answers import Answers, text
from testbed.adding.draft import level
from testbed.seeds import seeds_of
from testbed.train import BUDGET, FIRST_TRAINING_SEED, run_of

SEEDS = f"{FIRST_TRAINING_SEED}-{FIRST_TRAINING_SEED + 9}"  # of a scenario's runs, where none are named


def calibrated(model: OnnxModel, card: dict[str, Any], answers: Answers) -> dict[str, Any]:
    """The card with gains and offsets that put the alarm level where normal data come once in the budget.

    Raises InputError for data that do not fit, and for seeds that are kept for scoring.
    """
    data = answers.get("calibrate", text) or ""
    budget = Budget.parse(answers.get("budget", text) or BUDGET)
    groups, runs, source = _normal(data, answers)
    scores = [_scores(model, groups, run) for run in runs]
    stride = max(float(entry["stride_s"]) for entry in card["inputs"])
    found = threshold(scores, stride, budget)
    outputs = [_at(entry, found) if "gain" in entry else entry for entry in card["outputs"]]
    hours = {"normal_hours": round(found.hours, 3), "budget": f"{budget.alarms:g}/{budget.seconds / 3600:g}h"}
    more = {"method": found.method, "highest_seen": float(f"{found.seen:.6g}"), "data": source,
            "tail": found.tail.told()}  # fmt: skip
    value = found.value * next(entry["gain"] for entry in card["outputs"] if "gain" in entry)
    return {**card, "outputs": outputs, "threshold": value, "calibration": {**hours, **more}}


def _at(entry: dict[str, Any], found: Threshold) -> dict[str, Any]:
    """The output with its level at the threshold; its gain so far is 1, or -1 where less is worse."""
    by = level(found.value)
    return {**entry, "gain": entry["gain"] * by["gain"], "offset": by["offset"]}


def _normal(data: str, answers: Answers) -> tuple[Sequence[Group], list[Any], str]:
    """Groups and runs of normal data: `scenario:NAME`, a file, or a record."""
    if data.startswith("scenario:"):
        from testbed.library import load

        asked = answers.get("seeds", text) or SEEDS
        seeds = seeds_of(asked)
        if min(seeds) < FIRST_TRAINING_SEED:
            raise InputError(
                say("Seeds below {first} are kept for scoring. Train on --seeds {first}-{last}.",
                    first=FIRST_TRAINING_SEED, last=FIRST_TRAINING_SEED + len(seeds) - 1)
            )  # fmt: skip
        scenario = replace(load(data.removeprefix("scenario:")), responses=(), delay_s=2.0, tick_s=1.0)
        groups = scenario.plant.build(seeds[0], scenario.start).groups
        return groups, [run_of(scenario, seed, groups) for seed in seeds], f"{data}, seeds {asked}"
    from connectors.tag_list import read_tag_list
    from testbed.record_data import open_data

    tags = answers.get("tags", text)
    source = open_data(Path(data), None if tags is None else read_tag_list(tags))
    return source.groups, [source.bundles], Path(data).name


def _scores(model: OnnxModel, groups: Sequence[Group], run: Any) -> np.ndarray:
    """Scores of every window of a normal run, as the runtime gives them."""
    bound = model.bind(groups)
    wanted = {channel for spec in bound.windows for channel in spec.channels}
    read = [group for group in groups if any(tag.name in wanted for tag in group.tags)]
    names, scores = {group.name for group in read}, []

    def note(result: Result) -> None:
        scores.append(result.score)

    pipeline = Pipeline(read, [bound], watch=Watch(result=note))
    for bundle in run():
        pipeline.feed([item for item in bundle if item.group in names])
    return np.array(scores)
