"""Money is a range under assumptions: what was saved, lost and spent, and files of assumptions that are told apart."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import testbed
from connectors.errors import InputError
from connectors.places import Box
from connectors.results import AlarmState, Event
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.assumptions import Assumptions, defaults
from testbed.cli import run_cli
from testbed.losses import ANSWERS, LOSSES, uses
from testbed.match import match
from testbed.money import estimate
from testbed.rescore import rescore


def fault(name: str = "sticker", onset: int = 10, **more: Any) -> Truth:
    fields = {"where": "L", "expects": ("breakout", "surface"), "detectable_from": onset * SECOND}
    fields = {**fields, "consequence_time": (onset + 30) * SECOND, **more}
    return Truth(name=name, onset=onset * SECOND, alert_deadline=(onset + 10) * SECOND, **fields)


def alarm(at: float, condition: str = "breakout", **more: Any) -> Event:
    fields = {"change": "active", "model": "m", "score": 1.5, **more}
    return Event(round(at * SECOND), "L", condition, 500, state=AlarmState.UNACK, **fields)


def worth(truths: list[Truth], events: list[Event], assumed: Assumptions | None = None) -> dict[str, Any] | None:
    found = match(truths, events)
    return estimate(found.found, found.false_alarms, assumed or defaults())


def usual(name: str) -> float:
    values = {key: np.array(given) for key, given in defaults().values.items()}
    return float({**LOSSES, **ANSWERS}[name](values)[1])


def test_a_fault_found_in_time_saves_its_loss_less_the_answer():
    told = worth([fault()], [alarm(15)])
    assert told is not None
    values = {key: np.array(given) for key, given in defaults().values.items()}
    cost = ANSWERS["slow_down"](values)
    assert told["saved"] == {"low": round(0.3e9 - cost[2]), "high": round(6.0e9 - cost[0])}
    assert told["lost"] == told["spent"] == {"low": 0, "high": 0}
    assert (told["low"], told["high"]) == (told["saved"]["low"], told["saved"]["high"])


@pytest.mark.parametrize("events", [[], [alarm(25)]], ids=["missed", "too late"])
def test_a_fault_that_nobody_found_in_time_is_lost_with_and_without_models(events):
    truth = fault(cleared=30 * SECOND)
    told = worth([truth], events)
    assert told is not None
    assert told["lost"] == {"low": 300_000_000, "high": 6_000_000_000}
    assert told["saved"] == {"low": 0, "high": 0}
    assert told["high"] == 0  # and models are no worse than none


def test_a_false_alarm_costs_its_answer_for_nothing():
    told = worth([], [alarm(5), alarm(6), alarm(7, "process")])
    assert told is not None
    assert told["high"] < 0
    assert [(entry["answer"], entry["n"]) for entry in told["entries"]] == [("slow_down", 2), ("look", 1)]
    assert told["spent"]["high"] == -told["low"]


def test_a_fault_without_a_loss_counts_for_nothing_and_is_named():
    assert worth([fault("strange")], [alarm(15)]) is None
    told = worth([fault("strange"), fault(onset=100)], [])
    assert told is not None
    assert told["unpriced"] == ["strange"]
    assert [entry["names"] for entry in told["entries"]] == [["sticker"]]


def test_a_fault_that_nothing_follows_in_the_run_counts_for_nothing_and_is_named():
    told = worth([fault(consequence_time=None), fault(onset=100)], [])
    assert told is not None
    assert told["unpriced"] == ["sticker"]
    assert told["lost"] == {"low": 300_000_000, "high": 6_000_000_000}


def test_a_coil_is_downgraded_once_and_saved_only_if_all_its_defects_are_found():
    assumed = Assumptions(
        currency="KRW", values=defaults().values, faults={"scratch": "coil"},
    )  # fmt: skip
    boxes = [Box(coil, 1.0 + i, 1.5 + i, 10.0, 20.0) for i, coil in enumerate(("C1", "C1", "C2"))]
    truths = [fault("scratch", 10, box=box, consequence_time=None) for box in boxes]
    events = [alarm(12, "surface", box=box) for box in boxes]
    both = worth(truths, events, assumed)
    assert both is not None
    assert [(entry["where"], entry["n"], entry["what"]) for entry in both["entries"]] == [
        ("C1", 2, "saved"),
        ("C2", 1, "saved"),
    ]
    one = worth(truths, events[1:], assumed)
    assert one is not None
    assert [entry["what"] for entry in one["entries"]] == ["lost", "saved"]
    low, _, high = assumed.values["coil"]
    downgrade = assumed.values["downgrade"]
    assert one["lost"] == {"low": low * downgrade[0], "high": high * downgrade[2]}


def test_usual_losses_are_those_of_the_sources():
    assert usual("cobble") == pytest.approx(57e6, rel=0.02)  # 45 min of a hot mill and 20 t of scrap
    assert 25e6 <= usual("strip_break") <= 30e6  # 40 min of a cold mill, 5 t of scrap, a pair of rolls
    assert usual("breakout") == 1.0e9
    assert usual("coil") == 2e6  # 20 t at 100 kKRW/t


def test_every_assumption_is_used_and_every_loss_has_a_range():
    assert set().union(*(uses(name) for name in (*LOSSES, *ANSWERS))) == set(defaults().values)
    values = {key: np.array(given) for key, given in defaults().values.items()}
    for formula in (*LOSSES.values(), *ANSWERS.values()):
        low, middle, high = formula(values)
        assert 0 < low < middle < high


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('[values]\nbreakout = [1e9, 2e9, 3e9]\n[faults]\nmy_fault = "cobble"\n')
    read = Assumptions.read(path)
    assert read.values["breakout"] == (1e9, 2e9, 3e9)
    assert read.values["margin"] == defaults().values["margin"]
    assert read.faults == {**defaults().faults, "my_fault": "cobble"}
    assert read.origin == "mine.toml"
    assert Assumptions.of(json.loads(json.dumps(read.plain()))) == read


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[values]\nbreakot = [1, 2, 3]", "mine.toml:2  'breakot' is no assumption. Did you mean 'breakout'?"),
        ("breakout = [1, 2, 3]", "mine.toml:1  'breakout' belongs into the table [values]."),
        ("[values]\nmargin = 5", "mine.toml:2  'margin' takes [low, usual, high]"),
        ("[values]\nmargin = [3, 2, 1]", "numbers from 0 up that do not fall"),
        ("[values]\nmargin = [1, 2, nan]", "numbers from 0 up that do not fall"),
        ("[values]\nmargin = [true, 2, 3]", "numbers from 0 up that do not fall"),
        ('[faults]\nsticker = "breakot"', "'sticker' leads to 'breakot', which is no loss. Did you mean 'breakout'?"),
        ("[faults]\nsticker = 3", "which is no loss"),
        ('currency = "won"', "a code of three letters"),
        ("values = 3", "'values' is a table"),
        ("[value]\na = 1", "Did you mean 'values'?"),
        ("breakout = [", "is no TOML"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_told_by_line_with_the_nearest_name(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        Assumptions.read(path)
    assert told in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("[values]\na = 1\nmargin = 2\n[faults]\nx = 'y'\n")
    with pytest.raises(InputError) as caught:
        Assumptions.read(path)
    assert [problem.line for problem in caught.value.problems] == [2, 3, 5]


def test_score_and_record_keep_the_assumptions_and_report_can_change_them(tmp_path, capsys):
    mine = tmp_path / "mine.toml"
    mine.write_text("[values]\nbreakout = [7e9, 8e9, 9e9]\n")
    out = tmp_path / "r"
    assert run_cli(["run", "showcase", "--out", str(out), "--assumptions", str(mine), "--json"]) == 0
    money = json.loads(capsys.readouterr().out)["money"]
    assert money["currency"] == "KRW"
    assert money["assumptions"]["values"]["breakout"] == [7e9, 8e9, 9e9]
    assert 6.9e9 < money["low"] < money["high"] < 9e9
    assert json.loads((out / "score.json").read_text("utf-8"))["money"] == money
    assert rescore(out).score["money"] == money
    assert "mine.toml" in (out / "report.html").read_text("utf-8")

    mine.write_text("[values]\nbreakout = [1e9, 1e9, 1e9]\n")
    page = tmp_path / "again.html"
    assert run_cli(["report", str(out), "--out", str(page), "--assumptions", str(mine)]) == 0
    assert "₩990 M" in page.read_text("utf-8")
    assert json.loads((out / "score.json").read_text("utf-8"))["money"] == money


def test_a_record_is_repeated_at_its_own_prices(tmp_path, capsys):
    mine = tmp_path / "mine.toml"
    mine.write_text("[values]\nbreakout = [7e9, 8e9, 9e9]\n")
    out = tmp_path / "r"
    assert run_cli(["run", "showcase", "--out", str(out), "--assumptions", str(mine)]) == 0
    capsys.readouterr()
    assert run_cli(["run", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["money"]["low"] > 6.9e9


def test_wrong_assumptions_end_before_anything_is_written(tmp_path, capsys):
    mine = tmp_path / "mine.toml"
    mine.write_text("[values]\nbreakot = [1, 2, 3]\n")
    out = tmp_path / "r"
    assert run_cli(["run", "showcase", "--out", str(out), "--assumptions", str(mine)]) == 2
    assert "Did you mean 'breakout'?" in capsys.readouterr().err
    assert not out.exists()


def test_the_report_marks_the_estimate_as_simulated_and_never_shows_a_single_sum():
    page = testbed.run("showcase", models=["sticker", "rules"]).report()
    at = page.index("What it was worth")
    part = page[at : page.index("How the data came")]
    assert "simulated estimate" in part
    assert "₩290 M – ₩6 bn" in part
    assert "a breakout of the slab caster, all in" in part
    assert "output of the tandem cold mill" not in part  # not used here
