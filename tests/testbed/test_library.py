"""Scenarios are found by name or path, and a script that does not run says where."""

from __future__ import annotations

import pytest

from connectors.errors import InputError
from testbed.library import load, names
from testbed.scenario import Draw, Fault, LookAlike, Scatter, Scenario


@pytest.mark.parametrize("name", names())
def test_every_shipped_scenario_loads_and_carries_its_name(name):
    scenario = load(name)
    assert scenario.name == name
    assert scenario.drawn(1) == scenario.drawn(1)
    assert scenario.title and scenario.story


def test_quiet_hours_hold_at_least_six_look_alikes_each_and_no_fault():
    for seed in range(20):
        steps = load("caster-quiet").drawn(seed)
        assert all(isinstance(step, LookAlike) for step in steps)
        assert len(steps) >= 12


def test_a_script_of_ones_own_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from testbed import Caster, Fault, Scenario\n"
        "scenario = Scenario(name='mine', plant=Caster(), duration=10, steps=(Fault(at=5, name='sticker'),))\n"
    )
    assert load(str(path)).name == "mine"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("scenario = (", r"bad.py:1 "),
        ("import nothing_of_that_name\n", r"bad.py:1  ModuleNotFoundError"),
        ("a = 1\nb = a / 0\n", r"bad.py:2  ZeroDivisionError"),
        ("from testbed import Scenario\n", "must hold a value `scenario"),
    ],
)
def test_a_script_that_does_not_run_says_where(tmp_path, text, sentence):
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        load(str(path))


def test_a_path_that_leads_nowhere_is_told():
    with pytest.raises(InputError, match="There is no script"):
        load("nowhere/at_all.py")


def test_a_draw_is_the_same_for_a_seed_and_another_for_the_next(tmp_path):
    scenario = Scenario(name="d", plant=load("showcase").plant, duration=100, steps=(Fault(at=Draw(10, 50), name="x"),))
    moments = [scenario.drawn(seed)[0].at for seed in range(50)]
    assert scenario.drawn(3)[0].at == moments[3]
    assert len(set(moments)) > 40
    assert min(moments) >= 10 and max(moments) <= 50


def test_scattered_look_alikes_fill_the_run_in_order():
    scenario = Scenario(
        name="s", plant=load("showcase").plant, duration=3600, steps=(Scatter(names=("a", "b"), every=300),)
    )
    steps = scenario.drawn(1)
    assert len(steps) == 11
    assert [s.at for s in steps] == sorted(s.at for s in steps)


def test_a_step_outside_the_run_is_refused():
    scenario = Scenario(name="s", plant=load("showcase").plant, duration=10, steps=(Fault(at=20, name="sticker"),))
    with pytest.raises(InputError, match="outside the run"):
        scenario.drawn(1)
