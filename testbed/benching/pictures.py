"""Models on sets of pictures: which class, which picture is wrong, and where; beside rivals that hardly look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.metrics import Points
from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import grey, regions
from connectors.texts import say
from edge.library import find, listed
from edge.model import OnnxModel, load_model
from edge.speed import percentiles
from testbed.benching.carried import carry
from testbed.benching.cells import Cells
from testbed.benching.jobs import Progress, called
from testbed.benching.judge import Judge, grown, misfit, overlap
from testbed.benching.rounding import rounded
from testbed.datasets.pictures import Picture, load
from testbed.rivals import ALWAYS
from testbed.running import in_loop
from testbed.train import PICTURE_KINDS
from vision.average_precision import average_precision
from vision.detect import summary
from vision.metrics import accuracy, aupro, auroc, macro_f1

MAJORITY, BRIGHTNESS = "majority", "mean-grey"
AT_ONCE = 50  # pictures a cell


@dataclass(slots=True)
class Judged:
    """What the models said of the pictures that arrived.

    Attributes:
        judges: one a model.
        pictures: that were sent.
        taught: that kinds were fitted on.
        brightness: mean grey level of each one that arrived.
        train: the list that names those.
        lost: that did not.
    """

    judges: list[Judge]
    pictures: list[Picture]
    taught: list[Picture]
    brightness: dict[int, float]
    train: Path | None = None
    lost: int = 0

    def part(self, part: range) -> dict[int, float]:
        """What a cell holds of some pictures beside what the models said."""
        return {i: self.brightness[i] for i in part}


@dataclass(frozen=True, slots=True)
class Looked:
    """A piece of work: some pictures before some models, of which kinds were fitted on others."""

    data: str
    models: tuple[str, ...]
    over: str
    taught: tuple[Path, ...]
    pictures: tuple[Path, ...]


def picture_rows(
    name: str, root: Path | None, train: Path | None, test: Path | None, models: Sequence[str] | None, over: str,
    progress: Progress, cells: Cells | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """A row a model and rival on the pictures of `test`, or all but those of `train`.

    What `cells` holds of them is not looked at again.

    Raises InputError for a set, a list or a model that does not fit, PartFailed when a transport fails.
    """
    return rows_of(name, judged(name, root, train, test, models, over, progress, cells))


def judged(
    name: str, root: Path | None, train: Path | None, test: Path | None, models: Sequence[str] | None, over: str,
    progress: Progress, cells: Cells | None = None,
) -> Judged:  # fmt: skip
    """What every model says of every picture. Arguments as for `picture_rows`."""
    taught = load(name, root, [train]) if train is not None else []
    pictures = load(name, root, [test] if test is not None else ())
    known = {picture.path for picture in taught}
    if test is None:
        pictures = [picture for picture in pictures if picture.path not in known]
    if not pictures:
        raise InputError(say("{data} has no picture left to score beside those of --train.", data=name))
    both = sorted(known & {picture.path for picture in pictures})
    if both:
        raise InputError(
            say("{n} pictures stand in both lists, among them {shown}. A model is not scored on what it was fitted on.",
                n=len(both), shown=", ".join(both[:3]))
        )  # fmt: skip
    found = Judged(_judges(name, root, train, models, taught, pictures), pictures, taught, {}, train)

    known_as = tuple(models or [judge.name for judge in found.judges])
    size = len(pictures) if cells is None else AT_ONCE
    for first in range(0, len(pictures), size):
        part = range(first, min(first + size, len(pictures)))
        work = Looked(name, known_as, over, tuple(p.file for p in taught), tuple(pictures[i].file for i in part))
        made = None if cells is None else cells.find(work)
        if made is None:
            lost = in_loop(_look(found, pictures, part, over, progress))
            if cells is not None and not lost:
                cells.keep(work, (found.part(part), [judge.part(part) for judge in found.judges]))
            found.lost += lost
            continue
        found.brightness |= made[0]
        for judge, said in zip(found.judges, made[1], strict=True):
            judge.take(said)
        progress(len(found.brightness), len(pictures))
    return found


async def _look(
    found: Judged, pictures: Sequence[Picture], part: range, over: str, progress: Progress
) -> int:  # fmt: skip
    """Send a part of the pictures past the models; how many never arrived."""

    def take(i: int, frame: Frame) -> None:
        image = grey(frame.image)
        found.brightness[part[i]] = float(image.mean())
        for judge in found.judges:
            judge.look(part[i], image)
        progress(len(found.brightness), len(pictures))

    return await carry([pictures[i] for i in part], over, take)


def rows_of(data: str, judged: Judged) -> list[dict[str, Any]]:
    """A row a model, then the rivals'."""
    rows = [
        _row(judge, data, judged.pictures, judged.lost) | overlap(judge.model, data, judged.train, judge.again)
        for judge in judged.judges
    ]
    return rows + _rivals(data, judged)


def _judges(
    name: str, root: Path | None, train: Path | None, models: Sequence[str] | None, taught: Sequence[Picture],
    test: Sequence[Picture],
) -> list[Judge]:  # fmt: skip
    """The models that were named, or every one at hand that fits; kinds are fitted on the training list."""
    judges: list[Judge] = []
    for model in models or (_kinds(taught) if taught else _fitting(test)):
        if model not in PICTURE_KINDS:
            judges.append(Judge(called(model), load_model(find(model))))
        elif train is None:
            raise InputError(
                say("'{kind}' must be fitted first: give --train LIST, or the .onnx file of a fitted one.", kind=model)
            )
        else:
            from testbed.train_pictures import train_on_pictures

            judges.append(Judge(model, OnnxModel(train_on_pictures(model, name, root, [train]), model)))
    for judge in judges:
        fault = misfit(judge, test)
        if fault is not None:
            raise InputError(fault)
    if not judges:
        raise InputError(
            say("No model at hand fits {data}. Name one with --models, or fit one with --train.", data=name)
        )
    return judges


