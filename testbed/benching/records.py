"""Models that say what is wrong with a bearing, on records that they never heard, beside rivals that do not listen."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.bearing import LABELS
from anomaly.metrics import Points
from connectors.errors import InputError
from connectors.texts import say
from edge.library import find
from edge.model import OnnxModel, load_model
from edge.seen import Again, of_array
from edge.speed import speed
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, called
from testbed.benching.judge import overlap
from testbed.benching.rounding import rounded
from testbed.benching.series import MOVED
from testbed.datasets import bearings
from testbed.datasets.bearings import Record, label_of
from testbed.rivals import ALWAYS
from vision.metrics import accuracy, macro_f1

KIND = "bearing"
MAJORITY = "majority"


@dataclass(slots=True)
class Heard:
    """What a model said of the windows of one record: shares of the classes (n, 4), scores (n,)."""

    record: Record
    shares: np.ndarray
    score: np.ndarray

    @property
    def said(self) -> list[str]:
        """A class a window."""
        return [LABELS[i] for i in self.shares.argmax(axis=1)]

    @property
    def whole(self) -> str:
        """One class for the record: the windows' shares multiplied."""
        return LABELS[int(np.log(self.shares + 1e-12).sum(axis=0).argmax())]


@dataclass(slots=True)
class Judged:
    """What one model said of every record, and how fast it is."""

    name: str
    heard: list[Heard] = field(default_factory=list)
    ms: tuple[float, float] | None = None
    overlap: dict[str, Any] = field(default_factory=lambda: {"overlap": "none"})


