"""The report is one page that needs nothing from outside, tells everything that matters, and never breaks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

import testbed
from connectors import texts
from connectors.places import Box
from connectors.results import AlarmState, Event
from connectors.tags import Group, Tag
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.genealogy import Coil, Lineage, Slab, Way
from testbed.plant import START
from testbed.report import report
from testbed.report.signals import Trace, thin
from testbed.running import Run
from testbed.scenario import Detect, Fault, Quiet, Scenario, SetPoint
from testbed.score import Facts, score
from testbed.testplant import TestPlantSpec

LEVEL = Tag(name="POH/CC1/LEVEL", unit="mm", rate_hz=1.0)
SPEED = Tag(name="POH/CC1/SPEED", unit="m/min", rate_hz=1.0)
MAIN = Group("main", (LEVEL, SPEED))


def ns(seconds: float) -> int:
    return START + round(seconds * SECOND)


def fault(name: str = "sticker", onset: float = 40, deadline: float = 80, **more: Any) -> Truth:
    fields = {"where": "POH/CC1", "detectable_from": ns(onset + 5), "expects": ("breakout",), **more}
    return Truth(name=name, onset=ns(onset), alert_deadline=ns(deadline), **fields)


def lookalike(name: str = "loose_thermocouple", onset: float = 10, cleared: float = 30) -> Truth:
    return Truth(
        name=name, kind="lookalike", where="POH/CC1/LEVEL", onset=ns(onset), alert_deadline=ns(cleared),
        cleared=ns(cleared), expects=("sensor",), forbids=("breakout",),
    )  # fmt: skip


def alarm(at: float, condition: str = "breakout", source: str = "POH/CC1", **more: Any) -> Event:
    fields = {"change": "active", "model": "mspc", "evidence": (("POH/CC1/LEVEL", 0.7),), "score": 1.5, **more}
    return Event(ns(at), source, condition, 500, state=AlarmState.UNACK, **fields)


def table(group: Group, duration: float = 120.0) -> pl.DataFrame:
    """A sine a tag, at the group's rate."""
    rate = group.tags[0].rate_hz or 1.0
    n = round(duration * rate)
    time = START + (np.arange(n) * (SECOND / rate)).astype(np.int64)
    wave = np.sin(np.arange(n) / 9.0)
    columns = {tag.name: wave * (i + 1) for i, tag in enumerate(group.tags)}
    return pl.DataFrame({"time": pl.Series(time).cast(pl.Datetime("ns", "UTC")), **columns})


def made(
    truths: Sequence[Truth] = (),
    events: Sequence[Event] = (),
    groups: tuple[Group, ...] = (MAIN,),
    duration: float = 120.0,
    is_simulated: bool = True,
    about: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    expect: Sequence[Detect | Quiet] = (),
) -> Run:
    """A run that never ran, scored all the same."""
    models = ["mspc", "rules"]
    head = {"scenario": "made-up", "seed": 1, "over": "memory", "speed": "max", "models": models, "state": "done"}
    facts = Facts(
        start=START, end=ns(duration), truths=truths, events=events, about=head, expect=expect,
        blind={"mspc": [(START, START + 39 * SECOND)], "rules": []}, is_simulated=is_simulated,
    )  # fmt: skip
    return Run(
        score={**score(facts), **(more or {})},
        events=list(events),
        truths=list(truths),
        about={**head, "model_files": [{"name": "rules", "kind": "rules"}], **(about or {})},
        groups=groups,
        start=START,
        folder=None,
        signals_of=lambda group: table(group, duration),
    )


class _Reader(HTMLParser):
    """What a reader sees: the texts of the page, without styles and hidden titles."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Elements that hold nothing need no end."""

    def handle_endtag(self, tag: str) -> None:
        assert self._tags.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._tags and self._tags[-1] not in ("style", "title"):
            self.texts.append(data)


def seen(page: str) -> str:
    """The page's text; fails where its elements do not nest."""
    reader = _Reader()
    reader.feed(page.removeprefix("<!DOCTYPE html>"))
    reader.close()
    assert not reader._tags
    return " ".join(" ".join(reader.texts).split())


def figures(page: str) -> list[ElementTree.Element]:
    """Every figure of the page, read as XML."""
    found = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    return [ElementTree.fromstring(text) for text in found]  # noqa: S314 - our own text


