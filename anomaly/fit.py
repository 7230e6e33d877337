"""Fits a model on normal data, calibrates its threshold on other normal data, and writes it as one file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from anomaly.calibrate import Budget, Threshold, threshold
from anomaly.graph import with_golden
from anomaly.mspc import MEMORY, Mspc
from anomaly.spectrum import Spectrum, View, view_of
from anomaly.sticker import Sticker
from connectors.errors import InputError, nearest
from connectors.items import Item
from connectors.results import Result
from connectors.tags import Group
from connectors.texts import say
from edge.merge import Chunk, GroupMerge
from edge.model import OnnxModel
from edge.pipeline import Pipeline, Watch
from edge.window import GroupColumns, WindowSpec

KINDS = ("mspc", "spectrum", "sticker")
FIT_SHARE = 0.75  # of a single stretch; the rest calibrates
FIT_RUNS = 0.3  # of many runs; the rest calibrate, since a tail needs hours

Run = Callable[[], Iterable[Sequence[Item]]]  # opens a run: bundles of items, as often as asked
Model = Mspc | Spectrum | Sticker


def fit(
    kind: str, groups: Sequence[Group], runs: Sequence[Run], budget: Budget, notes: dict[str, Any] | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, of: None, view: View | None = None,
) -> bytes:  # fmt: skip
    """An .onnx file of `kind`, fitted and calibrated on normal runs.

    With several runs the first FIT_RUNS of them fit and the others calibrate; a single run is cut in time, FIT_SHARE
    of it fits and what follows calibrates. Nothing that calibrates was fitted on.

    Args:
        kind: one of KINDS.
        groups: the groups to model; what they leave out is not looked at.
        runs: normal data.
        budget: false alarms allowed.
        notes: more for the card: licence, origin, seeds.
        progress: told what is being done, how far, of how many runs.
        view: what `spectrum` looks at; None: bands in hertz of the fastest groups.

    Raises InputError if the kind is unknown or the data are too few.
    """
    model = _start(kind, groups, view)
    spec = _spec(model)
    digest = hashlib.sha256()
    fitting = max(1, round(FIT_RUNS * len(runs))) if len(runs) > 1 else 1
    learnt, golden = [], []
    for i, run in enumerate(runs[:fitting]):
        progress("fit", i, fitting)
        rows = table(run(), groups, spec)
        digest.update(rows.tobytes())
        rows = rows[: int(FIT_SHARE * len(rows))] if len(runs) == 1 else rows
        golden = golden or _samples(rows, spec)
        learnt.append(model.powers(rows) if isinstance(model, Spectrum) else rows)  # a run of kHz is large
    model.fit(learnt)
    if not golden:
        raise InputError(
            say("No run is long enough for one window of {length} rows. Give more rows.", length=spec.length)
        )
    raw = OnnxModel(model.graph().model(model.card()), kind)
    scores = []
    for i, run in enumerate(runs[fitting:] if len(runs) > 1 else runs):
        progress("calibrate", i, len(runs) - fitting)
        scores.append(_scores(raw, groups, run()))
    if len(runs) == 1:
        scores = [scores[0][int(FIT_SHARE * len(scores[0])) :]]
    found = threshold(scores, spec.stride_s, budget)
    model.level = found.value
    model.notes = {**(notes or {}), "calibration": _calibration(found, budget, digest.hexdigest())}
    return with_golden(model.graph().model(model.card()), golden)


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


def _scores(model: OnnxModel, groups: Sequence[Group], bundles: Iterable[Sequence[Item]]) -> np.ndarray:
    """Scores of every window of a run, exactly as the runtime gives them."""
    scores: list[float] = []

    def note(result: Result) -> None:
        scores.append(result.score)

    pipeline = Pipeline(groups, [model.bind(groups)], watch=Watch(result=note))
    names = {group.name for group in groups}
    for bundle in bundles:
        pipeline.feed([item for item in bundle if item.group in names])
    return np.array(scores)


def _start(kind: str, groups: Sequence[Group], view: View | None) -> Model:
    if kind == "sticker":
        return Sticker.of(groups)
    if kind == "spectrum":
        return Spectrum(view or view_of(groups))
    if kind != "mspc":
        raise InputError(say("No model kind is called '{kind}'.", kind=kind) + nearest(kind, KINDS))
    tags = [tag for group in groups for tag in group.tags if group.kind == "scalars"]
    rate = min((tag.rate_hz for tag in tags if tag.rate_hz is not None), default=1.0)
    return Mspc(tuple(tag.name for tag in tags), rate, 1.0 / rate, MEMORY)


def _spec(model: Model) -> WindowSpec:
    entry = model.card()["inputs"][0]
    return WindowSpec(
        channels=_channels(model), rate_hz=entry["rate_hz"], length=entry["length"], stride_s=entry["stride_s"],
        hold_s=entry["hold_s"], max_bad=entry["max_bad"],
    )  # fmt: skip


def _channels(model: Model) -> tuple[str, ...]:
    if isinstance(model, Mspc):
        return model.channels
    return model.wall.channels if isinstance(model, Sticker) else model.view.channels


def _samples(rows: np.ndarray, spec: WindowSpec) -> list[dict[str, np.ndarray]]:
    """Two windows of the fitted data for the golden pairs, none if the rows are too few."""
    if len(rows) < spec.length:
        return []
    starts = (0, (len(rows) - spec.length) // 2)
    return [{"window": rows[at : at + spec.length].astype(np.float32)[None]} for at in starts]


def _calibration(found: Threshold, budget: Budget, data: str) -> dict[str, Any]:
    return {
        "normal_hours": round(found.hours, 3),
        "budget": f"{budget.alarms:g}/{budget.seconds / 3600:g}h",
        "method": found.method,
        "highest_seen": float(f"{found.seen:.6g}"),
        "data_sha256": data,
    }
