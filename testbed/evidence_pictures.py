"""How a model of pictures did: figures by groups of pictures, and crops of what it missed or cried out about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from anomaly.metrics import Points
from connectors.errors import InputError
from connectors.pictures import encode, resized
from connectors.texts import say, word
from edge.boxes import CONFIDENCE, overlaps
from edge.model import load_model
from testbed.benching.judge import Judge, grown, misfit, overlap
from testbed.datasets.near import together
from testbed.datasets.pictures import Picture
from testbed.evidence import MOST, Evidence, Example, Figure
from testbed.report.markup import Html
from testbed.report.strip import picture
from vision.average_precision import average_precision
from vision.metrics import accuracy, auroc, macro_f1

SIDE = 128  # px of a crop on the page
AROUND = 0.5  # of a box's larger side, shown on every side of it
FOUND = 0.5  # overlap from which a box counts as found
DRAWS = 100  # of average precision, which takes long


def of_pictures(file: Path, data: str, pictures: Sequence[Picture]) -> Evidence:
    """Measure. Raises InputError for pictures that do not fit the model."""
    judge = Judge(file.stem, load_model(file))
    fault = misfit(judge, pictures)
    if fault is not None:
        raise InputError(fault)
    for i, one in enumerate(pictures):
        judge.look(i, one.image())
    groups = together(data, pictures)
    figures, missed, false = (_classes if judge.classifies else _boxes if judge.detects else _good_and_bad)(
        judge, pictures, groups
    )
    return Evidence(
        told=say("{n} pictures of {data}, each looked at once.", n=len(pictures), data=Path(data).name),
        overlap=overlap(judge.model, data, None, judge.again),
        kept_together=say("Pictures that look alike or were taken one after another are one group"),
        groups=len(set(groups)),
        figures=tuple(figures),
        missed=tuple(missed[:MOST]),
        false=tuple(false[:MOST]),
    )


Found = tuple[list[Figure], list[Example], list[Example]]


def _classes(judge: Judge, pictures: Sequence[Picture], groups: Sequence[str]) -> Found:
    """What was taken for another class, the surest mistake first; a normal one taken for a defect is a false alarm."""
    truth, said = [p.label for p in pictures], [judge.said[i] for i in range(len(pictures))]
    figures = [
        Figure.of(say("accuracy"), groups, lambda at: accuracy([truth[i] for i in at], [said[i] for i in at])),
        Figure.of(say("macro F1"), groups, lambda at: macro_f1([truth[i] for i in at], [said[i] for i in at])),
    ]
    wrong = sorted((i for i in range(len(pictures)) if truth[i] != said[i]), key=lambda i: -judge.score[i])
    shown = {}
    for i in wrong[: 4 * MOST]:
        sure, name = f"{judge.score[i]:.2f}", pictures[i].file.name
        told = say("{path}: {truth}, taken for {said} ({sure})",
                   path=name, truth=word(truth[i]), said=word(said[i]), sure=sure)  # fmt: skip
        shown[i] = Example(_crop(pictures[i].image()), told)
    missed = [example for i, example in shown.items() if not pictures[i].normal]
    return figures, missed, [example for i, example in shown.items() if pictures[i].normal]


def _good_and_bad(judge: Judge, pictures: Sequence[Picture], groups: Sequence[str]) -> Found:
    """Bad pictures below the alarm level, the lowest first, and good ones above it, the highest first."""
    bad = np.array([not p.normal for p in pictures])
    score = np.array([judge.score[i] for i in range(len(pictures))])

    def points(at: np.ndarray) -> Points:
        return Points.of(bad[at], score[at] >= 1.0)

    figures = [
        Figure.of("AUROC", groups, lambda at: auroc(bad[at], score[at])),
        Figure.of("F1", groups, lambda at: points(at).f1),
        Figure.of("FAR", groups, lambda at: points(at).far),
        Figure.of("MAR", groups, lambda at: points(at).mar),
    ]
    order = np.argsort(score, kind="stable")
    missed = [_judged(judge, pictures, int(i)) for i in order if bad[i] and score[i] < 1.0]
    return figures, missed, [_judged(judge, pictures, int(i)) for i in order[::-1] if not bad[i] and score[i] >= 1.0]


def _judged(judge: Judge, pictures: Sequence[Picture], i: int) -> Example:
    """The picture; of a miss around its mask, of a false alarm around the highest place of its map."""
    one = pictures[i]
    image, box = one.image(), None
    mask = one.mask()
    if mask is not None and mask.any():
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    elif i in judge.map and one.normal:
        heat = grown(judge.map[i], image.shape, judge.model.session.inputs[judge.model.card.inputs[0].name])
        y, x = np.unravel_index(int(np.argmax(heat)), heat.shape)
        box = (int(x) - SIDE // 4, int(y) - SIDE // 4, int(x) + SIDE // 4, int(y) + SIDE // 4)
    caption = say(
        "{path}: {label}, score {score}", path=one.file.name, label=word(one.label), score=f"{judge.score[i]:.2f}"
    )
    return Example(_crop(image, box), caption)


def _boxes(judge: Judge, pictures: Sequence[Picture], groups: Sequence[str]) -> Found:
    """Boxes that nothing found, and surest boxes where nothing is."""
    labels = judge.labels
    truth = [np.array([[*box[1:], labels.index(box[0])] for box in p.boxes], np.float32).reshape(-1, 5)
             for p in pictures]  # fmt: skip
    found = [judge.boxes[i] for i in range(len(pictures))]

    def precision(at: np.ndarray) -> float | None:
        ap = average_precision([truth[i] for i in at], [found[i] for i in at], len(labels), np.array([FOUND]))
        known = ap[~np.isnan(ap)]
        return float(known.mean()) if len(known) else None

    confidence = float(judge.model.card.raw.get("confidence", CONFIDENCE))
    sure = [rows[rows[:, 4] >= confidence] for rows in found]

    def recall(at: np.ndarray) -> float | None:
        n = sum(len(truth[i]) for i in at)
        return sum(int(_hit(truth[i], sure[i]).sum()) for i in at) / n if n else None

    figures = [Figure.of("mAP50", groups, precision, DRAWS),
               Figure.of(say("boxes found at confidence {c}", c=f"{confidence:g}"), groups, recall)]  # fmt: skip
    lost = [(float(_area(row)), i, row) for i, rows in enumerate(truth) for row in rows[~_hit(rows, sure[i])]]
    false = [(float(row[4]), i, row) for i, rows in enumerate(sure) for row in rows[~_hit(rows, truth[i])]]
    missed = [Example(_crop(pictures[i].image(), row[:4]), f"{pictures[i].file.name}: {word(labels[int(row[4])])}")
              for _, i, row in sorted(lost, key=lambda one: -one[0])[:MOST]]  # fmt: skip
    cried = [Example(_crop(pictures[i].image(), row[:4]),
                     f"{pictures[i].file.name}: {word(labels[int(row[5])])} ({sure_of:.2f})")
             for sure_of, i, row in sorted(false, key=lambda one: -one[0])[:MOST]]  # fmt: skip
    return figures, missed, cried


def _hit(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Whether each box lies on one of the same class, bool (n,)."""
    if not len(rows) or not len(others):
        return np.zeros(len(rows), bool)
    same = rows[:, -1][:, None] == others[:, -1][None]
    return ((overlaps(rows[:, :4], others[:, :4]) >= FOUND) & same).any(axis=1)


