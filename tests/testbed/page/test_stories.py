"""Every story that the page offers, in a real browser: it starts, shows its alarm, is answered, and is cleared away."""

from __future__ import annotations

import pytest

from testbed.library import shipped
from testbed.page.playing import ENDED, FAILED
from testbed.scenario import Detect, Scenario
from tests.testbed.page.browsing import Seen, one_visitor
from tests.testbed.page.visit import serving

STORIES = {scenario.name: scenario for scenario in shipped()}
# Longer than a pull request should wait; measured. A new story counts as quick until somebody has measured it.
LONG = frozenset({
    "caster-longitudinal-crack", "caster-lookalikes", "caster-normal-day", "caster-quiet", "caster-sen-clogging",
    "cyber-quiet", "cyber-replay", "cyber-setpoint", "cyber-spoof", "cyber-stale", "descaler-blocked",
    "hsm-backup-roll", "hsm-cobble", "hsm-eccentricity", "hsm-gauge-drift", "hsm-load-cell", "hsm-looper-hunting",
    "hsm-normal-day", "hsm-quiet", "hsm-servo-valve", "hsm-work-roll-spalling", "rot-bearing", "rot-normal-day",
    "rot-quiet", "runout-normal-day", "showcase", "strip-classes", "strip-cold", "strip-descaler", "strip-sliver",
    "strip-surface", "tcm-chatter-marks", "tcm-normal-day", "tcm-strip-break", "works-normal-day", "works-sliver",
})  # fmt: skip

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def visitor(tmp_path_factory):
    """Does something with the page, in the browser's thread."""
    home = tmp_path_factory.mktemp("stories")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(home / "home"))
        with serving(home / "runs") as page, one_visitor(page) as (thread, seen):
            thread.submit(seen.page.select_option, "#speed", "max").result()
            yield lambda test, *given: thread.submit(test, seen, *given).result()


def test_the_desk_offers_every_story_by_its_title(visitor):
    told = "[...document.querySelectorAll('#story option')].map(one => [one.value, one.text])"
    offered = visitor(lambda seen: seen.page.evaluate(told))
    assert [name for name, _ in offered] == list(STORIES)
    assert all(any("가" <= letter <= "힣" for letter in text) for _, text in offered)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in LONG else []) for name in STORIES]
)
def test_a_story_starts_shows_its_alarm_is_acknowledged_and_is_reset(visitor, name):
    visitor(played, name)


def played(seen: Seen, name: str) -> None:
    page, scenario, stage = seen.page, STORIES[name], seen.served.stage
    page.select_option("#story", name)
    page.click("#start")
    seen.until(lambda: stage.show is not None and stage.show.scenario.name == name and has_come_to_it(stage, scenario))
    show = stage.show
    assert show.phase != FAILED, show.why
    if expects_alarm(scenario):
        entry = next(one for one in show.alarms.entries if one.truth is not None and one.truth.is_fault)
        page.locator("#alarms tbody tr").first.wait_for()
        assert entry.event.advice
        page.evaluate("document.querySelector('#pause:enabled')?.click()")  # it may have come to its end meanwhile
        seen.until(lambda: show.throttle.is_held or show.phase in ENDED)
        seen.until(lambda: answered(seen, show))
    page.click("#reset")
    seen.until(lambda: stage.show is None)
    page.locator("#alarms tbody tr").first.wait_for(state="detached")
    page.locator("#phase", has_text="대기").wait_for()
    seen.until(show.ended.is_set)
    assert seen.complaints == []
    assert seen.hosts() == {f"127.0.0.1:{seen.served.port}"}


def expects_alarm(scenario: Scenario) -> bool:
    return bool(scenario.models) and any(isinstance(one, Detect) for one in scenario.expect)


def has_come_to_it(stage, scenario: Scenario) -> bool:
    """Whether the fault has been found, or, where there is none, the first things that resemble one are over."""
    show = stage.show
    if show.phase in ENDED:
        return True
    if expects_alarm(scenario):
        return any(one.truth is not None and one.truth.is_fault for one in list(show.alarms.entries))
    steps = [float(step.at) for step in scenario.drawn(1)]
    return show.rows is not None and show.rows.present_s >= min(steps[:3][-1] + 10.0, scenario.duration)


def answered(seen: Seen, show) -> bool:
    """Acknowledge everything; whether nothing waits any more: what was on its way when it was held may still come."""
    seen.page.evaluate("document.querySelector('[data-key=all]:enabled')?.click()")
    told = show.alarms.plain(show.now, True)
    return told["unacknowledged"] == 0 and seen.page.locator("tr.unacknowledged").count() == 0
