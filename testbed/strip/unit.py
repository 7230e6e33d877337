"""The plant: coils leave the mill under a line-scan camera, with whatever the script has put on them."""

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
from testbed.drawn import nothing_left
from testbed.noise import stream
from testbed.plant import Action, Injection
from testbed.sensors import Sensors
from testbed.strip import mill, tags
from testbed.strip.faults import KINDS, Laid, Site, laid, parameters
from testbed.strip.fields import EDGE
from testbed.strip.marks import BENIGN
from testbed.strip.passes import FRAME, Pass, passes, true_values
from testbed.strip.render import Box as Pixels
from testbed.strip.texture import COLUMNS, LINES_PER_M, PIXEL_MM
from testbed.strip.view import View

LINE_NS = SECOND // 10
SURFACE = tags.HOT.camera
LASTING = ("blocked_descaler",)  # stays, and marks every coil from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class StripCamera:
    """Describes coils under the camera: 1.25 m wide, hot ones at some 8 m/s, cold ones at 5 m/s.

    Attributes:
        length_m: of each coil; cut to whole frames of 1024 lines.
        coils: how many pass, one after another.
        surface: 'hot' behind a hot strip mill, 'cold' behind a tandem cold mill.
        field: 'bright' or 'dark', how the lamp stands to the camera.
        pixel_mm: mm a pixel, 0.25 … 1.
        exposure_us: µs a line is exposed; the strip moves meanwhile, and smears.
    """

    length_m: float = 81.5
    coils: int = 1
    surface: str = "hot"
    field: str = "bright"
    pixel_mm: float = PIXEL_MM
    exposure_us: float = 20.0

    def build(self, seed: int, start: int) -> StripPlant:
        return StripPlant(self, seed, start)