def record_rows(
    name: str, root: Path | None, train: Path | None, test: Path | None, models: Sequence[str] | None,
    progress: Progress, cells: Cells | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row a model and rival on the records of `test`. What `cells` holds of them is not judged again.

    The kind is fitted on the records of `train`; without it on all that are not tested, or, where all of the root's
    are, on the set at its usual place. Without both lists, at that place, every record is judged by a model that heard
    neither its size of spall nor its load.

    Raises InputError for a set, a list or a model that does not fit.
    """
    tested = bearings.load(name, root, [test] if test else ())
    taught = bearings.load(name, root, [train]) if train else []
    if test is None:
        tested = [record for record in tested if record.path not in {one.path for one in taught}]
    _apart(taught, tested)
    judged = []
    for model in models or (KIND,):
        if model != KIND:
            judged.append(_by_file(model, name, tested, train, cells))
        elif train is None and test is None and not _elsewhere(name, root, tested):
            judged.append(_across(name, tested, progress, cells))
        else:
            judged.append(_fitted(name, taught or _others(name, root, tested), tested, progress, cells))
    rows = [_row(one, name) for one in judged]
    return rows + _rivals(name, judged[0].heard, taught)


def _apart(taught: Sequence[Record], tested: Sequence[Record]) -> None:
    both = sorted({record.path for record in taught} & {record.path for record in tested})
    if both:
        raise InputError(
            say("{n} records stand in both lists, among them {shown}. A model is not scored on what it was fitted on.",
                n=len(both), shown=", ".join(both[:3]))
        )  # fmt: skip
    if not tested:
        raise InputError(say("No record is left to score beside those of --train."))


def _elsewhere(name: str, root: Path | None, tested: Sequence[Record]) -> bool:
    """Whether the tested records lie apart from the set at its usual place, which may then teach."""
    if root is None or not bearings.home(name).is_dir():
        return False
    return not {record.path for record in bearings.load(name)} & {record.path for record in tested}


def _others(name: str, root: Path | None, tested: Sequence[Record]) -> list[Record]:
    """What may be fitted on: the root's other records, or those of the set's usual place."""
    known = {record.sha256() for record in tested}
    others = [record for record in bearings.load(name, root) if record.sha256() not in known]
    if not others and root is not None and bearings.home(name).is_dir():
        others = [record for record in bearings.load(name) if record.sha256() not in known]
    if not others:
        raise InputError(say("There is no record to fit on beside the tested ones. Name some with --train LIST."))
    return others


@dataclass(frozen=True, slots=True)
class Listened:
    """A piece of work: some records before a model, which was fitted on others where it is a kind."""

    data: str
    model: str
    taught: tuple[Record, ...]
    tested: tuple[Record, ...]


def _fitted(
    name: str, taught: Sequence[Record], tested: Sequence[Record], progress: Progress, cells: Cells | None
) -> Judged:  # fmt: skip
    """What a model of these records says of those; both from a cell where they are known."""
    from testbed.train_bearing import fitted

    work = Listened(name, KIND, tuple(taught), tuple(tested))
    made = None if cells is None else cells.find(work)
    if made is not None:
        return _known(made, tested)
    model = OnnxModel(fitted(name, taught), KIND)
    judged = _heard(Judged(KIND, ms=speed(model)), model, tested, progress)
    _keep(cells, work, judged)
    return judged


def _known(made: Any, tested: Sequence[Record]) -> Judged:
    ms, said = made
    heard = [Heard(record, shares, score) for record, (shares, score) in zip(tested, said, strict=True)]
    return Judged(KIND, heard, ms)


def _keep(cells: Cells | None, work: Listened, judged: Judged) -> None:
    if cells is not None:
        cells.keep(work, (judged.ms, [(one.shares, one.score) for one in judged.heard]))


def _by_file(model: str, name: str, tested: Sequence[Record], train: Path | None, cells: Cells | None) -> Judged:
    onnx = load_model(find(model))
    if "label" not in onnx.card.outputs or tuple(onnx.card.raw.get("labels", ())) != LABELS:
        raise InputError(say("Model {name} does not tell {labels} apart.", name=model, labels=", ".join(LABELS)))
    work = Listened(name, model, (), tuple(tested))
    made = None if cells is None else cells.find(work)
    if made is None:
        judged = _heard(Judged(called(model), ms=speed(onnx)), onnx, tested, lambda done, of: None)
        _keep(cells, work, judged)
    else:
        judged = replace(_known(made, tested), name=called(model))
    again = Again(onnx.card.raw)
    for window in (window for record in tested for window in record.windows()) if again.is_known else ():
        again.note(of_array(window[:, 0]))
    judged.overlap = overlap(onnx, name, train, again)
    known = onnx.card.raw.get("training", {}).get("records")
    if known and not again.is_known:
        both = len(set(known) & {record.path for record in tested})
        share = round(both / len(tested), 4)
        judged.overlap = {"overlap": "some", "overlap_share": share} if both else {"overlap": "none"}
    return judged


def _heard(judged: Judged, model: OnnxModel, records: Sequence[Record], progress: Progress) -> Judged:
    role, entry = model.card.outputs, model.card.inputs[0].name
    for record in records:
        outputs = [model.session.run({entry: window.astype(np.float32)[None]}) for window in record.windows()]
        shares = np.array([out[role["label"]].reshape(-1) for out in outputs], np.float64)
        score = np.array([float(out[role["score"]].reshape(-1)[0]) for out in outputs])
        judged.heard.append(Heard(record, shares, score))
        progress(len(judged.heard), len(records))
    return judged


def _across(name: str, records: Sequence[Record], progress: Progress, cells: Cells | None) -> Judged:
    """Every record by a model of other sizes and loads; of a sound record the other half by each of these models."""
    sound = [record for record in records if record.label == 0]
    spalled = [record for record in records if record.label != 0]
    folds = sorted({(record.size, record.load) for record in spalled})
    judged = Judged(KIND)
    for i, (size, load) in enumerate(folds):
        taught = [r for r in spalled if r.size != size and r.load != load]
        tested = [r for r in spalled if (r.size, r.load) == (size, load)]
        halves = [[replace(r, part=part) for r in sound] for part in ((0.0, 0.5), (0.5, 1.0))]
        fold = _fitted(name, [*taught, *halves[0]], [*tested, *halves[1]], lambda done, of: None, cells)
        judged.ms = judged.ms or fold.ms
        judged.heard += fold.heard
        progress(i + 1, len(folds))
    return judged


def _row(judged: Judged, data: str) -> dict[str, Any]:
    """Windows pooled over the records; one class a record beside it."""
    heard = judged.heard
    truth, said = _windows(heard)
    bad = np.array([label != LABELS[0] for label in truth])
    score = np.concatenate([one.score for one in heard])
    points = Points.of(bad, score >= 1.0)
    lines = "".join(f"{one.record.path}|{s}|{v:.4g}\n" for one in heard
                    for s, v in zip(one.said, one.score, strict=True))  # fmt: skip
    return {
        "model": judged.name, "data": data, "records": len(heard), "windows": len(truth),
        **_named(truth, said),
        "macro_f1_without": _without(heard),
        "macro_f1_records": round(macro_f1([label_of(one.record) for one in heard], [one.whole for one in heard]), 4),
        "f1": rounded(points.f1), "f1_moved": [rounded(Points.of(bad, score >= moved).f1) for moved in MOVED],
        "far": rounded(points.far), "mar": rounded(points.mar),
        "p50_ms": judged.ms[0] if judged.ms else None, "p99_ms": judged.ms[1] if judged.ms else None,
        **judged.overlap, "lost": 0, "digest": hashlib.sha256(lines.encode()).hexdigest(),
    }  # fmt: skip


def _windows(heard: Sequence[Heard]) -> tuple[list[str], list[str]]:
    """True and said class of every window."""
    truth = [label_of(one.record) for one in heard for _ in one.said]
    return truth, [label for one in heard for label in one.said]


def _named(truth: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    return {"accuracy": round(accuracy(truth, said), 4), "macro_f1": round(macro_f1(truth, said), 4)}


def _without(heard: Sequence[Heard]) -> list[float] | None:
    """The least and the most macro F1 with the spalls of one size left out; None where there is one size."""
    sizes = sorted({one.record.size for one in heard if one.record.label})
    left = [[one for one in heard if one.record.size != size] for size in sizes] if len(sizes) > 1 else []
    values = sorted(round(macro_f1(*_windows(part)), 4) for part in left)
    return [values[0], values[-1]] if values else None


def _rivals(data: str, heard: Sequence[Heard], taught: Sequence[Record]) -> list[dict[str, Any]]:
    """The most frequent class, and an alarm for every window."""
    truth, _ = _windows(heard)
    most = Counter([label_of(record) for record in taught] or truth).most_common(1)[0][0]
    head = {"data": data, "records": len(heard), "windows": len(truth), "lost": 0}
    bad = np.array([label != LABELS[0] for label in truth])
    points = Points.of(bad, np.ones(len(bad)))
    told = {"f1": rounded(points.f1), "far": rounded(points.far), "mar": rounded(points.mar)}
    return [{"model": MAJORITY, **head, **_named(truth, [most] * len(truth))}, {"model": ALWAYS, **head, **told}]
