"""The page in a real browser: a visitor sees a story, an operator answers its alarm, nothing comes from elsewhere."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.testbed.page.browsing import visitor
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


def test_the_keyboard_is_enough(served):
    with visitor(served) as seen:
        page = seen.page
        page.focus("#speed")
        page.keyboard.press("End")  # as fast as it goes
        page.focus("#story")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "from"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "start"
        page.keyboard.press("Enter")
        seen.end()
        page.focus("[data-key^=shelve]")
        page.keyboard.press("Enter")
        page.keyboard.type("<img src=x onerror=alert(1)>")
        page.keyboard.press("Tab")
        page.keyboard.type("kim")
        page.keyboard.press("Enter")
        page.wait_for_selector("tr.shelved")
        assert "kim: <img src=x" in seen.text("#alarms") and page.locator("#alarms img").count() == 0


def test_nothing_sticks_out_on_any_screen(served):
    with visitor(served) as seen:
        for width, height in SIZES:
            seen.page.set_viewport_size({"width": width, "height": height})
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            for where in ("#mimic", "#alarms", "#start", "#language"):
                box = seen.page.locator(where).bounding_box()
                assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width + 1, (where, width)


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
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)


def _faults(page) -> list[str]:
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in result["violations"] if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]  # fmt: skip
