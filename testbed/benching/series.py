"""Models on labelled series: each is fitted on the head of a file and scored on the rest, the same rule everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.calibrate import Budget
from anomaly.fit import KINDS, fit
from anomaly.metrics import Points
from anomaly.nab import Nab
from anomaly.t2q import T2Q
from connectors.files import FileSource
from connectors.items import Item
from connectors.results import Result
from edge.alarm import Alarm, AlarmSpec
from edge.digest import digest
from edge.library import find
from edge.merge import Chunk
from edge.model import Bound, OnnxModel, load_model
from edge.pipeline import Pipeline, Watch
from edge.rules import Rules
from edge.seen import Again, Sketch
from edge.speed import speed
from testbed.benching import scorers
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, called, in_parallel, together
from testbed.benching.outcome import Moved, Outcome
from testbed.benching.rounding import rounded
from testbed.benching.scorers import Answer
from testbed.datasets.series import Series, load
from testbed.rivals import ALWAYS, active

GENERAL = ("mspc", "var-residual", "subsequence", "rules")  # kinds that fit any scalar signals
MOVED = (0.8, 1.2)  # thresholds that are tried beside the calibrated one, as multiples of it
YARDSTICKS = {"t2-q": True, "t2-q-textbook": False}  # T² and Q with the limits as published, and the textbook's


@dataclass(frozen=True, slots=True)
class _Job:
    """One file and what is to be held against it; small enough to hand to another process."""

    series: Series
    models: tuple[str, ...]


def series_rows(
    name: str, root: Path | None, test: Path | None, models: Sequence[str] | None, jobs: int, progress: Progress,
    cells: Cells | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row a model, then the yardsticks and the rival that always alarms, pooled over the files of a set.

    A kind is fitted and calibrated on the head of each file; a name or a file is taken as it is. What `cells` holds is
    not made again.

    Raises InputError for a set or a model that does not fit.
    """
    return rows_of(name, judged(name, root, test, models, jobs, progress, cells))


def judged(
    name: str, root: Path | None, test: Path | None, models: Sequence[str] | None, jobs: int, progress: Progress,
    cells: Cells | None = None,
) -> dict[str, dict[str, Outcome]]:  # fmt: skip
    """What every model and rival made of every file, by path and model. Arguments as for `series_rows`."""
    work = [_Job(series, tuple(models or GENERAL)) for series in load(name, root, test)]
    paths = [job.series.path for job in work]
    return dict(zip(paths, in_parallel(outcomes, work, jobs, progress, cells), strict=True))


def rows_of(data: str, judged: Mapping[str, Mapping[str, Outcome]]) -> list[dict[str, Any]]:
    """A row a model, pooled over the files."""
    found = list(judged.values())
    folders = [path.rpartition("/")[0] for path in judged]
    rows = [_row(model, data, [one[model] for one in found], folders) for model in found[0]]
    return rows + scorers.published(data, {path: one[ALWAYS].nab.changes for path, one in judged.items()})


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
    source = series.source()
    start = int(scored.time[0])
    bound, ms, card = _bound(name, series, start)
    scores = _Scores()
    again = Again(card, [channel for spec in bound.windows for channel in spec.channels])

    def compare(chunk: Chunk) -> None:
        scored = chunk.time >= start
        again.rows(chunk.group.name, chunk.group.tags, chunk.time[scored], chunk.values[scored])

    pipeline = Pipeline(source.groups, [bound], start, Watch(chunk=compare, result=scores.note))
    events = [event for bundle in source.bundles() for event in pipeline.feed(bundle)]
    alarm = active([event for event in events if event.model == bound.name], scored.time)
    outcome = Outcome.of(scored, alarm, scores.at(scored.time))
    outcome.digest = digest(events, start)
    outcome.lost = sum(count.lost for count in pipeline.counts().values())
    outcome.ms = ms
    again.end()
    outcome.seen = None if again.share is None else (again.found, again.compared)
    if name != "rules":  # whose checks have no common threshold
        outcome.moved = tuple(Moved.of(scored, scores.alarm(bound.alarm, m, scored.time)) for m in MOVED)
    return outcome


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


