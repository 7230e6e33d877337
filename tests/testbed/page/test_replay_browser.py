"""The replay in a real browser: opened, scrubbed by keys, played, looked at closely, taken along; Korean first."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

import testbed
from tests.test_browser import CHROMIUM, QUIET
from tests.testbed.page.coil import coil_record
from tests.testbed.page.test_page_browser import AXE, SIZES
from tests.testbed.page.visit import serving

NAME, COIL = "caster-sticker-1-1", "strip-surface-1-1"
DRAWN = """one => { const {data} = one.getContext('2d').getImageData(0, 0, one.width, one.height);
  return data.some((value, i) => i % 4 === 0 && value > 190); }"""

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    home = tmp_path_factory.mktemp("page")
    testbed.run("caster-sticker", seed=1, out=home / "runs" / NAME)
    coil_record(home / "runs" / COIL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTBED_HOME", str(home / "home"))
        with serving(home / "runs") as page:
            yield page


class Seen:
    """The replay as somebody has it before them."""

    def __init__(self, browser, served, record=NAME) -> None:
        self.page = browser.new_page(viewport={"width": 1920, "height": 1080})
        self.page.set_default_timeout(120_000)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{served.address}/replay.html?stats#folder={record}")
        self.loaded()

    def text(self, where="body") -> str:
        return self.page.inner_text(where)

    @property
    def now(self) -> float:
        return float(self.page.input_value("#scrub"))

    def loaded(self) -> None:
        self.page.wait_for_selector("#curves[aria-busy=false] canvas")

    def at(self, told: str | re.Pattern[str]) -> None:
        self.page.locator("#now", has_text=told).wait_for()

    def rows(self, press: str) -> list[dict[str, str]]:
        """The CSV that a button gives."""
        with self.page.expect_download() as download:
            self.page.click(press)
        with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))


@contextmanager
def visitor(served, record=NAME) -> Iterator[Seen]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        yield Seen(play.chromium.launch(executable_path=CHROMIUM, args=QUIET), served, record)


def test_a_record_says_what_happened_and_what_was_found_in_both_languages(served):
    with visitor(served) as seen:
        assert seen.page.evaluate("document.documentElement.lang") == "ko"
        assert "1 / 1 제때 발견" in seen.text("#outcome") and "13.8 s" in seen.text("#outcome")
        assert "구속성 브레이크아웃" in seen.text("#found") and "20.2 s" in seen.text("#found")
        assert "구속성 브레이크아웃" in seen.text("#card") and seen.now == pytest.approx(91.0)
        seen.page.click("#language")
        assert "1 / 1 found in time" in seen.text("#outcome") and "Simulated" in seen.text("header")
        written = seen.text("#found") + seen.text("#card") + seen.text("#transport")
        assert not [letter for letter in written if "가" <= letter <= "힣"]
        assert {url.split("/")[2] for url in seen.asked if url.startswith("http")} == {f"127.0.0.1:{served.port}"}
        assert seen.complaints == []


def test_keys_alone_scrub_leap_zoom_and_play(served):
    with visitor(served) as seen:
        page = seen.page
        page.focus("#scrub")
        page.keyboard.press("Home")
        seen.at("0:00.0 /")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        seen.at("0:11.0 /")
        page.keyboard.press("PageDown")
        seen.at("0:37.9 /")  # the loose thermocouple begins
        assert "열전대 접촉불량" in seen.text("#card")
        page.keyboard.press("PageDown")
        page.keyboard.press("PageDown")
        seen.at("1:15.0 /")  # and is found, after the sticker began
        page.keyboard.press("End")
        seen.at("3:00.0 /")
        page.focus("#play")
        page.keyboard.press("Enter")  # from its beginning
        seen.at(re.compile(r"^0:0[1-9]"))
        page.keyboard.press("Enter")
        page.locator("#play", has_text="재생").wait_for()
        assert any(stands_still(seen) for _ in range(100))


def stands_still(seen: Seen) -> bool:
    """Whether a third of a second moves nothing; the last step may still be on its way when the button says so."""
    before = seen.now
    seen.page.wait_for_timeout(300)
    return seen.now == before


def test_a_look_closer_fetches_every_sample_and_is_taken_along(served):
    with visitor(served) as seen:
        page = seen.page
        page.select_option("#speed", "0.5")
        coarse = seen.rows("#take_csv")
        page.click("[data-key^='truth70.8']")
        page.focus("#play")
        for _ in range(9):
            page.keyboard.press("+")
        rows = seen.rows("#take_csv")
        times = [float(row["s"]) for row in rows]
        assert len(coarse) > 1000 and times[0] > 85 and times[-1] < 97
        column = next(name for name in rows[0] if name.startswith("POH/STEEL/CC1/S1.MOLD/TC_FF_1_6"))
        assert "°C" in column and any(row[column] for row in rows)
        assert rows[0]["time"].startswith("2026-01-05T00:01:2")
        with page.expect_download() as download:
            page.click("#take_png")
        with open(download.value.path(), "rb") as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_a_record_is_taken_along_and_what_is_missing_names_its_command(served):
    with visitor(served) as seen:
        seen.page.click("#export summary")
        with seen.page.expect_download() as download:
            seen.page.click("#forms a[href*='/export/parquet']")
        with zipfile.ZipFile(download.value.path()) as archive:
            assert {"events.parquet", "truth.parquet", "tags.parquet"} <= set(archive.namelist())
        assert 'pip install "steel-testbed[rerun]"' in seen.text("#forms") or "RRD" in seen.text("#forms a")


def test_a_strip_is_scrubbed_by_the_metre_and_shows_what_the_camera_saw(served):
    with visitor(served, COIL) as seen:
        page = seen.page
        page.click("#by_metre")
        page.fill("#metre", "40")
        page.press("#metre", "Enter")
        page.focus("#by_metre")
        here = seen.now
        assert 4.0 < here < 6.0  # at 8 m/s
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#scrub[aria-valuetext^='41.']")
        assert seen.now > here
        page.wait_for_selector("#card img")
        assert page.evaluate("document.querySelector('#card img').decode().then(() => true)")
        assert (
            "2 / 3" in seen.text("#outcome")
            and "오경보: 1" in seen.text("#found")
            and "스케일흠" in seen.text("#found")
        )
        assert page.eval_on_selector("#coil canvas", DRAWN)


def test_wheel_drag_and_fingers_look_closer(served):
    with visitor(served) as seen:
        page = seen.page
        box = page.locator("#curves canvas").first.bounding_box()
        assert box is not None
        middle, high = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2

        def shown() -> float:
            times = [float(row["s"]) for row in seen.rows("#take_csv")]
            return times[-1] - times[0]

        page.mouse.move(middle, high)
        page.mouse.wheel(0, -600)
        closer = shown()
        assert closer < 120
        page.mouse.move(middle - 150, high)
        page.mouse.down()
        page.mouse.move(middle + 150, high, steps=4)
        page.mouse.up()
        assert shown() < 0.5 * closer
        page.click("#whole")
        page.evaluate("""([x, y]) => {
          const canvas = document.querySelector('#curves canvas'), box = canvas.getBoundingClientRect();
          canvas.setPointerCapture = () => {};
          const send = (kind, pointerId, at) => canvas.dispatchEvent(new PointerEvent(kind,
            {pointerId, pointerType: 'touch', bubbles: true, clientX: at, clientY: y}));
          send('pointerdown', 5, x - 50); send('pointerdown', 6, x + 50);
          send('pointermove', 5, x - 200); send('pointermove', 6, x + 200);
          send('pointerup', 5, x - 200); send('pointerup', 6, x + 200);
        }""", [middle, high])  # fmt: skip
        assert 30 < shown() < 60  # a quarter of three minutes


@pytest.mark.needs("node")
def test_axe_finds_nothing_serious_and_nothing_sticks_out(served):
    with visitor(served) as seen:
        seen.page.evaluate(AXE.read_text("utf-8"))
        found = {}
        for width, height in SIZES:
            seen.page.set_viewport_size({"width": width, "height": height})
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
            for where in ("#scrub", "#lanes", "#play", "#language", "#found"):
                box = seen.page.locator(where).bounding_box()
                assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width + 1, (where, width)
        found["sticker"] = _faults(seen.page)
        seen.page.click("#export summary")
        found["export"] = _faults(seen.page)
        seen.page.click("#export summary")
        labels = seen.page.locator("#record option").all_inner_texts()
        seen.page.select_option("#record", label=next(one for one in labels if COIL in one))
        seen.page.wait_for_selector("#card img")
        found["strip"] = _faults(seen.page)
    assert not any(found.values()), json.dumps(found, ensure_ascii=False, indent=1)


def _faults(page) -> list[str]:
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {node['html'][:120]}"
        for one in result["violations"] if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]  # fmt: skip