@pytest.fixture(scope="module")
def line() -> Run:
    """The test plant for half a minute: 10 Hz scalars, 1 kHz blocks, pictures, a fault and a set-point."""
    steps = (SetPoint(at=5, name="offset", value=2.0), Fault(at=12, name="step"))
    scenario = Scenario(name="line", plant=TestPlantSpec(), duration=30, steps=steps, models=("rules",))
    return testbed.run(scenario)


@pytest.fixture(scope="module")
def caster() -> Run:
    return testbed.run("caster-sticker", models=["rules"])


# -- the page itself -----------------------------------------------------------------------------------------


def test_the_page_needs_nothing_from_outside(line):
    page = report(line)
    assert page.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8"/>' in page
    for outside in ("http:", "https:", "<script", "<link", "<img", "src=", "href=", "url(", "@import", "<iframe"):
        assert outside not in page


def test_the_page_nests_and_its_figures_are_xml(line, caster):
    for run in (line, caster):
        page = report(run)
        seen(page)
        assert len(figures(page)) > 3


def test_names_from_outside_are_text_and_never_markup():
    evil = "<img src=x onerror=alert(1)>&\"'\x00"
    tag = Tag(name=f"L/{evil}", unit=evil, rate_hz=1.0)
    event = alarm(50, "process", f"L/{evil}", model=evil, evidence=((f"L/{evil}", 0.5),))
    run = made(
        [fault(evil, where=f"L/{evil}"), lookalike(evil)],
        [event, alarm(60)],
        (Group("main", (tag, LEVEL)),),
        about={
            "models": [evil],
            "model_files": [{"name": evil, "kind": evil, "card": {"licence": evil, "training": {evil: evil}}}],
            "steps": [{"time": ns(3), "kind": "setpoint", "name": evil, "where": evil, "details": {evil: evil}}],
            "versions": {evil: evil + "\ud800"},
        },
        more={"scenario": evil},
    )
    page = report(run)
    assert "<img" not in page
    assert "&lt;img" in page
    page.encode("utf-8")
    assert figures(page)
    seen(page)


def test_every_sentence_can_be_korean(monkeypatch):
    korean = {"simulated plant": "모의 플랜트", "found in time": "제때 발견", "{n} faults": "{n}"}
    monkeypatch.setattr(texts, "_table", korean)
    monkeypatch.setattr(texts, "_language", "ko")
    page = report(made([fault()], [alarm(60)]))
    assert '<html lang="ko">' in page
    assert "모의 플랜트" in page
    assert "제때 발견" in page
    assert "simulated plant<" not in page


def test_numbers_are_for_people(caster):
    assert not re.search(r"\d\.\d{7,}", seen(report(caster)))


# -- what it tells -------------------------------------------------------------------------------------------


def test_every_fault_false_alarm_lookalike_and_model_appears():
    truths = [fault(), fault("clogging", 90, 110), lookalike(), lookalike("ladle_change", 95, 100)]
    events = [alarm(60), alarm(100, "sensor", "POH/CC1/SPEED", model="rules"), alarm(20, source="POH/CC1/LEVEL")]
    words = seen(report(made(truths, events)))
    for name in ("sticker", "clogging", "loose thermocouple", "ladle change", "mspc", "rules"):
        assert name in words
    assert "20.0 s mspc breakout" in words
    assert "100.0 s rules sensor" in words
    assert "◆ loose thermocouple" in words


def test_a_fault_found_in_time_shows_its_lead():
    words = seen(report(made([fault()], [alarm(60), alarm(70)])))
    assert "Expectations met. 1 of 1 faults found in time" in words
    assert "Found by mspc at 60.0 s, 20 s after the onset and 20 s before the deadline." in words
    assert "sticker POH/ CC1 40.0 s 45.0 s 80.0 s 60.0 s 20 s 20 s mspc 1 ● found in time" in words


def test_a_fault_found_too_late_is_told_so():
    words = seen(report(made([fault(cleared=ns(110))], [alarm(90)], expect=(Detect("sticker"),))))
    assert "Expectations not met. 0 of 1 faults found in time" in words
    assert "◐ found too late" in words
    assert "but 10 s after the deadline" in words


