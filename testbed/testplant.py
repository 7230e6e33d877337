"""A plant for testing transports: nothing physical, but everything a wire can get wrong.

10 Hz scalars with one constant and one Bad tag, a 1 kHz block group whose last tag turns Bad in stretches, two
pictures a second, a text, a set-point, and a fault.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Frame, Item, block_times
from connectors.pictures import encode
from connectors.status import BAD_SENSOR_FAILURE
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.noise import Noise, stream
from testbed.plant import START, Action, Injection

PATH = "TEST/LINE/UNIT"
SCALAR_NS, BLOCK_NS, FRAME_NS = SECOND // 10, SECOND // 1000, SECOND // 2


def _tags(names: str, group: str, rate_hz: float) -> tuple[Tag, ...]:
    return tuple(
        Tag(name=f"{PATH}/{n}", unit="mm", eu_range=(-100.0, 100.0), rate_hz=rate_hz, group=group)
        for n in names.split()
    )


class TestPlant:
    """See the module. A fault named 'step' lifts WALK_1 by `size`; the set-point 'offset' lifts WALK_2."""

    __test__ = False
    KINDS = ("step",)
    SETPOINTS: Mapping[str, Tag] = {"offset": Tag(name=f"{PATH}/SET/OFFSET", unit="mm", eu_range=(-50.0, 50.0),
                                                  group="set", writable=True)}  # fmt: skip
    name = "testplant"
    step_ns = SCALAR_NS
    groups = (
        Group("scalars", _tags("WALK_1 WALK_2 CONSTANT BROKEN", "scalars", 10.0)),
        Group("blocks", _tags("VIB_1 VIB_2", "blocks", 1000.0), "blocks"),
        Group("camera", _tags("CAMERA", "camera", 2.0), "frames"),
        Group("order", _tags("COIL_ID", "order", 0.1), "texts"),
    )
    transports: Mapping[str, str] = {"scalars": "opcua", "blocks": "mqtt", "camera": "mqtt", "order": "opcua"}
    noise: Mapping[str, float] = {f"{PATH}/WALK_1": 0.2, f"{PATH}/WALK_2": 0.2}

    def __init__(self, seed: int = 1, start: int = START) -> None:
        self.present = start
        self._seed = seed
        self._walk_noise = Noise(seed, [tag.name for tag in self.groups[0].tags[:2]])
        self._block_noise = Noise(seed, [tag.name for tag in self.groups[1].tags])
        self._walk = np.zeros(2)
        self._lift = np.zeros(2)
        self._actions: list[Action] = []

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        while self.present < until:
            step = min(until, (self.present // SCALAR_NS + 1) * SCALAR_NS)
            items.extend(self._step(step))
            self.present = step
        return items

    def _step(self, until: int) -> list[Item]:
        """Samples in (present, until], at most up to the next scalar; what acts, acts at its time."""
        items: list[Item] = []
        before = self._lift.copy()
        for time in _whole(self.present, until, SCALAR_NS):
            self._act(time)
            self._walk = 0.98 * self._walk + 0.2 * self._walk_noise.take(1)[0]
            values = np.array([[*np.round(self._walk + self._lift, 1), 7.5, np.nan]])
            status = np.array([[0, 0, 0, BAD_SENSOR_FAILURE]], np.uint32)
            items.append(Batch(self.groups[0].tags, np.array([time]), values, status))
        items.extend(self._blocks(until, before))
        items.extend(self._frame(time) for time in _whole(self.present, until, FRAME_NS))
        for time in _whole(self.present, until, 10 * SECOND):
            items.append(Context(self.groups[3].tags[0], time, f"코일-{time // SECOND % 10_000:04d}"))
        return items

    def _blocks(self, until: int, before: np.ndarray) -> list[Item]:
        first = (self.present // BLOCK_NS + 1) * BLOCK_NS
        n = (until - first) // BLOCK_NS + 1
        if n <= 0:
            return []
        time = block_times(first, 1000.0, n)
        wave = np.sin(2 * np.pi * 50.0 * (time % SECOND) / SECOND)[:, None]
        lift = np.where((time % SCALAR_NS == 0)[:, None], self._lift, before)
        values = np.round(wave + 0.3 * self._block_noise.take(n) + lift, 4)
        status = np.zeros((n, 2), np.uint32)
        bad = time // (SECOND // 4) % 8 == 3  # a quarter of a second every two
        status[bad, 1] = BAD_SENSOR_FAILURE
        values[bad, 1] = np.nan
        return [Batch(self.groups[1].tags, time, values, status)]

    def _frame(self, time: int) -> Frame:
        noise = stream(self._seed, f"{PATH}/CAMERA/{time}").integers(0, 40, (24, 32), dtype=np.uint8)
        shade = np.uint8(np.clip(120 + 10 * (self._walk[0] + self._lift[0]), 0, 200))
        position = (time - START) / SECOND
        return Frame(self.groups[2].tags[0], time, encode(noise + shade), position, "COIL")

    def act(self, action: Action) -> None:
        if action.name not in self.SETPOINTS:
            raise InputError(
                say("The test plant has no set-point '{name}'.", name=action.name)
                + nearest(action.name, self.SETPOINTS)
            )
        self._actions.append(action)

    def setting(self, name: str) -> float:
        """What the offset stands at, mm."""
        return float(self._lift[1])

    def _act(self, time: int) -> None:
        for action in [a for a in self._actions if a.time <= time]:
            self._actions.remove(action)
            self._lift[1] = action.value

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(say("The test plant has no fault '{name}'.", name=name) + nearest(name, self.KINDS))
        self._lift[0] += float(params.get("size", 5.0))
        return Injection(key, name, f"{PATH}/WALK_1", "fault", expects=("process",), reaction_s=5.0)

    def struck(self, key: int) -> int | None:
        return None

    def cleared(self, key: int) -> int | None:
        return None

    def copy(self) -> TestPlant:
        twin = copy.copy(self)
        twin._walk_noise, twin._block_noise = self._walk_noise.copy(), self._block_noise.copy()
        twin._walk, twin._lift, twin._actions = self._walk.copy(), self._lift.copy(), list(self._actions)
        return twin


def _whole(after: int, until: int, period: int) -> range:
    """Whole multiples of `period` in (after, until]."""
    return range((after // period + 1) * period, until + 1, period)


@dataclass(frozen=True, slots=True)
class TestPlantSpec:
    """Describes the test plant."""

    __test__ = False

    def build(self, seed: int, start: int) -> TestPlant:
        return TestPlant(seed, start)
