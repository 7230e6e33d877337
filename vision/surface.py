"""surface-learned: how wrong a picture is, and where, learned from pictures in which somebody marked the defects.

What is learned is in vision/torch_surface.py, the graph in vision/surface_graph.py. The file needs no PyTorch to run.
The alarm level rests on normal pictures that were not learned.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.graph import with_golden
from anomaly.with_torch import with_torch
from connectors.errors import InputError
from connectors.pictures import regions, resized
from connectors.texts import say
from edge.session import Session
from vision.backbone import FROZEN
from vision.calibrate import Level, level
from vision.features import drawn
from vision.lite0 import MULTIPLE
from vision.metrics import aupro, auroc
from vision.patch import image_input
from vision.plan import Plan, Progress
from vision.surface_augment import Masked, varied
from vision.surface_graph import LEVELS, STRIDE, TOP, WIDTH, Levels, graph, logit

LEAST = 8  # pictures with a mask, a batch of the training
PLAN = Plan(side=256, epochs=24)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture uint8 (h, w); whether something is wrong in it, and where: bool (h, w), or None if nobody said."""

    image: np.ndarray
    bad: bool
    mask: np.ndarray | None = None

    @property
    def usable(self) -> bool:
        """It can be learned from: sound, or its defect is marked."""
        return not self.bad or (self.mask is not None and bool(self.mask.any()))


