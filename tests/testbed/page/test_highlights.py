"""Every story begins where it is worth watching, and what is passed over ends where it should."""

from __future__ import annotations

import pytest

from connectors.clock import Throttle
from testbed.library import shipped
from testbed.page.forward import Forward
from testbed.page.highlights import PACES, SEEN, WITHIN_S, highlight
from testbed.scenario import Fault
from tests.testbed.page.visit import serving

STORIES = {scenario.name: scenario for scenario in shipped()}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_offered_from_before_its_first_fault_at_a_pace_for_a_visitor(name):
    scenario = STORIES[name]
    for seed in (1, 2, 3):
        high, steps = highlight(scenario, seed), scenario.drawn(seed)
        faults = [float(step.at) for step in steps if isinstance(step, Fault)]  # pyright: ignore[reportArgumentType]
        first = min(faults or [float(step.at) for step in steps], default=0.0)  # pyright: ignore[reportArgumentType]
        assert 0.0 <= high.begin <= first and high.speed in PACES
        factor = 1.0 if high.speed == "real" else float(high.speed)
        if faults:
            assert (scenario.duration - high.begin) / factor <= WITHIN_S or high.speed == PACES[-1]
        elif len(steps) >= SEEN:
            assert (float(steps[SEEN - 1].at) - high.begin) / factor <= WITHIN_S  # pyright: ignore[reportArgumentType]


@pytest.mark.asyncio
async def test_fast_forward_ends_at_its_moment_at_an_alarm_or_when_somebody_sets_the_speed():
    forward = Forward(Throttle(1.0), 1.0)
    forward.to(100)
    assert forward.throttle.speed is None
    assert not forward.alarmed() and not forward.reached(99) and forward.reached(100)
    assert forward.throttle.speed == 1.0 and not forward.is_on
    forward.to(None)
    assert not forward.reached(10**9) and forward.alarmed() and not forward.is_on
    forward.to(500)
    forward.at(5.0)
    assert forward.throttle.speed == 5.0 and not forward.reached(600)


def test_a_story_is_passed_over_up_to_where_it_begins_and_to_the_next_alarm_with_the_same_digest(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with serving(tmp_path / "runs") as page:
        visit = page.visit()
        visit.read()
        given = {"story": "caster-sticker", "seed": 1, "speed": "0.01", "ai": True}
        assert visit.order("start", **given, begin=50.0) == ""
        told = visit.until(lambda told: told.get("state", {}).get("forward"))
        assert told["state"]["forward"] == {"to": 50.0}
        visit.until(lambda told: told["state"]["phase"] == "running" and not told["state"]["forward"])
        assert 50.0 <= visit.told["t"] < 56.0  # at a hundredth of the plant's pace it has hardly moved on
        assert visit.order("forward", to=None) == ""
        visit.until(lambda told: told["state"]["alarms"]["list"])
        visit.until(lambda told: not told["state"]["forward"])
        assert visit.told["t"] < 110.0
        assert visit.order("forward", to=0) == "" and visit.told["state"]["forward"] is None
        assert visit.order("speed", speed="max") == ""
        visit.until(lambda told: told["state"]["phase"] == "done")
        digest = visit.told["state"]["outcome"]["digest"]
        assert visit.order("start", **{**given, "speed": "max"}) == ""
        visit.until(lambda told: told["state"]["phase"] == "done" and told["run"] == 2)
        assert visit.told["state"]["outcome"]["digest"] == digest is not None
