"""A host application follows an edge node through births, gaps, rebirths and deaths, and guesses at nothing."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.mqtt_session import Note
from connectors.sparkplug import REBIRTH, Topic
from connectors.sparkplug_host import HostApplication, command, rebirth_request
from connectors.sparkplug_schema import payload_class
from connectors.sparkplug_types import DataSet, DataType
from connectors.status import BAD, BAD_NO_COMMUNICATION, BAD_SENSOR_FAILURE, UNCERTAIN
from connectors.tags import Tag
from tests.connectors.sparkplug_pair import MS, Pair, payload, samples, texts

KEY = ("POH_STEEL", "CC1")


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.born()
    return pair


def test_births_bring_every_metric_with_unit_range_and_right_to_write(pair):
    assert {g.name: g.kind for g in pair.host.groups} == {
        "POH_STEEL/CC1/MOLD": "scalars",
        "POH_STEEL/CC1/MOLD:texts": "texts",
        "POH_STEEL/CC1/TUNDISH": "scalars",
    }
    level, speed = pair.host.groups[0].tags
    assert (level.unit, level.eu_range, level.writable) == ("mm", (0.0, 200.0), True)
    assert (speed.unit, speed.eu_range, speed.writable) == ("m/min", None, False)
    assert pair.host.is_online(*KEY) and pair.host.is_online(*KEY, "MOLD")


def test_data_comes_out_with_its_own_time_and_only_when_it_changed(pair):
    first = pair.hear(*pair.say(100.0, 1.2, 50.0))
    assert samples(first, "LEVEL") == [(pair.now, 100.0, 0)]
    second = pair.hear(*pair.say(101.0, 1.2, 50.0))
    assert samples(second, "LEVEL") == [(pair.now, 101.0, 0)]
    assert samples(second, "SPEED") == samples(second, "WEIGHT") == []


def test_quality_travels_to_the_bit(pair):
    came = pair.hear(*pair.say(100.0, 1.2, np.nan, status=(0, UNCERTAIN, BAD_SENSOR_FAILURE)))
    assert samples(came, "SPEED") == [(pair.now, 1.2, UNCERTAIN)]
    assert samples(came, "WEIGHT") == [(pair.now, -1.0, BAD_SENSOR_FAILURE)]


@pytest.mark.parametrize(("quality", "status"), [(0, BAD), (192, 0), (500, BAD)])
def test_quality_of_others_is_bad_unless_it_is_192(pair, quality, status):
    (note,) = pair.say(100.0, np.nan, np.nan)
    told = payload(note)
    properties = told.metrics[0].properties
    properties.keys.append("Quality")
    properties.values.add(type=3, int_value=quality)
    came = pair.hear(Note(note.topic, told.SerializeToString()))
    assert samples(came, "LEVEL") == [(pair.now, -1.0 if status else 100.0, status)]


def test_the_sequence_wraps_after_255(pair):
    for n in range(600):
        pair.hear(*pair.say(float(n), 1.2, 50.0))
    assert [value for _, value, _ in samples(pair.items, "LEVEL")][-600:] == [float(n) for n in range(600)]
    assert pair.host.counts.requests == pair.host.counts.missing == 0


def test_messages_out_of_order_are_put_in_order(pair):
    notes = [note for n in range(4) for note in pair.say(float(n), np.nan, np.nan)]
    pair.hear(notes[0], notes[2], notes[3])
    came = pair.hear(notes[1])
    assert [value for _, value, _ in samples(came, "LEVEL")] == [1.0, 2.0, 3.0]
    assert pair.host.counts.reordered == 2
    pair.wait(10.0)
    assert not pair.host.requests


def test_a_gap_that_stays_ends_in_one_rebirth_request_and_stale_tags(pair):
    notes = [note for n in range(5) for note in pair.say(float(n), np.nan, np.nan)]
    pair.hear(notes[0], *notes[3:])
    assert samples(pair.items, "LEVEL")[-1][1] == 0.0
    assert not pair.wait(1.0) and not pair.host.requests
    stale = pair.wait(1.5)
    assert [status for _, _, status in samples(stale, "LEVEL")] == [BAD_NO_COMMUNICATION]
    assert pair.host.requests == [KEY]
    assert (pair.host.counts.missing, pair.host.counts.refused) == (2, 2)
    pair.wait(0.1)
    assert pair.host.requests == [KEY]


def test_after_a_rebirth_everything_goes_on(pair):
    first, second = pair.say(1.0, np.nan, np.nan) + pair.say(2.0, np.nan, np.nan)
    pair.hear(second)
    pair.wait(2.5)
    pair.wait(0.1)
    came = pair.born()
    assert [(value, status) for _, value, status in samples(came, "LEVEL")] == [(2.0, 0)]
    assert samples(pair.hear(*pair.say(3.0, np.nan, np.nan)), "LEVEL")[-1][1] == 3.0
    times = [time for time, _, _ in samples(pair.items, "LEVEL")]
    assert times == sorted(set(times)), "a tag's time rises through staleness and rebirth"
    assert first.topic == second.topic


def test_data_between_a_gap_and_the_birth_is_counted_not_guessed(pair):
    pair.say(1.0, np.nan, np.nan)
    pair.hear(*pair.say(2.0, np.nan, np.nan))
    pair.wait(2.5)
    assert pair.hear(*pair.say(3.0, np.nan, np.nan)) == []
    assert pair.host.counts.refused == 2


def test_a_host_that_comes_late_asks_for_a_birth_and_asks_again(pair):
    host = pair.host = HostApplication()
    assert pair.hear(*pair.say(1.0, 1.0, 1.0)) == []
    assert host.requests == [KEY]
    pair.wait(1.0)
    assert host.requests == [KEY]
    pair.wait(1.5)
    assert host.requests == [KEY, KEY]
    assert samples(pair.born(), "LEVEL")[-1][1] == 1.0
    pair.wait(10.0)
    assert host.counts.requests == 2


@pytest.mark.parametrize("how", ["alias", "name"])
def test_an_unknown_metric_asks_for_a_birth(pair, how):
    (note,) = pair.say(1.0, np.nan, np.nan)
    told = payload(note)
    told.metrics.add(timestamp=1, double_value=1.0, **({"alias": 999} if how == "alias" else {"name": "NEW"}))
    came = pair.hear(Note(note.topic, told.SerializeToString()))
    assert {status for _, _, status in samples(came, "LEVEL")} == {BAD_NO_COMMUNICATION}
    assert pair.host.requests == [KEY]


def test_an_alias_belongs_to_one_device(pair):
    (note,) = pair.say(np.nan, np.nan, 50.0)
    pair.hear(Note(note.topic.replace("TUNDISH", "MOLD"), note.payload))
    assert pair.host.requests == [KEY]


def test_a_device_that_was_never_born_asks_for_a_birth(pair):
    (note,) = pair.say(1.0, np.nan, np.nan)
    pair.hear(Note(note.topic.replace("MOLD", "OTHER"), note.payload))
    assert pair.host.requests == [KEY]


def test_a_dead_node_is_stale_and_offline_at_the_time_it_should_be_there(pair):
    pair.hear(*pair.say(100.0, 1.2, 50.0))
    said = pair.now
    pair.wait(3.0)
    came = pair.hear(pair.node.death(pair.bdseq, 0))
    for end in ("LEVEL", "SPEED", "WEIGHT"):
        assert samples(came, end) == [(said + 3000 * MS, -1.0, BAD_NO_COMMUNICATION)]
    assert not pair.host.is_online(*KEY) and not pair.host.is_online(*KEY, "MOLD")
    pair.wait(10.0)
    assert not pair.host.requests, "the dead are not asked"


def test_a_death_of_another_session_is_ignored(pair):
    pair.born(bdseq=1)
    assert pair.hear(pair.node.death(0, 0)) == []
    assert pair.host.is_online(*KEY)
    assert pair.host.counts.outdated == 1
    assert pair.hear(pair.node.death(1, 0)) != []


def test_data_of_a_node_that_was_called_dead_asks_for_a_birth(pair):
    pair.hear(pair.node.death(pair.bdseq, 0))
    pair.hear(*pair.say(1.0, np.nan, np.nan))
    assert pair.host.requests == [KEY]


def test_an_older_birth_of_the_same_session_is_ignored(pair):
    old = list(pair.node.births(0, pair.now - 5 * MS))
    pair.hear(*pair.node.births(0, pair.now))
    pair.hear(old[0])
    assert pair.host.counts.outdated == 1
    assert samples(pair.hear(*pair.say(1.0, np.nan, np.nan)), "LEVEL") == [(pair.now, 1.0, 0)]
    assert pair.host.is_online(*KEY, "MOLD")


def test_a_dead_device_is_stale_alone_and_comes_back(pair):
    pair.hear(*pair.say(100.0, 1.2, 50.0))
    came = pair.hear(pair.node.device_death("MOLD", pair.now))
    assert [status for _, _, status in samples(came, "LEVEL")] == [BAD_NO_COMMUNICATION]
    assert samples(came, "WEIGHT") == []
    assert not pair.host.is_online(*KEY, "MOLD") and pair.host.is_online(*KEY, "TUNDISH")
    back = pair.hear(pair.node.device_birth("MOLD", pair.now))
    assert [(value, status) for _, value, status in samples(back, "LEVEL")] == [(100.0, 0)]


def test_when_the_broker_is_gone_everything_is_stale_and_born_again(pair):
    pair.hear(*pair.say(100.0, 1.2, 50.0))
    came = pair.keep(pair.host.lost(pair.wall))
    assert {status for end in ("LEVEL", "SPEED", "WEIGHT") for *_, status in samples(came, end)} == {
        BAD_NO_COMMUNICATION
    }
    pair.wait(2.5)
    assert pair.host.requests == [KEY]
    assert samples(pair.born(), "LEVEL")[-1][1:] == (100.0, 0)


def test_a_node_that_died_before_the_broker_went_is_asked_when_it_is_there_again(pair):
    pair.hear(pair.node.death(pair.bdseq, 0))
    pair.host.lost(pair.wall)
    pair.wait(2.5)
    assert pair.host.requests == [KEY], "its birth may have come before our subscription"
    for _ in range(100):
        pair.wait(2.5)
    assert len(pair.host.requests) == 30, "the dead are not asked for ever"
    pair.hear(*pair.say(1.0, np.nan, np.nan))
    assert len(pair.host.requests) == 31, "but when they speak"


def test_texts_tables_and_bytes_come_as_context_and_as_values(pair):
    table = DataSet(("a",), (DataType.INT32,), ((-5,),))
    birth = payload_class()(timestamp=pair.now // MS, seq=3)
    for name, kind in (("ORDER", 12), ("TABLE", 16), ("PICTURE", 17), ("WAVE", 31), ("FORM", 19)):
        metric = birth.metrics.add(name=name, datatype=kind, is_null=kind == 19)
        if kind == 12:
            metric.string_value = "강종 A"
        elif kind == 16:
            metric.dataset_value.MergeFrom(_table(table))
        elif kind == 17:
            metric.bytes_value = b"\0\1"
        elif kind == 31:
            metric.bytes_value = np.array([1.5, 2.5]).tobytes()
    came = pair.hear(Note("spBv1.0/POH_STEEL/DBIRTH/CC1/LAB", birth.SerializeToString()))
    assert texts(came) == ["강종 A", '{"columns": ["a"], "rows": [[-5]]}', "AAE=", "[1.5, 2.5]"]
    assert pair.host.value(*KEY, "LAB", "PICTURE") == b"\0\1"
    assert pair.host.value(*KEY, "LAB", "TABLE") == table
    assert pair.host.unmapped == 1, "templates are counted"


def _table(table):
    from connectors.sparkplug_types import write_value

    metric = payload_class()().metrics.add()
    write_value(metric, DataType.DATASET, table)
    return metric.dataset_value


def test_historical_values_come_out_and_leave_the_newest_alone(pair):
    pair.hear(*pair.say(100.0, 1.2, 50.0))
    (note,) = pair.say(90.0, 1.2, 50.0)
    told = payload(note)
    told.metrics[0].is_historical = True
    told.metrics[0].timestamp -= 60_000
    assert samples(pair.hear(Note(note.topic, told.SerializeToString())), "LEVEL")[0][1] == 90.0
    assert pair.host.value(*KEY, "MOLD", "LEVEL") == 100.0


def test_a_tag_list_chooses_and_names_metrics_by_place_or_address():
    from connectors.sparkplug_source import named_by

    mine = [
        Tag(name="POH/STEEL/CC1/MOLD/LEVEL", group="mine"),
        Tag(name="W", group="mine", address="POH_STEEL/CC1/TUNDISH/WEIGHT"),
    ]
    pair = Pair()
    pair.host = HostApplication(named_by(mine))
    pair.born()
    came = pair.hear(*pair.say(100.0, 1.2, 50.0))
    assert [g.name for g in pair.host.groups] == ["mine"]
    assert samples(came, "LEVEL") == [(pair.now, 100.0, 0)] and samples(came, "W") == [(pair.now, 50.0, 0)]
    assert samples(came, "SPEED") == []
    assert pair.host.unmapped == 3, "SPEED twice and HEAT once"


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.ClearField("seq"),
        lambda p: setattr(p, "seq", 1),
        lambda p: p.metrics.pop(0),
        lambda p: p.metrics.add(name="A//B", datatype=10, double_value=1),
        lambda p: p.metrics.add(name="A", datatype=77, double_value=1),
        lambda p: p.metrics.add(datatype=10, double_value=1),
        lambda p: [p.metrics.add(name=n, alias=1, datatype=10, double_value=1) for n in "AB"],
        lambda p: [p.metrics.add(name="A", alias=n, datatype=10, double_value=1) for n in (1, 2)],
        lambda p: p.metrics.add(name="A", datatype=10, double_value=1, timestamp=2**64 - 1),
    ],
)
def test_a_birth_that_is_none_is_refused_whole_and_asked_for_again(pair, change):
    pair.wait(10.0)
    told = payload(next(iter(pair.node.births(1, pair.now))))
    change(told)
    came = pair.hear(Note("spBv1.0/POH_STEEL/NBIRTH/CC1", told.SerializeToString()))
    assert {status for _, _, status in samples(came, "LEVEL")} == {BAD_NO_COMMUNICATION}
    assert pair.host.counts.malformed == 1 and pair.host.requests == [KEY]
    assert samples(pair.born(), "LEVEL")


@pytest.mark.parametrize("topic", ["spBv1.0/G/NDATA", "spAv1.0/G/NDATA/N", "spBv1.0/G/NDATA/N/D", "spBv1.0/G/X/N", "a"])
def test_other_topics_are_malformed(pair, topic):
    assert pair.hear(Note(topic, b"")) == []
    assert pair.host.counts.malformed == 1


def test_a_compressed_payload_is_refused(pair):
    pair.hear(
        Note("spBv1.0/POH_STEEL/NDATA/CC1", payload_class()(uuid="SPBV1.0_COMPRESSED", seq=3).SerializeToString())
    )
    assert pair.host.counts.malformed == 1


def test_a_sample_that_does_not_fit_its_type_spoils_its_message_alone(pair):
    (note,) = pair.say(1.0, 2.0, np.nan)
    told = payload(note)
    told.metrics[1].string_value = "two"
    assert pair.hear(Note(note.topic, told.SerializeToString())) == []
    assert samples(pair.hear(*pair.say(3.0, 2.0, np.nan)), "LEVEL")[0][1] == 3.0
    assert (pair.host.counts.malformed, pair.host.counts.requests) == (1, 0)


def test_a_command_names_one_metric_and_carries_no_seq():
    note = rebirth_request("G", "N", 5 * MS)
    told = payload(note)
    assert (note.topic, note.qos, note.retain) == ("spBv1.0/G/NCMD/N", 0, False)
    assert told.timestamp == 5 and len(told.metrics) == 1
    assert (told.metrics[0].name, told.metrics[0].boolean_value) == (REBIRTH, True)
    asked = payload(command(Topic("G", "DCMD", "N", "D"), "SPEED", DataType.INT16, -300, 0)).metrics[0]
    assert (asked.name, asked.datatype, asked.int_value) == ("SPEED", DataType.INT16, 0xFFFF_FED4)


def test_a_thousand_doubles_by_alias_are_one_item(pair):
    birth = payload_class()(timestamp=pair.now // MS, seq=3)
    data = payload_class()(timestamp=pair.now // MS, seq=4)
    for n in range(1000):
        birth.metrics.add(name=f"T{n}", alias=1000 + n, datatype=10, double_value=0.0)
        data.metrics.add(alias=1000 + n, timestamp=pair.now // MS + 1, double_value=n / 7)
    pair.hear(Note("spBv1.0/POH_STEEL/DBIRTH/CC1/WIDE", birth.SerializeToString()))
    (changes,) = pair.hear(Note("spBv1.0/POH_STEEL/DDATA/CC1/WIDE", data.SerializeToString()))
    assert changes.value.tolist() == [n / 7 for n in range(1000)]
