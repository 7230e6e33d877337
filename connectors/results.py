"""What a model says of a window or picture, and what an alarm makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, get_args

import numpy as np

from connectors.places import Box

Condition = Literal["breakout", "process", "sensor", "surface", "machine", "cyber"]
CONDITIONS: tuple[str, ...] = get_args(Condition)


class AlarmState(StrEnum):
    """The states of ISA-18.2 / IEC 62682, clause 4 (the same set as OPC UA Part 9)."""

    NORMAL = "normal"
    UNACK = "unacknowledged"
    ACKED = "acknowledged"
    RTN_UNACK = "returned-unacknowledged"
    LATCHED = "latched"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed-by-design"
    OUT_OF_SERVICE = "out-of-service"


Change = Literal["active", "returned", "operator"]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Things found in a picture.

    Attributes:
        boxes: float32 (n, 4), x1 y1 x2 y2 in pixels.
        confidence: float32 (n,), 0 … 1.
        label: int32 (n,), index into the model's labels.
    """

    boxes: np.ndarray
    confidence: np.ndarray
    label: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.boxes)
        if self.boxes.shape != (n, 4) or self.confidence.shape != (n,) or self.label.shape != (n,):
            raise ValueError(
                f"boxes, confidence and label must have shapes (n, 4), (n,), (n,), but got "
                f"{self.boxes.shape}, {self.confidence.shape}, {self.label.shape}."
            )


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect found on a strip.

    Attributes:
        box: where it lies.
        label: its class; empty where no classifier ran.
        score: 1.0 = alarm level.
        crop: PNG bytes of what was seen.
        cause: path of the equipment that made it, where that could be told; `evidence` says from what.
        evidence: (channel, share), shares of 0 … 1.
    """

    box: Box
    label: str
    score: float
    crop: bytes = field(default=b"", repr=False)
    cause: str = ""
    evidence: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One model's word on one window or picture.

    Attributes:
        model: the model's name.
        time: ns since 1970 UTC, the end of the window or the time of the picture.
        score: 1.0 is the alarm level; NaN where the window could not be scored (blind).
        channels: names of the k inputs the contribution speaks of.
        contribution: float64 (k,), each channel's share in the score, or None.
        detections: things found in a picture, or None.
        map: float32 (h, w) of a picture's anomaly, or None.
        findings: defects on a strip that are complete by `time`; None for a model that finds none.
        is_simulated: the input came from the simulated plant.
    """

    model: str
    time: int
    score: float
    channels: tuple[str, ...] = ()
    contribution: np.ndarray | None = None
    detections: Detections | None = None
    map: np.ndarray | None = None
    findings: tuple[Finding, ...] | None = None
    is_simulated: bool = False

    def __post_init__(self) -> None:
        if self.contribution is not None and self.contribution.shape != (len(self.channels),):
            raise ValueError(
                f"contribution must have shape ({len(self.channels)},), one value a channel, "
                f"but got {self.contribution.shape}."
            )

    def top(self, n: int = 3) -> tuple[tuple[str, float], ...]:
        """The `n` channels that contribute most, with their shares; ties keep the channels' order."""
        if self.contribution is None:
            return ()
        order = np.argsort(-np.nan_to_num(self.contribution), kind="stable")[:n]
        return tuple((self.channels[i], float(self.contribution[i])) for i in order)


@dataclass(frozen=True, slots=True)
class Event:
    """A change of an alarm (OPC UA Part 9, ISA-18.2).

    Attributes:
        time: ns since 1970 UTC, source time.
        source: the place, as a path of the plant.
        condition: class of what is wrong, one of CONDITIONS.
        severity: 1 … 1000, as in OPC UA.
        change: 'active', 'returned' (both by themselves), or 'operator' (acknowledged, shelved, …).
        state: the state after the change.
        score: the score that caused it, 1.0 = alarm level.
        model: who said so.
        evidence: (channel, share) of what contributed most.
        advice: key of the advice text.
        is_simulated: the input came from the simulated plant.
        label: class of the defect, of a surface event.
        box: where it lies on the strip, of a surface event.
        cause: path of the equipment that made it, where that could be told.
        crop: PNG bytes of what was seen.
    """

    time: int
    source: str
    condition: str
    severity: int
    change: Change
    state: AlarmState
    score: float
    model: str
    evidence: tuple[tuple[str, float], ...] = field(default=())
    advice: str = ""
    is_simulated: bool = False
    label: str = ""
    box: Box | None = None
    cause: str = ""
    crop: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if self.condition not in CONDITIONS:
            raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, but got '{self.condition}'.")
        if not 1 <= self.severity <= 1000:
            raise ValueError(f"severity must be 1 … 1000, but got {self.severity}.")
