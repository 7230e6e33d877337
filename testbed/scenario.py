"""The words a scenario script is written in. Frozen values: they print, diff and sweep in a list comprehension."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from testbed.noise import stream
from testbed.plant import START, Plant


@dataclass(frozen=True, slots=True)
class Draw:
    """A number drawn per seed, uniform between `low` and `high`."""

    low: float
    high: float


Value = float | str | Draw


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at `at` s. Whatever `where` and `params` leave open is drawn per seed by the plant.

    `severity` is 'mild', 'usual' or 'severe', see testbed/severity.py; left open, it is as drawn.
    """

    at: float | Draw
    name: str
    where: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    severity: str = ""


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Something at `at` s that resembles a fault and must not be taken for one."""

    at: float | Draw
    name: str
    where: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SetPoint:
    """An operator gives the plant a set-point at `at` s."""

    at: float | Draw
    name: str
    value: float | Draw


@dataclass(frozen=True, slots=True)
class Scatter:
    """Look-alikes spread over the run, one in each stretch of `every` s, in random order and at random moments."""

    names: tuple[str, ...]
    every: float
    first: float = 60.0


@dataclass(frozen=True, slots=True)
class Respond:
    """When an alarm of `condition` goes active, the plant is given `value` for `action` (AI on)."""

    condition: str
    action: str
    value: float


@dataclass(frozen=True, slots=True)
class Detect:
    """Every fault called `name` must be found before its deadline; of many, this share, rounded up."""

    name: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Quiet:
    """At most so many false alarms, and none that the truth forbids.

    A limit of r per 24 h over h hours allows floor(r·h/24).
    """

    false_alarms_per_24h: float = 1.0


@dataclass(frozen=True, slots=True)
class Clean:
    """At most so many false defects on 100 m2 of strip; a limit of r over a m2 allows floor(r·a/100)."""

    false_per_100m2: float = 1.0


class PlantSpec(Protocol):
    """Describes a plant; `build` makes it for a seed, starting at `start` (ns)."""

    def build(self, seed: int, start: int) -> Plant: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens, what must be found, and which models look for it.

    Attributes:
        name: lower case with hyphens; the script `caster_sticker.py` holds 'caster-sticker'.
        plant: describes the plant.
        duration: s of source time.
        steps: faults, look-alikes and set-points.
        expect: what must hold at the end.
        models: names of shipped models or paths; the default of `--models`.
        responses: what the plant does about an alarm.
        delay_s: from an event to the effect of its response; chatter 0.2 s, else 2 s.
        tick_s: the plant hands out its samples once a tick.
        title: what it is called on a stage, in a few words.
        story: a presenter's text, two to four sentences.
        slow: whether it takes too long to be one of `testbed run --all`.
    """

    name: str
    plant: PlantSpec
    duration: float
    steps: tuple[Fault | LookAlike | SetPoint | Scatter, ...] = ()
    expect: tuple[Detect | Quiet | Clean, ...] = ()
    models: tuple[str, ...] = ()
    responses: tuple[Respond, ...] = ()
    delay_s: float = 2.0
    tick_s: float = 0.1
    title: str = ""
    story: str = ""
    slow: bool = False

    def __post_init__(self) -> None:
        ticks = self.duration / self.tick_s
        if abs(ticks - round(ticks)) > 1e-6 or ticks < 1:
            raise ValueError(
                say(
                    "duration must be a whole number of ticks of {tick_s} s, but got {span}.",
                    tick_s=self.tick_s,
                    span=self.duration,
                )
            )
        if self.tick_s > min(2.0, self.delay_s):
            raise ValueError(say("tick_s must not exceed delay_s or 2 s, but got {tick_s}.", tick_s=self.tick_s))

    @property
    def start(self) -> int:
        return START

    def drawn(self, seed: int) -> tuple[Fault | LookAlike | SetPoint, ...]:
        """The steps of one seed, every Draw and Scatter resolved, in order of time."""
        steps: list[Fault | LookAlike | SetPoint] = []
        for i, step in enumerate(self.steps):
            rng = stream(seed, f"{self.name}/step/{i}")
            if isinstance(step, Scatter):
                steps.extend(_scattered(step, self.duration, rng))
            elif isinstance(step, SetPoint):
                steps.append(replace(step, at=_number(step.at, rng), value=_number(step.value, rng)))
            else:
                params = {k: v if isinstance(v, str) else _number(v, rng) for k, v in step.params.items()}
                steps.append(replace(step, at=_number(step.at, rng), params=params))
        late = [step for step in steps if not 0 <= float(step.at) < self.duration]  # pyright: ignore[reportArgumentType]
        if late:
            raise InputError(
                say(
                    "{name}: a step at {at} s lies outside the run of {span} s.",
                    name=self.name,
                    at=late[0].at,
                    span=self.duration,
                )
            )
        return tuple(sorted(steps, key=lambda step: float(step.at)))  # pyright: ignore[reportArgumentType]


def _number(value: float | Draw, rng: np.random.Generator) -> float:
    drawn = rng.uniform(value.low, value.high) if isinstance(value, Draw) else value
    return round(float(drawn), 6)


def _scattered(scatter: Scatter, duration: float, rng: np.random.Generator) -> list[Fault | LookAlike | SetPoint]:
    n = int((duration - scatter.first) / scatter.every)
    names = [scatter.names[i % len(scatter.names)] for i in range(n)]
    order = rng.permutation(n)
    moments = scatter.first + (np.arange(n) + rng.uniform(0.0, 0.5, n)) * scatter.every
    return [LookAlike(at=round(float(moments[i]), 1), name=names[order[i]]) for i in range(n)]
