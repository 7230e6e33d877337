"""Models on labelled series: each is fitted on the head of a file and scored on the rest, the same rule everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.calibrate import Budget
from anomaly.fit import KINDS, fit
from anomaly.t2q import T2Q
from connectors.files import FileSource
from connectors.items import Item
from connectors.results import Event, Result
from edge.alarm import Alarm, AlarmSpec
from edge.digest import digest
from edge.library import find
from edge.merge import Chunk
from edge.model import Bound, OnnxModel, load_model
from edge.pipeline import Pipeline, Watch
from edge.rules import Rules
from edge.seen import Again, Sketch
from edge.speed import speed
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, Where, in_parallel
from testbed.benching.outcome import Moved, Outcome
from testbed.benching.scorers import Answer
from testbed.datasets.series import Series, load
from testbed.rivals import ALWAYS, active

GENERAL = ("mspc", "var-residual", "subsequence", "drift-follow", "rules")  # kinds that fit any scalar signals
MOVED = (0.8, 1.2)  # thresholds that are tried beside the calibrated one, as multiples of it
YARDSTICKS = {"t2-q": True, "t2-q-textbook": False}  # T² and Q with the limits as published, and the textbook's


@dataclass(frozen=True, slots=True)
class _Job:
    """One file and what is to be held against it; small enough to hand to another process."""

    series: Series
    models: tuple[str, ...]


def series_rows(
    name: str, root: Path | None, test: Path | None, models: Sequence[str] | None, jobs: Where, progress: Progress,
    cells: Cells | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row a model, then the yardsticks and the rival that always alarms, pooled over the files of a set.

    A kind is fitted and calibrated on the head of each file; a name or a file is taken as it is. What `cells` holds is
    not made again.

    Raises InputError for a set or a model that does not fit.
    """
    from testbed.benching.series_rows import rows_of

    return rows_of(name, judged(name, root, test, models, jobs, progress, cells))


def judged(
    name: str, root: Path | None, test: Path | None, models: Sequence[str] | None, jobs: Where, progress: Progress,
    cells: Cells | None = None,
) -> dict[str, dict[str, Outcome]]:  # fmt: skip
    """What every model and rival made of every file, by path and model. Arguments as for `series_rows`."""
    work = [_Job(series, tuple(models or GENERAL)) for series in load(name, root, test)]
    paths = [job.series.path for job in work]
    return dict(zip(paths, in_parallel(outcomes, work, jobs, progress, cells), strict=True))


def outcomes(job: _Job) -> dict[str, Outcome]:
    """What every model and every rival made of one file."""
    source = job.series.source()
    table = source.table
    scored = Answer.of(job.series, table.time, table.labels)
    found = {name: _of_model(name, job.series, scored) for name in job.models}
    for name, published in YARDSTICKS.items() if len(job.series.tags) > 1 else ():  # one signal has no residual space
        found[name] = _of_yardstick(published, table.values, _taught(job.series, table.values), scored)
    every = np.ones(len(scored.time), bool)
    found[ALWAYS] = Outcome.of(scored, every, every.astype(float))
    for outcome in found.values():
        outcome.is_hidden = job.series.is_hidden
    return found


def _taught(series: Series, values: np.ndarray) -> np.ndarray:
    """Rows that a yardstick learns from: the first normal file, or the head of the series itself."""
    return FileSource(series.normal[0], series.tags).table.values if series.normal else values[: series.head]


def _of_yardstick(published: bool, values: np.ndarray, taught: np.ndarray, scored: Answer) -> Outcome:
    yardstick = T2Q(published)
    yardstick.fit(taught)
    score = yardstick.scores(values)[len(values) - len(scored.time) :]
    outcome = Outcome.of(scored, score > 1.0, score)
    outcome.moved = tuple(Moved.of(scored, score > moved) for moved in MOVED)
    return outcome


