"""Attacks alter what is shown and nothing else; each is found by what it breaks; a poor network is no attack."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import testbed
from connectors.errors import InputError
from connectors.items import Batch
from connectors.results import Event
from connectors.status import is_sample
from connectors.times import SECOND
from connectors.truth import Truth
from edge.network_rules import NetworkRules
from edge.pipeline import Pipeline
from testbed import Caster, Fault, LookAlike, Mill, Networked, Scenario, SetPoint
from testbed.cyber import attacks
from testbed.engine import Engine
from testbed.plant import START
from tests.testbed.oracles import cyber as oracle

MOLD = "POH/STEEL/CC1/S1.MOLD"
AT = 70.0  # s


def step_of(name: str, **kw) -> Fault | LookAlike:
    if name == "held_values":
        kw = {"where": "mold", **kw}  # where the level is
    return (Fault if name in attacks.ATTACKS else LookAlike)(at=AT, name=name, **kw)


def ran(*steps, seed: int = 1, seconds: float = 180.0, plant=None) -> tuple[Engine, list, list[Event], Pipeline]:
    """A run to its end: the engine, all items, events of the network rules, and the pipeline."""
    spec = Networked(plant=plant or Caster(casting_speed=1.3))
    engine = Engine(Scenario(name="c", plant=spec, duration=seconds, steps=steps, tick_s=1.0), seed)
    pipeline = Pipeline(engine.groups, [NetworkRules(engine.groups)], start=engine.start)
    items, events = [], []
    while engine.plant.present < engine.end:
        bundle = engine.tick(engine.plant.present + SECOND)
        items += bundle
        events += pipeline.feed(bundle)
    return engine, items, events, pipeline


@cache
def run_of(name: str) -> tuple[Engine, list, list[Event], Pipeline]:
    return ran(step_of(name))


@cache
def quiet() -> tuple[Engine, list, list[Event], Pipeline]:
    return ran()


def signals(items: list) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Time and values of each tag's good samples."""
    parts: dict[str, list] = {}
    for item in items:
        if isinstance(item, Batch):
            for i, tag in enumerate(item.tags):
                good = is_sample(item.status[:, i]) & ~np.isnan(item.values[:, i])
                parts.setdefault(tag.name, []).append((item.time[good], item.values[good, i]))
    return {name: tuple(map(np.concatenate, zip(*rows, strict=True))) for name, rows in parts.items()}


def differing(items: list) -> set[str]:
    a, b = signals(quiet()[1]), signals(items)
    return {name for name in a if not np.array_equal(a[name][1], b[name][1])}


# -- what an attack alters -------------------------------------------------------------------------------------


def test_a_network_without_an_attack_hands_on_what_the_plant_gives():
    bare = Caster(casting_speed=1.3).build(1, START)
    theirs, ours = signals(bare.advance(START + 60 * SECOND)), signals(quiet()[1])
    assert all(np.array_equal(values, ours[name][1][: len(values)]) for name, (_, values) in theirs.items())


@pytest.mark.parametrize(("name", "where", "altered"), [
    ("spoofed_values", "TC_BF", 36), ("replayed_signal", "LVL_PV", 1), ("stale_data", "water", 11),
])  # fmt: skip
def test_an_attack_alters_its_own_tags_and_leaves_all_others_bit_identical(name, where, altered):
    engine, items, _, _ = ran(step_of(name, where=where), seconds=110.0)
    a, b = signals(quiet()[1]), signals(items)
    changed = {tag for tag in a if not np.array_equal(a[tag][1][: len(b[tag][1])], b[tag][1])
               or (b[tag][0][-1] < engine.end - 2 * SECOND and a[tag][0][-1] > engine.end)}  # fmt: skip
    assert 0 < len(changed) <= altered
    wanted = {"spoofed_values": "/TC_BF_", "replayed_signal": "/LVL_PV", "stale_data": "/"}[name]
    assert all(wanted in tag for tag in changed)


def test_a_forged_command_moves_the_physics_and_the_desk_does_not_know_of_it():
    shown = signals(ran(step_of("unauthorised_setpoint", where="casting_speed", params={"value": 1.5}))[1])
    assert shown[f"{MOLD}/V_CAST"][1][-1] == pytest.approx(1.5, abs=0.02)
    assert shown[f"{MOLD}/NET/DESK_CASTING_SPEED"][1][-1] == pytest.approx(1.3)
    assert shown[f"{MOLD}/NET/HELD_CASTING_SPEED"][1][-1] == pytest.approx(1.5)


def test_a_command_of_the_desk_is_known_to_it_and_ends_the_attack():
    engine, items, events, _ = ran(
        step_of("unauthorised_setpoint", where="casting_speed", params={"value": 1.5}),
        SetPoint(at=110, name="casting_speed", value=1.3),
    )
    (truth,) = engine.truths()
    assert truth.cleared == engine.start + 110 * SECOND
    assert [event.change for event in events] == ["active", "returned"]
    assert signals(items)[f"{MOLD}/NET/DESK_CASTING_SPEED"][1][-1] == pytest.approx(1.3)


def test_a_silent_group_keeps_its_marks_and_loses_nothing():
    for name in ("stale_data", "network_delay", "gateway_restart"):
        _, _, _, pipeline = run_of(name)
        assert pipeline.ended()
        assert all(counts.lost == counts.late == 0 for counts in pipeline.counts().values())


