"""The plant: a coil leaves the mill under a line-scan camera, with whatever the script has put on it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Frame, Item
from connectors.pictures import encode, encode_raw
from connectors.places import Box
from connectors.tags import Group
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from edge.regions import CROP
from testbed.drawn import nothing_left, number
from testbed.noise import stream
from testbed.plant import Action, Injection
from testbed.sensors import Sensors
from testbed.strip import tags
from testbed.strip.layout import rolled, scattered
from testbed.strip.marks import BENIGN, DEFECTS
from testbed.strip.mill import Rolling, drawn
from testbed.strip.render import Placed, Strip
from testbed.strip.fields import EDGE
from testbed.strip.texture import COLUMNS, LINES_PER_M, PIXEL_MM

FRAME = 1024  # lines
LINE_NS = SECOND // 10
THREADING_S = 0.2  # from the run's start to the strip's head
WINDING_S = 1.0  # from the strip's tail at the camera to the end of the coil
SURFACE = f"{tags.UNIT}/CAM_TOP"


@dataclass(frozen=True, slots=True, kw_only=True)
class StripCamera:
    """Describes a coil under the camera: 1.25 m wide, at 0.5 mm a pixel, some 8 m/s.

    Attributes:
        length_m: of the coil; cut to whole frames of 0.512 m.
    """

    length_m: float = 81.5

    def build(self, seed: int, start: int) -> StripPlant:
        return StripPlant(self, seed, start)


class StripPlant:
    """See the module. Scalars at 10 Hz; a frame whenever FRAME lines have passed."""

    name = "strip"
    step_ns = LINE_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = (*DEFECTS, *BENIGN)

    def __init__(self, spec: StripCamera, seed: int, start: int) -> None:
        rng = stream(seed, "strip/set-up")
        self.seed = seed
        self.present = start
        self.coil = f"H{26_000_000 + int(rng.integers(999_999))}"
        self.frames = max(1, int(spec.length_m * LINES_PER_M) // FRAME)
        self.rolling: Rolling = drawn(rng, start + round(THREADING_S * SECOND))
        self.coil_end = self.rolling.passes(self.frames * FRAME / LINES_PER_M) + round(WINDING_S * SECOND)
        self.strip = Strip(seed, self.coil)
        self._sensors = Sensors.of(seed, tags.LINE, tags.SENSORS, LINE_NS / SECOND)
        self.noise: Mapping[str, float] = {
            tag.name: sensor.noise for tag, sensor in zip(tags.LINE.tags, tags.SENSORS, strict=True)
        }
        self._done = 0  # frames handed out
        self._series = 0

    # -- what is measured ----------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        for time in range((self.present // LINE_NS + 1) * LINE_NS, until + 1, LINE_NS):
            values = self._sensors.measure(self._true(time))[None]
            items.append(Batch(tags.LINE.tags, np.array([time]), values, np.zeros(values.shape, np.uint32)))
        for time, coil, grade in ((self.rolling.start, self.coil, "SPHC"), (self.coil_end, "", "")):
            if self.present < time <= until:
                items += [Context(tag, time, text) for tag, text in zip(tags.COIL.tags, (coil, grade), strict=True)]
        while self._done < self.frames and (time := self._complete(self._done)) <= until:
            items.append(self._frame(time))
            self._done += 1
        self.present = until
        return items

    def _true(self, time: int) -> np.ndarray:
        rolling = self.rolling
        speed = rolling.speed + rolling.rise * max(0.0, (time - rolling.start) / SECOND)
        width = (COLUMNS - 2 * EDGE) * PIXEL_MM
        return np.concatenate([[speed, width, 82.0], rolling.thickness, rolling.diameter])

    def _complete(self, i: int) -> int:
        """When the last line of frame `i` has passed, ns."""
        return self.rolling.passes((i + 1) * FRAME / LINES_PER_M)

    def _frame(self, time: int) -> Frame:
        first = self._done * FRAME
        data = encode_raw(self.strip.render(first, FRAME))
        return Frame(tags.CAMERA.tags[0], time, data, first / LINES_PER_M, self.coil, PIXEL_MM)

    # -- what lies on it -----------------------------------------------------------------------------------

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        """Put marks on the part of the coil that has not passed: `count` of them, or the prints of one roll.

        `roll_mark` takes `stand`, 1 … 7. What is left open is drawn.
        """
        if name not in self.KINDS:
            raise InputError(say("The strip has no defect '{name}'.", name=name) + nearest(name, self.KINDS))
        if where not in ("", SURFACE):
            raise InputError(say("Marks lie on {place}, not on '{where}'.", place=SURFACE, where=where))
        left = dict(params)
        rng = stream(self.seed, f"strip/{name}/{key}")
        marks, cause = self._rolled(left, rng) if name == "roll_mark" else (self._scattered(name, left, rng), "")
        known = ("stand",) if name == "roll_mark" else ("count",)
        nothing_left(left, name, known)
        self.strip = self.strip.with_marks(marks)
        truths = tuple(self._truth(mark, cause) for mark in marks)
        return Injection(
            key=key,
            name=name,
            where=SURFACE,
            kind="fault" if name in DEFECTS else "lookalike",
            details={**params, "count": len(marks), **({"cause": cause} if cause else {})},
            truths=truths,
        )

    def _ahead(self) -> tuple[int, int]:
        """Lines of the coil that the camera has yet to hand out."""
        return self._done * FRAME, self.frames * FRAME

    def _scattered(self, name: str, params: dict[str, float | str], rng: np.random.Generator) -> list[Placed]:
        count = number(params, "count", 4, 4, rng)
        if not 1 <= count <= 200 or count != int(count):
            raise InputError(say("count must be a whole number from 1 to 200, but got {count:g}.", count=count))
        return scattered(name, int(count), self._ahead(), self.strip.marks, rng)

    def _rolled(self, params: dict[str, float | str], rng: np.random.Generator) -> tuple[list[Placed], str]:
        stand = int(number(params, "stand", 1, len(tags.STANDS) + 1 - 1e-9, rng))
        if not 1 <= stand <= len(tags.STANDS):
            raise InputError(
                say("stand must be a whole number from 1 to {n}, but got {stand}.", n=len(tags.STANDS), stand=stand)
            )
        self._series += 1
        pitch = round(self.rolling.pitch(stand - 1) * LINES_PER_M)
        marks = rolled(pitch, self._series, self._ahead(), self.strip.marks, rng)
        return marks, f"{tags.MILL}/{tags.STANDS[stand - 1]}"

    def _truth(self, mark: Placed, cause: str) -> Truth:
        first, last = mark.metres
        frame = (mark.box[3] - 1) // FRAME
        is_fault = mark.label in DEFECTS
        return Truth(
            name=mark.label,
            kind="fault" if is_fault else "lookalike",
            where=SURFACE,
            onset=self.rolling.passes(first),
            detectable_from=self._complete(frame) if is_fault else None,
            alert_deadline=self.coil_end,
            cleared=self.coil_end,
            expects=("surface",) if is_fault else (),
            forbids=() if is_fault else ("surface",),
            box=Box(self.coil, first, last, *mark.millimetres),
            cause=cause,
        )

    def look(self, place: Box) -> bytes:
        """PNG of what the camera saw there: a person's answer to "what was that?"."""
        x, y = (round(v) for v in ((place.left_mm + place.right_mm) / 2 / PIXEL_MM,
                                   (place.start_m + place.end_m) / 2 * LINES_PER_M))  # fmt: skip
        first = min(max(0, y - CROP // 2), self.frames * FRAME - CROP)
        left = min(max(0, x - CROP // 2), COLUMNS - CROP)
        return encode(self.strip.render(first, CROP)[:, left : left + CROP])

    def act(self, action: Action) -> None:
        raise InputError(say("The strip camera has no set-point '{name}'.", name=action.name))

    def struck(self, key: int) -> int | None:
        return None

    def cleared(self, key: int) -> int | None:
        return None

    def copy(self) -> StripPlant:
        twin = copy.copy(self)
        twin._sensors = self._sensors.copy()
        return twin
