"""Water that does not come: a blocked spray nozzle below the mould, and a face of the mould that runs short."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.caster.cooling import LANE, STEP_S, STRAIGHTENER_M, UNBENDING_M
from testbed.caster.copper import COOLANT, WATER_EXPONENT
from testbed.caster.heat import WALL, flux
from testbed.caster.spray import NOZZLES
from testbed.caster.station import FLOWS
from testbed.caster.tags import FACES, NARROW_FACES, STRAND, UNIT, ZONES
from testbed.caster.trouble import Trouble
from testbed.drawn import nothing_left, number
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

FIRST_ZONE, LAST_ZONE = 5, 8  # a hot streak lasts from here to the rolls that unbend and straighten the strand
STREAK_K = 15.0  # hotter than its neighbours where the strand is unbent: its surface cracks; judgement
STREAK_S = 240.0  # s of it that spoil a slab; judgement
CLOSING_S = 60.0  # s in which nozzles block, and in which air blows them free; judgement
PURGE_S = 60.0  # s to purge a zone with air; judgement
BOILING = 150.0  # Cel of the copper at the water, at the 5 bar that the mould water stands under (steam tables: 152)
BOILING_S = 10.0  # s of boiling until the copper is damaged; judgement
STANDBY = 4400.0  # L/min: a set-point from which the standby pump runs
WATER_REACTION_S = 10.0  # domain: 4, F09
HOTTEST_M = 0.05  # m below the meniscus, where the copper is hottest


@dataclass(slots=True, kw_only=True)
class BlockedNozzle(Trouble):
    """Nozzles of a zone are blocked: the others pass more, and a streak of the strand gets less."""

    zone: int  # from 0
    share: float  # of the zone's nozzles
    began_at: int = 0
    closed: float = 0.0  # share of the way to that
    hot_for: float = 0.0

    def _is_meant(self, zone: float) -> bool:
        """Whether a purge of a zone, 0 for all, is of this one."""
        return zone in (0.0, self.zone + 1.0)

    def step(self, plant: CasterPlant, dt: float) -> None:
        is_purged = plant.was_ordered("purge_spray", self.began_at) and self._is_meant(plant.settings["purge_spray"])
        self.closed = min(max(self.closed + (-dt if is_purged else dt) / CLOSING_S, 0.0), 1.0)
        plant.spray.opened[self.zone] = 1.0 - self.share * self.closed
        plant.starved[self.zone] = LANE * self.closed
        if is_purged and self.closed == 0.0:
            self.is_cleared = self.is_gone = True
            return
        if self.has_struck or not plant.is_strand_due:
            return
        streaks = [plant.strand.surface(place) for place in (UNBENDING_M, STRAIGHTENER_M)]
        self.hot_for += STEP_S if max(streak - usual for usual, streak in streaks) > STREAK_K else 0.0
        if self.hot_for > STREAK_S:
            self.has_struck = True
            plant.flaw("transverse crack")


def blocked_spray_nozzle(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[BlockedNozzle, Injection]:
    """Nozzles of the zone named in `where` ('zone 5') are blocked. Parameter: `nozzles` 1 … 3 of 8 across."""
    zone = _zone(where, int(rng.integers(FIRST_ZONE, LAST_ZONE + 1)))
    left = dict(params)
    nozzles = min(max(round(number(left, "nozzles", 0.6, 3.4, rng)), 1), NOZZLES - 1)
    nothing_left(left, name, ("nozzles",))
    thing = BlockedNozzle(zone=zone - 1, share=nozzles / NOZZLES, began_at=plant.present)
    return thing, Injection(
        key, name, f"{STRAND}/SPR_Z{zone}", "fault", expects=("process",), reaction_s=PURGE_S,
        details={"zone": float(zone), "nozzles": float(nozzles)},
    )  # fmt: skip


def zone_of(where: str, rng: np.random.Generator) -> int:
    """The zone that a place names, from 1; drawn if it names none."""
    return _zone(where, int(rng.integers(1, ZONES + 1)))


def _zone(where: str, drawn: int) -> int:
    if not where:
        return drawn
    found = re.fullmatch(r"\s*zone\s+(\d+)\s*", where, re.IGNORECASE)
    if found is None or not 1 <= int(found[1]) <= ZONES:
        raise InputError(
            say("'{where}' is no spray zone. Write it like 'zone 5', from 1 to {zones}.", where=where, zones=ZONES)
        )
    return int(found[1])


@dataclass(slots=True, kw_only=True)
class WaterLoss(Trouble):
    """A face's water runs off before it: less flow, warmer water, hotter copper. A standby pump makes up for it."""

    face: int
    loss: float  # share of its flow
    within: float  # s in which it comes about
    boiling_for: float = 0.0

    def step(self, plant: CasterPlant, dt: float) -> None:
        pace = dt * self.loss / self.within
        is_helped = plant.settings["water"] >= STANDBY
        now = plant.water_lost[self.face]
        plant.water_lost[self.face] = max(now - pace, 0.0) if is_helped else min(now + pace, self.loss)
        if is_helped and plant.water_lost[self.face] == 0.0:
            self.is_cleared = self.is_gone = True
        if self.has_struck or self.is_cleared:
            return
        share = plant.water_share(self.face)
        speed = max(plant.settled, 1e-3)
        wall = COOLANT + float(flux(np.array(HOTTEST_M), speed)) / (WALL * max(share, 0.05) ** WATER_EXPONENT)
        self.boiling_for = self.boiling_for + dt if wall > BOILING else 0.0
        if self.boiling_for > BOILING_S:
            self.has_struck = True
            plant.flaw("copper")


def mould_water_loss(
    plant: CasterPlant, name: str, where: str, params: Mapping[str, float | str], key: int, rng: np.random.Generator
) -> tuple[WaterLoss, Injection]:
    """A face ('BF', 'FF', 'NL', 'NR') loses water. Parameters: `loss` 0.5 … 0.7, `within` 20 … 40 s."""
    face = face_of(where, rng)
    left = dict(params)
    loss, within = number(left, "loss", 0.5, 0.7, rng), number(left, "within", 20.0, 40.0, rng)
    nothing_left(left, name, ("loss", "within"))
    thing = WaterLoss(face=face, loss=min(loss, 0.95), within=max(within, 1.0))
    return thing, Injection(
        key, name, f"{UNIT}/MW_FLOW_{ALL_FACES[face]}", "fault", expects=("process",), reaction_s=WATER_REACTION_S,
        details={"face": ALL_FACES[face], "loss": round(loss, 3), "within_s": round(within, 1), "L/min": FLOWS[face]},
    )  # fmt: skip


ALL_FACES = (*FACES, *NARROW_FACES)


def face_of(where: str, rng: np.random.Generator) -> int:
    """The index of the face that a place names; drawn if it names none."""
    drawn = int(rng.integers(len(ALL_FACES)))
    if not where:
        return drawn
    if where.strip().upper() not in ALL_FACES:
        raise InputError(say("The mould has no face '{where}'.", where=where) + nearest(where, ALL_FACES))
    return ALL_FACES.index(where.strip().upper())
