"""Picture sets: neu-det, x-sdd, mt-defects, or a user's own with a folder a class.

pictures = load("neu-det", lists=["train.txt"])
pictures[0].label, pictures[0].image()          # 'crazing', uint8 (h, w)
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from connectors.errors import InputError, nearest
from connectors.images import SUFFIXES
from connectors.images import pictures as files_below
from connectors.pictures import decode, grey
from connectors.texts import say

DATA = "TESTBED_DATA"  # environment: the folder of the sets
NORMAL = ("free", "good", "normal", "no defect")  # labels of pictures without a defect
SIDE = (".xml", ".json", ".txt", ".csv")  # suffixes of annotations, whose lines in a list are passed over
NEIGHBOURS = 12  # pictures of neu-det with neighbouring numbers look alike: so many stay together

Box = tuple[str, float, float, float, float]  # label, x1 y1 x2 y2 in px


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a set.

    Attributes:
        path: relative to the set's root, with forward slashes; what a list names.
        file: where it lies.
        label: class of the picture; one of NORMAL where nothing is wrong.
        group: pictures of one group are never split between training and test.
        boxes: what is known to be where.
        mask_file: picture of the defect's pixels (> 127), or None.
    """

    path: str
    file: Path
    label: str
    group: str = ""
    boxes: tuple[Box, ...] = ()
    mask_file: Path | None = None

    @property
    def normal(self) -> bool:
        """Nothing is wrong in it."""
        return self.label in NORMAL

    def data(self) -> bytes:
        """The file's bytes. Raises InputError if it cannot be read."""
        try:
            return self.file.read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise InputError(say("{path} cannot be read: {reason}.", path=self.file, reason=reason)) from None

    def image(self) -> np.ndarray:
        """Grey levels, uint8 (h, w). Raises InputError naming a file that is no picture."""
        try:
            return grey(decode(self.data()))
        except InputError as error:
            raise InputError(say("{path} is no picture: {reason}", path=self.file, reason=error)) from None

    def mask(self) -> np.ndarray | None:
        """True where the defect is, bool (h, w); None where the set has no masks."""
        if self.mask_file is None:
            return None
        return grey(decode(self.mask_file.read_bytes())) > 127


def load(name: str, root: Path | None = None, lists: Sequence[Path] = ()) -> list[Picture]:
    """The pictures of a set, sorted by path.

    Args:
        name: one of SETS, or a folder that holds a folder a class.
        root: where it lies; default TESTBED_DATA/name.
        lists: files of paths relative to root; default every picture below root.

    Raises InputError naming the nearest set, a folder without pictures, or every listed path that is not there.
    """
    root, read = _place(name, root)
    found = {path.relative_to(root).as_posix(): path for path in files_below(root)}
    masks = {key for key in found if _is_mask(key, found)}
    chosen = sorted(found.keys() - masks) if not lists else _listed(lists, root, found, masks)
    if lists and not chosen:
        named = ", ".join(str(path) for path in lists)
        raise InputError(say("{path} names no picture. Write one path a line, relative to {root}.",
                             path=named, root=root))  # fmt: skip
    if not chosen:
        raise InputError(
            say("{root} holds no pictures. Files that fit: {known}.", root=root, known=", ".join(SUFFIXES))
        )
    beside = {path.stem: path for path in sorted(root.rglob("*.xml"))} | {key[:-4]: found[key] for key in masks}
    return [read(key, found[key], beside) for key in chosen]


def _place(name: str, root: Path | None) -> tuple[Path, Reader]:
    if name in SETS:
        place = root or Path(os.environ.get(DATA, "data")) / name
        if not place.is_dir():
            raise InputError(
                say("{name} is not at {place}. Say where it lies with --root, or set {variable}.",
                    name=name, place=place, variable=DATA)
            )  # fmt: skip
        return place, SETS[name]
    own = root or Path(name)
    if not own.is_dir():
        raise InputError(
            say("No set of pictures is called '{name}', and no folder either.", name=name) + nearest(name, list(SETS))
        )
    return own, _folders


def _listed(lists: Iterable[Path], root: Path, found: dict[str, Path], masks: set[str]) -> list[str]:
    """Paths that lists name, each once, in order; annotations and masks passed over."""
    chosen: dict[str, None] = {}
    missing: list[str] = []
    for path in lists:
        for line in read_list(path):
            if Path(line).suffix.lower() in SIDE or line in masks:
                continue
            if line in found:
                chosen[line] = None
            else:
                missing.append(line)
    if missing:
        shown = ", ".join(missing[:5])
        raise InputError(
            say("{n} listed files are not under {root}, among them {shown}.", n=len(missing), root=root, shown=shown)
            + nearest(missing[0], list(found))
        )
    return sorted(chosen)


def read_list(path: Path) -> list[str]:
    """Lines of a list, blank ones and comments left out. Raises InputError if it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(say("{path} cannot be read as a list of paths: {reason}.", path=path, reason=reason)) from None
    stripped = (line.strip().replace("\\", "/").removeprefix("./") for line in lines)
    return [line for line in stripped if line and not line.startswith("#")]


def _is_mask(key: str, found: dict[str, Path]) -> bool:
    """A PNG beside a JPEG of the same name is its mask."""
    return key.lower().endswith(".png") and any(key[:-4] + s in found for s in (".jpg", ".jpeg", ".JPG"))


def _neu(key: str, file: Path, beside: Mapping[str, Path]) -> Picture:
    """neu-det: crazing_12.jpg, with boxes in an .xml of the same name somewhere below the root."""
    match = re.fullmatch(r"(.+)_(\d+)", file.stem)
    if match is None:
        raise InputError(say("'{name}' is no picture of neu-det: names are like crazing_12.jpg.", name=file.name))
    label, number = match[1], int(match[2])
    boxes = _voc(beside[file.stem]) if file.stem in beside else ()
    return Picture(key, file, label, f"{label}/{(number - 1) // NEIGHBOURS}", boxes)


def _voc(path: Path) -> tuple[Box, ...]:
    """Boxes of an annotation in the form of PASCAL VOC. Raises InputError, also for one that declares entities."""
    try:
        data = path.read_bytes()
        if b"<!" in data:
            raise ValueError("it declares entities")
        boxes = []
        for entry in ElementTree.fromstring(data).iter("object"):  # noqa: S314 - no entities, see above
            x1, y1, x2, y2 = (float(entry.findtext(f"bndbox/{k}", "nan")) for k in ("xmin", "ymin", "xmax", "ymax"))
            boxes.append((entry.findtext("name", ""), x1, y1, x2, y2))
    except (OSError, ElementTree.ParseError, ValueError) as error:
        raise InputError(say("{path} is no annotation: {reason}.", path=path, reason=error)) from None
    return tuple(boxes)


def _folders(key: str, file: Path, beside: Mapping[str, Path], prefix: str = "") -> Picture:
    """A folder a class; a mask lies beside its picture, and boxes in an .xml of the same name."""
    label = file.parent.name.removeprefix(prefix)
    label = label.lower() if label.lower() in NORMAL else label
    boxes = _voc(xml) if (xml := file.with_suffix(".xml")).is_file() else ()
    return Picture(key, file, label, "", boxes, beside.get(key.removesuffix(file.suffix)))


Reader = Callable[[str, Path, Mapping[str, Path]], Picture]
SETS: dict[str, Reader] = {"mt-defects": partial(_folders, prefix="MT_"), "neu-det": _neu, "x-sdd": _folders}
