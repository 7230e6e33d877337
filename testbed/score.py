"""The honest score of a run: faults against their deadlines, false alarms, blind time, samples lost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from connectors.results import Event
from connectors.times import SECOND
from connectors.truth import Truth
from edge.digest import digest
from edge.merge import Counts
from edge.surface import Looked
from testbed.assumptions import Assumptions
from testbed.match import Found, Match, match
from testbed.money import estimate
from testbed.scenario import Clean, Detect, Quiet
from testbed.strip_score import is_clean, of_mark, surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run leaves behind to be scored.

    Attributes:
        start, end: ns, the stretch that is scored.
        truths, events: the answer key and what was said.
        counts: by group; `frame_groups` names those of pictures.
        blind: by model, stretches that could not be scored, (from, to) in ns.
        latency_s: from a tick's sending to all its results, wall seconds.
        bytes: by transport.
        wall_s: wall seconds the run took.
        about: scenario, seed, over, speed, models, for the score's head.
        expect: what must hold.
        looked: how much strip was inspected, by model.
        notes: what a source put right or refused, counted.
        is_simulated: the samples came from a simulated plant.
        is_live: they came as they did, from a live line: what was late is counted, but no digest can be promised.
        money: what things cost; None: nothing is priced.
    """

    start: int
    end: int
    truths: Sequence[Truth]
    events: Sequence[Event]
    counts: Mapping[str, Counts] = field(default_factory=dict)
    frame_groups: frozenset[str] = frozenset()
    blind: Mapping[str, Sequence[tuple[int, int]]] = field(default_factory=dict)
    latency_s: Sequence[float] = ()
    bytes: Mapping[str, int] = field(default_factory=dict)
    wall_s: float = 0.0
    about: Mapping[str, Any] = field(default_factory=dict)
    expect: Sequence[Detect | Quiet | Clean] = ()
    looked: Mapping[str, Looked] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    is_simulated: bool = True
    is_live: bool = False
    money: Assumptions | None = None


def score(facts: Facts) -> dict[str, Any]:
    """The score as plain JSON values; times are seconds since the start of the scenario."""
    result = match(facts.truths, facts.events)
    hours = (facts.end - facts.start) / SECOND / 3600.0
    samples = _total([c for name, c in facts.counts.items() if name not in facts.frame_groups])
    frames = _total([c for name, c in facts.counts.items() if name in facts.frame_groups])
    is_whole = not any(total[what] for total in (samples, frames) for what in ("late", "lost"))
    duration = (facts.end - facts.start) / SECOND
    blind = {name: [[_s(since, facts), _s(to, facts)] for since, to in spans] for name, spans in facts.blind.items()}
    return {
        **facts.about,
        "speed_reached": round(duration / facts.wall_s, 2) if facts.wall_s > 0 else None,
        "digest": digest(facts.events, facts.start) if is_whole and not facts.is_live else None,
        "duration_s": duration,
        "faults": [_fault(entry, facts) for entry in result.found if entry.truth.is_fault],
        "lookalikes": [_lookalike(entry, result, facts) for entry in result.found if not entry.truth.is_fault],
        "false_alarms": len(result.false_alarms),
        "false_alarms_per_24h": round(len(result.false_alarms) * 24.0 / hours, 3) if hours > 0 else None,
        "false_alarm_events": [_event(event, facts) for event in result.false_alarms],
        "aftermath": len(result.aftermath),
        "forbidden": [
            {"name": f.truth.name, "where": f.truth.where, **_event(f.event, facts)} for f in result.forbidden
        ],
        "blind_s": _covered([span for spans in blind.values() for span in spans]),
        "blind_by_model": {name: _covered(spans) for name, spans in blind.items()},
        "blind_spans": blind,
        "samples": samples,
        "frames": frames,
        "notes": dict(facts.notes),
        "bytes": dict(facts.bytes),
        "latency_ms": {"p50": _percentile(facts.latency_s, 50), "p99": _percentile(facts.latency_s, 99)},
        "is_simulated": facts.is_simulated,
        "money": None if facts.money is None else estimate(result.found, result.false_alarms, facts.money),
        "surface": surface(result, facts.looked),
        "met": (is_whole or facts.is_live) and _met(facts, result, hours),
    }