def test_a_missed_fault_is_told_so():
    words = seen(report(made([fault()], [], expect=(Detect("sticker"),))))
    assert "○ missed" in words
    assert "No model found it. It could be seen from 45.0 s on" in words


def test_a_fault_that_nobody_could_see_in_time_is_listed_and_not_counted():
    words = seen(
        report(made([fault(), fault("creep", 20, 30, detectable_from=None, expects=("process",))], [alarm(60)]))
    )
    assert "1 of 1 faults found in time" in words
    assert "not detectable in time, not counted" in words
    assert "and 1 not detectable in time" in words


def test_a_defect_on_a_strip_gets_no_curves_of_tags():
    box = Box("C1", 1.0, 1.2, 100.0, 120.0)
    on_strip = fault("scratch", box=box, expects=("surface",))
    page = seen(report(made([on_strip, fault(onset=60, deadline=90)], [alarm(42, "surface", box=box), alarm(65)])))
    assert page.count("after the onset and") == 1
    assert "Further faults, in the table only" not in page


def test_tags_of_one_name_are_told_apart_by_the_level_above():
    tags = tuple(Tag(name=f"L/{unit}/H", unit="mm", rate_hz=1.0) for unit in ("F5", "F6"))
    page = seen(report(made(groups=(Group("main", (*tags, LEVEL)),))))
    assert "F5/H" in page
    assert "F6/H" in page
    assert "CC1/LEVEL" not in page


def test_many_lookalikes_share_a_row_by_name():
    few = report(made([lookalike(onset=10 + i, cleared=20 + i) for i in range(12)]))
    assert seen(few).count("loose thermocouple") > 12  # a row each, beside their bars
    truths = [lookalike(onset=10 + i, cleared=20 + i) for i in range(13)]
    page = report(made([*truths, lookalike("speed_change", 50, 60)], [alarm(11, source="POH/CC1/LEVEL")]))
    table = page[page.index("<h3>Look-alikes</h3>") :].split("</table>")[0]
    assert seen(table + "</table>").endswith("loose thermocouple 13 ▲ 1 0 / 13 1 speed change 1 0 0 / 1 0")


def test_markers_tell_by_shape_what_an_alarm_was():
    events = [
        alarm(15, "sensor", "POH/CC1/LEVEL"),
        alarm(20, source="POH/CC1/LEVEL"),
        alarm(60),
        alarm(65),
        alarm(100, "process"),
    ]
    page = report(made([fault(cleared=ns(90)), lookalike()], events))
    for kind in ("known", "forbidden", "found", "repeat", "false"):
        assert f'class="m {kind}"' in page
    shapes = [re.search(f'd="([^"]+)"[^>]*class="m {kind}"', page) for kind in ("found", "false", "forbidden", "known")]
    assert len({shape[1] for shape in shapes if shape}) == 4


def test_an_alarm_lasts_until_it_returns():
    events = [alarm(20, "process"), alarm(50, "process", change="returned", evidence=())]
    bars = [e for e in figures(report(made([], events)))[0].iter("rect") if e.get("class") == "active"]
    assert len(bars) == 1
    assert float(bars[0].attrib["width"]) == pytest.approx(694 * 30 / 120, abs=1)


def test_steps_expectations_and_blind_time_are_told():
    steps = [
        {"time": ns(12), "kind": "fault", "name": "sticker", "where": "POH", "details": {"rise_K": 18.8123456789}},
        {"time": ns(50), "kind": "response", "name": "slow_down", "where": "POH", "details": {"value": 0.2}},
    ]
    expect = [{"kind": "Detect", "name": "sticker"}, {"kind": "Quiet", "false_alarms_per_24h": 1}]
    words = seen(report(made([fault()], [], about={"steps": steps, "expect": expect})))
    assert "rise_K = 18.8" in words
    assert "slow down → 0.2" in words
    assert "every sticker found before its deadline; at most 1 false alarms per 24 h" in words
    assert "blind 39 s (32 %)" in words


