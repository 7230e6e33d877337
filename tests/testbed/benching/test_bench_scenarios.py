"""Benches on scenarios: which models fit, what each is judged by, and the rival that always alarms."""

from __future__ import annotations

import pytest

import testbed
from connectors.errors import InputError
from testbed.benching.scenarios import fitting, matching, scenario_rows

QUIET = lambda done, of: None  # noqa: E731


def test_patterns_name_scenarios_and_a_wrong_one_is_told():
    assert matching(["caster-qui*", "*-sticker", "showcase"]) == ["caster-quiet", "caster-sticker", "showcase"]
    assert matching(["my_script.py"]) == ["my_script.py"]
    with pytest.raises(InputError, match="caster-"):
        matching(["castor-*"])


def test_models_that_find_their_tags_fit():
    assert {"caster-mspc", "sticker", "rules"} <= set(fitting("caster-sticker"))


def test_a_model_is_judged_by_its_own_events():
    """The rules run beside the scenario's own models, which save the line; nothing of those is laid at their door."""
    rows = {
        row["model"]: row for row in scenario_rows(["caster-sticker"], [1], ["sticker", "rules"], "memory", 1, QUIET)
    }
    run = testbed.run("caster-sticker", seed=1, record="none").score
    fault = run["faults"][0]
    assert rows["sticker"]["found_in_time"] == rows["sticker"]["faults"] == 1
    assert rows["sticker"]["lead_p50_s"] == pytest.approx(fault["lead_s"])
    assert rows["rules"]["found_in_time"] == 0
    assert rows["rules"]["false_alarms_per_24h"] == 0
    always = rows["always-alarm"]
    assert always["found_in_time"] == 1
    assert always["lead_p50_s"] == pytest.approx(fault["deadline"] - fault["onset"])
    assert always["false_alarms_per_24h"] == pytest.approx(86_400 / run["duration_s"])
    assert rows["sticker"]["digest"] != rows["rules"]["digest"]


def test_an_unknown_model_or_scenario_is_one_sentence():
    with pytest.raises(InputError, match="Did you mean 'sticker'"):
        testbed.bench(scenarios=["caster-sticker"], models=["stiker"])
    with pytest.raises(InputError, match="Did you mean 'caster-sticker'"):
        testbed.bench(scenarios=["caster-stiker"])
