"""Unit views in a real browser: beside the machine that is wrong stands the tag on which its alarm rests."""

from __future__ import annotations

import pytest

from tests.testbed.page.browsing import visitor
from tests.testbed.page.visit import serving

STORIES = [
    pytest.param("tcm-chatter", "mill", "스탠드 진동", id="tcm-chatter"),
    pytest.param("descaler-blocked", "table", "디스케일러 뒤 바 온도", id="descaler-blocked", marks=pytest.mark.slow),
    pytest.param("rot-bearing", "machines", "하우징 가속도", id="rot-bearing", marks=pytest.mark.slow),
]
# Letters, curves and bars: whatever is not the ground a canvas is painted with.
PAINTED = """[...document.querySelectorAll('#stage > div:not([hidden]) canvas')].filter(one => !one.hidden).map(one => {
  const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);
  return data.reduce((sum, value, i) => sum + (i % 4 === 0 && value > 110), 0);
})"""

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def served(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with serving(tmp_path / "runs") as page:
        yield page


@pytest.mark.parametrize(("story", "view", "measures"), STORIES)
def test_what_an_alarm_rests_on_is_first_among_the_trends_and_beside_the_machine(served, story, view, measures):
    with visitor(served) as seen:
        seen.play(story)
        seen.end()
        first = seen.page.locator(".trend").first
        assert "named" in (first.get_attribute("class") or "") and measures in first.inner_text()
        rests_on = served.stage.show.alarms.entries[0].event.evidence[0][0]
        assert rests_on in seen.page.locator(".trend.named .path").evaluate_all("all => all.map(one => one.title)")
        seen.page.click(f"#tabs [data-key={view}]")
        shown = seen.page.locator(f"#stage > div:not([hidden]) canvas[aria-label*='{measures}']")
        shown.wait_for()
        seen.until(lambda: all(painted > 100 for painted in seen.page.evaluate(PAINTED)), 60.0)
        assert seen.complaints == []


@pytest.mark.slow
def test_a_story_of_a_strip_opens_on_the_strip_unless_a_visitor_has_chosen(served):
    with visitor(served) as seen:
        shown = "document.querySelector('#tabs [aria-selected=true]').dataset.key"
        seen.play("strip-cold")
        seen.page.wait_for_selector("#tabs [data-key=strip]")
        assert seen.page.evaluate(shown) == "strip"
        seen.page.click("#tabs [data-key=works]")
        seen.page.click("#reset")
        seen.play("strip-cold")
        seen.page.wait_for_selector("#tabs [data-key=strip]")
        assert seen.page.evaluate(shown) == "works"
