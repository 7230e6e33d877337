"""What the live page costs and how late it is: a story at its own speed without a page, and with browsers on it.

`server_core_share` is the processor time of the serving process over that of the same run without a page, as a share of
one core; `value_to_pixel_p95_ms` runs from a row's completion on the server to the frame in which a browser has drawn
it; `rss_growth_mb` is the growth of the serving process over the time measured. Browsers share the machine's cores.

`--minutes 30` plays the story again and again that long, all browsers on the busiest view, and writes a row a minute:
memory of the server, heap, elements and listeners of the browsers. `--frames` counts the frames of one browser on each
view and the script in them. `--start` measures from `testbed demo` to a picture that moves. `load` is the machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil

STORY = "caster-sticker"
TRENDS = 12
WARM_S = 12.0  # wall time before anything is counted: the run starts, browsers load
PORT = 8790
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-renderer-backgrounding", "--disable-background-networking"]
OWN = [sys.executable, "-m", "testbed"]
# Script in the callbacks of each frame, and when frames came; before any script of the page.
PROBE = """(() => {
    const ask = requestAnimationFrame.bind(window), told = window.__frames = {at: [], script: new Map()};
    window.requestAnimationFrame = then => ask(time => {
        const began = performance.now();
        then(time);
        told.script.set(time, (told.script.get(time) ?? 0) + performance.now() - began);
    });
    const count = time => { told.at.push(time); ask(count); };
    ask(count);
})()"""
MOVES = """async () => {
    const canvas = () => document.querySelector('#mimic canvas')?.toDataURL();
    while (!document.querySelector('#mimic svg g')) await new Promise(requestAnimationFrame);
    const first = canvas();
    while (canvas() === first) await new Promise(requestAnimationFrame);
}"""


def measured(command: list[str], seconds: float, browsers: int) -> tuple[float, float, list[float]]:
    """Core share, growth in MB, and lateness in ms of what was drawn."""
    with running(command) as process:
        if not browsers:
            time.sleep(WARM_S)
            return *over(process, seconds), []
        with visitors(browsers) as pages:
            for page in pages[1:]:
                page.click("#tabs [data-key=mould]")  # 84 cells
            time.sleep(WARM_S)
            for page in pages:
                page.evaluate("window.__stats.late.length = 0")
            share, growth = over(process, seconds)
            return share, growth, [value for page in pages for value in page.evaluate("window.__stats.late")]


@contextmanager
def running(command: list[str]) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
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


@contextmanager
def chromium() -> Iterator[Any]:
    from shutil import which

    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def visitors(n: int, probe: str = "") -> Iterator[list[Any]]:
    """Pages that show the line with TRENDS trends."""
    with chromium() as browser:
        pages = [browser.new_page(viewport={"width": 1920, "height": 1080}) for _ in range(n)]
        for page in pages:
            if probe:
                page.add_init_script(probe)
            came_in(page)
            shown = page.locator(".trend").count()
            names = page.eval_on_selector_all("#tag-names option", "all => all.map(one => one.value)")
            for name in names[-(TRENDS - shown) :]:
                page.fill("#add", name)
                page.dispatch_event("#add", "change")
        yield pages


def came_in(page: Any) -> None:
    """Load the page as soon as it is served."""
    for _ in range(240):
        try:
            page.goto(f"http://127.0.0.1:{PORT}/?stats")
            page.wait_for_selector("#tabs [data-key=mould]", timeout=120_000)
            return
        except Exception:
            time.sleep(0.5)
    raise SystemExit("The page did not open.")


def demo(folder: Path) -> list[str]:
    more = ["--speed", "real", "--over", "memory", "--no-browser", "--port", str(PORT)]
    return [*OWN, "demo", "--story", STORY, *more, "--out", str(folder / "page")]


def cost(folder: Path, seconds: float, browsers: int) -> dict[str, Any]:
    command = [*OWN, "run", STORY, "--speed", "real", "--over", "memory", "--out", str(folder / "alone")]
    alone, _, _ = measured(command, seconds, 0)
    share, growth, late = measured(demo(folder), seconds, browsers)
    return {
        "server_core_share": round(share - alone, 4),
        "value_to_pixel_p95_ms": round(float(np.percentile(late, 95)), 1),
        "value_to_pixel_p50_ms": round(float(np.percentile(late, 50)), 1),
        "rss_growth_mb": round(growth, 1),
        "browsers": browsers,
        "frames_s": round(len(late) / browsers / seconds, 1),
        "alone_core_share": round(alone, 4),
    }


def long(folder: Path, minutes: int, browsers: int) -> dict[str, Any]:
    """A row a minute, and how much more there is at the end than at half-time."""
    rows: list[dict[str, float]] = []
    with running(demo(folder)) as process, visitors(browsers) as pages:
        for page in pages[1:]:
            page.click("#tabs [data-key=mould]")
        tools = [page.context.new_cdp_session(page) for page in pages]
        for tool in tools:
            tool.send("Performance.enable")
        began = time.perf_counter()
        for minute in range(1, minutes + 1):
            while time.perf_counter() < began + 60 * minute:
                pages[0].wait_for_timeout(1_000)
                if pages[0].locator("#outcome").count():
                    pages[0].click("#start")  # at its end: once more
                    pages[0].wait_for_selector("#outcome", state="detached")
            rows.append({"minute": minute, **held(process, tools)})
            print(" ".join(f"{name} {value:g}" for name, value in rows[-1].items()), file=sys.stderr, flush=True)
    first, last = rows[(len(rows) - 1) // 2], rows[-1]
    growth = {f"{name}_growth": round(last[name] - first[name], 2) for name in first if name not in ("minute", "load")}
    return {"minutes": minutes, "browsers": browsers, "from_minute": first["minute"], **growth, "rows": rows}


def held(process: psutil.Process, tools: list[Any]) -> dict[str, float]:
    """What server and browsers hold, rubbish collected: MB, and counts of all browsers together."""
    told = []
    for tool in tools:
        tool.send("HeapProfiler.collectGarbage")
        told.append({one["name"]: one["value"] for one in tool.send("Performance.getMetrics")["metrics"]})
    total = {name: sum(one[name] for one in told) for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}
    return {
        "server_mb": round(process.memory_info().rss / 2**20, 1),
        "threads": process.num_threads(),
        "heap_mb": round(total["JSHeapUsedSize"] / 2**20, 2),
        "elements": total["Nodes"],
        "listeners": total["JSEventListeners"],
        "load": round(os.getloadavg()[0], 1),
    }


def frames(folder: Path, seconds: float) -> dict[str, Any]:
    """Frames a second and ms of script in a frame, of one browser on each view of the story."""
    found: dict[str, Any] = {}
    with running(demo(folder)), visitors(1, PROBE) as (page,):
        tool = page.context.new_cdp_session(page)
        tool.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time: what others do does not count
        time.sleep(WARM_S)
        for view in page.eval_on_selector_all("#tabs [data-key]", "all => all.map(one => one.dataset.key)"):
            page.click(f"#tabs [data-key={view}]")
            page.wait_for_timeout(1_000)
            page.evaluate("__frames.at.length = 0; __frames.script.clear()")
            before = spent(tool)
            page.wait_for_timeout(seconds * 1_000)
            after = spent(tool)
            at, script = page.evaluate("[__frames.at, [...__frames.script.values()]]")
            gaps = np.diff(at)
            found[view] = {
                "frames_s": round(1_000 / float(gaps.mean()), 1), "long_frames": int((gaps > 50).sum()),
                "frames": len(at), "script_p50_ms": round(float(np.percentile(script, 50)), 2),
                "script_p95_ms": round(float(np.percentile(script, 95)), 2), "drawn": len(script),
                **{f"{name}_cpu_ms": round((after[name] - before[name]) * 1_000 / len(at), 2) for name in after},
            }  # fmt: skip
    return found


def spent(tool: Any) -> dict[str, float]:
    """Processor time of the page's own thread so far, s: in scripts, and in all it does."""
    told = {one["name"]: one["value"] for one in tool.send("Performance.getMetrics")["metrics"]}
    return {"script": told["ScriptDuration"], "all": told["TaskDuration"]}


