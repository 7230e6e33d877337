"""What is asked of a plant from outside while it runs: when it acts, how it is written down, how it is repeated.

It acts at the plant's first step after its present, and is written down before. A record of it is played back at the
same present, so that nothing on the plant's side, twins included, knows of it earlier than it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.times import seconds
from testbed.scenario import Fault, LookAlike, SetPoint

Step = Fault | LookAlike | SetPoint
ASKED = "asked"  # kind of the line that asks for a fault or look-alike; a second line says how it was drawn


@dataclass(frozen=True, slots=True)
class Done:
    """A step as it was carried out, for the record: what, when (ns), and with which parameters."""

    time: int
    kind: str
    name: str
    where: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A step from outside: where the plant stood when it came, when it acts (both ns), and by whom it was asked for."""

    present: int
    time: int
    step: Step
    source: str

    def done(self) -> Done:
        """The line that is written before it acts."""
        more = {"source": self.source, "present": self.present}
        if isinstance(self.step, SetPoint):
            return Done(self.time, "setpoint", self.step.name, "", {"value": self.step.value, **more})
        kind = "fault" if isinstance(self.step, Fault) else "lookalike"
        severity = self.step.severity if isinstance(self.step, Fault) else ""
        details = {
            "kind": kind,
            "params": dict(self.step.params),
            **({"severity": severity} if severity else {}),
            **more,
        }
        return Done(self.time, ASKED, self.step.name, self.step.where, details)


def asked_of(lines: Iterable[Mapping[str, Any]], start: int) -> tuple[Asked, ...]:
    """What came from outside, of the lines of a steps.jsonl; `start` is that of the plant, ns."""
    found = []
    for line in lines:
        details = line["details"]
        if "present" not in details:
            continue
        at, name, where = seconds(line["time"] - start), line["name"], line["where"]
        if line["kind"] == ASKED:
            is_fault, params = details["kind"] == "fault", details["params"]
            step: Step = (
                Fault(at, name, where, params, details.get("severity", ""))
                if is_fault
                else LookAlike(at, name, where, params)
            )
        else:
            step = SetPoint(at, name, details["value"])
        found.append(Asked(details["present"], line["time"], step, details["source"]))
    return tuple(found)
