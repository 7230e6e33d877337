"""Trends of the live page in a real browser: looked at closely, held while the run goes on, read off, taken along."""

from __future__ import annotations

import csv
import re

import pytest

from tests.testbed.page.browsing import visitor
from tests.testbed.page.test_page_browser import served  # noqa: F401 - a fixture

pytestmark = pytest.mark.needs("chromium")


def rows(page) -> list[dict[str, str]]:
    """The CSV of what is shown."""
    with page.expect_download() as download:
        page.click("#take_csv")
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_a_trend_is_looked_at_closely_held_read_off_and_taken_along(served):  # noqa: F811
    with visitor(served) as seen:
        page = seen.page
        seen.play(speed="5")
        page.locator(".trend b", has_text="m/min").wait_for()
        page.click("#hold")
        behind = page.locator("#behind")
        behind.wait_for()
        held = rows(page)
        assert "빈 구간 0" in behind.inner_text()
        page.select_option("#speed", "max")
        seen.end()  # the run goes on behind what is held
        page.locator("#behind", has_text=re.compile("진행 중: [1-9]|진행 중: 0:([1-5].|.[1-9])")).wait_for()
        assert rows(page) == held
        page.click("#hold")
        page.click("#spans button[data-span='0']")
        whole = rows(page)
        assert len(whole) == 1800  # three minutes, ten rows a second
        assert float(whole[-1]["s"]) == 180.0 and whole[-1]["time"] == "2026-01-05T00:03:00.000Z"
        speed = next(name for name in whole[0] if "V_CAST" in name)
        assert "[m/min]" in speed and float(whole[0][speed]) == pytest.approx(1.36, abs=0.05)

        canvas = page.locator(".trend canvas").first
        canvas.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")  # from the end, a hundredth of what is shown a press
        page.locator(".trend b", has_text=re.compile(r"^2:5[01]\s.*m/min")).first.wait_for()
        for _ in range(6):
            page.keyboard.press("+")
        closer = rows(page)
        assert 100 < len(closer) < 400 and all(row in whole for row in closer)
        canvas.focus()
        page.keyboard.press("0")
        page.locator("#hold[aria-pressed=false]").wait_for()

        box = canvas.bounding_box()
        assert box is not None
        middle, high = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(middle, high)
        page.mouse.wheel(0, -500)
        wheeled = len(rows(page))
        assert wheeled < 1300
        page.mouse.move(middle - 60, high)
        page.mouse.down()
        page.mouse.move(middle + 60, high, steps=3)
        page.mouse.up()
        assert len(rows(page)) < wheeled
        with page.expect_download() as download:
            page.click("#take_png")
        with open(download.value.path(), "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"
        assert seen.complaints == []


SCALED = """async jumps => {
  const {lively} = await import('./chart.js');
  const value = i => jumps.reduce((now, [at, to]) => i >= at ? to : now, 0) + (i % 2) / 10;
  return lively({from: 0, row_s: 0.1, n: 1200, low: value, high: value, hole_s: 1}, {from: 0, to: 120});
}"""


@pytest.mark.parametrize(
    ("jumps", "least"), [([[50, 9]], 9.0), ([[50, 9], [1180, 8.5]], 8.5), ([[600, 9]], 0.0)],
    ids=["before the strip came", "what has just fallen", "what lasted half the time"],
)  # fmt: skip
def test_a_scale_fits_what_lasts_and_what_is_new(served, jumps, least):  # noqa: F811
    with visitor(served) as seen:
        found = seen.page.evaluate(SCALED, jumps)
    assert found[0] == pytest.approx(least) and found[1] == pytest.approx(9.1)
