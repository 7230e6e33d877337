"""Draws pictures of the live page: `python docs/page_pictures.py`. Needs chromium.

docs/page.png, docs/page_ko.png   a sticker at its high point: the tear rolls down the mould, seconds are left
docs/page_table.png               a blocked nozzle: where the bar stays hot, and which header takes too little
docs/page_chatter.png             a stand of the cold mill begins to sing

`--all FOLDER [STORY …]` draws every view of every story at its high point, or of those named, in both languages: to be
looked at, not to be kept. What lies before is passed over as fast as it goes: up to the first alarm where a fault is
expected, else up to the first look-alike.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

from testbed.library import load, shipped
from testbed.scenario import Fault

DOCS = Path(__file__).parent
SIZE = {"width": 1600, "height": 900}
WAIT_MS = 240_000
KEPT = {"page": ("caster-sticker", "mould", ".exit:not(:empty)", ("en", "ko")),
        "page_table": ("descaler-blocked", "table", ".beside canvas:nth-child(2):not([hidden])", ("en",)),
        "page_chatter": ("tcm-chatter", "chatter", "#singing.exit", ("en",))}  # fmt: skip
SHORT_S = 30.0  # a story that comes to it sooner is seen from its beginning
LANGUAGES = {"en": "", "ko": "_ko"}
AFTER_MS = 3_000  # from what is waited for to the picture: what an alarm is about has been seen for a moment
ALARMED = """from => document.querySelector('#outcome') || [...document.querySelectorAll('#alarms td.at')].some(one =>
    one.innerText.split('\\n').at(-1).split(':').reduce((sum, part) => 60 * sum + Number(part), 0) >= from)"""
SEEN_S = 8.0  # of what only resembles a fault
# The desk's own button stops before what the script holds next.
FORWARD = """to => {
    const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/live`);
    socket.onopen = () => { socket.send(JSON.stringify({do: 'forward', to, n: 1, lang: 'en'})); socket.close(); };
}"""


def main() -> None:
    """Serve the page and draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    parser.add_argument("stories", nargs="*", metavar="STORY")
    asked = parser.parse_args()
    with _served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
        if asked.all is None:
            for name in KEPT:
                _keep(browser, address, name)
        else:
            asked.all.mkdir(parents=True, exist_ok=True)
            for story in asked.stories or [one.name for one in shipped()]:
                page = _opened(browser, address)
                try:
                    _look(page, story, asked.all)
                except Error as error:  # of the browser, such as a story that never comes to it
                    print(f"{story}: {error.message.splitlines()[0]}", flush=True)
                page.close()
        browser.close()


def _chromium() -> str:
    found = shutil.which("chromium")
    return found or sys.exit("chromium is not on PATH. Install it first.")


@contextmanager
def _served() -> Iterator[str]:
    """The address of a page of its own."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "testbed", "demo", "--no-browser", "--lang", "en", "--port", "8797"]
        command += ["--over", "memory", "--story", "tcm-chatter"]
        environment = {**os.environ, "TESTBED_HOME": home, "PYTHONPATH": str(DOCS.parent)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home) as server:
            try:
                yield _address(server)
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


def _opened(browser: Browser, address: str) -> Page:
    page = browser.new_page(viewport=SIZE)  # pyright: ignore[reportArgumentType]
    page.set_default_timeout(WAIT_MS)
    page.goto(address)
    page.wait_for_selector("#story")
    return page


def _start(page: Page, story: str) -> None:
    page.evaluate("document.querySelector('#reset:enabled')?.click()")
    page.wait_for_selector("#pause:disabled")
    page.select_option("#speed", "real")
    page.select_option("#story", story)
    page.click("#start")
    page.wait_for_selector("#pause:enabled")


def _pass(page: Page, to: float, duration: float) -> None:
    """Go as fast as it goes to a second of the run."""
    page.evaluate(FORWARD, to)
    _until(page, "to => document.querySelector('#progress').value >= to", to / duration)


def _until(page: Page, holds: str, given: float) -> None:
    """Look until something holds of the page, whose policy lets no text be run as a script in it."""
    for _ in range(WAIT_MS // 200):
        if page.evaluate(holds, given):
            return
        page.wait_for_timeout(200)
    raise Error(f"It never came to it: {holds}")


def _shoot(page: Page, language: str, picture: Path) -> None:
    if page.get_attribute("html", "lang") != language:
        page.click("#language")
    page.wait_for_timeout(400)  # until it is drawn
    page.screenshot(path=str(picture))
    print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB", flush=True)


def _keep(browser: Browser, address: str, name: str) -> None:
    """A view at the moment its sign appears."""
    story, view, sign, languages = KEPT[name]
    page = _opened(browser, address)
    _start(page, story)
    page.click(f"#tabs [data-key={view}]")
    first = min(_moments(story))
    if first > SHORT_S:
        _pass(page, first, load(story).duration)
    page.wait_for_selector(sign)
    page.click("#pause")
    for language in languages:
        _shoot(page, language, DOCS / f"{name}{LANGUAGES[language]}.png")
    page.click("#reset")
    page.close()


def _moments(story: str) -> list[float]:
    """When its faults begin, s."""
    return [float(step.at) for step in load(story).drawn(1) if isinstance(step, Fault)]  # pyright: ignore[reportArgumentType]


def _look(page: Page, story: str, folder: Path) -> None:
    """Every view of a story shortly after its first alarm, or in the midst of what only resembles a fault."""
    _start(page, story)
    scenario, faults = load(story), _moments(story)
    first = min(faults or [float(step.at) for step in scenario.drawn(1)], default=0.0)  # pyright: ignore[reportArgumentType]
    _pass(page, first if faults else first + SEEN_S, scenario.duration)
    if faults:
        page.evaluate(FORWARD, None)
        _until(page, ALARMED, int(first))
    page.wait_for_timeout(AFTER_MS)
    page.evaluate("document.querySelector('#pause:enabled')?.click()")  # it may have come to its end meanwhile
    views = page.eval_on_selector_all("#tabs [data-key]", "all => all.map(one => one.dataset.key)") or ["works"]
    for view in views:
        if len(views) > 1:
            page.click(f"#tabs [data-key={view}]")
        for language, suffix in LANGUAGES.items():
            _shoot(page, language, folder / f"{story}_{view}{suffix}.png")
    page.click("#reset")


if __name__ == "__main__":
    main()
