"""A model as the runtime sees it: bound to tags, it turns windows or pictures into results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from connectors.errors import InputError
from connectors.items import Frame
from connectors.results import Result
from connectors.tags import Group, unit_path
from connectors.texts import say
from edge.alarm import AlarmSpec
from edge.boxes import in_picture
from edge.card import Card, Input, parse, resolve
from edge.detected import detected
from edge.foreign import KEY as FOREIGN
from edge.foreign import Foreign, check_same, sidecar
from edge.picture import as_input
from edge.session import CARD_KEY, Session, read_model
from edge.window import Window, WindowSpec

FP32_TOLERANCE = 1e-4  # of the output's range, golden pairs of a float graph
INT8_TOLERANCE = 2e-2  # of the output's range, golden pairs of a quantised graph


class Bound(Protocol):
    """A model bound to the tags of a source.

    Attributes:
        name: unique in a pipeline.
        condition, severity, place, advice: what its alarm says. `place` is 'unit' (one alarm for the unit), 'top'
            (one alarm, at the channel that contributes most) or 'each' (one alarm a channel).
        unit: path of the unit the channels lie under.
        alarm: how scores become an alarm.
        windows: what it reads of the scalar and block groups, all with one stride; empty for a picture model.
        cameras: names of the cameras it reads.
    """

    name: str
    condition: str
    severity: int
    place: str
    advice: str
    unit: str
    alarm: AlarmSpec
    windows: tuple[WindowSpec, ...]
    cameras: tuple[str, ...]

    def score(self, windows: Sequence[Window]) -> Result:
        """What it says of one window a spec; cells before a channel's first value are NaN, and bad."""
        ...

    def score_frame(self, frame: Frame) -> Result: ...


class OnnxModel:
    """An ONNX file with its card, checked at load: its golden pairs are run again.

    Args:
        data: bytes of the file.
        name: of the file, for messages.
        text: the card that lies beside a file that cannot be edited; it goes before one inside.

    Raises InputError if the file is no ONNX model, has no card, no longer does what it did at export, or is not the
    one its card was written for.
    """

    def __init__(self, data: bytes, name: str, text: str | None = None) -> None:
        session = Session(data, name)
        text = session.metadata.get(CARD_KEY) if text is None else text
        if text is None:
            raise InputError(
                say(
                    "{name} carries no card. Models of ours carry one under the metadata key '{key}'; any other file "
                    "gets one by 'testbed models add {name}'.",
                    name=name,
                    key=CARD_KEY,
                )
            )
        self.card: Card = parse(text, name)
        self.session: Session | Foreign = session
        self._check_ports(name)
        if self.is_foreign:
            check_same(data, self.card, name)
            self.session = Foreign(session, self.card)
            self.card = self.session.card
        self._check_golden(name)

    def _check_ports(self, name: str) -> None:
        for port, known in (
            (tuple(i.name for i in self.card.inputs), tuple(self.session.inputs)),
            (tuple(self.card.outputs.values()), self.session.outputs),
        ):
            missing = sorted(set(port) - set(known))
            if missing:
                raise InputError(
                    say(
                        "{name}: its card names {missing}, its graph has {known}.",
                        name=name,
                        missing=", ".join(missing),
                        known=", ".join(known),
                    )
                )

    @property
    def is_foreign(self) -> bool:
        """Whether the graph is fed and read by an adapter: it takes a picture as the camera gave it."""
        return FOREIGN in self.card.raw

    @property
    def tolerance(self) -> float:
        """How far golden outputs may be off, a share of their range."""
        return INT8_TOLERANCE if self.card.int8 else FP32_TOLERANCE

    def deviations(self) -> Iterator[tuple[int, str, float]]:
        """Each golden pair's number, output, and how far it is off here and now, a share of its range."""
        for i, pair in enumerate(self.card.golden):
            got = self.session.run(pair.inputs)
            for output, expected in pair.outputs.items():
                span = max(float(np.ptp(expected)), float(np.abs(expected).max()), 1e-6)
                yield i, output, float(np.abs(got[output].astype(np.float64) - expected).max()) / span

    def _check_golden(self, name: str) -> None:
        for _, output, off in self.deviations():
            if not off <= self.tolerance:
                raise InputError(
                    say(
                        "{name} no longer does what it did at export: {output} is off by {off:.1e} of its range "
                        "(allowed {tolerance:.0e}). Export it again for this machine.",
                        name=name,
                        output=output,
                        off=off,
                        tolerance=self.tolerance,
                    )
                )

    def bind(self, groups: Sequence[Group], name: str | None = None) -> Bound:
        """The model on these groups' tags. Raises InputError naming every channel that finds no tag."""
        return _BoundOnnx(self, groups, name or self.card.name)


