"""Fits picture models on sets of pictures, on a folder of one's own, or on a strip that is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from edge.seen import KEY as SEEN
from edge.seen import Sketch, of_array
from testbed.datasets.near import split, together
from testbed.datasets.pictures import SETS, Picture, load
from testbed.train import FIRST_TRAINING_SEED, Progress
from testbed.train import PICTURE_KINDS as KINDS
from vision import classify, detect, padim, patch, surface
from vision.plan import Plan

SCENARIO = "strip-surface"  # the scenario whose strip pictures are drawn from
FRAMES = 4  # of a strip without marks a seed
CROP_FRAMES = 8  # of a strip with marks a seed
FIT_SHARE = 0.5  # of the seeds that are fitted on; the others calibrate
CALIBRATION = 0.25  # of the normal pictures of a set
HELD_OUT = 0.2  # share of each class that a detector's figures are measured on
BUDGET = "1/1000"  # normal pictures a false alarm
LICENCES = {"x-sdd": "Apache-2.0"}  # sets that have one; the others are for research
STRIP_WORDS = {  # classes of x-sdd that the drawn strip has as well
    "surface_scratch": "scratch",
    "finishing_roll_printing": "roll_mark",
    "oxide_scale_of_plate_system": "scale",
    "oxide_scale_of_temperature_system": "scale",
}


@dataclass(frozen=True, slots=True)
class Taught:
    """What a classifier is taught: pictures uint8 (h, w), their classes, and what must not be torn apart."""

    pictures: list[np.ndarray]
    labels: list[str]
    groups: list[str]


def train_on_pictures(
    kind: str, data: str, root: Path | None = None, lists: Sequence[Path] = (), seeds: Sequence[int] = (),
    budget: str | None = None, progress: Progress = lambda what, done, of: None, epochs: int | None = None,
    checkpoint: Path | None = None,
) -> bytes:  # fmt: skip
    """An .onnx file of `kind`, one of KINDS.

    Args:
        kind: what to fit.
        data: a set of testbed.datasets.pictures, a folder with a folder a class, `scenario:strip-surface`, or, for a
            classifier, several of them separated by commas.
        root: where a set lies.
        lists: files of paths relative to root; default all of it.
        seeds: of a scenario, from FIRST_TRAINING_SEED up.
        budget: false alarms a number of normal pictures, such as 1/1000; for surface-*.
        progress: told what is being done, how far, of how many.
        epochs: of a kind that is learned in epochs.
        checkpoint: file that keeps its training, see `vision.detect.fit`.

    Raises InputError for what does not fit.
    """
    if kind not in KINDS:
        raise InputError(say("No picture model is of kind '{kind}'.", kind=kind) + nearest(kind, KINDS))
    sources = [part.strip() for part in data.split(",")] if kind == "classify" else [data]
    if kind == "classify":
        taught = [_taught(source, root, lists, seeds, len(sources) > 1) for source in sources]
        every = _all(taught)
        notes = _notes(kind, data, sources, lists, seeds) | seen(every.pictures)
        return classify.fit(every.pictures, every.labels, every.groups, notes, progress)
    notes = _notes(kind, data, sources, lists, seeds)
    if kind == "detect":
        plan = _lasting(detect.PLAN, epochs)
        return _detector(data, load(data, root, lists), not lists, plan, checkpoint, notes, progress)
    pictures_per_alarm = _budget(budget or BUDGET)
    if kind == "surface-learned":
        plan = _lasting(surface.PLAN, epochs)
        parts = _parts(data, load(data, root, lists), not lists)
        notes |= seen([*(example.image for example in parts[0]), *parts[1]])
        return surface.fit(*parts, pictures_per_alarm, plan, checkpoint, notes, progress)
    if data.startswith("scenario:"):
        if kind == "surface-padim":
            raise InputError(say("surface-padim is for pictures of one framing; a strip has none. Fit surface-patch."))
        fitted, calibrated = _sound(data, seeds)
        progress = counted(progress, FRAMES * _fitting(seeds), FRAMES * (len(seeds) - _fitting(seeds)))
        return patch.fit(fitted, calibrated, pictures_per_alarm, patch.STRIP, {**notes, "place": "strip"}, progress)
    normal, kept_together = _normal(data, load(data, root, lists))
    notes |= seen([picture.image() for picture in normal])
    if kind == "surface-padim":
        return padim.fit([p.image() for p in normal], kept_together, pictures_per_alarm, notes, progress)
    fitted, calibrated = ([p.image() for p in part] for part in split(normal, kept_together, CALIBRATION))
    progress = counted(progress, len(fitted), len(calibrated))
    return patch.fit(fitted, calibrated, pictures_per_alarm, patch.TEXTURE, notes, progress)


def _detector(
    data: str, pictures: Sequence[Picture], holds_out: bool, plan: Plan, checkpoint: Path | None,
    notes: dict[str, Any], progress: Progress,
) -> bytes:  # fmt: skip
    """A detector. A list's pictures are all learned; without one, whole groups are held out and measured on."""
    held: set[str] = set()
    if holds_out:
        held = {p.path for p in split(pictures, together(data, pictures), HELD_OUT)[1]}
    out = [picture.path in held for picture in pictures]
    images = [picture.image() for picture in pictures]
    notes |= seen([image for image, is_out in zip(images, out, strict=True) if not is_out])
    return detect.fit(images, [p.boxes for p in pictures], out, plan, checkpoint, notes, progress)


