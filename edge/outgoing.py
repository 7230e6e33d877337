"""Results and events as they leave an edge box: topics of a unified namespace and bodies of JSON values."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from connectors.results import AlarmState, Event, Finding, Result
from connectors.times import text

RESULT, EVENT = "testbed.result/1", "testbed.event/1"
MARKER = "_ai"  # topic level under the unit that carries what models say
ACTIVE = (AlarmState.UNACK, AlarmState.ACKED)
UNACKNOWLEDGED = (AlarmState.UNACK, AlarmState.RTN_UNACK)


def topic(unit: str, model: str, kind: str) -> str:
    """Where a model's results or events go.

    >>> topic("POH/STEEL/CC1", "sticker", "event")
    'POH/STEEL/CC1/_ai/sticker/event'
    """
    levels = [*filter(None, [unit]), MARKER, model.replace("/", "_"), kind]
    return re.sub(r"[+#\0]", "_", "/".join(levels))


def result_body(result: Result) -> dict[str, Any]:
    """A result; `score` is null where the window could not be scored. Maps of pictures stay here."""
    is_blind = result.score != result.score
    body: dict[str, Any] = {
        "format": RESULT,
        "time": text(result.time),
        "model": result.model,
        "score": None if is_blind else _number(result.score),
        "is_blind": is_blind,
        "is_simulated": result.is_simulated,
        "evidence": [[name, _number(share)] for name, share in result.top()],
    }
    if result.detections is not None:
        boxes, found = result.detections.boxes, result.detections
        body["detections"] = [
            {"box": [_number(float(edge)) for edge in box], "confidence": _number(float(sure)), "label": int(label)}
            for box, sure, label in zip(boxes, found.confidence, found.label, strict=True)
        ]
    if result.findings is not None:
        body["findings"] = [_finding(finding) for finding in result.findings]
    return body


def event_body(event: Event) -> dict[str, Any]:
    """A change of an alarm, in the terms of ISA-18.2; `alarm` names what changes of one alarm have in common."""
    return {
        "format": EVENT,
        "alarm": f"{event.model}/{event.source}/{event.condition}",
        "time": text(event.time),
        "source": event.source,
        "condition": event.condition,
        "severity": event.severity,
        "change": event.change,
        "state": str(event.state),
        "active": event.state in ACTIVE,
        "acknowledged": event.state not in UNACKNOWLEDGED,
        "score": _number(event.score),
        "model": event.model,
        "evidence": [[name, _number(share)] for name, share in event.evidence],
        "advice": event.advice,
        "is_simulated": event.is_simulated,
        "label": event.label,
        "box": None if event.box is None else asdict(event.box),
        "cause": event.cause,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "box": asdict(finding.box),
        "label": finding.label,
        "score": _number(finding.score),
        "cause": finding.cause,
        "evidence": [[name, _number(share)] for name, share in finding.evidence],
    }


def _number(value: float) -> float | None:
    """Six significant digits; JSON has no NaN and no infinity."""
    return float(f"{value:.6g}") if abs(value) < float("inf") else None
