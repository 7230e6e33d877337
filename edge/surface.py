"""The inspection of a strip: frames become tiles, tiles become maps, maps become defects with a place and a name.

Two models work together: one that marks what stands out (`anomaly.image` with a map), and, if given, one that names a
crop (`classify`). What the second calls harmless is dropped. Marks of one roll are told by their pitch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError
from connectors.items import Frame
from connectors.pictures import encode, grey, resized
from connectors.places import Box
from connectors.results import Finding, Result
from connectors.tags import Group
from connectors.texts import say
from edge.alarm import AlarmSpec
from edge.model import OnnxModel
from edge.regions import CROP, Open, Region, regions
from edge.roll_marks import ACROSS_MM, Stand, culprit, pitches, stands
from edge.tiles import MARGIN, TILE, Lines, Tile
from edge.window import Window

PLACE = "strip"  # a card with this place asks for an inspection instead of one alarm a picture
MULTIPLE = 64  # columns of a picture are filled up to
EDGE_ZONE = 16  # columns beside the strip's edge that are not judged, unless the card says that it knows edges
DARK = 0.4  # share of the median brightness below which a column is not strip
PATIENCE = 3  # a coil has ended when nothing came for so many frames' time
ROLL_MARK = "roll_mark"


class Namer:
    """A classifier of crops. Raises InputError if the model is none, or does not say what is harmless."""

    def __init__(self, model: OnnxModel) -> None:
        self.labels: tuple[str, ...] = tuple(model.card.raw.get("labels", ()))
        self.harmless = frozenset(model.card.raw.get("harmless", ()))
        if model.card.task != "classify" or not self.labels:
            raise InputError(say("Model {name} names nothing: its card has no labels.", name=model.card.name))
        self.name = model.card.name
        self._model = model
        self._input, self._output = model.card.inputs[0].name, model.card.outputs["label"]

    def label(self, crop: np.ndarray) -> str:
        """Class of a crop, uint8 (s, s); empty if what it shows is more likely harmless than not."""
        image = resized(crop, CROP, CROP)[None, :, :, None]
        shares = self._model.session.run({self._input: image})[self._output].reshape(-1)
        harmless = np.array([label in self.harmless for label in self.labels])
        if shares[harmless].sum() >= 0.5 * shares.sum():
            return ""
        return self.labels[int(np.argmax(np.where(harmless, -1.0, shares)))]


@dataclass(slots=True)
class Looked:
    """How much was inspected: m2 of strip, frames taken in and frames that could not be."""

    m2: float = 0.0
    frames: int = 0
    skipped: int = 0


class Inspector:
    """A map model on one camera, with or without a namer of what it marks; a `Bound` (see edge/model.py).

    Raises InputError if the model gives no map, or the source has not one camera for it.
    """

    place = PLACE

    def __init__(self, model: OnnxModel, groups: Sequence[Group], name: str, namer: Namer | None = None) -> None:
        card = model.card
        bound = model.bind(groups, name)
        if "map" not in card.outputs or not card.raw.get("stride") or len(bound.cameras) != 1:
            raise InputError(
                say("Model {name} inspects a strip: it needs a map, its stride, and one camera.", name=name)
            )
        self.name, self.condition, self.severity = name, card.condition, card.severity
        self.advice, self.alarm = card.advice, AlarmSpec()
        self.cameras, self.windows = bound.cameras, ()
        self.unit = bound.cameras[0]
        self.namer = namer
        self.stride = int(card.raw["stride"])
        self._inside = -self.stride if card.raw.get("knows_edges") is True else EDGE_ZONE
        self.stands: tuple[Stand, ...] = stands(groups)
        self.follows = tuple(name for stand in self.stands for name in (stand.diameter, stand.thickness))
        self._model, self._input, self._map = model, card.inputs[0].name, card.outputs["map"]

    def score(self, windows: Sequence[Window]) -> Result:
        raise NotImplementedError("A strip inspection reads pictures.")

    def score_frame(self, frame: Frame) -> Result:
        raise NotImplementedError("A strip inspection reads frame after frame; see `begin`.")

    def begin(self) -> Inspection:
        """A fresh inspection, at no coil."""
        return Inspection(self)

    def levels(self, image: np.ndarray) -> np.ndarray:
        """The map of a tile, float32 (h / stride, w / stride), 0 where there is no strip."""
        wide = -image.shape[1] % MULTIPLE
        padded = np.pad(image, ((0, 0), (0, wide)), mode="symmetric") if wide else image
        levels = self._model.session.run({self._input: padded[None, :, :, None]})[self._map][0]
        left, right = strip_edges(image)
        columns = (np.arange(levels.shape[1]) + 0.5) * self.stride
        levels[:, (columns < left + self._inside) | (columns > right - self._inside)] = 0
        return levels


class Inspection:
    """What one inspector has seen so far of the coil that is passing."""

    def __init__(self, inspector: Inspector) -> None:
        self.inspector = inspector
        self.looked = Looked()
        self.blind: list[tuple[int, int]] = []  # ns, from and to, of frames that could not be taken in
        self._lines: Lines | None = None
        self._open = Open()
        self._marks: list[Box] = []  # of rolls, on this coil
        self._part = ""
        self._pixel_mm = 0.0
        self._last: tuple[int, int] = (0, 0)  # ns, times of the last two frames

    def add(self, frame: Frame, values: Mapping[str, float]) -> Iterator[Result]:
        """Take a frame, with the last `values` of the tags the inspector follows; yields a result a finished tile."""
        image = self._picture(frame)
        if image is None or frame.position_m is None:
            self.looked.skipped += 1
            self.blind.append((self._last[0] or frame.time, frame.time))
            self._last = (frame.time, self._last[0])
            return
        pixel_mm = frame.pixel_mm or 0.0
        line = round(frame.position_m * 1000.0 / pixel_mm)
        lines = self._lines
        goes_on = lines is not None and (frame.part_id, pixel_mm) == (self._part, self._pixel_mm)
        if lines is None or not goes_on or line > lines.end or line < lines.first:
            yield from self.close(frame.time, values)
            if not goes_on:
                self._marks = []
            self._lines = lines = Lines(line)
            self._part, self._pixel_mm = frame.part_id, pixel_mm
        self._last = (frame.time, self._last[0])
        self.looked.frames += 1
        for tile in lines.add(line, image):
            yield self._scored(tile, frame.time, values)

    def settle(self, watermark: int, values: Mapping[str, float]) -> Iterator[Result]:
        """Close the coil if the camera has been silent for PATIENCE frames by `watermark`, ns."""
        until = self._last[0] + PATIENCE * (self._last[0] - self._last[1])
        if self._lines is not None and self._last[1] and watermark >= until:
            yield from self.close(until, values)

    def close(self, time: int, values: Mapping[str, float]) -> Iterator[Result]:
        """The coil's last lines, and everything still open, at `time`."""
        if self._lines is None:
            return
        for tile in self._lines.close():
            yield self._scored(tile, time, values)
        self._lines = None
        rest = tuple(found for region in self._open.close() for found in self._found(region, values))
        if rest:
            yield self._result(time, max(found.score for found in rest), rest)

    def _picture(self, frame: Frame) -> np.ndarray | None:
        """The frame in grey; None if it cannot be decoded or does not say where it lies on the strip."""
        position, pixel = frame.position_m, frame.pixel_mm
        if position is None or pixel is None or not math.isfinite(position) or not 0 < pixel < math.inf:
            return None
        try:
            image = grey(frame.image)
        except InputError:
            return None
        held = self._lines.width if self._lines is not None else 0
        return image if not held or image.shape[1] == held or frame.part_id != self._part else None

    def _scored(self, tile: Tile, time: int, values: Mapping[str, float]) -> Result:
        inspector = self.inspector
        levels = inspector.levels(tile.image)
        whole = -(-tile.lines // inspector.stride) * inspector.stride
        new = regions(tile.image, levels, inspector.stride, (MARGIN, MARGIN + whole), tile.line - MARGIN)
        left, right = strip_edges(tile.image)
        self.looked.m2 += tile.lines * (right - left) * self._pixel_mm**2 * 1e-6
        done = self._open.add(new, tile.line + tile.lines)
        findings = tuple(found for region in done for found in self._found(region, values))
        top = levels[MARGIN // inspector.stride : (MARGIN + TILE) // inspector.stride].max(initial=0.0)
        return self._result(time, float(top), findings)

    def _found(self, region: Region, values: Mapping[str, float]) -> Iterator[Finding]:
        """The region as a finding, unless the namer calls it harmless."""
        namer = self.inspector.namer
        label = "" if namer is None else namer.label(region.crop)
        if namer is not None and not label:
            return
        mm = self._pixel_mm
        box = Box(self._part, region.first * mm / 1000, region.last * mm / 1000, region.left * mm, region.right * mm)
        cause, evidence = self._cause(box, values) if label == ROLL_MARK else ("", ())
        yield Finding(box, label, region.score, encode(region.crop), cause, evidence)

    def _cause(self, box: Box, values: Mapping[str, float]) -> tuple[str, tuple[tuple[str, float], ...]]:
        self._marks.append(box)
        middle = (box.left_mm + box.right_mm) / 2
        row = [b for b in self._marks if abs((b.left_mm + b.right_mm) / 2 - middle) <= ACROSS_MM]
        positions = sorted((b.start_m + b.end_m) / 2 for b in row)
        return culprit(positions, pitches(self.inspector.stands, values))

    def _result(self, time: int, score: float, findings: tuple[Finding, ...]) -> Result:
        return Result(self.inspector.name, time, score, findings=findings)


def strip_edges(image: np.ndarray) -> tuple[int, int]:
    """First column of the strip and the first one after it, by brightness; the whole picture if that tells nothing."""
    mean = image[:: max(1, len(image) // 64)].mean(axis=0)
    lit = np.flatnonzero(mean > DARK * np.median(mean))
    return (int(lit[0]), int(lit[-1]) + 1) if len(lit) else (0, image.shape[1])