def _row(model: str, data: str, found: Sequence[Outcome], folders: Sequence[str]) -> dict[str, Any]:
    """Moments pooled over the files as the benchmark does; volumes and affiliation are means over files.

    Beside F1 stand F1 with the threshold moved down and up, and the least and the most F1 with one folder left out.
    """
    points = sum((one.points for one in found), Points())
    delays = [delay for one in found for delay in one.stretches.delays]
    hours = sum(one.hours for one in found)
    false = sum(one.stretches.false_alarms for one in found)
    times = [one.ms for one in found if one.ms is not None]
    moved = list(zip(*(one.moved for one in found), strict=True))
    is_nab = data == "nab"
    row: dict[str, Any] = {
        "model": called(model),
        "data": data,
        "files": len(found),
        "f1": rounded(points.f1),
        "f1_moved": _of_each(moved, lambda part: _points(part).f1),
        "f1_without": _spread(found, folders, lambda part: _points(part).f1),
        "far": rounded(points.far),
        "mar": rounded(points.mar),
        "detection": _detection(found),
        "vus_pr": _mean([one.vus_pr for one in found]),
        "nab": rounded(_nab(found)),
        "nab_moved": _of_each(moved, _nab) if is_nab else None,
        "nab_without": _spread(found, folders, _nab) if is_nab else None,
        "affiliation_f1": _mean([one.affiliation_f1 for one in found]),
        "found": len(delays),
        "faults": sum(one.stretches.faults for one in found),
        "delay_p50_s": round(float(np.median(delays)), 3) if delays else None,
        "false_alarms_per_24h": round(24.0 * false / hours, 3),
        "hours": round(hours, 3),
        "p50_ms": round(float(np.median([ms[0] for ms in times])), 4) if times else None,
        "p99_ms": max((ms[1] for ms in times), default=None),
        **_overlap(found),
        "lost": sum(one.lost for one in found),
    }
    row |= scorers.competition([one.batadal for one in found], [[one.batadal for one in part] for part in moved])
    if any(one.digest for one in found):
        row["digest"] = together([one.digest for one in found])
    return row


def _overlap(found: Sequence[Outcome]) -> dict[str, Any]:
    """How much of what was scored the models had seen, where their cards say it; nothing of what learns nothing."""
    told = [one.seen for one in found if one.seen is not None]
    if not told:
        return {"overlap": "unknown"} if any(one.ms is not None for one in found) else {}
    hits, compared = sum(n for n, _ in told), sum(n for _, n in told)
    return {"overlap": "some" if hits else "none", "overlap_share": round(hits / compared, 4) if hits else None}


def _detection(found: Sequence[Outcome]) -> float | None:
    """Mean over the files with a fault of the share of its moments that had an alarm, hidden faults left out."""
    missed = [one.points.mar for one in found if not one.is_hidden]
    return _mean([1.0 - mar for mar in missed if mar is not None])


Part = Sequence[Outcome] | Sequence[Moved]


def _of_each(parts: Iterable[Part], figure: Callable[[Part], float | None]) -> list[float | None] | None:
    """A figure of each part, pooled; None where there is none."""
    return [rounded(figure(part)) for part in parts] or None


def _points(part: Part) -> Points:
    return sum((one.points for one in part), Points())


def _nab(part: Part) -> float | None:
    return sum((one.nab for one in part), Nab()).score


def _spread(
    found: Sequence[Outcome], folders: Sequence[str], figure: Callable[[Part], float | None]
) -> list[float | None] | None:
    """The least and the most of a figure with one folder left out; None where all files lie in one."""
    left = [[one for one, own in zip(found, folders, strict=True) if own != folder] for folder in sorted(set(folders))]
    values = sorted(value for value in (_of_each(left, figure) or []) if value is not None) if len(left) > 1 else []
    return [values[0], values[-1]] if values else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None
