"""What a run was worth, as a page shows it: money as ranges with what they rest on, CO2 where steel is scrapped."""

from __future__ import annotations

from testbed.assumptions import defaults
from testbed.page.meters import meter


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
