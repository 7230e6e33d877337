"""Heat, slab, coil and metre of strip, both ways, by mass flow."""

from __future__ import annotations

import json

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.times import SECOND
from testbed import Caster, Mill, Scenario, SetPoint, run
from testbed.genealogy import SCALE, Coil, Lineage, Segment, Way, along, segments, slabs

MINUTE = 60 * SECOND
THICKNESS = (19.2, 11.9, 7.7, 5.3, 3.85, 2.9, 2.3)  # mm behind F1 … F7


@pytest.fixture
def lineage() -> Lineage:
    """A strand at 1.2 m/min that slows down to 0.6 m/min for its second ten minutes, cut into slabs of 8 minutes."""
    time = np.arange(0, 24 * MINUTE + 1, SECOND)
    speed = np.where((time >= 10 * MINUTE) & (time < 20 * MINUTE), 0.6, 1.2) / 60.0
    strand = Way.of(time, speed)
    ids = [Segment("S1", 0, 8 * MINUTE), Segment("S2", 8 * MINUTE, 16 * MINUTE), Segment("S3", 16 * MINUTE, None)]
    heats = [Segment("H1", 0, 12 * MINUTE), Segment("H2", 12 * MINUTE, None)]
    cut = slabs(ids, heats, strand, 250.0, 1500.0)
    return Lineage(strand, tuple(cut), (Coil("C7", cut[1], THICKNESS, 1250.0, crop_m=0.2),))


def test_a_way_is_the_integral_of_a_speed_and_can_be_asked_both_ways(lineage):
    assert lineage.strand.metre(np.array([10 * MINUTE]))[0] == pytest.approx(12.0, abs=0.01)
    assert lineage.strand.metre(np.array([20 * MINUTE]))[0] == pytest.approx(18.0, abs=0.02)
    for time in (3 * MINUTE, 11 * MINUTE, 23 * MINUTE):
        metre = float(lineage.strand.metre(np.array([time]))[0])
        assert lineage.strand.when(metre) == pytest.approx(time, abs=SECOND // 1000)
    assert lineage.strand.when(1e6) is None


def test_a_strand_that_stands_has_passed_when_it_came_there():
    way = Way.of(np.array([0, 1, 2, 3, 4]) * SECOND, np.array([1.0, 1.0, 0.0, 0.0, 1.0]))
    assert way.metres.tolist() == [0.0, 1.0, 1.5, 1.5, 2.0]
    assert way.when(1.5) == 2 * SECOND


def test_slabs_are_cut_out_of_the_strand_where_their_name_changes(lineage):
    assert [slab.name for slab in lineage.slabs] == ["S1", "S2"]  # S3 is not complete
    assert lineage.slabs[1].head_m == pytest.approx(9.6, abs=0.01)
    assert lineage.slabs[1].tail_m == pytest.approx(15.6, abs=0.02)
    assert lineage.slabs[1].heat == "H1"


def test_rolling_keeps_the_mass_at_every_stand(lineage):
    coil = lineage.coils[0]
    for stand, thickness in enumerate(THICKNESS):
        volume = coil.elongation(stand) * thickness * coil.width
        assert volume == pytest.approx(250.0 * 1500.0 * (1 - SCALE))
    assert coil.elongation() == pytest.approx(129.1, abs=0.1)
    assert coil.slab_metre(coil.metre(3.0, 4), 4) == pytest.approx(3.0)


def test_an_event_at_the_mould_is_found_on_the_coil_and_back(lineage):
    time = 11 * MINUTE  # 12.6 m of strand, 3.0 m of slab S2
    place = lineage.place(time)
    assert place is not None
    assert (place.slab, place.coil) == ("S2", "C7")
    assert place.slab_metre == pytest.approx(3.0, abs=0.02)
    assert place.metre == pytest.approx(2.8 * 129.1, abs=2.0)
    origin = lineage.origin("C7", place.metre)
    assert origin is not None
    assert (origin.heat, origin.slab) == ("H1", "S2")
    assert origin.time == pytest.approx(time, abs=SECOND // 100)
    behind_f3 = lineage.place(time, stand=2)
    assert behind_f3 is not None
    assert behind_f3.metre == pytest.approx(place.metre * 2.3 / 7.7)
    again = lineage.origin("C7", behind_f3.metre, stand=2)
    assert again is not None
    assert again.time == pytest.approx(origin.time, abs=SECOND // 100)


def test_what_is_on_no_coil_or_of_another_strand_is_said_so(lineage):
    first = lineage.place(2 * MINUTE)
    assert first is not None
    assert (first.slab, first.coil) == ("S1", "")
    assert lineage.place(17 * MINUTE) is None  # its slab is not cut yet
    cropped = lineage.place(8 * MINUTE + 5 * SECOND)
    assert cropped is not None
    assert cropped.coil == ""
    assert lineage.origin("C8", 10.0) is None
    assert lineage.origin("C7", 5000.0) is None


def test_a_lineage_survives_json(lineage):
    again = Lineage.of(json.loads(json.dumps(lineage.plain())))
    assert again.coils == lineage.coils
    one, other = again.place(11 * MINUTE), lineage.place(11 * MINUTE)
    assert one is not None
    assert other is not None
    assert one.metre == pytest.approx(other.metre)


def test_texts_that_repeat_are_one_stretch_and_empty_ones_are_gaps():
    found = segments([(0, "A"), (1, "A"), (2, ""), (5, "B")])
    assert found == [Segment("A", 0, 2), Segment("B", 5, None)]
    way = Way.of(np.arange(8) * SECOND, np.ones(8))
    names, metres = along(np.array([1, 6]) * SECOND, way, [Segment("B", 5 * SECOND, None)])
    assert names == ["", "B"]
    assert metres.tolist() == [1.0, 1.0]


def test_a_run_gives_its_signals_by_length_of_the_coil():
    done = run(Scenario(name="shown", plant=Mill(coil_s=20.0, wait_s=5.0), duration=40, tick_s=1.0), models=[])
    by_length = done.signals("gauge", by="length")
    assert by_length.columns[:3] == ["part", "metre", "time"]
    coils = [name for name in by_length["part"].unique(maintain_order=True) if name]
    assert len(coils) == 2
    second = by_length.filter(by_length["part"] == coils[1])
    assert 0.0 < second["metre"][0] < 3.0
    told = by_length.join(done.signals("stand"), on="time").filter(by_length["part"] != "")
    assert np.abs((told["metre"] - told["POH/HOT/HSM2/F7/STRIP_LEN"]).to_numpy()).max() < 0.01
    assert (np.diff(second["metre"].to_numpy()) >= 0.0).all()


def test_a_caster_counts_its_strand_by_its_own_speed():
    slow = SetPoint(at=10, name="casting_speed", value=0.9)
    done = run(Scenario(name="shown", plant=Caster(casting_speed=1.2), duration=130, steps=(slow,)), models=[])
    table = done.signals("water", by="length")
    last = done.signals("mold", by="length")["metre"].to_numpy()
    assert 0.9 * 2 < last.max() + table["metre"].to_numpy().max() < 1.2 * 5


def test_a_group_without_a_speed_is_told():
    from testbed.testplant import TestPlantSpec

    done = run(Scenario(name="shown", plant=TestPlantSpec(), duration=5), models=[])
    with pytest.raises(InputError, match="no tag tells how fast"):
        done.signals("scalars", by="length")
    with pytest.raises(InputError, match="by takes"):
        done.signals("scalars", by="mile")
