"""Names and texts that come as data are shown as text, whatever they hold: nothing of them is run or loaded."""

from __future__ import annotations

import pytest

from connectors.results import AlarmState, Event
from connectors.times import SECOND
from testbed.page.playing import Choice
from tests.testbed.page.browsing import visitor
from tests.testbed.page.visit import serving

pytestmark = pytest.mark.needs("chromium")

IMAGE = "<img src=x onerror=window.hacked=1>"
SCRIPT = "<script>window.hacked=2</script>"
CELL = "=HYPERLINK(\"javascript:window.hacked=3\",\"${window.hacked=4}\")"  # fmt: skip
SVG = "\"><svg onload=window.hacked=5>{{constructor.constructor('window.hacked=6')()}}"
# A plant whose tags, units, parts and faults have such names, and a story with such a title and text.
STORY = f"""
from dataclasses import dataclass, replace

from connectors.tags import Group
from testbed import Fault, Scenario
from testbed.testplant import TestPlant

NAMES = {[IMAGE, SCRIPT.replace("/", ""), CELL, SVG]!r}


def hostile(tag, i):
    return replace(tag, name=f"POH/HOT/HSM2/{{NAMES[i % 4]}}/{{NAMES[(i + 1) % 4]}}{{i}}", unit=NAMES[i % 4][:20])


class Hostile(TestPlant):
    KINDS = ("step", *NAMES)
    groups = tuple(
        Group(group.name, tuple(hostile(tag, 10 * n + i) for i, tag in enumerate(group.tags)), group.kind)
        for n, group in enumerate(TestPlant.groups)
    )
    noise = {{}}

    def inject(self, name, where, params, key):
        return replace(super().inject("step", "", params, key), name=name, where="POH/HOT/HSM2/" + NAMES[0])


@dataclass(frozen=True)
class Spec:
    def build(self, seed, start):
        return Hostile(seed, start)


scenario = Scenario(
    name="hostile", title=NAMES[0], story=NAMES[3], plant=Spec(), duration=5,
    steps=(Fault(at=1, name=NAMES[1]), Fault(at=4, name=NAMES[0])),
)
"""


def events(start: int) -> list[Event]:
    """Alarms of a model that says hostile things."""
    return [
        Event(time=start + i * SECOND, source=f"POH/HOT/HSM2/{text}", condition="machine", severity=900,
              change="active", state=AlarmState.UNACK, score=2.0, model=text, advice=text, label=text,
              evidence=((f"L/{text}", 0.5), (text, 0.2)))
        for i, text in enumerate((IMAGE, SCRIPT, CELL, SVG))
    ]  # fmt: skip


async def hear(stage) -> None:
    stage.show.alarms.take(events(stage.show.alarms.start), stage.show.rows)
    stage.changed()


def test_nothing_that_is_shown_is_ever_run(tmp_path, monkeypatch):
    monkeypatch.setenv("TESTBED_HOME", str(tmp_path / "home"))
    script = tmp_path / "hostile.py"
    script.write_text(STORY, "utf-8")
    with serving(tmp_path / "runs") as page, visitor(page) as seen:
        page.do(page.stage.start(Choice(str(script), 1, "max", "memory")))
        seen.until(lambda: page.stage.show is not None and page.stage.show.ended.is_set())
        assert page.stage.show is not None and page.stage.show.phase == "done", page.stage.show.why
        page.do(hear(page.stage))
        seen.until(lambda: seen.page.locator("#alarms tbody tr").count() == 4)
        for _ in range(2):
            seen.page.click("#language")
            for i in range(seen.page.locator("#tabs button").count()):
                seen.page.locator("#tabs button").nth(i).click()
            seen.page.click("[data-key=see1]")
            assert IMAGE in seen.text("#alert") and SCRIPT in seen.text("#alarms") and SVG in seen.text("#alarms")
        seen.page.locator("#tabs button").first.click()
        assert seen.page.locator(".trend").count() == 6 and CELL in seen.text("#plots")
        foreign = (
            "document.querySelectorAll('img[src=x], svg[onload], body script, [onerror], a[href^=javascript]').length"
        )
        assert seen.page.evaluate(foreign) == 0
        assert seen.page.evaluate("window.hacked") is None
        number = page.stage.show.number
        report = page.ask(path=f"/report/{number}/en")[2].decode()
        assert "<img src=x" not in report and "<script>window" not in report and "&lt;img src=x" in report
        seen.page.goto(f"{page.address}/report/{number}/en")
        assert seen.page.evaluate("window.hacked") is None
        assert [one for one in seen.complaints if "Content Security Policy" not in one or "sandbox" not in one] == []
        assert seen.hosts() == {f"127.0.0.1:{page.port}"}
        assert not [url for url in seen.asked if url.endswith("/x")]
