"""One picture model on a bench: how it is asked, what it said, and what it may be asked at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from connectors.clock import wall_s
from connectors.pictures import resized
from connectors.texts import say
from edge.boxes import CONFIDENCE, in_picture
from edge.model import OnnxModel
from edge.seen import Again, of_array
from testbed.datasets.pictures import Picture
from vision.detect import SCORED

MULTIPLE = 32  # px; a graph that takes any size takes multiples of it


@dataclass(slots=True)
class Judge:
    """One model and what it said of each picture: a label, a score, a map, boxes as `edge.boxes.found` gives them."""

    name: str
    model: OnnxModel
    said: dict[int, str] = field(default_factory=dict)
    score: dict[int, float] = field(default_factory=dict)
    map: dict[int, np.ndarray] = field(default_factory=dict)
    boxes: dict[int, np.ndarray] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    again: Again = field(init=False)
    _told: tuple[int, int] = (0, 0)  # compared and found when a cell was kept last

    def __post_init__(self) -> None:
        self.again = Again(self.model.card.raw)

    @property
    def classifies(self) -> bool:
        return self.model.card.task == "classify"

    @property
    def detects(self) -> bool:
        return self.model.card.task == "detect"

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.model.card.raw.get("labels", ()))

    def look(self, i: int, image: np.ndarray) -> None:
        """Judge picture `i`, grey levels uint8 (h, w)."""
        if self.again.is_known:
            self.again.note(of_array(image))
        before = wall_s()
        entry = self.model.card.inputs[0].name
        seen = image[None] if self.model.is_foreign else fitted(image, self.model.session.inputs[entry])
        outputs = self.model.session.run({entry: seen})
        self.seconds.append(wall_s() - before)
        role = self.model.card.outputs
        if self.classifies:
            shares = outputs[role["label"]].reshape(-1)
            self.said[i] = self.labels[int(np.argmax(shares))]
            self.score[i] = float(shares.max())
            return
        self.score[i] = float(outputs[role["score"]].reshape(-1)[0])
        if self.detects:
            rows = in_picture(outputs[role["boxes"]][0], image.shape, self.model.card.raw, SCORED)
            self.boxes[i] = rows
            sure = rows[rows[:, 4] >= self.model.card.raw.get("confidence", CONFIDENCE), 5]
            self.said[i] = " ".join(self.labels[int(label)] for label in sure)
            return
        self.said[i] = "alarm" if self.score[i] >= 1.0 else "normal"
        if "map" in role:
            self.map[i] = outputs[role["map"]].reshape(outputs[role["map"]].shape[-2:])

    def part(self, part: range) -> dict[str, Any]:
        """What was said of some pictures, for a cell."""
        kept = {name: {i: held[i] for i in part if i in held} for name, held in self._held().items()}
        seen = (self.again.compared - self._told[0], self.again.found - self._told[1])
        self._told = (self.again.compared, self.again.found)
        return {**kept, "seconds": self.seconds[-len(part) :], "again": seen}

    def take(self, said: Mapping[str, Any]) -> None:
        """What was said before, from a cell."""
        for name, held in self._held().items():
            held.update(said[name])
        self.seconds += said["seconds"]
        self.again.compared += said["again"][0]
        self.again.found += said["again"][1]
        self._told = (self.again.compared, self.again.found)

    def _held(self) -> dict[str, dict[int, Any]]:
        return {"said": self.said, "score": self.score, "map": self.map, "boxes": self.boxes}

    def digest(self, pictures: Sequence[Picture]) -> str:
        """SHA-256 over path, label and score to 4 significant digits, in the order of paths."""
        lines = sorted(f"{pictures[i].path}|{self.said[i]}|{self.score[i]:.4g}\n" for i in self.said)
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def fitted(image: np.ndarray, shape: Sequence[Any]) -> np.ndarray:
    """A picture uint8 (h, w) as a graph's input (1, H, W, 1): resized to a fixed size, else mirrored to a multiple."""
    height, width = shape[1], shape[2]
    if isinstance(height, int) and isinstance(width, int):
        return resized(image, height, width)[None, :, :, None]
    more = [(0, -n % MULTIPLE) for n in image.shape]
    return np.pad(image, more, mode="symmetric")[None, :, :, None]


def grown(heat: np.ndarray, size: Sequence[int], shape: Sequence[Any]) -> np.ndarray:
    """A map as large as the picture of `size` (h, w) it is of, float32: `fitted` backwards."""
    height, width = size
    if heat.shape == (height, width):
        return heat
    if isinstance(shape[1], int) and isinstance(shape[2], int):
        return resized(heat.astype(np.float32), height, width)
    seen = [n + -n % MULTIPLE for n in size]
    return resized(heat.astype(np.float32), *seen)[:height, :width]


def misfit(judge: Judge, test: Sequence[Picture]) -> str | None:
    """Why a model cannot be scored on these pictures; None if it can."""
    classes = {picture.label for picture in test}
    card = judge.model.card
    if not card.inputs or card.inputs[0].kind != "image":
        return say("Model {name} reads no pictures.", name=judge.name)
    if judge.classifies:
        return _strange(judge, sorted(classes - set(judge.labels)))
    if judge.detects:
        known = {box[0] for picture in test for box in picture.boxes}
        strange = sorted(known - set(judge.labels))
        if not known:
            return say("Model {name} finds boxes, and these pictures have none to compare them with.", name=judge.name)
        return _strange(judge, strange)
    if not any(p.normal for p in test) or all(p.normal for p in test):
        return say("Model {name} tells good from bad, and these pictures are all of one kind.", name=judge.name)
    return None


def _strange(judge: Judge, strange: Sequence[str]) -> str | None:
    if not strange:
        return None
    return say("Model {name} does not know {strange}; it knows {labels}.",
               name=judge.name, strange=", ".join(strange), labels=", ".join(judge.labels))  # fmt: skip


def overlap(model: OnnxModel, data: str, train: Path | None, again: Again) -> dict[str, Any]:
    """Keys of a row that say whether a model was fitted on what it is scored on.

    Its card says so exactly where it holds a sketch of what the model has seen. Without one a model of another set has
    not, and one of a list that the card knows by its hash, and that is given as the training list, has none of the
    scored pictures; any other is 'unknown'.
    """
    if again.share is not None:
        return {"overlap": "some" if again.found else "none", "overlap_share": again.share or None}
    training = model.card.raw.get("training", {})
    sources = [part.strip() for part in str(training.get("data", "")).split(",")]
    if sources != [""] and data not in sources:
        return {"overlap": "none"}
    known = training.get("lists", {})
    given = None if train is None else hashlib.sha256(train.read_bytes()).hexdigest()
    return {"overlap": "none" if given is not None and set(known.values()) == {given} else "unknown"}