class StripPlant:
    """See the module. Scalars at 10 Hz; a frame whenever FRAME lines have passed."""

    name = "strip"
    step_ns = LINE_NS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = KINDS

    def __init__(self, spec: StripCamera, seed: int, start: int) -> None:
        is_cold = spec.surface == "cold"
        self.seed = seed
        self.present = start
        self.line = tags.COLD if is_cold else tags.HOT
        self.groups: tuple[Group, ...] = self.line.groups
        schedule = mill.COLD if is_cold else mill.HOT
        smear_mm = sum(schedule.speed) / 2 * spec.exposure_us * 1e-3  # m/s times µs are 1e-3 mm
        view = View(surface=spec.surface, field=spec.field, pixel_mm=spec.pixel_mm, smear_mm=smear_mm)
        self.coils = passes(seed, start, spec.coils, spec.length_m, schedule, view)
        self._sensors = Sensors.of(seed, self.groups[0], self.line.sensors, LINE_NS / SECOND)
        self.noise: Mapping[str, float] = {
            tag.name: sensor.noise for tag, sensor in zip(self.groups[0].tags, self.line.sensors, strict=True)
        }
        self._coil = 0  # the coil whose frames are handed out now, or the last one
        self._done = 0  # frames of it handed out
        self._series = 0

    @property
    def passing(self) -> Pass:
        """The coil under the camera; the next one between two."""
        return self.coils[self._coil]

    # -- what is measured ----------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        for time in range((self.present // LINE_NS + 1) * LINE_NS, until + 1, LINE_NS):
            values = self._sensors.measure(self._true(time))[None]
            items.append(Batch(self.groups[0].tags, np.array([time]), values, np.zeros(values.shape, np.uint32)))
        for one in self.coils:
            for time, *texts in ((one.rolling.start, one.coil, self._grade), (one.end, "", "")):
                if self.present < time <= until:
                    pairs = zip(self.groups[2].tags, texts, strict=True)
                    items += [Context(tag, time, text) for tag, text in pairs]
        while self._done < self.passing.frames and (time := self.passing.complete(self._done)) <= until:
            items.append(self._frame(time))
            self._done += 1
            if self._done == self.passing.frames and self._coil + 1 < len(self.coils):
                self._coil, self._done = self._coil + 1, 0
        self.present = until
        return items

    @property
    def _grade(self) -> str:
        return (mill.COLD if self.line is tags.COLD else mill.HOT).grade

    def _true(self, time: int) -> np.ndarray:
        begun = [one for one in self.coils if one.rolling.start <= time] or self.coils[:1]
        return true_values(begun[-1], time, (COLUMNS - 2 * EDGE) * PIXEL_MM)

    def _frame(self, time: int) -> Frame:
        one, view = self.passing, self.passing.strip.view
        first = self._done * FRAME
        data = encode_raw(one.strip.render(first, FRAME))
        return Frame(self.groups[1].tags[0], time, data, first / view.lines_per_m, one.coil, view.pixel_mm)

    # -- what lies on it -----------------------------------------------------------------------------------

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        """Put marks on the part of the coil that has not passed, of a class or of what a fault of the plant leaves.

        A fault that lasts marks the coils that follow, too. What is left open is drawn.
        """
        if name not in self.KINDS:
            raise InputError(say("The strip has no defect '{name}'.", name=name) + nearest(name, self.KINDS))
        place = self.line.camera
        if where not in ("", place):
            raise InputError(say("Marks lie on {place}, not on '{where}'.", place=place, where=where))
        left, rng = dict(params), stream(self.seed, f"strip/{name}/{key}")
        self._series += name == "roll_mark"
        coils = list(self.coils)
        found: list[tuple[Pass, Laid]] = []
        for i in range(self._coil, len(coils) if name in LASTING else self._coil + 1):
            site = Site(coils[i], coils[i].lines(self._done if i == self._coil else 0), self.line, self._series)
            # the fault is the same on every coil, what it leaves is not
            mine = left if i == self._coil else {**(found[0][1].details or {})}
            new = laid(name, mine, site, rng if i == self._coil else stream(self.seed, f"strip/{name}/{key}/{i}"))
            found.append((coils[i], new))
            coils[i] = coils[i].with_marks(new.marks)
        nothing_left(left, name, parameters(name))
        self.coils = tuple(coils)
        truths = tuple(self._truth(name, box, one, new.cause) for one, new in found for box in new.boxes)
        new = found[0][1]
        told = {**(new.details or {}), "count": len(truths), **({"cause": new.cause} if new.cause else {})}
        kind = "lookalike" if name in BENIGN else "fault"
        return Injection(key=key, name=name, where=place, kind=kind, details={**params, **told}, truths=truths)

    def _truth(self, name: str, box: Pixels, one: Pass, cause: str) -> Truth:
        first, last = box[1] / LINES_PER_M, box[3] / LINES_PER_M
        is_fault = name not in BENIGN
        return Truth(
            name=name,
            kind="fault" if is_fault else "lookalike",
            where=self.line.camera,
            onset=one.rolling.passes(first),
            detectable_from=one.complete(one.frame_of(box[3] - 1)) if is_fault else None,
            alert_deadline=one.end,
            cleared=one.end,
            expects=("surface",) if is_fault else (),
            forbids=() if is_fault else ("surface",),
            box=Box(one.coil, first, last, box[0] * PIXEL_MM, box[2] * PIXEL_MM),
            cause=cause,
        )

    def look(self, place: Box) -> bytes:
        """PNG of what the camera saw there: a person's answer to "what was that?"."""
        one = next((one for one in self.coils if one.coil == place.part_id), self.passing)
        view = one.strip.view
        x = round((place.left_mm + place.right_mm) / 2 / view.pixel_mm)
        y = round((place.start_m + place.end_m) / 2 * view.lines_per_m)
        first = min(max(0, y - CROP // 2), one.frames * FRAME - CROP)
        left = min(max(0, x - CROP // 2), view.columns - CROP)
        return encode(one.strip.render(first, CROP)[:, left : left + CROP])

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