def _lasting(plan: Plan, epochs: int | None) -> Plan:
    return plan if epochs is None else replace(plan, epochs=epochs)


def _parts(
    data: str, pictures: Sequence[Picture], holds_out: bool
) -> tuple[list[surface.Example], list[np.ndarray], list[surface.Example]]:
    """What is learned, the normal pictures that calibrate, and what is held out: no group in two of them.

    What calibrates comes from groups in which nothing is wrong. Of a list nothing is held out.
    """
    kept_together = together(data, pictures)
    group = {picture.path: name for picture, name in zip(pictures, kept_together, strict=True)}
    left, held = split(pictures, kept_together, HELD_OUT) if holds_out else (list(pictures), [])
    ill = {group[p.path] for p in pictures if not p.normal}
    sound = [p for p in left if group[p.path] not in ill]
    calibrating = split(sound, [group[p.path] for p in sound], CALIBRATION)[1]
    kept = {p.path for p in calibrating}
    learned = [_example(p) for p in left if p.path not in kept]
    return learned, [p.image() for p in calibrating], [_example(p) for p in held]


def _example(picture: Picture) -> surface.Example:
    return surface.Example(picture.image(), not picture.normal, picture.mask())


def seen(pictures: Iterable[np.ndarray]) -> dict[str, Any]:
    """For the card: a sketch of pictures uint8 (h, w), so that they are known again."""
    sketch = Sketch()
    sketch.add(*(of_array(picture) for picture in pictures))
    return {SEEN: sketch.told()}


def counted(progress: Progress, fitted: int, calibrated: int) -> Progress:
    """Tells `progress` how far fitting and calibrating are together, as one way."""

    def tell(what: str, done: int, of: int) -> None:
        progress(what, done + (fitted if what == "calibrate" else 0), fitted + calibrated)

    return tell


def _all(taught: Sequence[Taught]) -> Taught:
    """Several sources as one."""
    return Taught(
        [picture for part in taught for picture in part.pictures],
        [label for part in taught for label in part.labels],
        [group for part in taught for group in part.groups],
    )


def _taught(source: str, root: Path | None, lists: Sequence[Path], seeds: Sequence[int], mixed: bool) -> Taught:
    """Pictures, classes and groups of one source; with `mixed`, one word for one thing."""
    if source.startswith("scenario:"):
        return _crops(source, seeds)
    pictures = load(source, root, lists)
    labels = [STRIP_WORDS.get(p.label, p.label) if mixed else p.label for p in pictures]
    return Taught([p.image() for p in pictures], labels, together(source, pictures))