@dataclass(slots=True)
class _Scores:
    """Results of a model as they come."""

    time: list[int] = field(default_factory=list)
    score: list[float] = field(default_factory=list)

    def note(self, result: Result) -> None:
        self.time.append(result.time)
        self.score.append(result.score)

    def at(self, times: np.ndarray) -> np.ndarray:
        """The last score at or before each time, NaN before the first."""
        if not self.time:
            return np.full(len(times), np.nan)
        last = np.searchsorted(self.time, times, side="right") - 1
        return np.where(last >= 0, np.array(self.score)[last], np.nan)

    def alarm(self, spec: AlarmSpec, threshold: float, times: np.ndarray) -> np.ndarray:
        """Whether the alarm would be active at each time if it went by this multiple of its threshold, bool (n,)."""
        alarm = Alarm(spec)
        active = [False]
        for time, score in zip(self.time, self.score, strict=True):
            alarm.update(time, score / threshold)
            active.append(alarm.is_active)
        return np.array(active)[np.searchsorted(self.time, times, side="right")]


def _of_model(name: str, series: Series, scored: Answer) -> Outcome:
    """A model in the pipeline that any line runs: windows, scores, alarms."""
    start = int(scored.time[0])
    bound, ms, card = _bound(name, series, start)
    scores, events, again, lost = _run(bound, card, series, start)
    alarm = active([event for event in events if event.model == bound.name], scored.time)
    outcome = Outcome.of(scored, alarm, scores.at(scored.time))
    outcome.digest = digest(events, start)
    outcome.lost = lost
    outcome.ms = ms
    outcome.seen = None if again.share is None else (again.found, again.compared)
    if name != "rules":  # whose checks have no common threshold
        outcome.moved = tuple(Moved.of(scored, scores.alarm(bound.alarm, m, scored.time)) for m in MOVED)
    return outcome


def heard(name: str, series: Series) -> tuple[Answer, np.ndarray, np.ndarray, Again]:
    """What a model said of a file: the answer, its alarm bool (n,), its score (n,), and what it had seen of it."""
    source = series.source()
    scored = Answer.of(series, source.table.time, source.table.labels)
    start = int(scored.time[0])
    bound, _, card = _bound(name, series, start)
    scores, events, again, _ = _run(bound, card, series, start)
    alarm = active([event for event in events if event.model == bound.name], scored.time)
    return scored, alarm, scores.at(scored.time), again


def _run(
    bound: Bound, card: Mapping[str, Any], series: Series, start: int
) -> tuple[_Scores, list[Event], Again, int]:  # fmt: skip
    """Scores, events, what the model had seen of what is scored, and samples lost."""
    source, scores = series.source(), _Scores()
    again = Again(card, [channel for spec in bound.windows for channel in spec.channels])

    def compare(chunk: Chunk) -> None:
        scored = chunk.time >= start
        again.rows(chunk.group.name, chunk.group.tags, chunk.time[scored], chunk.values[scored])

    pipeline = Pipeline(source.groups, [bound], start, Watch(chunk=compare, result=scores.note))
    events = [event for bundle in source.bundles() for event in pipeline.feed(bundle)]
    return scores, events, again.end(), sum(count.lost for count in pipeline.counts().values())


def _bound(name: str, series: Series, start: int) -> tuple[Bound, tuple[float, float] | None, Mapping[str, Any]]:
    """The model on a file's tags, its times and its card: a kind is fitted on the head, a file is taken as it is."""
    source = series.source()
    if name == "rules":
        return Rules(source.groups), None, {}
    if name not in KINDS:
        model = load_model(find(name))
        return model.bind(source.groups, name), speed(model), model.card.raw

    def head() -> Iterator[list[Item]]:
        return source.bundles(until=start - 1)

    normal = [FileSource(path, series.tags).bundles for path in series.normal]
    taught = ", ".join(path.name for path in series.normal) or f"the head of {series.path}"
    notes = {"origin": f"fitted on {taught}", "training": {"data": taught, "fit": series.head}}
    made = fit(name, source.groups, normal or [head], Budget.parse(series.budget), notes, seen=Sketch())
    model = OnnxModel(made, name)
    return model.bind(source.groups, name), speed(model), model.card.raw
