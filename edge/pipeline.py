"""From items to events: a plain function of arrays and source time, however the stream was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from connectors.clock import wall_s
from connectors.items import Item
from connectors.results import AlarmState, Event, Finding, Result
from connectors.tags import Group
from connectors.times import END, SECOND
from edge.alarm import Alarm
from edge.frames import FrameRunner, StripRunner
from edge.merge import Chunk, Counts, GroupMerge
from edge.model import Bound
from edge.surface import Inspector, Looked
from edge.window import Window, Windows


class _SeriesRunner:
    """Scores one model window by window, up to its watermark."""

    def __init__(self, model: Bound, groups: Sequence[Group], start: int | None, keep: int | None) -> None:
        self.model = model
        self.start = start
        self.windows = [Windows(spec, groups) for spec in model.windows]
        self.groups = {name for windows in self.windows for name in windows.groups}
        self._max_bad = [spec.max_bad for spec in model.windows]
        self.stride = max(spec.stride_ns for spec in model.windows)
        self.blind: list[tuple[int, int]] = []  # ns, stretches that could not be scored
        self.dropped = 0
        self._all_groups, self._keep = groups, keep
        self._is_inferred = start is None
        self._next: int | None = None

    def restart(self) -> None:
        """Time has jumped: begin with the next sample, as at first."""
        self.windows = [Windows(spec, self._all_groups) for spec in self.model.windows]
        self.start = self._next = None
        self._is_inferred = True

    def add(self, chunk: Chunk) -> None:
        if self._next is None and self._is_inferred and len(chunk.time):
            first = int(chunk.time[0])
            self.start = first if self.start is None else min(self.start, first)
        for windows in self.windows:
            windows.add(chunk)

    def results(self, watermark: int) -> Iterator[Result]:
        """Results of all windows that end at or before `watermark` and have not been scored."""
        if self.start is None or watermark < self.start:
            return
        end = self._next if self._next is not None else -(-self.start // self.stride) * self.stride
        from_here = end if self._keep is None else watermark - self._keep * self.stride
        while end <= watermark:
            seen = [windows.window(end) for windows in self.windows]
            if self._is_blind(seen):
                self._note_blind(end)
                yield Result(self.model.name, end, np.nan)
            elif end < from_here:
                self.dropped += 1
            else:
                yield self.model.score(seen)
            end += self.stride
        self._next = end

    def _note_blind(self, end: int) -> None:
        begin = end - self.stride
        if self.blind and self.blind[-1][1] == begin:
            begin = self.blind.pop()[0]
        self.blind.append((begin, end))

    def _is_blind(self, windows: Sequence[Window]) -> bool:
        return any(window.bad.mean() > limit for window, limit in zip(windows, self._max_bad, strict=True))


def _runner(model: Bound, groups: Sequence[Group], start: int | None, keep: int | None) -> _SeriesRunner | FrameRunner:
    if isinstance(model, Inspector):
        return StripRunner(model, groups, keep)
    return FrameRunner(model, groups, keep) if model.cameras else _SeriesRunner(model, groups, start, keep)


class _Alarms:
    """The alarms of one model: one for the unit, one at the channel that stands out, or one a channel."""

    def __init__(self, model: Bound) -> None:
        self.model = model
        self.alarms: dict[str, Alarm] = {}
        self._source = model.unit

    def update(self, result: Result) -> Iterator[Event]:
        if result.findings is not None:
            yield from (self._found(finding, result) for finding in result.findings)
            return
        if self.model.place == "each":
            if result.contribution is None:
                return
            for channel, score in zip(result.channels, result.contribution, strict=True):
                yield from self._one(channel, channel, float(score), result, ((channel, float(score)),))
            return
        alarm = self.alarms.get("")
        if self.model.place == "top" and result.contribution is not None and not (alarm and alarm.is_active):
            self._source = result.top(1)[0][0]
        yield from self._one("", self._source, result.score, result, result.top())

    def _found(self, finding: Finding, result: Result) -> Event:
        """A defect is an event of its own: it does not return, the strip moves on."""
        return Event(
            time=result.time,
            source=self.model.unit,
            condition=self.model.condition,
            severity=self.model.severity,
            change="active",
            state=AlarmState.UNACK,
            score=finding.score,
            model=self.model.name,
            evidence=finding.evidence,
            advice="check-roll" if finding.cause else self.model.advice,
            is_simulated=result.is_simulated,
            label=finding.label,
            box=finding.box,
            cause=finding.cause,
            crop=finding.crop,
        )

    def suppress(self, event: Event) -> None:
        """Suppressed by design while the line answers another condition's alarm."""
        spec = self.model.alarm
        if event.change == "active" and event.condition in spec.suppressed_by:
            until = event.time + round(spec.suppressed_for_s * 1e9)
            for alarm in self.alarms.values():
                alarm.set_aside(AlarmState.SUPPRESSED, until)

    def _one(
        self, key: str, source: str, score: float, result: Result, evidence: tuple[tuple[str, float], ...]
    ) -> Iterator[Event]:
        alarm = self.alarms.setdefault(key, Alarm(self.model.alarm))
        change = alarm.update(result.time, score)
        if change in ("active", "returned"):
            yield Event(
                time=result.time,
                source=source,
                condition=self.model.condition,
                severity=self.model.severity,
                change=change,  # pyright: ignore[reportArgumentType]
                state=alarm.shown,
                score=score,
                model=self.model.name,
                evidence=evidence if change == "active" else (),
                advice=self.model.advice if change == "active" else "",
                is_simulated=result.is_simulated,
            )


