"""Scores a record again from what lies in it, up to its last part if the run was killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import SECOND, parse
from edge.merge import Counts
from edge.surface import Looked
from testbed.assumptions import Assumptions, defaults
from testbed.record import RunRecord
from testbed.rivals import rows
from testbed.running import Run
from testbed.scenario import Clean, Detect, Quiet
from testbed.score import Facts, score

# What a report says of a run beside its figures, as the record's head has it.
KEPT = ("title", "story", "began", "expect", "model_files", "urls", "versions", "believed", "genealogy")


def rescore(folder: Path, money: Assumptions | None = None) -> Run:
    """The run in `folder`, scored from its truth and events, priced as it was or by `money`.

    Raises InputError if the folder holds none.
    """
    record = RunRecord(folder)
    about = record.about
    if about.get("kind") == "serve":
        raise InputError(
            say("{folder} is the record of a served plant, which nobody scored; 'testbed run {folder}' runs it again.",
                folder=folder)
        )  # fmt: skip
    start = parse(about["start"])
    before = record.score() or {}
    end = start + round(before["duration_s"] * SECOND) if "duration_s" in before else _last(record, start)
    health = list(record.lines("health"))
    facts = Facts(
        start=start,
        end=end,
        truths=record.truths(),
        events=record.events(),
        counts={k: Counts(**v) for k, v in health[-1]["counts"].items()} if health else {},
        frame_groups=frozenset(g.name for g in record.groups if g.kind == "frames"),
        blind={name: [_ns(span, start) for span in spans] for name, spans in before.get("blind_spans", {}).items()},
        bytes=before.get("bytes", {}),
        looked=_looked(before),
        about={k: about[k] for k in ("scenario", "seed", "over", "speed", "models")} | {"state": about["state"]},
        expect=[_expectation(entry) for entry in about.get("expect", [])],
        notes=before.get("notes", {}),
        is_simulated=about.get("is_simulated", about.get("kind") == "run"),
        is_live=about.get("kind") == "watch",
        money=(money or _assumed(about)) if about.get("kind") == "run" else None,
    )
    summary = score(facts)
    for measured in ("latency_ms", "speed_reached", "zone", "dropped", "unread_sheets", "guard"):
        if measured in before:
            summary[measured] = before[measured]
    if about.get("kind") in ("replay", "watch"):
        summary["rows"] = before.get("rows") or rows(facts.truths, facts.events, {}, start)
    steps = list(record.lines("steps"))
    more = {k: about[k] for k in KEPT if k in about} | {"steps": steps}
    return Run(
        score=summary,
        events=list(facts.events),
        truths=list(facts.truths),
        about={**facts.about, **more},
        groups=record.groups,
        start=start,
        folder=folder,
        signals_of=lambda group: record.signals(group.name),
        true_of=record.true_signals,
        texts_of=record.texts,
    )


def _assumed(about: dict[str, Any]) -> Assumptions:
    """What things cost, as the record says; records of earlier releases do not say."""
    return Assumptions.of(about["assumptions"]) if "assumptions" in about else defaults()


def _ns(span: list[float], start: int) -> tuple[int, int]:
    since, to = (start + round(s * SECOND) for s in span)
    return since, to


def _last(record: RunRecord, start: int) -> int:
    """ns of the newest sample or event of a run that did not end by itself."""
    newest = [event.time for event in record.events()]
    for group in record.groups:
        time: Any = record.signals(group.name)["time"]
        if len(time):
            newest.append(int(np.asarray(time.to_physical())[-1]))
    return max(newest, default=start)


def _expectation(entry: dict[str, Any]) -> Detect | Quiet | Clean:
    values = {k: v for k, v in entry.items() if k != "kind"}
    return {"Detect": Detect, "Quiet": Quiet, "Clean": Clean}[entry["kind"]](**values)


def _looked(before: dict[str, Any]) -> dict[str, Looked]:
    """How much strip had been inspected when the run was scored."""
    return {name: Looked(**one) for name, one in ((before.get("surface") or {}).get("inspected") or {}).items()}