def _area(row: np.ndarray) -> float:
    return float((row[2] - row[0]) * (row[3] - row[1]))


def _crop(image: np.ndarray, box: Sequence[float] | np.ndarray | None = None) -> Html:
    """A square part of the picture around a box, or all of it, as the page shows it."""
    height, width = image.shape
    if box is None:
        return _shown(resized(image, SIDE, SIDE))
    x1, y1, x2, y2 = (float(v) for v in box)
    half = max(x2 - x1, y2 - y1) * (0.5 + AROUND)
    middle = ((x1 + x2) / 2, (y1 + y2) / 2)
    left, right = _inside(middle[0] - half, middle[0] + half, width)
    top, bottom = _inside(middle[1] - half, middle[1] + half, height)
    scale = SIDE / max(bottom - top, right - left)
    sides = (max(1, round((bottom - top) * scale)), max(1, round((right - left) * scale)))
    small = resized(np.ascontiguousarray(image[top:bottom, left:right]), *sides)
    inside = [(x1 - left) * scale, (y1 - top) * scale, (x2 - left) * scale, (y2 - top) * scale]
    return _shown(_framed(small, inside))


def _shown(image: np.ndarray) -> Html:
    return picture(encode(image), "") or Html()


def _inside(low: float, high: float, length: int) -> tuple[int, int]:
    a, b = max(0, round(low)), min(length, round(high))
    return (a, b) if b - a >= 2 else (0, length)


def _framed(image: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """The picture on a grey square of SIDE, a thin bright line around the box."""
    shown = np.full((SIDE, SIDE), 128, np.uint8)
    shown[: image.shape[0], : image.shape[1]] = image
    for edge in _edges(box):
        shown[edge] = 255
    return shown


def _edges(box: Sequence[float]) -> Iterator[tuple[slice, slice]]:
    x1, y1, x2, y2 = (min(max(round(v), 0), SIDE - 1) for v in box)
    for y in (y1, y2):
        yield slice(y, y + 1), slice(x1, x2 + 1)
    for x in (x1, x2):
        yield slice(y1, y2 + 1), slice(x, x + 1)
