"""The report opens in a real browser: nothing is fetched, nothing fails, and it prints."""

from __future__ import annotations

import shutil

import pytest

import testbed

CHROMIUM = shutil.which("chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on PATH")


def test_a_report_shows_the_verdict_and_asks_the_network_for_nothing(tmp_path):
    from playwright.sync_api import sync_playwright

    folder = tmp_path / "run"
    testbed.run("showcase", seed=1, out=folder)
    asked: list[str] = []
    complaints: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1100, "height": 1400})
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto((folder / "report.html").as_uri())
        assert page.locator("h1").inner_text().split() == ["Two", "minutes", "for", "a", "visitor", "showcase"]
        assert "Expectations met" in page.locator("body").inner_text()
        assert page.locator("svg").count() >= 3
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 1100  # nothing sticks out
        pdf = page.pdf(format="A4")
        browser.close()
    assert len(asked) == 1
    assert complaints == []
    assert pdf.startswith(b"%PDF")