def start(folder: Path) -> dict[str, Any]:
    """Seconds from the command at a terminal to its address, to the page, and to a picture that moves."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        terminal, end = pty.openpty()
        command = [*OWN, "demo", "--no-browser", "--port", str(PORT)]
        environment = {**os.environ, "TESTBED_HOME": str(folder)}
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=end, stderr=end, cwd=folder, env=environment)
        try:
            said = ""
            while f":{PORT}/" not in said:
                said += os.read(terminal, 4_096).decode()
            address = time.perf_counter() - began
            page.goto(f"http://127.0.0.1:{PORT}/")
            page.wait_for_selector("#story")
            opened = time.perf_counter() - began
            page.evaluate(MOVES)
            moves = time.perf_counter() - began
            used = psutil.Process(process.pid).cpu_times()
        finally:
            process.terminate()
            process.wait(60)
    return {"address_s": round(address, 1), "page_s": round(opened, 1), "moves_s": round(moves, 1),
            "server_cpu_s": round(used.user + used.system, 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--browsers", type=int, default=3)
    parser.add_argument("--minutes", type=int, help="play the story again and again, and write what is held")
    parser.add_argument("--frames", action="store_true", help="frames a second of one browser, and script in them")
    parser.add_argument("--start", action="store_true", help="from the command to a picture that moves")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        if asked.minutes:
            result = long(folder, asked.minutes, asked.browsers)
        elif asked.frames:
            result = frames(folder, asked.seconds)
        elif asked.start:
            result = start(folder)
        else:
            result = cost(folder, asked.seconds, asked.browsers)
    print(json.dumps({**result, "load": round(os.getloadavg()[0], 1)}))


if __name__ == "__main__":
    main()