def test_a_model_card_tells_what_the_model_reads_and_where_it_comes_from():
    card = {
        "condition": "process",
        "inputs": [
            {"kind": "window", "channels": ["*/TC_{1..3}_{1..4}"], "rate_hz": 2.0, "length": 60, "stride_s": 1.0}
        ],
        "threshold": 2.8344972974467746,
        "alarm": {"k": 3, "n": 5, "on_delay_s": 2.0},
        "calibration": {"normal_hours": 111.456, "budget": "1/1000h", "method": "gumbel"},
        "training": {"data": "scenario:caster-quiet", "seeds": "10000-10079"},
        "licence": "Apache-2.0",
        "origin": "trained on data simulated by testbed",
    }
    about = {"name": "mspc", "kind": "mspc", "sha256": "ab" * 32, "providers": ["CPUExecutionProvider"], "card": card}
    words = seen(report(made(about={"model_files": [about]})))
    for part in (
        "12 channels at 2 Hz, a window of 60 samples (30 s), every 1 s", "(2.83 in the model's own measure)",
        "active when 3 of the last 5 scores reach it, for at least 2 s", "111 h of normal data", "budget 1/1000h",
        "scenario:caster-quiet", "Apache-2.0", "abababababab…", "CPUExecutionProvider",
    ):  # fmt: skip
        assert part in words


def test_a_run_that_lost_samples_has_no_digest_and_says_why():
    run = made([fault()], [alarm(60)])
    run.score |= {"digest": None, "met": False}
    run.score["samples"] |= {"lost": 3}
    words = seen(report(run))
    assert "samples lost: 3, late: 0" in words
    assert "No digest, for samples were lost (3) or late (0)" in words


# -- signals -------------------------------------------------------------------------------------------------


def test_evidence_of_the_alarm_is_looked_at_closely():
    words = seen(report(made([fault()], [alarm(60, evidence=(("POH/CC1/SPEED", 0.7),))])))
    assert "SPEED [m/min] evidence 1 of its alarm" in words
    assert "Close look" not in words


def test_a_wall_of_sensors_is_shown_row_by_row_around_the_column_that_alarmed(caster):
    truth = next(t for t in caster.truths if t.is_fault)
    source = f"{truth.where}/TC_FF_2_6"
    event = Event(
        truth.alert_deadline - 5 * SECOND, source, "breakout", 900, "active", AlarmState.UNACK, 1.4, "sticker",
        ((source, 0.6),),
    )  # fmt: skip
    run = Run(caster.score, [event], caster.truths, caster.about, caster.groups, caster.start, None, caster.signals_of)
    words = seen(report(run))
    assert "TC_FF column 4 row 1 row 2 row 3 column 5" in words
    assert "column 8" in words
    assert "column 9" not in words


def test_two_hours_of_vibration_stay_a_small_page():
    tags = tuple(Tag(name=f"POH/FAN/VIB_{i}", unit="mm/s", rate_hz=1000.0, group="vibration") for i in range(2))
    group = Group("vibration", tags, "blocks")
    run = made([fault(onset=3000, deadline=5000)], [alarm(4000)], (group,), duration=7200.0)
    frame = table(group, 7200.0)
    run.signals_of = lambda group: frame
    assert len(report(run).encode()) < 300_000


def test_thinning_keeps_every_spike():
    value = np.zeros(100_000)
    value[54_321] = 9.0
    time, thinned = thin(Trace(LEVEL, np.arange(100_000) / 1000.0, value))
    assert len(time) <= 1200
    assert thinned.max() == 9.0
    assert time[thinned.argmax()] == pytest.approx(54.321, abs=0.2)


def test_a_curve_breaks_where_samples_are_bad_or_missing():
    time = np.array([0.0, 1, 2, 3, 20, 21])
    value = np.array([1.0, 1, np.nan, 1, 1, 1])
    _, drawn = thin(Trace(LEVEL, time, value))
    assert np.isnan(drawn).tolist() == [False, False, True, False, True, False, False]


def test_a_run_without_signals_says_so():
    run = made([fault()], [alarm(60)])
    run.signals_of = lambda group: pl.DataFrame({"time": pl.Series([], dtype=pl.Datetime("ns", "UTC"))})
    assert "No signals were recorded in this run." in seen(report(run))

    def nothing(group: Group) -> Any:
        raise ValueError("need at least one array to concatenate")

    run.signals_of = nothing
    assert "No signals were recorded in this run." in seen(report(run))


def test_a_tag_without_a_good_sample_is_drawn_empty():
    run = made([], [alarm(50, "process", "POH/CC1/LEVEL")])
    run.signals_of = lambda group: table(group).with_columns(pl.lit(None, pl.Float64).alias("POH/CC1/LEVEL"))
    assert "no good sample" in seen(report(run))