@dataclass(frozen=True, slots=True)
class Watch:
    """Who else wants to see what passes: chunks before scoring, results after, and how long each model took.

    `took` is told a model, wall seconds, and for how many results.
    """

    chunk: Callable[[Chunk], None] = lambda chunk: None
    result: Callable[[Result], None] = lambda result: None
    took: Callable[[str, float, int], None] = lambda model, seconds, results: None


class Pipeline:
    """Merge, window, model, alarm. Feed it items; it answers with the events they complete.

    Args:
        groups: the groups of the source.
        models: models bound to these groups' tags; their names must differ.
        start: source time at which windows begin, ns; None: the time of the first sample.
        watch: callbacks for a recorder or a page.
        is_simulated: stamped on every result and event.
        keep: so many windows or pictures of a model may wait; the oldest beyond are dropped and counted. None: they
            all wait, as in every run whose score shall mean something.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        models: Sequence[Bound],
        start: int | None = None,
        watch: Watch | None = None,
        is_simulated: bool = False,
        keep: int | None = None,
    ) -> None:
        names = [model.name for model in models]
        if len(set(names)) != len(names):
            raise ValueError(f"Models of a pipeline need different names, but got {', '.join(names)}.")
        self.groups = tuple(groups)
        self.models = tuple(models)
        self._watch = watch or Watch()
        self.is_simulated = is_simulated
        self._merges = {group.name: GroupMerge(group) for group in groups}
        self._runners = [_runner(model, self.groups, start, keep) for model in models]
        self._alarms = {model.name: _Alarms(model) for model in models}
        self._waiting: list[Result] = []
        self.finished: int | None = None  # every event up to here is out

    def feed(self, items: Iterable[Item]) -> list[Event]:
        """Events that these items complete, by (time, source, condition, change)."""
        moved = False
        for item in items:
            chunk = self._merges[item.group].add(item)
            if chunk is None:
                continue
            moved = True
            self._watch.chunk(chunk)
            for runner in self._runners:
                if chunk.group.name in runner.groups:
                    runner.add(chunk)
        return self._score() if moved else []

    def _score(self) -> list[Event]:
        finished: list[int | None] = []
        for runner in self._runners:
            watermark = self._watermark(runner.groups)
            if watermark is not None:
                began, waiting = wall_s(), len(self._waiting)
                self._waiting.extend(runner.results(watermark))
                if len(self._waiting) > waiting:
                    self._watch.took(runner.model.name, wall_s() - began, len(self._waiting) - waiting)
            finished.append(watermark)
        if not self._runners:
            finished.append(self._watermark(set(self._merges)))
        known = [time for time in finished if time is not None]
        if len(known) < len(finished):
            return []
        self.finished = min(known)
        return self._release(self.finished)

    def _watermark(self, groups: set[str]) -> int | None:
        """The least mark of these groups that go on, or where the last one ended."""
        merges = [self._merges[name] for name in groups]
        if any(merge.mark is None for merge in merges):
            return None
        going_on = [merge.mark for merge in merges if merge.mark is not None and merge.mark != END]
        return min(going_on) if going_on else max(merge.last for merge in merges)

    def _release(self, finished: int) -> list[Event]:
        now = sorted((r for r in self._waiting if r.time <= finished), key=lambda r: (r.time, r.model))
        self._waiting = [r for r in self._waiting if r.time > finished]
        events: list[Event] = []
        for result in now:
            stamped = replace(result, is_simulated=self.is_simulated)
            self._watch.result(stamped)
            for event in self._alarms[result.model].update(stamped):
                events.append(event)
                for alarms in self._alarms.values():
                    alarms.suppress(event)
        return sorted(events, key=lambda e: (e.time, e.source, e.condition, e.change, e.model, str(e.box or "")))

    def restart(self, group: str) -> list[Event]:
        """Time of `group` has jumped: what reads it begins anew. Events of what was waiting."""
        events = self._release(END)
        counts = self._merges[group].counts
        self._merges[group] = GroupMerge(self._merges[group].group)
        self._merges[group].counts = counts
        for runner in self._runners:
            if group in runner.groups:
                runner.restart()
                for alarm in self._alarms[runner.model.name].alarms.values():
                    alarm.restart()
        return events

    def dropped(self) -> dict[str, int]:
        """Windows and pictures that were not scored because too many waited, by model."""
        return {runner.model.name: runner.dropped for runner in self._runners}

    def ended(self) -> bool:
        """Whether every group has ended."""
        return all(merge.mark == END for merge in self._merges.values())

    def counts(self) -> dict[str, Counts]:
        """What was received, late, lost and doubled, by group."""
        return {name: merge.counts for name, merge in self._merges.items()}

    def blind(self) -> dict[str, list[tuple[int, int]]]:
        """Stretches that could not be scored, (from, to) in ns, by model."""
        return {runner.model.name: list(runner.blind) for runner in self._runners}

    def blind_s(self) -> dict[str, float]:
        """Seconds that could not be scored, by model."""
        return {name: sum(to - since for since, to in spans) / SECOND for name, spans in self.blind().items()}

    def looked(self) -> dict[str, Looked]:
        """How much strip was inspected, by model."""
        return {r.model.name: r.looked for r in self._runners if isinstance(r, StripRunner)}

    def alarms(self) -> dict[tuple[str, str], Alarm]:
        """Every alarm, by model and place ('' for the unit)."""
        return {(name, key): a for name, alarms in self._alarms.items() for key, a in alarms.alarms.items()}
