"""Models on scenarios: each is judged alone on each seed; found in time, lead, and false alarms over all hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.tags import Group
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from edge.digest import digest
from edge.library import RULES, choose, find, listed
from edge.model import load_model
from edge.speed import speed
from edge.surface import PLACE
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, Where, called, in_parallel, joined, together
from testbed.library import load, names
from testbed.match import Found, match
from testbed.plant import Plant
from testbed.rivals import ALWAYS
from testbed.running import Incomplete, Order, carry_out
from testbed.scenario import Scenario


@dataclass(frozen=True, slots=True)
class _Job:
    """One model on one seed of one scenario; small enough to hand to another process."""

    scenario: str
    model: str
    seed: int
    over: str


def scenario_rows(
    scenarios: Sequence[str], seeds: Sequence[int], models: Sequence[str] | None, over: str, jobs: Where,
    progress: Progress, cells: Cells | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row a model and scenario, and one for the rival that always alarms.

    Args:
        scenarios: names, patterns of names such as 'caster-*', or scripts.
        seeds: of every scenario.
        models: names or files; None: every model at hand that fits the plant.
        over: transport.
        jobs: processes, or the address of a Ray cluster.
        progress: told how many runs are done.
        cells: runs that are not made again.

    Raises InputError for what is not known or does not fit.
    """
    return rows_of(judged(matching(scenarios), seeds, models, over, jobs, progress, cells))


def judged(
    scenarios: Sequence[str], seeds: Sequence[int], models: Sequence[str] | None, over: str, jobs: Where,
    progress: Progress, cells: Cells | None = None,
) -> dict[tuple[str, str], list[Outcome]]:  # fmt: skip
    """What each model made of each seed, by scenario and model. Arguments as for `scenario_rows`."""
    work = [
        _Job(scenario, model, seed, over)
        for scenario in scenarios
        for model in (models or fitting(scenario))
        for seed in seeds
    ]
    found: dict[tuple[str, str], list[Outcome]] = {}
    for job, outcome in zip(work, in_parallel(_outcome, work, jobs, progress, cells), strict=True):
        found.setdefault((job.scenario, job.model), []).append(outcome)
    return found


def rows_of(judged: Mapping[tuple[str, str], Sequence[Outcome]]) -> list[dict[str, Any]]:
    """Rows of what was judged, the rival's behind the models' of each scenario."""
    rows: list[dict[str, Any]] = []
    for scenario in dict.fromkeys(scenario for scenario, _ in judged):
        plant = plant_of(scenario).name
        own = {model: found for (name, model), found in judged.items() if name == scenario}
        rows += [_row(model, plant, found) for model, found in own.items()]
        rows += [_always(found) for found in list(own.values())[:1]]
    return rows


def matching(patterns: Sequence[str]) -> list[str]:
    """Names of scenarios, and paths of scripts, that patterns mean. Raises InputError for one that means none."""
    found: dict[str, None] = {}
    for pattern in patterns:
        hits = [name for name in names() if fnmatchcase(name, pattern)]
        if not hits and ("*" in pattern or "?" in pattern):
            raise InputError(say("No scenario is called like '{name}'.", name=pattern) + nearest(pattern, names()))
        found.update(dict.fromkeys(hits or [pattern]))
    return list(found)


def fitting(scenario: str) -> list[str]:
    """Every model at hand that finds its tags in a scenario's plant, and the rules where there is a tag to judge.

    A model that inspects a strip comes alone, and with the classifier that the scenario gives it: 'a+b'.
    """
    plant = plant_of(scenario)
    found = [name for name in listed() if _fits(name, plant.groups, plant.name)]
    namers = [name for name in load(scenario).models
              if name not in RULES and _task(find(name, plant.name)) == "classify"]  # fmt: skip
    inspectors = [name for name in found if load_model(find(name)).card.place == PLACE]
    judged = any(group.kind in ("scalars", "blocks") for group in plant.groups)
    return [*found, *(f"{a}+{b}" for a in inspectors for b in namers), *(["rules"] if judged else [])]


def _task(file: Path) -> str:
    return load_model(file).card.task


def plant_of(scenario: str) -> Plant:
    """A scenario's plant, as it is at the start."""
    chosen = load(scenario)
    return chosen.plant.build(0, chosen.start)


