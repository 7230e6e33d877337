"""The cold mill, put together: line, stands, gauge control, sensors, faults, set-points. Stepped every 20 ms."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Item
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.coldmill import chatter as sings
from testbed.coldmill import lookalikes, tags
from testbed.coldmill.flaws import Flaw, strip_break
from testbed.coldmill.gauge import Gauge
from testbed.coldmill.inputs import FAST, KNOT_S, MS, Inputs
from testbed.coldmill.line import Line
from testbed.coldmill.marks import Marks, chatter_marks
from testbed.coldmill.outlet import Outlet
from testbed.coldmill.rolling import EXIT, FORCE, FRONT, RADIUS, STANDS, SetUp, rubs
from testbed.coldmill.structure import STRIP, N, Structure, modes
from testbed.coldmill.way import Way
from testbed.noise import Noise, stream
from testbed.plant import Action, Injection
from testbed.scenario import Draw

KNOT_NS = round(KNOT_S * SECOND)
SLOW_NS = SECOND // 10
PUSH, IDLE_PUSH = 1500.0, 600.0  # N a sample at 5 kHz, rolling and without strip; judgement
TENSION_SIGMA, TENSION_S = 0.012, 0.4  # share of the mean and s; judgement
FLOW, HEAT, CONCENTRATION = 5000.0, 50.0, 2.5  # L/min of each stand, Cel and % of the emulsion; judgement
WELD_LEVEL, LEVEL_RATE = 0.65, 1.2  # share of the tension while a weld is taken through, and share a second
VOLTS = 750.0  # of the drives' direct current
USUAL_SPEED, USUAL_COIL = Draw(20.5, 22.0), Draw(240.0, 360.0)  # m/s and s


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdMill:
    """Describes the mill and the coils it rolls.

    Attributes:
        speed: m/s of the strip behind the last stand, at the start and asked for; published: 22.2.
        coil_s: s until the mill slows down for a weld, drawn for each coil.
        strip: False: the rolls turn with nothing between them.
    """

    speed: float | Draw = USUAL_SPEED
    coil_s: float | Draw = USUAL_COIL
    strip: bool = True

    def build(self, seed: int, start: int) -> ColdMillPlant:
        return ColdMillPlant(self, seed, start)


Thing = sings.Chatter | Flaw | Marks | lookalikes.Passing


class ColdMillPlant:
    """See the module. Blocks of 20 ms begin at whole multiples of it, however time is cut."""

    name = "coldmill"
    step_ns = KNOT_NS
    groups: tuple[Group, ...] = tags.GROUPS
    transports: Mapping[str, str] = tags.TRANSPORTS
    KINDS = ("chatter", "chatter_marks", "strip_break", *lookalikes.KINDS)
    SPECTRUM = tags.SPECTRUM
    # Hz of each stand's first mode with strip in it, as a hammer test at standstill finds it.
    NATURAL_HZ: Mapping[str, float] = {
        unit: round(float(modes(float(strip))[0][0] / 2 / np.pi), 1)
        for unit, strip in zip(tags.UNITS, STRIP, strict=True)
    }
    SETPOINTS: Mapping[str, Tag] = tags.SETPOINTS

    def __init__(self, spec: ColdMill, seed: int, start: int) -> None:
        self.spec, self.seed, self.present = spec, seed, start
        rng = stream(seed, "coldmill/line")
        speed = _drawn(spec.speed, rng)
        self.setup = SetUp.reference()
        self.line = Line(speed, speed, _drawn(spec.coil_s, rng))
        self.structure, self.gauge, self.outlet = Structure(), Gauge(self.setup), Outlet(seed)
        self.structure.put(spec.strip)
        self.level, self.boost, self.weld_passage = 1.0, 1.0, False
        self.zeta = self.structure.zeta[:, 0]  # net damping of each stand's first mode
        self.ripple = np.zeros(STANDS)  # m, amplitude of each gap
        self._torn = False
        self._flow, self._seen = np.ones(STANDS), 0.0
        self._emulsion = (HEAT, CONCENTRATION)
        self._computed = start // KNOT_NS * KNOT_NS  # ns, blocks are ready up to here
        self._way = Way()
        self._sway = np.zeros(STANDS)
        self._weld: Flaw | None = None  # at the coil's end
        self._push = Noise(seed, [f"{unit}/push" for unit in tags.UNITS])
        self._slow = Noise(seed, [f"{tags.LINE}/slow/{i}" for i in range(2 * STANDS + 1)])
        self.noise: Mapping[str, float] = {
            tag.name: max(sensor.noise, sensor.quantum)
            for group in self.groups[:4]
            for tag, sensor in zip(group.tags, tags.sensors(group), strict=True)
        }
        self._things: dict[int, Thing] = {}
        self._cleared: dict[int, int] = {}
        self._struck: dict[int, int] = {}
        self._actions: list[Action] = []
        if spec.strip:
            self._papers(self._computed + KNOT_NS)

    @property
    def has_strip(self) -> bool:
        """Whether there is strip between the rolls."""
        return self.spec.strip and not self.line.is_broken

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        while self._computed < until:
            self._block()
        self.outlet.measure(self._computed)
        self.present = until
        return self.outlet.hand_out(until)

    def _block(self) -> None:
        """The next 20 ms."""
        self._act()
        noise = self._slow.take(1)[0]
        now = Inputs()
        self.line.step()
        self._change_coils(now)
        for key, thing in list(self._things.items()):
            if thing.step(self, now):
                self._over(key, thing)
            if isinstance(thing, Marks) and thing.has_struck:
                self._struck.setdefault(key, self._computed + KNOT_NS)
        now.lubricant *= self.boost
        missing = (WELD_LEVEL if self.weld_passage else 1.0) - self.level
        self.level += min(max(missing, -_LEVEL_STEP), _LEVEL_STEP)
        friction = now.friction()
        if self.has_strip:
            self.gauge.step(self.line.strip(), friction, self._seen, noise[: STANDS + 1])
        self._sway = self._sway * _SWAY_KEEP + np.sqrt(1.0 - _SWAY_KEEP**2) * noise[STANDS + 1 :]
        self._flow, self._emulsion = now.lubricant, (HEAT + now.heat, CONCENTRATION * now.concentration)
        self._roll(now, friction)
        self._computed += KNOT_NS
        if self._computed % SLOW_NS == 0:
            self._measure_slowly()
        if self._torn:
            self._lose_strip()

    def _roll(self, now: Inputs, friction: np.ndarray) -> None:
        """The stands move; force, tension and thickness follow."""
        force = (PUSH if self.has_strip else IDLE_PUSH) * self._push.take(N).T + now.push
        structural = self.structure.zeta[:, 0]
        if self.has_strip:
            critical = sings.critical(friction, self.gauge.reduction)
            self.zeta = sings.damping(structural, self.line.speed, critical)
        else:
            self.zeta = structural
        movement, acceleration = self.structure.move(force, self.zeta)
        gap = 2.0 * movement  # m, complex (5, N): both work rolls
        per_gap = sings.tension_per_gap(self.structure.omega[:, 0], self.line.speed)
        self.ripple = np.abs(gap[:, -1])
        if self.has_strip:
            for stand in np.flatnonzero(sings.breaks(gap, per_gap, self.level)):
                self.tear(int(stand), None)
        gap = gap[:, FAST - 1 :: FAST]
        rows = self._gap(now, gap.real, (per_gap[:, None] * gap).real)
        self.outlet.block((acceleration + now.shake).T, rows.T)

    def _gap(self, now: Inputs, gap: np.ndarray, pull: np.ndarray) -> np.ndarray:
        """True force, tension and thickness at the gauges every millisecond, (15, MS)."""
        if not self.has_strip:
            self._way.take(np.zeros((MS, STANDS)))
            return np.zeros((3 * STANDS, MS))
        rub = self.setup.by_friction * (rubs(self.line.speed) - 1.0)
        force = (FORCE + self.gauge.force + rub)[:, None] + now.force + 1e-6 * STRIP[:, None] * 0.5 * gap
        force -= (self.setup.by_tension * FRONT * (1.0 - self.level))[:, None]
        tension = FRONT[:, None] * (self.level * (1.0 + TENSION_SIGMA * self._sway[:, None]) + now.tension)
        tension[:-1] += pull[1:]
        thickness = (EXIT + self.gauge.thickness)[:, None] + 1e3 * gap
        seen = self._way.take(thickness.T).seen(self.line.strip())
        self._seen = float(seen[-1].sum() / MS - EXIT[-1])
        return np.concatenate([force, np.maximum(tension, 0.0), seen])

    def _measure_slowly(self) -> None:
        line, on = self.line, self.has_strip
        roll = line.strip() / (1.0 + self.setup.slip)
        force = (FORCE + self.gauge.force) / FORCE if on else np.zeros(STANDS)
        power = self.setup.torque * force * roll / (RADIUS * 1e-3)  # kW
        opening = EXIT - FORCE / 5.0 + self.gauge.gap if on else np.full(STANDS, 5.0)
        drive = np.concatenate([roll, power / VOLTS, opening, FLOW * self._flow])
        self.outlet.row(tags.DRIVE, self._computed, drive)
        self.outlet.row(tags.EMULSION, self._computed, np.array([*self._emulsion, 60.0 * line.speed, line.rolled]))

    # -- coils ---------------------------------------------------------------------------------------------

    def _papers(self, time: int) -> None:
        for i, text in enumerate((f"T{time // SECOND:010d}", "SPCC")):
            self.outlet.text(i, time, text)

    def _change_coils(self, now: Inputs) -> None:
        """Slow down at the coil's end, take the weld through, part the coils behind the mill."""
        line = self.line
        if not self.has_strip:
            return
        if line.age >= line.coil_s and not line.changing:
            line.changing = True
        if line.changing and line.is_slow and self._weld is None:
            self._weld = Flaw(stream(self.seed, f"coldmill/weld/{line.number}"))
            self.outlet.text(2, self._computed + KNOT_NS, f"W{line.number + 1:04d}")
        if self._weld is not None and self._weld.step(self, now):
            self._weld = None
            line.next_coil(_drawn(self.spec.coil_s, stream(self.seed, f"coldmill/coil/{line.number + 1}")))
            self._papers(self._computed + KNOT_NS)

    # -- what becomes of faults ----------------------------------------------------------------------------

    def _over(self, key: int, thing: Thing) -> None:
        """It has passed or healed. A stand that still lacks emulsion stays as it is."""
        self._cleared.setdefault(key, self._computed + KNOT_NS)
        if not isinstance(thing, sings.Chatter):
            del self._things[key]

    def tear(self, stand: int, by: Thing | None) -> None:
        """The strip tears at `stand`, by a flaw of its own or by what shakes the stand."""
        for key, thing in self._things.items():
            if thing is by or (by is None and thing.tore(stand)):
                self._struck.setdefault(key, self._computed + KNOT_NS)
                self._cleared.setdefault(key, self._computed + KNOT_NS)
        self._torn = True

    def _lose_strip(self) -> None:
        """The mill stops, and nothing is between its rolls any more."""
        self._torn, self.line.is_broken, self._weld = False, True, None
        self.structure.put(False)
        self._things = {
            k: thing for k, thing in self._things.items() if isinstance(thing, lookalikes.Passing | sings.Chatter)
        }

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def act(self, action: Action) -> None:
        tag = self.SETPOINTS.get(action.name)
        if tag is None or tag.eu_range is None:
            raise InputError(
                say("The cold mill has no set-point '{name}'.", name=action.name) + nearest(action.name, self.SETPOINTS)
            )
        low, high = tag.eu_range
        if not low <= action.value <= high:
            raise InputError(say("{name} takes {low:g} to {high:g} {unit}, but got {value}.", name=action.name, low=low,
                                 high=high, unit=tag.unit, value=action.value))  # fmt: skip
        self._actions.append(action)

    def _act(self) -> None:
        for action in [a for a in self._actions if a.time <= self._computed]:
            self._actions.remove(action)
            if action.name == "mill_speed":
                self.line.run = action.value / 60.0
            elif action.name == "slow_down":
                self.line.slow_down(action.value / 60.0)
            elif action.name == "emulsion_boost":
                self.boost = action.value
            else:
                self.weld_passage = action.value >= 0.5
                self.line.careful = self.weld_passage

    def setting(self, name: str) -> float:
        """What a set-point stands at."""
        return {
            "mill_speed": 60.0 * self.line.run, "slow_down": 60.0 * self.line.slower, "emulsion_boost": self.boost,
            "weld_passage": float(self.weld_passage),
        }[name]  # fmt: skip

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self.KINDS:
            raise InputError(
                say("The cold mill knows no fault or look-alike '{name}'.", name=name) + nearest(name, self.KINDS)
            )
        rng = stream(self.seed, f"coldmill/{name}@{self.present}")
        make = _FAULTS.get(name)
        if make is not None:
            thing, injection = make(self, where, params, key, rng)
        else:
            thing, injection = lookalikes.begin(self, name, where, params, key, rng)
        self._things[key] = thing
        return injection

    def struck(self, key: int) -> int | None:
        return self._struck.get(key)

    def cleared(self, key: int) -> int | None:
        return self._cleared.get(key)

    def copy(self) -> ColdMillPlant:
        twin = copy.copy(self)
        twin.line, twin._weld = copy.copy(self.line), copy.deepcopy(self._weld)
        twin.structure, twin.gauge, twin.outlet = self.structure.copy(), self.gauge.copy(), self.outlet.copy()
        twin._way = self._way.copy()
        twin._push, twin._slow = self._push.copy(), self._slow.copy()
        twin._things = copy.deepcopy(self._things)
        twin._cleared, twin._struck, twin._actions = dict(self._cleared), dict(self._struck), list(self._actions)
        return twin


_FAULTS = {"chatter": sings.chatter, "chatter_marks": chatter_marks, "strip_break": strip_break}
_LEVEL_STEP = LEVEL_RATE * KNOT_S
_SWAY_KEEP = float(np.exp(-KNOT_S / TENSION_S))


def _drawn(value: float | Draw, rng: np.random.Generator) -> float:
    """Always takes one draw, so that giving one value leaves the others as they are."""
    drawn = rng.random()
    return value.low + drawn * (value.high - value.low) if isinstance(value, Draw) else float(value)