def _crops(source: str, seeds: Sequence[int]) -> Taught:
    """Crops of a drawn strip's marks, and of where there is none; the crops of a seed stay together."""
    from testbed.strip.samples import crops

    _checked(source, seeds)
    taught = Taught([], [], [])
    for seed in seeds:
        for picture, label in crops([seed], CROP_FRAMES):
            taught.pictures.append(picture)
            taught.labels.append(label)
            taught.groups.append(f"{SCENARIO}/{seed}")
    return taught


def _sound(source: str, seeds: Sequence[int]) -> tuple[Iterable[np.ndarray], Iterable[np.ndarray]]:
    """Frames of a drawn strip without marks: those to fit on, those to calibrate on, of other seeds."""
    from testbed.strip.samples import sound

    _checked(source, seeds)
    fitting = _fitting(seeds)
    return sound(list(seeds[:fitting]), FRAMES), sound(list(seeds[fitting:]), FRAMES)


def _fitting(seeds: Sequence[int]) -> int:
    """How many of the seeds are fitted on."""
    return max(1, round(FIT_SHARE * len(seeds)))


def _checked(source: str, seeds: Sequence[int]) -> None:
    name = source.removeprefix("scenario:")
    if name != SCENARIO:
        raise InputError(say("Scenario {name} has no camera. Pictures come from {known}.", name=name, known=SCENARIO))
    if min(seeds, default=0) < FIRST_TRAINING_SEED:
        raise InputError(
            say("Seeds below {first} are kept for scoring. Train on --seeds {first}-{last}.",
                first=FIRST_TRAINING_SEED, last=FIRST_TRAINING_SEED + max(len(seeds), 1) - 1)
        )  # fmt: skip


def _normal(source: str, pictures: Sequence[Picture]) -> tuple[list[Picture], list[str]]:
    """Normal pictures, and what must not be torn apart; all of a folder that has but one class."""
    one = len({p.label for p in pictures}) == 1
    normal = [p for p in pictures if p.normal or (one and source not in SETS)]
    if not normal:
        raise InputError(
            say("{data} has no normal pictures, and surface models learn from those alone. Name a folder 'good'.",
                data=source)
        )  # fmt: skip
    return normal, together(source, normal)


def _budget(text: str) -> float:
    """Pictures a false alarm, from '1/1000'. Raises InputError."""
    alarms, slash, pictures = text.partition("/")
    try:
        per = float(pictures) / float(alarms)
    except (ValueError, ZeroDivisionError):
        per = 0.0
    if not slash or not 0 < per < float("inf"):
        raise InputError(
            say("A budget of pictures is written like 1/1000 (false alarms per normal pictures), but got '{text}'.",
                text=text)
        )  # fmt: skip
    return per


def _notes(kind: str, data: str, sources: Sequence[str], lists: Sequence[Path], seeds: Sequence[int]) -> dict[str, Any]:
    """For the card: where the pictures come from, and what may be done with the file."""
    from hashlib import sha256

    drawn = [s for s in sources if s.startswith("scenario:")]
    real = [s for s in sources if s not in drawn]
    free = all(LICENCES.get(source) == "Apache-2.0" for source in real)
    training: dict[str, Any] = {"data": data}
    if drawn:
        training["seeds"] = f"{seeds[0]}-{seeds[-1]}" if seeds else ""
    if lists:
        training["lists"] = {path.name: sha256(path.read_bytes()).hexdigest() for path in islice(lists, 10)}
    notes: dict[str, Any] = {
        "origin": "fitted on " + ", ".join(["strip drawn by testbed"] * bool(drawn) + [Path(s).name for s in real]),
        "licence": "Apache-2.0" if free else "as the data: no open licence is known, research use",
        "training": training,
    }
    if kind == "classify" and drawn:
        from testbed.strip.samples import HARMLESS

        notes["harmless"] = list(HARMLESS)
    return notes
