"""Draws the pictures of the live page that the documents show: `python docs/page_pictures.py`. Needs chromium.

docs/page.png, docs/page_ko.png   a sticker at its high point: the tear rolls down the mould, seconds are left
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
STORY, SPEED = "caster-sticker", "5"
SIZE = {"width": 1600, "height": 900}
WAIT_MS = 240_000


def main() -> None:
    """Serve the page, play the story in both languages, and take a picture while the alarm's time runs."""
    browser_file = shutil.which("chromium")
    if browser_file is None:
        sys.exit("chromium is not on PATH. Install it first.")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        command = [sys.executable, "-m", "testbed", "demo", "--no-browser", "--lang", "en", "--port", "8797"]
        environment = {**os.environ, "TESTBED_HOME": home, "PYTHONPATH": str(DOCS.parent)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home) as server:
            try:
                address = _address(server)
                browser = play.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"])
                for language, name in (("en", "page.png"), ("ko", "page_ko.png")):
                    _draw(browser, address, language, DOCS / name)
                browser.close()
            finally:
                server.terminate()


def _address(server: subprocess.Popen[str]) -> str:
    """What the server prints of where it listens."""
    assert server.stdout is not None  # noqa: S101
    for line in server.stdout:
        found = [word for word in line.split() if word.startswith("http://")]
        if found:
            return found[0].rstrip(".")
    sys.exit("The page did not start.")


def _draw(browser: Browser, address: str, language: str, picture: Path) -> None:
    page = browser.new_page(viewport=SIZE)  # pyright: ignore[reportArgumentType]
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.wait_for_selector("#story")
    if page.get_attribute("html", "lang") != language:
        page.click("#language")
    page.select_option("#speed", SPEED)
    page.select_option("#story", STORY)
    page.click("#start")
    page.click("#tabs button:nth-child(2)")  # the mould
    page.wait_for_selector(".exit:not(:empty)")
    page.screenshot(path=str(picture))
    page.click("#reset")
    page.close()
    print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