def _fits(name: str, groups: Sequence[Group], plant: str) -> bool:
    """Whether a model finds its tags; a classifier judges nothing by itself."""
    try:
        choose([name], groups, plant)
    except InputError:
        return False
    return _task(find(name, plant)) != "classify"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one model made of one run; times in s."""

    scenario: str
    seconds: float
    faults: tuple[Truth, ...]  # that could be found in time
    found: Mapping[str, float]  # when each fault that was found was, since the start
    leads: tuple[float, ...]  # of those found in time
    false_alarms: int
    forbidden: int
    blind_s: float
    m2: float  # of strip that the model inspected
    lost: int
    digest: str | None


def _outcome(job: _Job) -> Outcome:
    """One run, of which one model's events are judged; one that lost samples has no digest, and its losses count."""
    scenario = load(job.scenario)
    models = _beside(scenario, job.model)
    try:
        run = carry_out(Order(scenario, job.seed, job.over, models=models))
    except Incomplete as error:
        run = error.result
    name = run.score["models"][-1]
    own = [event for event in run.events if event.model == name]
    judged = match(run.truths, own)
    found = [entry for entry in judged.found if entry.truth.is_fault and entry.truth.in_time]
    leads = [entry.truth.alert_deadline - entry.events[0].time for entry in found if entry.events]
    return Outcome(
        scenario=scenario.name,
        seconds=run.score["duration_s"],
        faults=tuple(entry.truth for entry in found),
        found=_when(found, run.start),
        leads=tuple(lead / SECOND for lead in leads if lead >= 0),
        false_alarms=len(judged.false_alarms),
        forbidden=len(judged.forbidden),
        blind_s=run.score["blind_by_model"].get(name, 0.0),
        m2=((run.score.get("surface") or {}).get("inspected") or {}).get(name, {}).get("m2", 0.0),
        lost=run.score["samples"]["lost"] + run.score["frames"]["lost"],
        digest=None if run.score["digest"] is None else digest(own, run.start),
    )


def _when(found: Sequence[Found], start: int) -> dict[str, float]:
    """When each fault was found, s since the start; faults of one name are numbered in their order."""
    times: dict[str, float] = {}
    for i, entry in enumerate(found):
        number = 1 + sum(other.truth.name == entry.truth.name for other in found[:i])
        if entry.events:
            times[f"{entry.truth.name} {number}"] = round((entry.events[0].time - start) / SECOND, 3)
    return times


def _beside(scenario: Scenario, model: str) -> list[str]:
    """The model, behind the scenario's own where the line answers their alarms and not this one's.

    A line that nobody saves from a breakout says nothing of a model that looks for something else.
    """
    plant = scenario.plant.build(0, scenario.start)
    answered = {response.condition for response in scenario.responses}
    own = joined(model)
    chosen = choose(own, plant.groups, plant.name)
    if len(chosen) != 1:
        raise InputError(
            say("'{model}' is not one model: only an inspection and its classifier go together.", model=model)
        )
    if not answered or chosen[0].bound.condition in answered:
        return own
    files = {find(name, plant.name) for name in own if name not in RULES}
    others = [name for name in scenario.models if name in RULES or find(name, plant.name) not in files]
    return [name for name in others if name not in own] + own


def _row(model: str, plant: str, found: Sequence[Outcome]) -> dict[str, Any]:
    leads = [lead for one in found for lead in one.leads]
    digests = [one.digest for one in found]
    m2 = sum(one.m2 for one in found)
    timed = model not in RULES and not m2  # what an inspection takes hangs on what it sees
    ms = speed(load_model(find(model, plant))) if timed else None
    return {
        **_head(called(model), found),
        "found_in_time": len(leads),
        "lead_p50_s": _median(leads),
        "false_alarms_per_24h": _in_24h(sum(one.false_alarms for one in found), found),
        "false_per_100m2": round(100.0 * sum(one.false_alarms for one in found) / m2, 3) if m2 else None,
        "forbidden": sum(one.forbidden for one in found),
        "blind_s": round(sum(one.blind_s for one in found), 1),
        "p50_ms": ms[0] if ms else None,
        "p99_ms": ms[1] if ms else None,
        "lost": sum(one.lost for one in found),
        "digest": None if None in digests else together([text for text in digests if text is not None]),
    }


def _always(found: Sequence[Outcome]) -> dict[str, Any]:
    """One alarm from the first moment of every run to its last: finds all faults as they begin, and is always false."""
    faults = [truth for one in found for truth in one.faults]
    return {
        **_head(ALWAYS, found),
        "found_in_time": len(faults),
        "lead_p50_s": _median([(truth.alert_deadline - truth.onset) / SECOND for truth in faults]),
        "false_alarms_per_24h": _in_24h(len(found), found),
        "lost": 0,
    }


def _head(model: str, found: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "model": model,
        "scenario": found[0].scenario,
        "runs": len(found),
        "hours": round(sum(one.seconds for one in found) / 3600.0, 3),
        "faults": sum(len(one.faults) for one in found),
    }


def _in_24h(count: int, found: Sequence[Outcome]) -> float:
    return round(86_400.0 * count / sum(one.seconds for one in found), 3)


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None