@pytest.mark.parametrize("name", attacks.KINDS)
def test_a_twin_of_the_network_goes_on_as_it_does(name):
    plant = Networked(plant=Caster(casting_speed=1.3)).build(1, START)
    plant.advance(START + 5 * SECOND)
    plant.inject(name, "", {"duration": 20}, 1)
    plant.advance(START + 12 * SECOND)
    twin = plant.copy()
    a, b = (signals(p.advance(START + 30 * SECOND)) for p in (plant, twin))
    assert a.keys() == b.keys() and all(np.array_equal(a[tag][1], b[tag][1]) for tag in a)


@pytest.mark.parametrize("cut_s", [0.3, 1.0])
def test_however_time_is_cut_the_same_is_shown(cut_s):
    def shown(step: float) -> dict[str, bytes]:
        plant = Networked(plant=Caster(casting_speed=1.3)).build(1, START)
        plant.inject("replayed_signal", "", {"size": 4, "duration": 20}, 1)
        items = []
        while plant.present < START + 12 * SECOND:
            items += plant.advance(min(START + 12 * SECOND, plant.present + round(step * SECOND)))
        return {name: values.tobytes() for name, (_, values) in signals(items).items()}

    assert shown(cut_s) == shown(4.0)


def test_any_plant_can_be_put_behind_a_network():
    plant = Networked(plant=Mill()).build(1, START)
    assert plant.name == "mill" and "network" in [group.name for group in plant.groups]
    plant.inject("unauthorised_setpoint", "agc_on", {}, 1)
    seen = signals(plant.advance(START + 3 * SECOND))
    assert seen["POH/HOT/HSM2/F7/NET/DESK_AGC_ON"][1][-1] != seen["POH/HOT/HSM2/F7/NET/HELD_AGC_ON"][1][-1]


@pytest.mark.parametrize(
    ("name", "where", "params", "told"),
    [
        ("spoofed_value", "", {}, "spoofed_values"), ("spoofed_values", "TC_BG", {}, "TC_BF"),
        ("stale_data", "moldd", {}, "mold"), ("unauthorised_setpoint", "casting_sped", {}, "casting_speed"),
        ("stale_data", "", {"span": 3}, "takes no parameter 'span'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(name, where, params, told):
    with pytest.raises(InputError, match=told):
        Networked(plant=Caster()).build(1, START).inject(name, where, params, 1)


# -- what finds it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["replayed_signal", "unauthorised_setpoint", "stale_data"])
def test_the_network_rules_find_the_attack_by_what_it_breaks(name):
    engine, _, events, _ = run_of(name)
    (truth,) = engine.truths()
    active = [event for event in events if event.change == "active"]
    assert len(active) == 1 and active[0].condition == "cyber"
    assert truth.onset < active[0].time <= max(truth.alert_deadline, truth.cleared or 0)
    assert truth.in_time


@pytest.mark.parametrize("name", [*attacks.LOOKALIKES, "speed_change", "tundish_change", "loose_thermocouple"])
def test_the_network_rules_do_not_take_a_poor_network_for_an_attack(name):
    assert not ran(step_of(name), seconds=130.0)[2]


# -- a trivial oracle ------------------------------------------------------------------------------------------


def told(name: str, fault: str, seed: int) -> tuple[int | None, Truth]:
    """When the oracle of `fault` first says after the onset that it is there, and the truth of `name`."""
    engine, items, _, _ = ran(step_of(name), seed=seed, seconds=170.0)
    (truth,) = engine.truths()
    return oracle.find(fault, signals(items), truth.onset), truth


def finds(fault: str, seed: int) -> bool:
    found, truth = told(fault, fault, seed)
    return found is not None and found <= truth.alert_deadline


PAIRS = [(fault, name) for fault, names in oracle.LOOKALIKES.items() for name in names]


@pytest.mark.parametrize("fault", oracle.LOOKALIKES)
def test_a_trivial_oracle_finds_the_attack(fault):
    engine, items, _, _ = run_of(fault)
    assert oracle.find(fault, signals(items), engine.truths()[0].onset) is not None
    assert oracle.find(fault, signals(quiet()[1])) is None


@pytest.mark.parametrize(("fault", "name"), [pair for pair in PAIRS if pair[1] in attacks.KINDS])
def test_a_look_alike_fools_the_trivial_oracle(fault, name):
    engine, items, _, _ = run_of(name)
    assert oracle.find(fault, signals(items), engine.truths()[0].onset) is not None


@pytest.mark.slow
@pytest.mark.parametrize("fault", oracle.LOOKALIKES)
def test_a_trivial_oracle_finds_the_attack_in_nine_seeds_of_ten(fault):
    assert sum(finds(fault, seed) for seed in range(1, 11)) >= 9


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "name"), PAIRS)
def test_a_look_alike_fools_the_trivial_oracle_in_eight_seeds_of_ten(fault, name):
    assert sum(told(name, fault, seed)[0] is not None for seed in range(1, 11)) >= 8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cyber-spoof", "cyber-replay", "cyber-setpoint", "cyber-stale"])
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_scenarios_are_met(name, seed):
    done = testbed.run(name, seed=seed, record="none")
    assert done.score["met"], done.score