def _fault(entry: Found, facts: Facts) -> dict[str, Any]:
    truth = entry.truth
    first = entry.events[0] if entry.events else None
    return {
        "name": truth.name,
        "where": truth.where,
        "onset": _s(truth.onset, facts),
        "detectable_from": _s(truth.detectable_from, facts),
        "deadline": _s(truth.alert_deadline, facts),
        "consequence": _s(truth.consequence_time, facts),
        "cleared": _s(truth.cleared, facts),
        "in_time": truth.in_time,
        "detected_at": None if first is None else _s(first.time, facts),
        "delay_s": None if first is None else round((first.time - truth.onset) / SECOND, 6),
        "lead_s": None if first is None else round((truth.alert_deadline - first.time) / SECOND, 6),
        "detected": first is not None and first.time <= truth.alert_deadline,
        "repeats": max(0, len(entry.events) - 1),
        **({"severity": truth.severity} if truth.severity else {}),
        "model": None if first is None else first.model,
        "source": None if first is None else first.source,
        **of_mark(entry),
    }


def _lookalike(entry: Found, result: Match, facts: Facts) -> dict[str, Any]:
    truth = entry.truth
    return {
        "name": truth.name,
        "where": truth.where,
        "onset": _s(truth.onset, facts),
        "cleared": _s(truth.cleared, facts),
        "expects": list(truth.expects),
        "found": bool(entry.events) if truth.expects else None,
        "found_at": _s(entry.events[0].time, facts) if entry.events else None,
        **({} if truth.box is None else {"box": asdict(truth.box)}),
        "forbidden": sum(f.truth == truth for f in result.forbidden),
    }


def _event(event: Event, facts: Facts) -> dict[str, Any]:
    return {
        "at": _s(event.time, facts),
        "condition": event.condition,
        "source": event.source,
        "model": event.model,
        "score": float(f"{event.score:.4g}"),
    }


def _met(facts: Facts, result: Match, hours: float) -> bool:
    """Whether everything the scenario expects came true."""
    for expectation in facts.expect:
        if isinstance(expectation, Quiet):
            allowed = math.floor(expectation.false_alarms_per_24h * hours / 24.0 + 1e-9)
            if len(result.false_alarms) > allowed or result.forbidden:
                return False
        elif isinstance(expectation, Clean):
            if not is_clean(expectation, result, facts.looked):
                return False
        else:
            wanted = [e for e in result.found if e.truth.name == expectation.name and e.truth.in_time]
            late = [e for e in wanted if not e.events or e.events[0].time > e.truth.alert_deadline]
            if len(late) > math.floor((1 - expectation.share) * len(wanted) + 1e-9):
                return False
    return True


def _total(counts: Sequence[Counts]) -> dict[str, int]:
    return {what: sum(getattr(c, what) for c in counts) for what in ("expected", "received", "late", "lost", "doubled")}


def _s(time: int | None, facts: Facts) -> float | None:
    return None if time is None else round((time - facts.start) / SECOND, 6)


def _covered(spans: Sequence[Sequence[float | None]]) -> float:
    """Seconds that at least one of the stretches covers, after the start."""
    total, reached = 0.0, 0.0
    for since, to in sorted((since or 0.0, to or 0.0) for since, to in spans):
        total += max(0.0, to - max(since, reached))
        reached = max(reached, to)
    return round(total, 3)


def _percentile(values: Sequence[float], share: float) -> float | None:
    """In ms, nearest rank."""
    if not values:
        return None
    ordered = sorted(values)
    return round(1e3 * ordered[min(len(ordered) - 1, int(share / 100.0 * len(ordered)))], 3)
