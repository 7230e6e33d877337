"""The answer key of a run: what is wrong with a plant, from when on, and when it is over. It stays on its side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.results import Event
from connectors.times import nanoseconds
from connectors.truth import Truth
from testbed.plant import Injection, Plant


class AnswerKey:
    """Truths of one plant as they come, and what has become of each by now. `end` is the run's, ns."""

    def __init__(self, plant: Plant, end: int) -> None:
        self._plant, self._end = plant, end
        self._truths: list[tuple[int, Truth]] = []

    def add(self, injection: Injection, *truths: Truth) -> None:
        """Of a fault, from its twins, or of marks that the plant itself knows outright."""
        self._truths += [(injection.key, replace(truth, alert_deadline=min(truth.alert_deadline, self._end)))
                         for truth in truths]  # fmt: skip

    def add_lookalike(self, injection: Injection, now: int) -> None:
        """Of something that begins now and must not be taken for a fault; it has no twins."""
        over = None if injection.duration_s is None else min(self._end, now + nanoseconds(injection.duration_s))
        truth = Truth(
            name=injection.name,
            kind="lookalike",
            where=injection.where,
            onset=now,
            alert_deadline=self._end if over is None else over,
            cleared=over,
            expects=injection.expects,
            forbids=injection.forbids,
        )
        self.add(injection, truth)

    def truths(self) -> list[Truth]:
        """The answer key as it stands: with what has cleared by now, and what faults have laid down elsewhere."""
        laid_down = getattr(self._plant, "laid_down", list)
        known = [
            replace(truth, cleared=self._cleared(key, truth), struck=self._plant.struck(key))
            for key, truth in self._truths
        ]
        return known + laid_down()

    def pictured(self, events: Sequence[Event]) -> list[Truth]:
        """The answer key, with a picture of what lies on a strip and no event met."""
        look = getattr(self._plant, "look", None)
        found = [event.box for event in events if event.box is not None]
        return [
            truth
            if look is None or truth.box is None or not truth.is_fault or any(truth.box.meets(box) for box in found)
            else replace(truth, crop=look(truth.box))
            for truth in self.truths()
        ]

    def _cleared(self, key: int, truth: Truth) -> int | None:
        return truth.cleared if truth.cleared is not None else self._plant.cleared(key)