# -- other runs ----------------------------------------------------------------------------------------------


def test_a_killed_run_and_an_empty_one_still_give_a_page():
    words = seen(report(made([fault()], [alarm(60)], more={"state": "running"})))
    assert "this run did not end by itself" in words
    assert "Unfinished." in words
    assert "No fault happened in this run." in seen(report(made(groups=(), duration=0.0)))
    assert seen(report(Run({**made().score}, [], [], {}, (), START, None, lambda group: None)))


def test_a_label_outside_the_data_breaks_nothing():
    truths = [
        fault(onset=500, deadline=600),
        fault("stop", 60, 60, kind="stop", detectable_from=ns(60), cleared=ns(70)),
    ]
    words = seen(report(made(truths, [alarm(50)], is_simulated=False, more={"rows": []})))
    assert "stop" in words
    assert "Further faults, in the table only: 1." in words


def rival(model: str, f1: float, far: float) -> dict[str, Any]:
    return {
        "model": model, "found": 1, "faults": 1, "delay_p50_s": 20.0, "false_alarms": 1, "f1": f1, "far": far,
        "mar": 0.2, "scored": 120,
    }  # fmt: skip


def test_a_replay_shows_the_models_beside_the_rival_that_always_alarms():
    rows = [rival("mspc", 0.514, 0.069), rival("always-alarm", 0.699, 1.0)]
    more = {"rows": rows, "zone": "Asia/Seoul", "dropped": ["changepoint"], "notes": {"reordered": 7, "doubled": 0}}
    words = seen(report(made([fault()], [alarm(60)], is_simulated=False, more=more)))
    assert "measured data, replayed" in words
    assert "mspc 1 / 1 20 s 1 0.514 0.069 0.200" in words
    assert "By F1 alone, no model beats always-alarm (0.699) here." in words
    assert "columns left out changepoint" in words
    assert "rows put in order 7" in words
    assert "60.0 s 09:01:00" in words  # time of day in the data's zone
    assert "simulated" not in words


def test_a_replay_without_truth_calls_no_alarm_false():
    words = seen(report(made([], [alarm(60, "process")], is_simulated=False, more={"rows": []})))
    assert "false alarms:" not in words.lower()
    assert "none of which can be judged without a truth" in words
    assert "60.0 s 00:01:00 mspc process" in words


def test_months_of_data_with_many_faults_stay_readable():
    truths = [fault(f"stop {i}", 8000 * i, 8000 * i + 600, cleared=ns(8000 * i + 600)) for i in range(300)]
    events = [alarm(1000 * i) for i in range(2400)]
    page = report(made(truths, events, duration=2_400_000.0, is_simulated=False, more={"rows": []}))
    assert len(page.encode()) < 1_500_000
    assert "27.8 d of source time" in seen(page)
    assert "Further rows, in the record of the run only: 240." in seen(page)


def test_a_defect_is_traced_back_to_the_second_in_which_it_was_cast():
    strand = Way.of(np.arange(0, 600) * SECOND + START, np.full(600, 0.02))
    slab = Slab("S2", "H1", 1.0, 9.0, 250.0, 1500.0)
    lineage = Lineage(strand, (slab,), (Coil("C7", slab, (2.3,), 1250.0),))
    sliver = fault("sliver", expects=("surface",), box=Box("C7", 258.0, 258.6, 800.0, 840.0))
    other = fault("sliver", expects=("surface",), box=Box("C8", 258.0, 258.6, 800.0, 840.0))
    page = report(made([sliver, other], about={"genealogy": lineage.plain()}))
    section = page.split("Where it comes from")[1].split("</section>")[0]
    assert section.count("<tr>") == 2  # its head and one defect: the other coil is of no slab of this strand
    assert all(f">{text}<" in section for text in ("C7", "258.3", "820", "S2", "2.00", "H1", "150.0 s"))
    assert "Where it comes from" not in report(made([sliver]))


def test_the_head_tells_title_and_story():
    page = report(made(about={"title": "One blocked nozzle", "story": "A few nozzles fill up."}))
    assert "<h1>One blocked nozzle<small> made-up</small></h1>" in page
    assert '<p class="story">A few nozzles fill up.</p>' in page
    assert 'class="story"' not in report(made())
