"""A real browser on a served page: what it shows, asks for and complains of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from tests.test_browser import CHROMIUM, QUIET
from tests.testbed.page.visit import Served

SOUND = "--autoplay-policy=user-gesture-required"  # as a visitor's browser has it


class Seen:
    """One browser page, with everything it asked for and complained of."""

    def __init__(self, browser: Any, served: Served, query: str = "") -> None:
        self.served = served
        self.page = browser.new_page(viewport={"width": 1920, "height": 1080})
        self.page.set_default_timeout(240_000)
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.goto(served.address + query)
        self.page.wait_for_selector("#story")

    def play(self, story: str = "caster-sticker", speed: str = "max") -> None:
        self.page.select_option("#speed", speed)
        self.page.select_option("#story", story)
        self.page.click("#start")

    def end(self) -> None:
        self.page.wait_for_selector("#outcome")

    def text(self, where: str = "body") -> str:
        return self.page.inner_text(where)

    def until(self, holds: Callable[[], bool], most_s: float = 900.0) -> None:
        """Let the page live until something holds of the server, for so many s of wall time at most."""
        for _ in range(round(most_s / 0.1)):
            if holds():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"It never came about. The page says: {self.text('#phase')}; {self.complaints}")

    def hosts(self) -> set[str]:
        """Where everything came from that the page asked for."""
        return {url.split("/")[2] for url in self.asked if not url.startswith(("blob:", "data:"))}


@contextmanager
def browsers() -> Iterator[Any]:
    """A browser, for as many pages as wanted."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        yield play.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, SOUND, "--disable-renderer-backgrounding"])


@contextmanager
def one_visitor(served: Served) -> Iterator[tuple[ThreadPoolExecutor, Seen]]:
    """A page for many tests, and the thread in which it is looked at: a browser brings an event loop of its own."""
    with ThreadPoolExecutor(1, "browser") as thread, ExitStack() as opened:
        seen = thread.submit(lambda: Seen(opened.enter_context(browsers()), served)).result()
        try:
            yield thread, seen
        finally:
            thread.submit(opened.close).result()


@contextmanager
def visitor(served: Served, query: str = "") -> Iterator[Seen]:
    with browsers() as browser:
        yield Seen(browser, served, query)
