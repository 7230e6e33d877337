"""The operators' list: states of ISA-18.2, who has seen what, and whether an alarm was right once that can be said."""

from __future__ import annotations

import numpy as np
import pytest

from connectors.errors import InputError
from connectors.results import AlarmState, Event
from connectors.tags import Group, Tag
from connectors.times import SECOND
from connectors.truth import Truth
from edge.merge import Chunk
from testbed.page.alarms import SHOWN, AlarmList
from testbed.page.rows import Rows
from testbed.plant import START

PLACE = "POH/CC1/MOLD"
ROWS = Rows((Group("g", (Tag(name=f"{PLACE}/TC_1", group="g"),)),), START, 100.0)


def event(at: float, change="active", source=PLACE, condition="breakout", severity=900) -> Event:
    return Event(time=START + round(at * SECOND), source=source, condition=condition, severity=severity,
                 change=change, state=AlarmState.UNACK, score=1.2, model="m",
                 evidence=((f"{PLACE}/TC_1", 0.8),), advice="slow-down")  # fmt: skip


def truth(**more) -> Truth:
    given = {"name": "sticker", "where": PLACE, "onset": START + 5 * SECOND, "detectable_from": START + 6 * SECOND,
             "alert_deadline": START + 30 * SECOND, "expects": ("breakout",)}  # fmt: skip
    return Truth(**{**given, **more})


def filled(*events: Event) -> AlarmList:
    alarms = AlarmList(START)
    alarms.take(events, ROWS)
    return alarms


def at(s: float) -> int:
    return START + round(s * SECOND)


def first(alarms: AlarmList, s: float, is_over=False) -> dict:
    return alarms.plain(at(s), is_over)["list"][0]


def test_an_alarm_goes_through_the_states_of_isa_18_2():
    alarms = filled(event(10))
    assert first(alarms, 11)["state"] == "unacknowledged"
    alarms.acknowledge([1], "kim", at(12))
    assert first(alarms, 12)["state"] == "acknowledged"
    alarms.take([event(20, "returned")], ROWS)
    assert first(alarms, 21)["state"] == "normal"
    other = filled(event(10), event(20, "returned"))
    assert first(other, 21)["state"] == "returned-unacknowledged"
    other.acknowledge([1], "kim", at(22))
    assert first(other, 22)["state"] == "normal"
    assert first(other, 22)["notes"][0]["by"] == "kim"


def test_a_shelved_alarm_comes_back_by_itself_and_one_out_of_service_does_not():
    alarms = filled(event(10))
    alarms.set_aside("shelve", 1, "kim", "cleaning", at(12), minutes=0.5)
    assert first(alarms, 20)["state"] == "shelved"
    assert first(alarms, 20)["aside"] == {"by": "kim", "reason": "cleaning", "until": 42.0}
    alarms.take([event(30)], ROWS)  # it speaks again meanwhile, and stays aside
    assert alarms.plain(at(31), False)["unacknowledged"] == 0
    assert alarms.plain(at(43), False)["unacknowledged"] == 2
    alarms.set_aside("out_of_service", 1, "kim", "changed", at(50), minutes=None)
    assert first(alarms, 5000)["state"] == "out-of-service"
    alarms.put_back(1, "lee", at(60))
    assert first(alarms, 60)["state"] == "unacknowledged"


def test_the_deadline_counts_down_and_the_verdict_comes_after_it():
    alarms = filled(event(10))
    alarms.judge([truth()])
    assert (first(alarms, 11)["deadline"], first(alarms, 11)["verdict"], first(alarms, 11)["truth"]) == (
        30.0,
        "open",
        None,
    )
    assert first(alarms, 31)["verdict"] == "right"
    assert first(alarms, 31)["truth"]["en"] == "sticker" and first(alarms, 31)["truth"]["ko"] != "sticker"


def test_what_finds_nothing_is_called_false_after_a_while():
    alarms = filled(event(10, source="POH/CC1/OTHER"))
    alarms.judge([truth()])
    assert first(alarms, 12)["verdict"] == "open"
    assert first(alarms, 31)["verdict"] == "wrong"
    assert first(alarms, 12, is_over=True)["verdict"] == "wrong"


def test_an_alarm_after_the_deadline_is_late():
    alarms = filled(event(40))
    alarms.judge([truth(cleared=at(60))])
    assert first(alarms, 41)["verdict"] == "late"


def test_the_most_urgent_come_first_and_a_flood_is_counted():
    alarms = filled(
        *(event(10 + i / 10, severity=300, source=f"{PLACE}/{i}") for i in range(100)), event(9, severity=900)
    )
    told = alarms.plain(at(30), False)
    assert told["list"][0]["severity"] == 900
    assert (len(told["list"]), told["total"], told["unacknowledged"]) == (SHOWN, 101, 101)


@pytest.mark.parametrize("number", [0, 2, -1])
def test_an_alarm_that_there_is_not_is_refused(number):
    with pytest.raises(InputError, match="no alarm"):
        filled(event(10)).acknowledge([number], "kim", at(11))


def test_evidence_that_has_not_moved_yet_shows_its_way_once_it_has():
    tag = Tag(name=f"{PLACE}/TC_1", group="g")
    group = Group("g", (tag,))
    rows, time = Rows((group,), START, 100.0), START + np.arange(1, 301) * (SECOND // 10)
    values = np.random.default_rng(7).normal(0.0, 1.0, 300) + 50.0 * (time > at(20))
    rows.add(Chunk(group, int(time[-1]), time, values[:, None], np.zeros((300, 1), np.uint32)))
    alarms = AlarmList(START)
    alarms.take([event(20)], rows)
    assert first(alarms, 20)["why"][0]["way"] == 0
    alarms.settle(rows, at(22))
    assert first(alarms, 22)["why"][0]["way"] == 1