def _kinds(taught: Sequence[Picture]) -> list[str]:
    """Kinds that these pictures can teach."""
    classes = {picture.label for picture in taught}
    found = ["classify"] if len(classes) > 1 else []
    return found + (["surface-padim", "surface-patch"] if any(picture.normal for picture in taught) else [])


def _fitting(test: Sequence[Picture]) -> list[str]:
    found = []
    for name, path in listed().items():
        model = load_model(path)
        if any(entry.kind == "image" for entry in model.card.inputs) and not misfit(Judge(name, model), test):
            found.append(name)
    return found


def _row(judge: Judge, data: str, pictures: Sequence[Picture], lost: int) -> dict[str, Any]:
    order = sorted(judge.said)
    truth = [pictures[i] for i in order]
    row: dict[str, Any] = {"model": judge.name, "data": data, "pictures": len(order)}
    if judge.classifies:
        said = [judge.said[i] for i in order]
        row |= _named([picture.label for picture in truth], said)
    elif judge.detects:
        row |= _located(truth, [judge.boxes[i] for i in order], judge.labels)
    else:
        bad = np.array([not picture.normal for picture in truth])
        score = np.array([judge.score[i] for i in order])
        row |= _told(bad, score >= 1.0) | {"auroc": rounded(auroc(bad, score)), "aupro": _overlap(judge, truth, order)}
        row["supervision"] = judge.model.card.raw.get("supervision")
    ms = percentiles(judge.seconds) if judge.seconds else (None, None)
    return {**row, "p50_ms": ms[0], "p99_ms": ms[1], "lost": lost, "digest": None if lost else judge.digest(pictures)}


def _named(truth: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    return {"accuracy": round(accuracy(truth, said), 4), "macro_f1": round(macro_f1(truth, said), 4)}


def _located(truth: Sequence[Picture], found: Sequence[np.ndarray], labels: Sequence[str]) -> dict[str, Any]:
    """Average precision of boxes as COCO defines it."""
    boxes = [np.array([[*box[1:], labels.index(box[0])] for box in p.boxes], np.float32).reshape(-1, 5) for p in truth]
    return summary(average_precision(boxes, found, len(labels)), labels)


def _told(bad: np.ndarray, alarm: np.ndarray) -> dict[str, Any]:
    points = Points.of(bad, alarm)
    return {"f1": rounded(points.f1), "far": rounded(points.far), "mar": rounded(points.mar)}


def _overlap(judge: Judge, truth: Sequence[Picture], order: Sequence[int]) -> float | None:
    """AUPRO where there are masks; maps and masks are compared on the map's grid, grown to the picture's size."""
    if not judge.map or all(picture.mask_file is None for picture in truth):
        return None
    shape = judge.model.session.inputs[judge.model.card.inputs[0].name]
    parts, maps = [], []
    for picture, i in zip(truth, order, strict=True):
        mask = picture.mask()
        if mask is not None or picture.normal:
            image = picture.image()
            maps.append(grown(judge.map[i], image.shape, shape))
            parts.append(regions(np.zeros(image.shape) if mask is None or picture.normal else mask))
    return rounded(aupro(parts, maps))


def _rivals(data: str, judged: Judged) -> list[dict[str, Any]]:
    """The most frequent class; an alarm for every picture; and one that only looks how bright a picture is."""
    judges, pictures, taught, brightness = judged.judges, judged.pictures, judged.taught, judged.brightness
    rows: list[dict[str, Any]] = []
    order = sorted(brightness)
    truth = [pictures[i] for i in order]
    head = {"data": data, "pictures": len(order), "lost": judged.lost}
    if any(judge.classifies for judge in judges):
        most = Counter(p.label for p in (taught or truth)).most_common(1)[0][0]
        rows.append({"model": MAJORITY, **head, **_named([p.label for p in truth], [most] * len(truth))})
    if any(judge.detects for judge in judges):
        rows.append({"model": MAJORITY, **head, **_whole(truth, taught or truth)})
    if any(not (judge.classifies or judge.detects) for judge in judges):
        bad = np.array([not picture.normal for picture in truth])
        levels = np.array([brightness[i] for i in order])
        usual = np.median([p.image().mean() for p in taught if p.normal] if taught else levels)
        rows.append({"model": ALWAYS, **head, **_told(bad, np.ones(len(bad))), "auroc": 0.5})
        rows.append({"model": BRIGHTNESS, **head, "auroc": rounded(auroc(bad, np.abs(levels - usual)))})
    return rows


def _whole(truth: Sequence[Picture], taught: Sequence[Picture]) -> dict[str, Any]:
    """One box of the most frequent class around every picture."""
    counted = Counter(box[0] for picture in taught for box in picture.boxes)
    labels = sorted({*counted, *(box[0] for picture in truth for box in picture.boxes)})
    most = labels.index(counted.most_common(1)[0][0])
    sizes = [picture.image().shape for picture in truth]
    return _located(truth, [np.array([[0, 0, w, h, 1.0, most]], np.float32) for h, w in sizes], labels)
