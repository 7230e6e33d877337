"""The works: its units stepped side by side by one clock, the run-out table fed by the mill, names routed to units."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.items import Batch, Context, Item
from connectors.places import Box
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.caster import Caster
from testbed.coldmill import ColdMill
from testbed.genealogy import Lineage
from testbed.hotmill import HotMill
from testbed.noise import stream
from testbed.plant import Action, Injection, Plant, believed, kinds, setpoints, true_signals
from testbed.runout import RunOutTable
from testbed.runout.coils import BAR, Now
from testbed.works.names import Renamer, regrouped, routed
from testbed.works.yard import YARD, Yard

STEP_NS = 100_000_000  # the slowest unit's; every other step divides it
HOT = 700.0  # Cel behind the last stand, below which there is no strip
DELIVERY = 880.0  # Cel of the delivery temperature that belongs to a bar of BAR
SLIVER_CAUSE = "clog_release"
WASH_S = 4.0  # s for which a mould takes in powder after a clog has come loose (domain: F05)
EDGE_MM, SLIVER_MM = 150.0, 40.0  # mm from the edge where no sliver lies, and how wide one is; judgement
MILL, MOULD = "POH/HOT/HSM2/FM", "POH/STEEL/CC1/S1.MOLD"
PAPERS = Group("pedigree", tuple(Tag(name=f"{MILL}/{n}", group="pedigree") for n in ("SLAB_ID", "HEAT_NO")), "texts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """Describes the works by its units.

    Attributes:
        lag_s: s from the end of a slab at the meniscus to its bar at the first stand; hours in most works, minutes
            where slabs go hot and directly to the mill.
    """

    caster: Caster = field(default_factory=Caster)
    hot_mill: HotMill = field(default_factory=lambda: HotMill(grade="SPHC"))
    runout: RunOutTable = field(default_factory=RunOutTable)
    cold_mill: ColdMill = field(default_factory=ColdMill)
    lag_s: float = 60.0

    def build(self, seed: int, start: int) -> WorksPlant:
        return WorksPlant(self, seed, start)


class WorksPlant:
    """See the module. Handed out up to whole 100 ms of every unit."""

    name = "works"
    step_ns = STEP_NS

    def __init__(self, spec: Works, seed: int, start: int) -> None:
        self.seed, self.present = seed, start
        built = (spec.caster, spec.hot_mill, spec.runout, spec.cold_mill)
        self.units: dict[str, Any] = {plant.name: plant for plant in (one.build(seed, start) for one in built)}
        self.yard = Yard(spec.lag_s)
        self._grade = ""
        self._begun: list[tuple[int, str]] = []  # ns at which a coil's head came, and its name
        self._releases: list[int] = []  # ns at which a clog came loose at the caster
        self._keys: dict[int, str] = {}
        names = {unit: [group.name for group in plant.groups] for unit, plant in self.units.items()}
        called = {route: name for name, route in routed(names).items()}
        groups = {unit: {g.name: regrouped(g, called[unit, g.name]) for g in plant.groups}
                  for unit, plant in self.units.items()}  # fmt: skip
        self.groups: tuple[Group, ...] = (*(g for own in groups.values() for g in own.values()), PAPERS)
        self.transports: Mapping[str, str] = {
            called[unit, name]: wire for unit, plant in self.units.items() for name, wire in plant.transports.items()
        } | {PAPERS.name: "opcua"}
        self._renamers = {
            unit: Renamer({g.name: g for g in plant.groups}, groups[unit]) for unit, plant in self.units.items()
        }
        self._faults = routed({unit: kinds(plant) for unit, plant in self.units.items()})
        self._settings = routed({unit: setpoints(plant) for unit, plant in self.units.items()})
        self.KINDS = tuple(self._faults)
        self.SETPOINTS = {name: setpoints(self.units[unit])[own] for name, (unit, own) in self._settings.items()}
        self.BELIEVED = {true: tag for plant in self.units.values() for true, tag in believed(plant).items()}
        self.noise: Mapping[str, float] = {
            name: sigma for plant in self.units.values() for name, sigma in plant.noise.items()
        }

    # -- time ----------------------------------------------------------------------------------------------

    def advance(self, until: int) -> list[Item]:
        items: list[Item] = []
        while self.present < until:
            items += self._stretch(min(self.present + SECOND, until))
        return items

    def _stretch(self, until: int) -> list[Item]:
        """At most a second of everything, in the order in which steel goes through the works."""
        made = {unit: plant.advance(until) for unit, plant in self.units.items() if unit != "runout"}
        self._cast(made["caster"])
        papers = self._rolled(made["hotmill"])
        made["runout"] = self.units["runout"].fed(until, self._delivered(made["hotmill"]))
        self.present = until
        return [self._renamers[unit](item) for unit in self.units for item in made[unit]] + papers

    def _cast(self, items: Sequence[Item]) -> None:
        """Take note of what the caster's tags and texts tell of the strand."""
        for item in items:
            if isinstance(item, Context) and item.tag.short == "SLAB_ID":
                self.yard.ids.append((item.time, item.text))
            elif isinstance(item, Context) and item.tag.short == "HEAT_NO":
                self.yard.heats.append((item.time, item.text))
            elif isinstance(item, Batch) and (at := _column(item, "V_CAST")) is not None:
                self.yard.cast(item.time, item.values[:, at] / 60.0)

    def _rolled(self, items: Sequence[Item]) -> list[Item]:
        """A coil that begins is rolled from a slab; its papers say from which."""
        papers: list[Item] = []
        for item in items:
            if isinstance(item, Context) and item.tag.short == "COIL_ID" and item.text:
                bar = self.units["hotmill"].line.bar
                exits = tuple(bar.lines.exit.tolist())
                slab = self.yard.next_coil(item.text, item.time, exits, float(bar.lines.width), bar.size / exits[-1])
                self._begun.append((item.time, item.text))
                texts = (YARD, "") if slab is None else (slab.name, slab.heat)
                papers += [Context(tag, item.time, text) for tag, text in zip(PAPERS.tags, texts, strict=True)]
            elif isinstance(item, Context) and item.tag.short == "GRADE":
                self._grade = item.text
        return papers

    def _delivered(self, items: Sequence[Item]) -> list[Now]:
        """The strip behind the mill in each 100 ms, as the mill's second level hands it on to the table."""
        state = next((i for i in items if isinstance(i, Batch) and _column(i, "STRIP_LEN") is not None), None)
        gauge = next((i for i in items if isinstance(i, Batch) and _column(i, "T_FDT") is not None), None)
        if state is None or gauge is None:
            return []
        at = np.searchsorted(gauge.time, state.time, side="right") - 1
        heat = gauge.values[at, _column(gauge, "T_FDT")]
        speed, thick = (state.values[:, _column(state, name)] for name in ("V_STRIP", "H_SET"))
        width = self.units["hotmill"].line.bar.lines.width
        found = []
        for time, t, v, h in zip(state.time.tolist(), heat.tolist(), speed.tolist(), thick.tolist(), strict=True):
            coil = next((name for begin, name in reversed(self._begun) if begin <= time), "")
            entry = t if t > HOT else None
            bar = None if entry is None else BAR + entry - DELIVERY
            found.append(Now(v, h, float(width), entry, bar, coil, self._grade))
        return found

    # -- genealogy -----------------------------------------------------------------------------------------

    def lineage(self) -> Lineage:
        """Heat, slab, coil and metre, as far as they are known by now."""
        return self.yard.lineage()

    def laid_down(self) -> list[Truth]:
        """Slivers that lie on coils by now, where the mould took in powder as a clog came loose."""
        if not self._releases:
            return []
        lineage, found = self.lineage(), []
        for i, release in enumerate(self._releases):
            first, last = (lineage.place(release + round(s * SECOND)) for s in (0.0, WASH_S))
            if first is None or last is None or not first.coil or first.coil != last.coil:
                continue
            coil = next(c for c in lineage.coils if c.name == first.coil)
            begin = next(time for time, name in self._begun if name == coil.name)
            end = next((time for time, _ in self._begun if time > begin), self.present)
            room = coil.width - 2.0 * EDGE_MM - SLIVER_MM
            left = round(EDGE_MM + room * float(stream(self.seed, f"works/sliver/{i}").random()), 1)
            box = Box(coil.name, round(first.metre, 3), round(last.metre, 3), left, left + SLIVER_MM)
            found.append(Truth(name="sliver", where=MILL, onset=begin, alert_deadline=end, cleared=end,
                               expects=("surface",), box=box, cause=MOULD))  # fmt: skip
        return found

    # -- set-points, faults, look-alikes -------------------------------------------------------------------

    def part(self, name: str) -> tuple[Plant, str]:
        """The unit that a fault, look-alike or set-point is about, and its name there; the works where all matter."""
        unit, own = self._faults.get(name) or self._settings.get(name) or ("", name)
        return (self, name) if unit in ("", "runout") else (self.units[unit], own)

    def act(self, action: Action) -> None:
        if action.name not in self._settings:
            raise InputError(say("The works have no set-point '{name}'.", name=action.name)
                             + nearest(action.name, self.SETPOINTS))  # fmt: skip
        unit, own = self._settings[action.name]
        self.units[unit].act(replace(action, name=own))

    def setting(self, name: str) -> float:
        """What a set-point stands at."""
        unit, own = self._settings[name]
        return self.units[unit].setting(own)

    def inject(self, name: str, where: str, params: Mapping[str, float | str], key: int) -> Injection:
        if name not in self._faults:
            raise InputError(say("The works know no fault or look-alike '{name}'.", name=name)
                             + nearest(name, self.KINDS))  # fmt: skip
        unit, own = self._faults[name]
        injection = self.units[unit].inject(own, where, params, key)
        self._keys[key] = unit
        if own == SLIVER_CAUSE:
            self._releases.append(self.present)
        return injection

    def struck(self, key: int) -> int | None:
        return self.units[self._keys[key]].struck(key) if key in self._keys else None

    def cleared(self, key: int) -> int | None:
        return self.units[self._keys[key]].cleared(key) if key in self._keys else None

    def true_signals(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """True values that the units keep."""
        return {name: pair for plant in self.units.values() for name, pair in true_signals(plant).items()}

    def copy(self) -> WorksPlant:
        twin = copy.copy(self)
        twin.units = {unit: plant.copy() for unit, plant in self.units.items()}
        twin.yard = self.yard.copy()
        twin._begun, twin._releases, twin._keys = list(self._begun), list(self._releases), dict(self._keys)
        return twin


def _column(batch: Batch, short: str) -> int | None:
    """Where a tag with this last level stands."""
    return next((i for i, tag in enumerate(batch.tags) if tag.short == short), None)