class _BoundOnnx:
    def __init__(self, model: OnnxModel, groups: Sequence[Group], name: str) -> None:
        card = model.card
        self.name = name
        self.condition, self.severity = card.condition, card.severity
        self.place, self.advice, self.alarm = card.place, card.advice, card.alarm
        self._session, self._outputs, self._card = model.session, card.outputs, card.raw
        if "score" not in card.outputs:
            raise InputError(
                say(
                    "Model {name} gives no score, so it raises no alarm by itself. Name it beside one that does.",
                    name=name,
                )
            )
        series = [tag.name for group in groups if group.kind in ("scalars", "blocks") for tag in group.tags]
        cameras = [tag.name for group in groups if group.kind == "frames" for tag in group.tags]
        windows, seen = [], []
        for entry in card.inputs:
            if entry.kind == "image":
                seen.extend(resolve(entry.channels or ("*",), cameras, name))
            else:
                windows.append(_spec(entry, resolve(entry.channels, series, name)))
        if len({spec.stride_ns for spec in windows}) > 1:
            raise InputError(
                say("Model {name} has windows of different strides. Give all of them one stride_s.", name=name)
            )
        self.windows: tuple[WindowSpec, ...] = tuple(windows)
        self.cameras: tuple[str, ...] = tuple(seen)
        self._inputs = tuple(entry.name for entry in card.inputs)
        images = [raw for raw in card.raw.get("inputs", ()) if raw.get("kind") == "image"]
        self._picture = {} if model.is_foreign or not images else images[0]
        self.channels = tuple(channel for spec in windows for channel in spec.channels) or self.cameras
        self.unit = unit_path(self.channels)

    def score(self, windows: Sequence[Window]) -> Result:
        feeds = {
            name: _without_gaps(window.values).astype(np.float32)[None]
            for name, window in zip(self._inputs, windows, strict=True)
        }
        return self._result(windows[0].end, self._session.run(feeds))

    def score_frame(self, frame: Frame) -> Result:
        image = frame.image
        outputs = self._session.run({self._inputs[0]: as_input(image, self._picture)})
        result = self._result(frame.time, outputs)
        if "boxes" not in self._outputs:
            return result
        rows = in_picture(outputs[self._outputs["boxes"]][0], image.shape, self._card)
        return detected(result, frame, rows, self._card)

    def _result(self, time: int, outputs: dict[str, np.ndarray]) -> Result:
        role = self._outputs
        contribution = role.get("contribution")
        return Result(
            model=self.name,
            time=time,
            score=float(outputs[role["score"]].reshape(-1)[0]),
            channels=self.channels if contribution else (),
            contribution=outputs[contribution].reshape(-1).astype(np.float64) if contribution else None,
            map=outputs[role["map"]][0] if "map" in role else None,
        )


def _spec(entry: Input, channels: tuple[str, ...]) -> WindowSpec:
    return WindowSpec(
        channels=channels,
        rate_hz=entry.rate_hz,
        length=entry.length,
        stride_s=entry.stride_s,
        hold_s=entry.hold_s,
        max_bad=entry.max_bad,
    )


def _without_gaps(values: np.ndarray) -> np.ndarray:
    """Cells before a channel's first value take that value; a channel without any is 0 (its cells are bad)."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    first = np.argmax(~missing, axis=0)
    fill = np.nan_to_num(values[first, np.arange(values.shape[1])])
    return np.where(missing, fill, values)


SHIPPED = Path(__file__).parent / "models"


def load_model(path: str | Path) -> OnnxModel:
    """The model in an .onnx file, checked. Raises InputError if it is none, or not what it was at export."""
    return loaded(path)[0]


def loaded(path: str | Path) -> tuple[OnnxModel, bytes]:
    """The model in an .onnx file, and the file's bytes. Raises InputError like `load_model`."""
    path = Path(path)
    data, card = read_model(path), sidecar(path)
    text = read_model(card).decode("utf-8", "replace") if card.is_file() else None
    return OnnxModel(data, path.name, text), data