def fit(
    learned: Sequence[Example], calibration: Sequence[np.ndarray], held_out: Sequence[Example] = (),
    pictures_per_alarm: float = 1000.0, plan: Plan = PLAN, checkpoint: Path | None = None,
    notes: dict[str, Any] | None = None, progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file that scores pictures uint8 (n, side, side, 1) and maps what is wrong in them.

    Args:
        learned: sound pictures and ones with marked defects, any sizes; brought to a square. Bad ones that nobody
            marked are left out.
        calibration: other normal pictures, uint8 (h, w), on which the alarm level rests.
        held_out: pictures that are not learned but that the card's figures are measured on.
        pictures_per_alarm: of normal pictures, one in so many may reach the alarm level.
        plan: how long, with which seed.
        checkpoint: file that keeps each epoch's end; the same training goes on from it after a stop, and takes it away
            when it is done. Default none.
        notes: more for the card: name, licence, origin, training.
        progress: told what is being done, how far, of how many.

    Raises InputError for too few pictures, a checkpoint of another training, or where PyTorch is not installed.
    """
    samples = [_masked(example, plan.side) for example in learned if example.usable]
    marked = sum(not sample.sound for sample in samples)
    _enough(samples, marked, plan)
    digest = digest_of(samples)
    run = {"kind": "surface-learned", "side": plan.side, "seed": plan.seed, "data_sha256": digest}
    weights, losses = with_torch("vision.torch_surface").learn(samples, plan, run, checkpoint, progress)
    bare = Session(graph(weights, plan.side, Levels()).plain({}), "surface-learned")
    found = _levels(bare, calibration, pictures_per_alarm, plan.side)
    made = graph(weights, plan.side, Levels(found[0].value, found[1].value))
    training = {
        "pictures": len(samples), "masks": marked, "without_mask": len(learned) - len(samples),
        "epochs": plan.epochs, "seed": plan.seed, "data_sha256": digest,
        "loss": [round(losses[0], 4), round(losses[-1], 4)],
    }  # fmt: skip
    if held_out:
        training |= {"held_out": len(held_out), **_measured(bare, held_out, plan.side)}
    told = notes or {}
    card = {**_card(plan, found, pictures_per_alarm), **told, "training": {**training, **told.get("training", {})}}
    data = with_golden(made.model(card), [{"image": drawn(plan.side, plan.side)[None, :, :, None]}])
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return data


def batches(samples: Sequence[Masked], plan: Plan, epoch: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """An epoch's pictures varied, float32 (size, 1, side, side), and their masks (size, side, side).

    What does not fill a batch is left out.
    """
    rng = np.random.Generator(np.random.Philox(key=[plan.seed, epoch]))
    order = rng.permutation(len(samples))
    marked = [i for i, sample in enumerate(samples) if not sample.sound]
    for start in range(0, len(samples) - size + 1, size):
        made = [varied(samples, int(i), marked, rng) for i in order[start : start + size]]
        yield np.stack([m.image for m in made])[:, None], np.stack([m.mask for m in made])


def _masked(example: Example, side: int) -> Masked:
    mask = np.zeros(example.image.shape) if example.mask is None else example.mask
    return Masked(resized(example.image, side, side), resized(mask.astype(np.float32), side, side))


def _enough(samples: Sequence[Masked], marked: int, plan: Plan) -> None:
    if marked < LEAST or len(samples) - marked < LEAST:
        raise InputError(
            say("A learned surface model needs at least {least} pictures with masks and as many sound ones, but got "
                "{masked} and {sound}. A mask is a .png beside a .jpg of the same name.",
                least=LEAST, masked=marked, sound=len(samples) - marked)
        )  # fmt: skip
    if plan.epochs < 1 or plan.side % MULTIPLE:
        raise InputError(say("A training has one epoch or more, but got {epochs}.", epochs=plan.epochs))


def digest_of(samples: Sequence[Masked]) -> str:
    """SHA-256 of pictures and masks."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(sample.image.tobytes())
        digest.update(sample.mask.tobytes())
    return digest.hexdigest()


def _asked(session: Session, picture: np.ndarray, side: int) -> tuple[float, np.ndarray]:
    """Logits of a picture and of its cells."""
    said = session.run({"image": resized(picture, side, side)[None, :, :, None]})
    return float(logit(said["score"][0])), logit(said["map"][0])


def _levels(
    session: Session, pictures: Sequence[np.ndarray], pictures_per_alarm: float, side: int
) -> tuple[Level, Level]:
    """Alarm levels of pictures and of their cells: each picture's worst."""
    said = [_asked(session, picture, side) for picture in pictures]
    return (
        level([score for score, _ in said], pictures_per_alarm),
        level([float(cells.max()) for _, cells in said], pictures_per_alarm),
    )


def _measured(session: Session, examples: Sequence[Example], side: int) -> dict[str, Any]:
    """How well pictures that were not learned are told apart, and the overlap of what is wrong in them."""
    said = [_asked(session, example.image, side) for example in examples]
    area = auroc(np.array([example.bad for example in examples]), np.array([score for score, _ in said]))
    parts, maps = [], []
    for example, (_, cells) in zip(examples, said, strict=True):
        shape = example.image.shape
        if example.mask is not None or not example.bad:
            parts.append(regions(np.zeros(shape) if example.mask is None else example.mask))
            maps.append(resized(cells.astype(np.float32), *shape))
    overlap = aupro(parts, maps)
    return {key: round(value, 4) for key, value in (("auroc", area), ("aupro", overlap)) if value is not None}


def _card(plan: Plan, levels: tuple[Level, Level], pictures_per_alarm: float) -> dict[str, Any]:
    score, cells = levels
    return {
        "name": "surface-learned",
        "kind": "surface-learned",
        "task": "anomaly.image",
        "condition": "surface",
        "severity": 400,
        "place": "unit",
        "advice": "look-at-map",
        "supervision": "masks",
        "inputs": [image_input(["n", plan.side, plan.side, 1], plan.side)],
        "outputs": [{"name": "map", "role": "map"}, {"name": "score", "role": "score"}],
        "stride": STRIDE,
        "threshold": score.value,
        "alarm": {"k": 1, "n": 1},
        "choices": {
            "side": plan.side, "width": WIDTH, "blocks": list(LEVELS), "frozen_blocks": FROZEN + 1, "top": TOP,
            "map_level": cells.value,
        },
        "calibration": score.told(pictures_per_alarm),
        "baseline": "mean-grey",
        "licence": "Apache-2.0",
        "backbone": "EfficientNet-Lite0, ImageNet weights (Apache-2.0)",
    }  # fmt: skip
