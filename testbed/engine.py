"""The plant's side of a run: plays the script, keeps the truth, hands out ticks, and waits for whoever is behind."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from connectors.clock import Pace, wall_s
from connectors.errors import InputError, PartFailed
from connectors.items import Batch, Changes, Item, Mark
from connectors.results import Event
from connectors.status import is_sample
from connectors.texts import say
from connectors.times import END, nanoseconds, seconds
from connectors.truth import Truth
from testbed.answers import AnswerKey
from testbed.outside import Asked, Done, Step
from testbed.plant import Action, Plant
from testbed.scenario import Fault, LookAlike, Scenario, SetPoint
from testbed.severity import params_of
from testbed.twins import fault_truth

MAX_AHEAD_S = 2.0  # source time the plant may be ahead of the slowest model
TWINS_S = 7_200.0  # source time that the twins of a fault from outside look ahead at most (judgement)


class Engine:
    """One scenario with one seed.

    The plant is never more than `ahead` of source time beyond what the slowest model has finished, so an event's
    response always lies in the plant's future, however slow the wire.

    Args:
        start: ns; None: when every scenario starts.
        outside: what was asked from outside in a run that this one repeats.

    Attributes:
        done: what was done to the plant; what comes from outside stands there before it acts.
        noted: called whenever `done` or the truths have grown; a record writes them down. What it raises as OSError
            keeps a step from outside from being done.
    """

    def __init__(self, scenario: Scenario, seed: int, start: int | None = None, outside: Sequence[Asked] = ()) -> None:
        self.scenario = scenario
        self.seed = seed
        self.start = scenario.start if start is None else start
        self.end = self.start + nanoseconds(scenario.duration)
        self.plant: Plant = scenario.plant.build(seed, self.start)
        self.groups = self.plant.groups
        self.ahead = nanoseconds(min(MAX_AHEAD_S, scenario.delay_s))
        self.done: list[Done] = []
        self.noted: Callable[[], None] = lambda: None
        self.latency_s: list[float] = []
        self._answers = AnswerKey(self.plant, self.end)
        self._steps = deque((self._time_of(step), step) for step in scenario.drawn(seed))
        self._to_come = deque(outside)
        self._outside: list[Step] = []  # faults and look-alikes
        self._asked: deque[Asked] = deque()  # set-points from outside that the plant has not been given yet
        self._tick = nanoseconds(scenario.tick_s)
        self._sent = {group.name: 0 for group in self.groups}
        self._finished = self.start
        self._credit = asyncio.Event()
        self._under_way: deque[tuple[int, float]] = deque()
        self._keys = 0
        for time, step in self._steps:
            self._check(time, step)

    def _time_of(self, step: Step) -> int:
        step_ns = self.plant.step_ns
        return -(-(self.start + nanoseconds(float(step.at))) // step_ns) * step_ns  # pyright: ignore[reportArgumentType]

    def _check(self, time: int, step: Step) -> None:
        """A script's typing errors are found before anything runs: every step is tried on a copy of the plant."""
        if time >= self.end:
            raise InputError(
                say(
                    "{name}: the step at {at} s falls on the plant's step at the very end of the run of {span} s, "
                    "where nothing follows.",
                    name=self.scenario.name,
                    at=step.at,
                    span=self.scenario.duration,
                )
            )
        trial = self.plant.copy()
        if isinstance(step, SetPoint):
            trial.act(Action(trial.present, step.name, float(step.value)))  # pyright: ignore[reportArgumentType]
        else:
            trial.inject(step.name, step.where, self._params(step), -1)

    # -- ticks ---------------------------------------------------------------------------------------------

    async def produce(self, send: Callable[[Sequence[Item]], Awaitable[None]], pace: Pace) -> None:
        """Hand out every tick, each as soon as pace and the models allow."""
        await pace.reach(self.start)
        while self.plant.present < self.end:
            until = min(self.plant.present + self._tick, self.end)
            while until > self._finished + self.ahead:
                self._credit.clear()
                await self._credit.wait()
            await pace.reach(until)
            items = self.tick(until)
            self._under_way.append((until, wall_s()))
            await send(items)

    def tick(self, until: int) -> list[Item]:
        """Everything up to `until`, with the steps that fall into it, and each group's mark last."""
        self._take_outside(until)
        items: list[Item] = []
        while self._steps and self._steps[0][0] < until:
            time, step = self._steps.popleft()
            if time > self.plant.present:
                items.extend(self.plant.advance(time))
            self._carry_out(step)
        items.extend(self.plant.advance(until))
        for item in items:
            self._sent[item.group] += _samples(item)
        marks: list[Item] = [Mark(name, until, count) for name, count in self._sent.items()]
        if until >= self.end:
            marks += [Mark(name, END, count) for name, count in self._sent.items()]
        return items + marks

    # -- steps and truth -----------------------------------------------------------------------------------

    def _carry_out(self, step: Step) -> None:
        now = self.plant.present
        if isinstance(step, SetPoint):
            self.plant.act(Action(now, step.name, float(step.value)))  # pyright: ignore[reportArgumentType]
            self.done.append(Done(now, "setpoint", step.name, "", {"value": step.value}))
            return
        healthy = self._part(step)[0].copy() if isinstance(step, Fault) else None
        self._keys += 1
        injection = self.plant.inject(step.name, step.where, self._params(step), self._keys)
        severity = step.severity if isinstance(step, Fault) else ""
        self.done.append(Done(now, injection.kind, step.name, injection.where, dict(injection.details)))
        if injection.truths:
            self._answers.add(injection, *(replace(truth, severity=severity) for truth in injection.truths))
        elif healthy is None:
            self._answers.add_lookalike(injection, now)
        else:
            stops = [time for time, _ in self._steps]
            is_outside = any(step is one for one in self._outside)
            end = min(self.end, now + nanoseconds(TWINS_S)) if is_outside else self.end
            faulty = self._part(step)[0].copy()
            truth = fault_truth(healthy, faulty, injection, end, self._meanwhile, stops)
            self._answers.add(injection, replace(truth, severity=severity))
        self.noted()

    def _params(self, step: Fault | LookAlike) -> dict[str, float | str]:
        """What a step asks the plant for, its severity as a value."""
        severity = step.severity if isinstance(step, Fault) else ""
        unit, own = self._part(step)
        return params_of(unit.name, own.name, severity, step.params)  # pyright: ignore[reportArgumentType]

    def _part(self, step: Step) -> tuple[Plant, Step]:
        """The plant whose twins tell the truth of a step, and the step as that plant knows it: of works, one unit."""
        part = getattr(self.plant, "part", None)
        if part is None:
            return self.plant, step
        unit, name = part(step.name)
        return unit, replace(step, name=name)

    def _meanwhile(self, plant: Plant) -> None:
        """What the script still holds for a twin's present, done as it will be done to the plant."""
        for i, (time, step) in enumerate(self._steps):
            if time != plant.present:
                continue
            unit, own = self._part(step)
            if unit.name != plant.name:
                if plant.name != self.plant.name:
                    continue  # another unit's
                own = step
            if isinstance(own, SetPoint):
                plant.act(Action(time, own.name, float(own.value)))  # pyright: ignore[reportArgumentType]
            else:
                plant.inject(own.name, own.where, self._params(step), -i - 1)  # pyright: ignore[reportArgumentType]

    def truths(self) -> list[Truth]:
        """The answer key as it stands, with what has cleared by now."""
        return self._answers.truths()

    def pictured(self, events: Sequence[Event]) -> list[Truth]:
        """The answer key, with a picture of what lies on a strip and no event met."""
        return self._answers.pictured(events)

    # -- what comes back -----------------------------------------------------------------------------------

    def respond(self, events: Iterable[Event]) -> None:
        """Give the plant what the scenario answers to these events. Raises PartFailed if it would be too late."""
        for event in events:
            for response in self.scenario.responses:
                if event.change == "active" and event.condition == response.condition:
                    step = self.plant.step_ns
                    time = -(-(event.time + nanoseconds(self.scenario.delay_s)) // step) * step
                    if time <= self.plant.present:
                        raise PartFailed(
                            say(
                                "The response to {condition} at {at:.1f} s came {late:.1f} s after the plant had "
                                "passed its moment.",
                                condition=event.condition,
                                at=seconds(event.time - self.start),
                                late=seconds(self.plant.present - time),
                            )
                        )
                    self.plant.act(Action(time, response.action, response.value))
                    self.done.append(Done(time, "response", response.action, event.source,
                                          {"value": response.value, "condition": event.condition}))  # fmt: skip

    # -- what comes from outside ---------------------------------------------------------------------------

    def check_set_point(self, name: str, value: float) -> None:
        """Raises InputError if the plant would not take a set-point."""
        trial = self.plant.copy()
        trial.act(Action(trial.present, name, value))

    def set_point(self, name: str, value: float, source: str) -> int:
        """Take a set-point from outside at the first step after the plant's present; that time, ns.

        It is among `done` before it takes effect. Raises InputError if the plant does not take it, if the run is over
        by then, or if it cannot be written down. To be called from the run's own event loop, as `inject_now`.
        """
        self.check_set_point(name, value)
        return self._ask(SetPoint(0.0, name, value), source)

    def inject_now(self, name: str, where: str = "", params: Mapping[str, float | str] | None = None,
                   source: str = "", severity: str = "") -> int:  # fmt: skip
        """Begin a fault or look-alike at the first step after the plant's present; that time, ns.

        The step is among `done`, and its truth among `truths()`, before any sample shows it. Whatever `where` and
        `params` leave open is drawn; `severity` is 'mild', 'usual', 'severe' or as drawn. Raises InputError as
        `set_point` does.
        """
        step = Fault(0.0, name, where, dict(params or {}), severity)
        kind = self.plant.copy().inject(name, where, self._params(step), -1).kind
        return self._ask(step if kind == "fault" else LookAlike(0.0, name, where, step.params), source)

    def _ask(self, step: Step, source: str) -> int:
        step_ns = self.plant.step_ns
        time = (self.plant.present // step_ns + 1) * step_ns
        if time >= self.end:
            raise InputError(say("The run is at its end: '{name}' would come too late.", name=step.name))
        asked = Asked(self.plant.present, time, replace(step, at=seconds(time - self.start)), source)
        self._note(asked)
        return time

    def _note(self, asked: Asked) -> None:
        """Write down what was asked, then let it be done."""
        self.done.append(asked.done())
        try:
            self.noted()
        except OSError as error:
            self.done.pop()
            why = error.strerror or str(error)
            raise InputError(say("What cannot be written down is not done: {reason}.", reason=why)) from None
        if isinstance(asked.step, SetPoint):
            self._asked.append(asked)
        else:
            self._outside.append(asked.step)
            insort(self._steps, (asked.time, asked.step), key=lambda entry: entry[0])

    def _take_outside(self, until: int) -> None:
        """Hand the plant its set-points from outside up to `until`, after all responses, however the wires raced."""
        while self._to_come and self._to_come[0].present <= self.plant.present:
            self._note(self._to_come.popleft())
        while self._asked and self._asked[0].time <= until:
            asked = self._asked.popleft()
            if isinstance(asked.step, SetPoint):
                self.plant.act(Action(asked.time, asked.step.name, float(asked.step.value)))  # pyright: ignore[reportArgumentType]

    # -- how far the models are ----------------------------------------------------------------------------

    def finished(self, time: int) -> None:
        """Every event up to `time` is out and answered."""
        self._finished = max(self._finished, time)
        now = wall_s()
        while self._under_way and self._under_way[0][0] <= self._finished:
            self.latency_s.append(now - self._under_way.popleft()[1])
        self._credit.set()

    @property
    def is_waiting(self) -> bool:
        """Whether something was sent that no model has finished."""
        return bool(self._under_way)


def _samples(item: Item) -> int:
    match item:
        case Batch():
            return int(is_sample(item.status).sum()) if item.status.any() else item.status.size
        case Changes():
            return len(item.time)
        case Mark():
            return 0
        case _:
            return 1
