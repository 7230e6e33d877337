"""What the live page costs and how late it is: a story at its own speed without a page, and with browsers on it.

`server_core_share` is the processor time of the serving process over that of the same run without a page, as a share of
one core; `value_to_pixel_p95_ms` runs from a row's completion on the server to the frame in which a browser has drawn
it; `rss_growth_mb` is the growth of the serving process over the time measured. Browsers share the machine's cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil

STORY = "caster-sticker"
WARM_S = 12.0  # wall time before anything is counted: the run starts, browsers load
PORT = 8790


def measured(command: list[str], seconds: float, browsers: int) -> tuple[float, float, list[float]]:
    """Core share, growth in MB, and lateness in ms of what was drawn."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        watched = psutil.Process(process.pid)
        if not browsers:
            time.sleep(WARM_S)
            share, growth = over(watched, seconds)
            return share, growth, []
        return visited(watched, seconds, browsers)
    finally:
        process.terminate()
        process.wait(60)


def over(process: psutil.Process, seconds: float) -> tuple[float, float]:
    """Core share and growth in MB of a process over some seconds."""
    times, memory, began = process.cpu_times(), process.memory_info().rss, time.perf_counter()
    time.sleep(seconds)
    used = process.cpu_times()
    share = (used.user + used.system - times.user - times.system) / (time.perf_counter() - began)
    return share, (process.memory_info().rss - memory) / 2**20


def visited(process: psutil.Process, seconds: float, browsers: int) -> tuple[float, float, list[float]]:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-renderer-backgrounding", "--disable-background-networking"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        pages = [browser.new_page(viewport={"width": 1920, "height": 1080}) for _ in range(browsers)]
        for page in pages:
            came_in(page)
        for page in pages[1:]:
            page.click("#tabs button:nth-child(2)")  # the mould: 84 cells
        time.sleep(WARM_S)
        for page in pages:
            page.evaluate("window.__stats.late.length = 0")
        share, growth = over(process, seconds)
        late = [value for page in pages for value in page.evaluate("window.__stats.late")]
        browser.close()
    return share, growth, late


def came_in(page) -> None:
    """Load the page as soon as it is served."""
    for _ in range(240):
        try:
            page.goto(f"http://127.0.0.1:{PORT}/?stats")
            page.wait_for_selector("#tabs button:nth-child(2)", timeout=120_000)
            return
        except Exception:
            time.sleep(0.5)
    raise SystemExit("The page did not open.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--browsers", type=int, default=3)
    asked = parser.parse_args()
    own = [sys.executable, "-m", "testbed"]
    with tempfile.TemporaryDirectory() as folder:
        more = ["--speed", "real", "--over", "memory"]
        alone, _, _ = measured([*own, "run", STORY, *more, "--out", str(Path(folder) / "alone")], asked.seconds, 0)
        page = [
            *own,
            "demo",
            "--story",
            STORY,
            *more,
            "--no-browser",
            "--port",
            str(PORT),
            "--out",
            str(Path(folder) / "p"),
        ]
        share, growth, late = measured(page, asked.seconds, asked.browsers)
    result = {
        "server_core_share": round(share - alone, 4),
        "value_to_pixel_p95_ms": round(float(np.percentile(late, 95)), 1),
        "value_to_pixel_p50_ms": round(float(np.percentile(late, 50)), 1),
        "rss_growth_mb": round(growth, 1),
        "browsers": asked.browsers,
        "frames_s": round(len(late) / asked.browsers / asked.seconds, 1),
        "alone_core_share": round(alone, 4),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
