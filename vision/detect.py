"""detect: which defects a picture shows, and where. An EfficientNet-Lite0 with a feature pyramid, learned with PyTorch.

What is learned is in vision/torch_detect.py, the graph in vision/detect_graph.py. The file needs no PyTorch to run;
boxes are decoded in the graph, doubles are taken out by edge/boxes.py.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.graph import with_golden
from anomaly.with_torch import with_torch
from connectors.errors import InputError
from connectors.texts import say
from edge.boxes import CONFIDENCE, IOU, in_picture
from edge.session import Session
from vision.augment import Sample, fitted, varied
from vision.average_precision import average_precision
from vision.backbone import FROZEN
from vision.detect_graph import STRIDES, WIDTH, graph
from vision.features import drawn
from vision.lite0 import MULTIPLE
from vision.patch import image_input
from vision.plan import STEADY, Plan, Progress

LEAST = 8  # pictures with a box, a batch of the training
PLAN = Plan(side=192, epochs=48)
SCORED = 0.01  # least confidence of what is scored: average precision wants the unsure ones, too
Boxes = Sequence[tuple[str, float, float, float, float]]  # label, x1 y1 x2 y2 in px


def fit(
    pictures: Sequence[np.ndarray], boxes: Sequence[Boxes], held_out: Sequence[bool] = (), plan: Plan = PLAN,
    checkpoint: Path | None = None, notes: dict[str, Any] | None = None,
    progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file that finds defects in a picture uint8 (n, side, side, 1).

    Args:
        pictures: uint8 (h, w), any sizes; brought to a square.
        boxes: what is where in each; none where nothing is wrong.
        held_out: pictures that are not learned but that the card's figures are measured on; default none.
        plan: how long, with which seed.
        checkpoint: file that keeps each epoch's end; the same training goes on from it after a stop, and takes it away
            when it is done. Default none.
        notes: more for the card: name, licence, origin, training, harmless labels.
        progress: told what is being done, how far, of how many.

    Raises InputError for too few pictures, a checkpoint of another training, or where PyTorch is not installed.
    """
    labels = sorted({box[0] for of_one in boxes for box in of_one})
    samples = [_sample(*pair, labels) for pair in zip(pictures, boxes, strict=True)]
    kept = held_out or [False] * len(samples)
    learned = [sample for sample, out in zip(samples, kept, strict=True) if not out]
    _enough(learned, plan)
    digest = _digest(learned)
    run = {"side": plan.side, "seed": plan.seed, "labels": labels, "data_sha256": digest}
    net, losses = with_torch("vision.torch_detect").learn(learned, len(labels), plan, run, checkpoint, progress)
    training = {
        "pictures": len(learned), "boxes": sum(len(sample.boxes) for sample in learned), "epochs": plan.epochs,
        "seed": plan.seed, "data_sha256": digest, "loss": [round(losses[0], 4), round(losses[-1], 4)],
    }  # fmt: skip
    made, told = graph(net, plan.side, len(labels), CONFIDENCE), notes or {}
    left = [sample for sample, out in zip(samples, kept, strict=True) if out]
    if left:
        training |= {"held_out": len(left), **_measured(Session(made.plain({}), "detect"), left, labels, plan.side)}
    told = {**_card(labels, plan), **told, "training": {**training, **told.get("training", {})}}
    data = with_golden(made.model(told), [{"image": drawn(plan.side, plan.side)[None, :, :, None]}])
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return data


def batches(samples: Sequence[Sample], plan: Plan, epoch: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """An epoch's pictures varied, float32 (size, 1, side, side), and their boxes (size, m, 5), class -1 for none.

    What does not fill a batch is left out. Four pictures in one are shown while the rate is steady: the end belongs to
    pictures as they will come.
    """
    rng = np.random.Generator(np.random.Philox(key=[plan.seed, epoch]))
    order, mosaic = rng.permutation(len(samples)), epoch < STEADY * plan.epochs
    for start in range(0, len(samples) - size + 1, size):
        made = [varied(samples, int(i), plan.side, rng, mosaic) for i in order[start : start + size]]
        boxes = np.full((size, max(1, *(len(m.boxes) for m in made)), 5), -1, np.float32)
        for row, sample in zip(boxes, made, strict=True):
            row[: len(sample.boxes)] = sample.boxes
        yield np.stack([m.image for m in made]).astype(np.float32)[:, None], boxes


def _sample(picture: np.ndarray, boxes: Boxes, labels: Sequence[str]) -> Sample:
    rows = [[*box[1:], labels.index(box[0])] for box in boxes]
    return Sample(picture, np.array(rows, np.float32).reshape(-1, 5))


def _enough(samples: Sequence[Sample], plan: Plan) -> None:
    with_box = sum(len(sample.boxes) > 0 for sample in samples)
    if with_box < LEAST:
        raise InputError(
            say("A detector needs at least {least} pictures with boxes, but got {n}. Boxes stand in an .xml file "
                "(PASCAL VOC) beside each picture.", least=LEAST, n=with_box)
        )  # fmt: skip
    if plan.epochs < 1 or plan.side % MULTIPLE:
        raise InputError(say("A training has one epoch or more, but got {epochs}.", epochs=plan.epochs))


def _digest(samples: Sequence[Sample]) -> str:
    """SHA-256 of pictures and boxes."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(json.dumps([sample.image.shape, sample.boxes.tolist()]).encode())
        digest.update(np.ascontiguousarray(sample.image).tobytes())
    return digest.hexdigest()


def _measured(session: Session, samples: Sequence[Sample], labels: Sequence[str], side: int) -> dict[str, Any]:
    """Average precision on pictures that were not learned, px of the graph's picture."""
    truth, said = [], []
    for sample in samples:
        shown = fitted(sample, side)
        places = session.run({"image": shown.image[None, :, :, None]})["boxes"][0]
        truth.append(shown.boxes)
        said.append(in_picture(places, shown.image.shape, {}, SCORED))
    return summary(average_precision(truth, said, len(labels)), labels)


def summary(precision: np.ndarray, labels: Sequence[str]) -> dict[str, Any]:
    """mAP at 0.5, mean from 0.5 to 0.95, and each class's at 0.5; from (classes, thresholds), NaN left out."""
    known = ~np.isnan(precision[:, 0])
    return {
        "map50": round(float(precision[known, 0].mean()), 4),
        "map50_95": round(float(precision[known].mean()), 4),
        "ap50": {labels[i]: round(float(precision[i, 0]), 4) for i, one in enumerate(known) if one},
    }


def _card(labels: Sequence[str], plan: Plan) -> dict[str, Any]:
    return {
        "name": "detect",
        "kind": "detect",
        "task": "detect",
        "condition": "surface",
        "severity": 400,
        "place": "unit",
        "inputs": [image_input(["n", plan.side, plan.side, 1], plan.side)],
        "outputs": [{"name": "score", "role": "score"}, {"name": "boxes", "role": "boxes", "units": "share"}],
        "labels": list(labels),
        "confidence": CONFIDENCE,
        "iou": IOU,
        "alarm": {"k": 1, "n": 1},
        "choices": {"side": plan.side, "width": WIDTH, "strides": list(STRIDES), "frozen_blocks": FROZEN + 1},
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }
