"""The page in a real browser: a visitor sees a story, an operator answers its alarm, nothing comes from elsewhere."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.testbed.page.browsing import Seen, browsers, visitor
from tests.testbed.page.visit import serving

AXE = Path(__file__).parents[2] / "node" / "node_modules" / "axe-core" / "axe.min.js"
CURVES = """[...document.querySelectorAll('.trend canvas')].filter(one => {
  const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);
  return data.some((value, i) => i % 4 === 0 && value > 190);
}).length"""
SIZES = [(1920, 1080), (3840, 2160), (1024, 768), (800, 1280)]

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("page")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(home / "home"))
        with serving(home / "runs") as page:
            yield page


def test_a_story_is_played_its_alarm_answered_and_the_stage_cleared_in_both_languages(served):
    with visitor(served) as seen:
        assert seen.page.evaluate("document.documentElement.lang") == "ko"
        assert "모의" in seen.text("header")
        seen.play()
        seen.end()
        assert "구속성 브레이크아웃" in seen.text("#alarms") and "정확" in seen.text("#alarms")
        assert seen.page.locator(".trend").count() == 8
        assert seen.page.evaluate(CURVES) == 8
        seen.page.click("#language")
        assert "Simulated" in seen.text("header") and "Twenty seconds to spare" in seen.text("header")
        assert not [letter for letter in seen.text("#alarms") if "가" <= letter <= "힣"]
        seen.page.click("[data-key=all]")
        seen.page.wait_for_selector("tr.unacknowledged, tr.returned-unacknowledged", state="detached")
        assert seen.page.locator("a[href$='/ko']").count() == seen.page.locator("a[href$='/en']").count() == 1
        seen.page.click("#tabs button:nth-child(2)")
        assert "Mould" in seen.text("#stage")
        seen.page.click("#reset")
        seen.page.locator("#phase", has_text="Ready").wait_for()
        assert {url.split("/")[2] for url in seen.asked} == {f"127.0.0.1:{served.port}"}
        assert seen.complaints == []


def test_the_keyboard_is_enough_for_a_whole_story(served):
    with visitor(served) as seen:
        page = seen.page
        tab_to(page, "#speed")
        page.keyboard.press("End")  # as fast as it goes
        tab_to(page, "#story")
        while page.evaluate("document.activeElement.value") != "caster-sticker":
            page.keyboard.press("ArrowDown" if page.evaluate(_IS_BEFORE) else "ArrowUp")
        tab_to(page, "#start")
        page.keyboard.press("Enter")
        seen.end()
        tab_to(page, "[data-key=mould]")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.dataset.key") == "mould"  # where one was before
        tab_to(page, "[data-key^=shelve]")
        page.keyboard.press("Enter")
        page.keyboard.type("<img src=x onerror=alert(1)>")
        page.keyboard.press("Tab")
        page.keyboard.type("kim")
        page.keyboard.press("Enter")
        page.wait_for_selector("tr.shelved")
        assert "kim: <img src=x" in seen.text("#alarms") and page.locator("#alarms img").count() == 0
        tab_to(page, "[data-key=all], [data-key^=back]")
        page.keyboard.press("Enter")
        tab_to(page, "#reset")
        page.keyboard.press("Enter")
        page.locator("#alarms tbody tr").first.wait_for(state="detached")
        assert seen.complaints == []


# Whether the story that is wanted comes before the one that is chosen in the list.
_IS_BEFORE = """(() => { const {options, selectedIndex} = document.activeElement;
  return [...options].findIndex(one => one.value === 'caster-sticker') > selectedIndex; })()"""


def tab_to(page, where: str) -> None:
    """Press Tab until something is reached: whoever has no mouse gets everywhere."""
    for _ in range(150):
        if page.evaluate("where => document.activeElement.matches(where)", where):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {where}.")


def test_two_visitors_see_the_same_and_what_the_other_does(served):
    with browsers() as browser:
        one, two = Seen(browser, served), Seen(browser, served)
        one.play()
        one.end()
        two.end()
        one.until(lambda: one.text("#alarms") == two.text("#alarms"))
        assert one.page.locator("#alarms tbody tr").count() > 0
        one.page.click("[data-key=all]")
        two.page.wait_for_selector("tr.unacknowledged, tr.returned-unacknowledged", state="detached")
        two.page.click("#reset")
        one.page.locator("#alarms tbody tr").first.wait_for(state="detached")
        assert one.complaints == two.complaints == []


def test_what_the_desk_injects_is_in_the_truth_with_its_place_and_severity(served):
    with visitor(served) as seen:
        seen.play("caster-sticker", "5")
        seen.page.click("#inject:enabled")
        seen.page.select_option("#inject-kind", "ladle_change")
        assert seen.page.is_disabled("#inject-severity") and seen.page.is_disabled("#inject-place")
        seen.page.select_option("#inject-kind", "sticker")
        seen.page.select_option("#inject-place", "FF column 4")
        seen.page.select_option("#inject-severity", "severe")
        seen.page.click("dialog button.main")
        stage = served.stage
        seen.until(lambda: any(truth.severity == "severe" for truth in stage.show.truths))
        (done,) = [one for one in stage.show.engine.done if one.kind == "fault" and one.details.get("column") == 4.0]
        assert (done.details["face"], done.details["rise_K"]) == ("FF", 30.0)
        seen.page.click("#reset")
        seen.until(lambda: stage.show is None)
        assert seen.complaints == []


# What lies over something else, sticks out to the right, or below the screen where the page does not scroll.
_ASKEW = """() => {
  const box = one => one.getBoundingClientRect();
  const name = one => one.id || one.dataset.key || one.textContent.slice(0, 20);
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const seen = where => [...document.querySelectorAll(where)].filter(one => one.offsetParent && box(one).width);
  const parts = 'header, #mimic, #stage, #alert, #alarms, #presenter';
  const found = [];
  for (const group of [parts, 'header > *, header nav > *:not(nav)', '#desk .row > *', '#presenter > *']) {
    const all = seen(group);
    all.forEach((a, i) => all.slice(i + 1).forEach(b => {
      if (!a.contains(b) && !b.contains(a) && meet(box(a), box(b))) found.push(`${name(a)} over ${name(b)}`);
    }));
  }
  for (const one of seen('button, select, h1, h2, p, figure, canvas'))
    if (box(one).right > innerWidth + 1) found.push(`${name(one)} sticks out`);
  const foot = box(document.querySelector('#presenter')).bottom;
  if (innerWidth >= 1200 && foot > innerHeight + 1) found.push('below the screen');
  return found;
}"""


def test_nothing_sticks_out_or_lies_over_something_else_on_any_screen_in_either_language(served):
    with visitor(served) as seen:
        seen.play("tcm-chatter")
        seen.end()
        askew = {}
        for _ in range(2):
            seen.page.click("#language")
            for width, height in SIZES:
                seen.page.set_viewport_size({"width": width, "height": height})
                for view in ("works", "mill", "chatter"):
                    seen.page.click(f"#tabs [data-key={view}]")
                    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
                    askew[width, view] = seen.page.evaluate(_ASKEW)
        assert not any(askew.values()), {where: found for where, found in askew.items() if found}


def test_a_page_comes_back_by_itself_after_the_server_was_restarted(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    with ExitStack() as opened:
        with serving(tmp_path / "runs") as first:
            seen = opened.enter_context(visitor(first))
            seen.page.evaluate("window.isTheSame = true")
        seen.page.wait_for_selector("body.lost")
        with serving(tmp_path / "runs", port=first.port):
            seen.page.wait_for_selector("body:not(.lost)")
            seen.play()
            seen.end()
            assert seen.page.evaluate("window.isTheSame")
            seen.page.close()


@pytest.mark.needs("node")
def test_axe_finds_nothing_serious_with_and_without_an_alarm(served):
    with visitor(served) as seen:
        seen.page.evaluate("document.querySelector('#reset').click()")  # which does nothing where the stage is clear
        seen.page.wait_for_selector("#alarms tbody tr", state="detached")
        seen.page.evaluate(AXE.read_text("utf-8"))
        found = {"quiet": _faults(seen.page)}
        seen.play()
        seen.end()
        found["alarm"] = _faults(seen.page)
        seen.page.click("#tabs button:nth-child(2)")
        found["mould"] = _faults(seen.page)
        seen.page.click("#language")
        seen.page.click("[data-key^=shelve]")
        found["dialog"] = _faults(seen.page)
        seen.page.keyboard.press("Escape")
        seen.play("tcm-chatter")
        seen.end()
        for view in ("mill", "chatter"):
            seen.page.click(f"#tabs [data-key={view}]")
            found[view] = _faults(seen.page)
        seen.play("caster-sticker", "5")
        seen.page.click("#inject:enabled")
        found["inject"] = _faults(seen.page)
        seen.page.keyboard.press("Escape")
        seen.page.click("#reset")
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)


def _faults(page) -> list[str]:
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in result["violations"] if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]  # fmt: skip
