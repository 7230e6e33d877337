"""Fits a model on normal data, calibrates its threshold on other normal data, and writes it as one file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.calibrate import Budget, Threshold, threshold
from anomaly.convae import Convae
from anomaly.drift_follow import DriftFollow
from anomaly.envelope import Envelope
from anomaly.graph import with_golden
from anomaly.kinds import KINDS, Look, Model, begin
from anomaly.looking import look
from connectors.errors import InputError
from connectors.items import Item
from connectors.results import Result
from connectors.tags import Group
from connectors.texts import say
from edge.merge import Chunk, GroupMerge
from edge.model import OnnxModel
from edge.pipeline import Pipeline, Watch
from edge.seen import KEY as SEEN
from edge.seen import Sketch
from edge.window import GroupColumns, WindowSpec

__all__ = ["FOLDS", "KINDS", "calibration", "fit", "table"]

FOLDS = 4  # parts of a single stretch; each is scored by what was fitted on the others
FIT_RUNS = 0.3  # of many runs; the rest calibrate, since a tail needs hours

Run = Callable[[], Iterable[Sequence[Item]]]  # opens a run: bundles of items, as often as asked


def fit(
    kind: str, groups: Sequence[Group], runs: Sequence[Run], budget: Budget, notes: dict[str, Any] | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None, view: Look | None = None,
    seen: Sketch | None = None,
    epochs: int | None = None, checkpoint: Path | None = None,
) -> bytes:  # fmt: skip
    """An .onnx file of `kind`, fitted and calibrated on normal runs.

    With several runs the first FIT_RUNS of them fit and the others calibrate. A single run is all fitted on, and each
    FOLDS-th of it is scored for the threshold by a model of the others (cross-conformal: Vovk, Ann. Math. Artif.
    Intell. 74 (2015) 9): no score that calibrates comes from rows that its model was fitted on.

    Args:
        kind: one of KINDS.
        groups: the groups to model; what they leave out is not looked at.
        runs: normal data.
        budget: false alarms allowed.
        notes: more for the card: licence, origin, seeds.
        progress: told what is being done, how far, of how many runs.
        view: what `spectrum` looks at, None: bands in hertz of the fastest groups; what `envelope` looks at.
        seen: takes what fits and what calibrates into the card, so that it is known again; for data of no seed.
        epochs: at most, of `convae`; None: its plan's.
        checkpoint: file that keeps each epoch of `convae`; the same training goes on from it after a stop, and takes it
            away when it is done.

    Raises InputError if the kind is unknown or the data are too few.
    """
    model = _begun(kind, groups, view, progress, epochs, checkpoint)
    spec = _spec(model)
    groups = [group for group in groups if any(tag.name in spec.channels for tag in group.tags)]
    if seen is not None:
        runs = [_noted(seen, run, spec.channels) for run in runs]
    digest = hashlib.sha256()
    fitting = max(1, round(FIT_RUNS * len(runs))) if len(runs) > 1 else 1
    kept, golden, rows = [], [], np.empty((0, 0))
    for i, run in enumerate(runs[:fitting]):
        progress("fit", i, fitting)
        if isinstance(model, Envelope):  # its windows have gaps between them
            kept.append(_snapshots(model, run(), groups, spec, digest.update, golden))
            continue
        rows = table(run(), groups, spec)
        digest.update(rows.tobytes())
        golden = golden or _samples(rows, spec)
        kept.append(model.kept(rows))  # a run of kHz is large
    model.fit(kept)
    _check_long_enough(golden, spec)
    scores = (
        _scores_of(model, kind, groups, runs[fitting:], progress)
        if len(runs) > 1
        else _scores_across(lambda: _again(model, kind, groups, view), rows, spec, progress)
    )
    found = threshold(list(scores), spec.stride_s, budget)
    model.level = found.value
    model.notes = {**(notes or {}), "calibration": calibration(found, budget, digest.hexdigest())}
    if seen is not None:
        model.notes[SEEN] = seen.told()
    data = with_golden(model.graph().model(model.card()), golden)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return data


def _begun(
    kind: str, groups: Sequence[Group], view: Look | None, progress: Callable[[str, int, int], None],
    epochs: int | None, checkpoint: Path | None,
) -> Model:  # fmt: skip
    """A model of the kind; `convae`, which learns for long, knows whom to tell, where to keep it, and for how long."""
    model = begin(kind, groups, view)
    if isinstance(model, Convae):
        model.progress, model.checkpoint = progress, checkpoint
        model.plan = model.plan if epochs is None else replace(model.plan, epochs=epochs)
    return model


def _check_long_enough(golden: Sequence[Any], spec: WindowSpec) -> None:
    if not golden:
        raise InputError(
            say("No run is long enough for one window of {length} rows. Give more rows.", length=spec.length)
        )


def _again(model: Model, kind: str, groups: Sequence[Group], view: Look | None) -> Model:
    """Another model of the kind, to be fitted the same way."""
    other = begin(kind, groups, view)
    if isinstance(model, Convae) and isinstance(other, Convae):
        other.plan = model.plan
    return other


def _noted(seen: Sketch, run: Run, channels: Sequence[str]) -> Run:
    return lambda: seen.noted(run(), channels)


def table(bundles: Iterable[Sequence[Item]], groups: Sequence[Group], spec: WindowSpec) -> np.ndarray:
    """Every grid point of a run, held as the windows hold them: float64 (n, channels), rows with a gap left out."""
    chunks = [chunk for chunk in _chunks(bundles, groups) if len(chunk.time)]
    if not chunks:
        raise InputError(say("There are no samples to fit on."))
    first, last = min(int(c.time[0]) for c in chunks), max(int(c.time[-1]) for c in chunks)
    period = spec.period_ns
    grid = np.arange(-(-first // period) * period, last + 1, period, dtype=np.int64)
    values = np.full((len(grid), len(spec.channels)), np.nan)
    for group in groups:
        columns = GroupColumns(spec, group)
        for chunk in chunks:
            if chunk.group.name == group.name:
                columns.add(chunk)
        if len(columns.into) and len(grid):
            values[:, columns.into] = columns.fill(grid)[0]
    return values[np.isfinite(values).all(axis=1)]


def _chunks(bundles: Iterable[Sequence[Item]], groups: Sequence[Group]) -> Iterable[Chunk]:
    merges = {group.name: GroupMerge(group) for group in groups}
    for bundle in bundles:
        for item in bundle:
            merge = merges.get(item.group)
            chunk = merge.add(item) if merge is not None else None
            if chunk is not None:
                yield chunk


def _scores_of(
    model: Model, kind: str, groups: Sequence[Group], runs: Sequence[Run], progress: Callable[[str, int, int], None]
) -> Iterator[np.ndarray]:
    """Scores of every window of each run, exactly as the runtime gives them."""
    raw = OnnxModel(model.graph().model(model.card()), kind)
    names = {group.name for group in groups}
    for i, run in enumerate(runs):
        progress("calibrate", i, len(runs))
        scores: list[float] = []

        def note(result: Result, scores: list[float] = scores) -> None:
            scores.append(result.score)

        pipeline = Pipeline(groups, [raw.bind(groups)], watch=Watch(result=note))
        for bundle in run():
            pipeline.feed([item for item in bundle if item.group in names])
        yield np.array(scores)


def _scores_across(
    again: Callable[[], Model], rows: np.ndarray, spec: WindowSpec, progress: Callable[[str, int, int], None]
) -> Iterator[np.ndarray]:
    """Scores of the windows within each part of a stretch, by a model of the other parts.

    What a window of `drift-follow` only compares with may lie before the part.
    """
    edges = np.linspace(0, len(rows), FOLDS + 1).astype(int)
    step = max(1, round(spec.stride_s * spec.rate_hz))
    for i, (first, end) in enumerate(pairwise(edges)):
        progress("calibrate", i, FOLDS)
        model = again()
        model.fit([model.kept(part) for part in (rows[:first], rows[end:]) if len(part)])
        session = OnnxModel(model.graph().model(model.card()), "fold").session
        lead = model.lead if isinstance(model, DriftFollow) else 0
        starts = range(max(0, first - lead), end - spec.length + 1, step)
        windows = (rows[at : at + spec.length].astype(np.float32)[None] for at in starts)
        yield np.array([float(session.run({"window": window})["score"].reshape(-1)[0]) for window in windows])


def _snapshots(
    model: Envelope, bundles: Iterable[Sequence[Item]], groups: Sequence[Group], spec: WindowSpec,
    note: Callable[[bytes], None], golden: list[dict[str, np.ndarray]],
) -> np.ndarray:  # fmt: skip
    """Contrasts of a run's windows as the runtime cuts them, (m, k, f); the first window becomes golden.

    Windows with gaps, as before a run's first samples, are left out.
    """
    contrasts, found = model.contrasts(), []

    def take(window: np.ndarray) -> None:
        if np.isnan(window).any():
            return
        note(window.tobytes())
        if not golden:
            golden.append({"window": window.astype(np.float32)[None]})
        found.append(contrasts(window))

    look(bundles, groups, spec, take)
    return np.array(found).reshape(-1, *model.shape)


def _spec(model: Model) -> WindowSpec:
    entry = model.card()["inputs"][0]
    return WindowSpec(
        channels=model.reads, rate_hz=entry["rate_hz"], length=entry["length"], stride_s=entry["stride_s"],
        hold_s=entry["hold_s"], max_bad=entry["max_bad"],
    )  # fmt: skip


def _samples(rows: np.ndarray, spec: WindowSpec) -> list[dict[str, np.ndarray]]:
    """Two windows of the fitted data for the golden pairs, none if the rows are too few."""
    if len(rows) < spec.length:
        return []
    starts = (0, (len(rows) - spec.length) // 2)
    return [{"window": rows[at : at + spec.length].astype(np.float32)[None]} for at in starts]


def calibration(found: Threshold, budget: Budget, data: str) -> dict[str, Any]:
    """What a card says of its threshold; `data` is the SHA-256 of what it rests on."""
    return {
        "normal_hours": round(found.hours, 3),
        "budget": f"{budget.alarms:g}/{budget.seconds / 3600:g}h",
        "method": found.method,
        "highest_seen": float(f"{found.seen:.6g}"),
        "data_sha256": data,
        "tail": found.tail.told(),
    }
