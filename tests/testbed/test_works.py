"""The works: four units by one clock, names routed, steel followed from the mould to a metre of a coil."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.items import Batch, Context
from connectors.times import SECOND
from testbed import Caster, Fault, Scenario, Works
from testbed.engine import Engine
from testbed.genealogy import Lineage
from testbed.hotmill import HotMill
from testbed.library import load
from testbed.plant import START, Action
from testbed.works.names import routed
from testbed.works.yard import YARD, Yard

BEGIN, RELEASE, END = (START + s * SECOND for s in (240, 340, 610))  # a slab ends at 480 s


@pytest.fixture(scope="module")
def rolled():
    """Works (less the cold mill, which takes its time) with short coils, and a clog that came loose at RELEASE."""
    spec = Works(caster=Caster(casting_speed=1.3), hot_mill=HotMill(grade="SPHC", coil_s=40.0), lag_s=10.0)
    plant = spec.build(4, BEGIN)
    del plant.units["coldmill"]
    items = plant.advance(RELEASE)
    plant.inject("clog_release", "", {}, 1)
    while plant.present < END:
        items = [item for item in items if isinstance(item, Context) or item.group in ("mold", "table", "state")]
        items += plant.advance(plant.present + 10 * SECOND)
    return plant, items


def texts(items, short: str, path: str = "") -> list[str]:
    return [i.text for i in items if isinstance(i, Context) and i.tag.short == short and path in i.tag.name]


def test_every_group_and_tag_of_the_units_is_there_once():
    plant = Works().build(1, START)
    names = [group.name for group in plant.groups]
    assert len(set(names)) == len(names)
    tags = [tag.name for group in plant.groups for tag in group.tags]
    assert len(set(tags)) == len(tags)
    assert set(plant.transports) == set(names)
    assert {"hotmill_coil", "runout_coil", "coldmill_coil", "mold", "pedigree"} <= set(names)


def test_names_that_collide_carry_their_unit():
    plant = Works().build(1, START)
    assert "speed_change" not in plant.KINDS
    assert {"caster_speed_change", "hotmill_speed_change", "sticker", "chatter", "blocked_descaler"} <= set(plant.KINDS)
    assert routed({"a": ("x",), "b": ("x",)}) == {"a_x": ("a", "x"), "b_x": ("b", "x")}


def test_a_coil_is_rolled_from_the_strands_slab_when_one_is_cut_and_else_from_the_yard(rolled):
    plant, items = rolled
    papers = texts(items, "SLAB_ID", "/FM/")
    slabs = [paper for paper in papers if paper != YARD]
    assert papers[0] == YARD
    assert len(slabs) == 1
    assert slabs[0] in texts(items, "SLAB_ID", "/S1.MOLD/")
    assert [coil.slab.name for coil in plant.lineage().coils] == slabs


def test_the_run_out_table_rolls_the_mills_coils(rolled):
    _, items = rolled
    mill, coiler = texts(items, "COIL_ID", "/FM/"), texts(items, "COIL_ID", "/DC1/")
    assert coiler == mill[: len(coiler)]
    assert len(coiler) >= len(mill) - 1
    speeds = {}
    for group, short in (("state", "V_STRIP"), ("table", "V_STRIP")):
        batches = [i for i in items if isinstance(i, Batch) and i.group == group]
        column = next(k for k, tag in enumerate(batches[0].tags) if tag.short == short)
        speeds[group] = np.concatenate([b.values[:, column] for b in batches])
    assert np.abs(speeds["state"] - speeds["table"]).max() < 1.0


def test_powder_that_the_mould_took_in_lies_on_the_coil_where_mass_flow_says(rolled):
    plant, _ = rolled
    (sliver,) = plant.laid_down()
    assert sliver.box is not None
    lineage = Lineage.of(plant.lineage().plain())
    origin = lineage.origin(sliver.box.part_id, sliver.box.start_m)
    assert origin is not None
    assert origin.time == pytest.approx(RELEASE, abs=SECOND // 2)
    place = lineage.place(RELEASE)
    assert place is not None
    assert place.coil == sliver.box.part_id
    assert 5.0 < sliver.box.end_m - sliver.box.start_m < 20.0  # 4 s at 1.3 m/min, drawn out some 140 times
    assert sliver.cause.endswith("S1.MOLD")


def test_a_twin_goes_on_as_the_works_do():
    plant = Works().build(5, START)
    plant.advance(START + 5 * SECOND)
    twin = plant.copy()
    for one, other in zip(plant.advance(START + 8 * SECOND), twin.advance(START + 8 * SECOND), strict=True):
        if isinstance(one, Batch):
            assert (one.values == other.values).all()


def test_the_same_samples_come_however_the_time_is_cut():
    whole, cut = Works().build(6, START), Works().build(6, START)
    one = _joined(whole.advance(START + 6 * SECOND))
    parts = [item for ms in (100, 2000, 2300, 6000) for item in cut.advance(START + ms * 1_000_000)]
    other = _joined(parts)
    assert one.keys() == other.keys()
    assert all((one[group] == other[group]).all() for group in one)


def _joined(items) -> dict[str, np.ndarray]:
    batches = [item for item in items if isinstance(item, Batch)]
    return {g: np.concatenate([b.values for b in batches if b.group == g]) for g in {b.group: None for b in batches}}


def test_a_set_point_reaches_its_unit():
    plant = Works().build(7, START)
    plant.act(Action(plant.present, "coldmill_slow_down", 10.0))
    plant.act(Action(plant.present, "casting_speed", 1.0))
    plant.advance(START + 2 * SECOND)
    assert plant.setting("casting_speed") == pytest.approx(1.0)


def test_what_no_unit_knows_is_told():
    plant = Works().build(8, START)
    with pytest.raises(InputError, match="Did you mean 'sticker'"):
        plant.inject("stiker", "", {}, 1)
    with pytest.raises(InputError, match="no set-point 'casting_sped'"):
        plant.act(Action(START, "casting_sped", 1.0))


def test_the_truth_of_a_fault_comes_from_twins_of_its_unit_alone():
    steps = (Fault(at=2, name="sticker", where="BF column 4", params={"rise": 22}),)
    alone = Engine(Scenario(name="a", plant=Caster(casting_speed=1.3), duration=40, steps=steps, tick_s=1), 3)
    works = Works(caster=Caster(casting_speed=1.3))
    engine = Engine(Scenario(name="b", plant=works, duration=40, steps=steps, tick_s=1), 3)
    for one in (alone, engine):
        one.tick(START + 3 * SECOND)
    assert engine.truths()[0] == alone.truths()[0]


def test_the_yard_takes_no_slab_that_is_too_short_or_not_there_yet():
    yard = Yard(60.0)
    yard.cast(np.arange(0, 600, 1) * SECOND, np.full(600, 0.02))
    yard.ids += [(0, "S1"), (400 * SECOND, "S2")]
    shape = ((2.3,), 1250.0)
    assert yard.next_coil("C1", 450 * SECOND, *shape, 800.0) is None  # under way
    assert yard.next_coil("C1", 470 * SECOND, *shape, 1200.0) is None  # 8 m make 1,033 m
    slab = yard.next_coil("C1", 470 * SECOND, *shape, 800.0)
    assert slab is not None
    assert slab.name == "S1"
    assert yard.next_coil("C2", 480 * SECOND, *shape, 800.0) is None  # taken


def test_the_scenario_names_the_moment_in_its_report():
    scenario = replace(load("works-sliver"), duration=4, steps=())
    assert Engine(scenario, 1).plant.name == "works"
