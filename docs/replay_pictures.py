"""Draws the pictures of the replay that the documents show: `python docs/replay_pictures.py`. Needs chromium.

docs/replay.png, docs/replay_ko.png   a sticker, found 13.8 s before its deadline, with the thermocouples that told
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
SIZE = {"width": 1600, "height": 900}
WAIT_MS = 120_000


def main() -> None:
    """Run the story, serve its record, and take a picture in both languages."""
    browser_file = shutil.which("chromium")
    if browser_file is None:
        sys.exit("chromium is not on PATH. Install it first.")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        environment = {**os.environ, "TESTBED_HOME": home, "PYTHONPATH": str(DOCS.parent)}
        testbed = [sys.executable, "-m", "testbed", "--lang", "en"]
        run = [*testbed, "run", "caster-sticker", "--out", "caster-sticker-1"]
        subprocess.run(run, env=environment, cwd=home, check=True, stdout=subprocess.DEVNULL)
        command = [*testbed, "demo", "--no-browser", "--port", "8798", "--records", "caster-sticker-1"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home) as server:
            try:
                assert server.stdout is not None  # noqa: S101
                address = next(word for word in server.stdout.readline().split() if word.startswith("http://"))
                browser = play.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"])
                for language, name in (("en", "replay.png"), ("ko", "replay_ko.png")):
                    _draw(browser, address, language, DOCS / name)
                browser.close()
            finally:
                server.terminate()


def _draw(browser: Browser, address: str, language: str, picture: Path) -> None:
    page = browser.new_page(viewport=SIZE)  # pyright: ignore[reportArgumentType]
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.wait_for_selector("#curves[aria-busy=false] canvas")
    if page.get_attribute("html", "lang") != language:
        page.click("#language")
    page.locator("#now", has_text="1:31.0").wait_for()
    page.screenshot(path=str(picture))
    page.close()
    print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
