"""What a run was worth, as a page shows it: money as ranges with what they rest on, CO2 where steel is scrapped."""

from __future__ import annotations

from connectors.results import AlarmState, Event
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.assumptions import defaults
from testbed.match import Found, Match
from testbed.page.meters import meter
from testbed.page.sofar import so_far


def score(*entries: dict) -> dict:
    ends = {"low": 1.0e6, "high": 2.0e6}
    return {"money": {"saved": ends, "lost": ends, "spent": {"low": 0, "high": 0}, "currency": "KRW",
                      "entries": list(entries), "assumptions": defaults().plain()}}  # fmt: skip


def test_co2_is_that_of_the_steel_which_is_scrapped_as_a_range_under_the_assumptions():
    told = meter(score({"what": "saved", "loss": "strip_break"}, {"what": "saved", "loss": "strip_break"},
                       {"what": "lost", "loss": "coil"}))  # fmt: skip
    values = defaults().values
    low, high = (2 * values["cold_scrap"][end] * values["co2"][end] for end in (0, 2))
    assert told is not None and told["co2"] == {
        "saved": {"en": f"{low:.0f} – {high:.0f} t", "ko": f"{low:.0f} – {high:.0f} t"}, "lost": None,
    }  # fmt: skip


def test_the_assumptions_shown_are_those_that_the_formulas_take():
    told = meter(score({"what": "spent", "answer": "look"}))
    assert told is not None and set(told["assumed"]) == {"look"}
    assert told["saved"]["text"]["ko"] != told["saved"]["text"]["en"]


def test_a_run_in_which_nothing_has_a_price_has_no_meter():
    assert meter({"money": None}) is None


def fault(name: str, deadline: float, found_at: float | None = None) -> Found:
    """A fault from 5 s on whose consequence follows 10 s after its deadline, and when it was found, s."""
    at = [round(s * SECOND) for s in (5.0, deadline, deadline + 10.0, found_at or 0.0)]
    truth = Truth(name=name, onset=at[0], alert_deadline=at[1], consequence_time=at[2], expects=("machine",))
    event = Event(time=at[3], source="", condition="machine", severity=900, change="active", state=AlarmState.UNACK,
                  score=2.0, model="m")  # fmt: skip
    return Found(truth, [event] if found_at else [])


def test_while_a_run_goes_on_an_open_fault_is_at_stake_until_an_alarm_saves_it_or_its_deadline_passes():
    missed, warned = Match((fault("strip_break", 30.0),), (), ()), Match((fault("strip_break", 30.0, 12.0),), (), ())
    assert so_far(missed, 4 * SECOND) is None
    told = so_far(missed, 20 * SECOND)
    assert told is not None and told["stake"]["high"] > told["stake"]["low"] > 0 == told["lost"]["high"]
    later = so_far(missed, 31 * SECOND)
    assert later is not None and later["stake"] is None and later["lost"] == told["stake"]
    assert later["co2"]["lost"]["en"].endswith(" t")
    saved = so_far(warned, 20 * SECOND)
    assert saved is not None and saved["stake"] is None and saved["saved"]["low"] > 0 == saved["lost"]["high"]
    assert saved["co2"]["saved"] == later["co2"]["lost"]
