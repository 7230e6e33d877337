"""The live table shows lines with state and rate, models with score and latency, alarms with age."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from connectors.results import AlarmState, Event
from connectors.times import SECOND
from edge.runtime import Status
from testbed.live_table import LiveTable, view

NOW = 1_767_571_200 * SECOND
EVENT = Event(
    time=NOW - 90 * SECOND, source="L4/DRIVE", condition="process", severity=500, change="active",
    state=AlarmState.UNACK, score=3.25, model="mspc", evidence=(("L4/DRIVE/CURRENT", 2.5),),
)  # fmt: skip
STATUS = Status(
    present=NOW,
    sources=(
        {"url": "opc.tcp://plc:4840", "state": "lost", "since": "2026-01-05T00:00:00Z", "reason": "[Errno 111] gone",
         "tags": 8, "rate": 12.0, "received": 42, "malformed": 0, "reconnects": 3, "late": 1},
    ),
    models={
        "mspc": {"score": 3.25, "at": None, "scored": 7, "p50_ms": 0.5, "p99_ms": None, "dropped": 2, "blind_s": 1.5}
    },
    alarms=(EVENT,),
    silent=("drive",),
)  # fmt: skip


def shown() -> str:
    console = Console(file=io.StringIO(), width=140)
    console.print(view(STATUS))
    return console.file.getvalue()  # pyright: ignore


def test_a_lost_line_shows_its_reason_as_it_was_told():
    assert "opc.tcp://plc:4840  lost   00:00:00  12         42        1     3           [Errno 111] gone" in shown()


def test_models_and_alarms_show_score_latency_losses_and_age():
    lines = [line.split() for line in shown().splitlines()]
    assert ["mspc", "3.25", "0.50", "–", "7", "1.5", "2"] in lines
    assert ["process", "L4/DRIVE", "mspc", "3.25", "90"] in lines


def test_silent_groups_and_source_time_are_told():
    assert "Silent groups: drive" in shown()
    assert "Source time 2026-01-05T00:00:00Z" in shown()


def test_events_scroll_above_the_table():
    out = io.StringIO()
    with LiveTable(Console(file=out, width=140, force_terminal=False)) as table:
        table.telling.events([EVENT])
        table.telling.status(STATUS)
    assert "ALARM    process at L4/DRIVE, by mspc, score 3.25  (CURRENT 2.50)" in out.getvalue()


def test_what_is_published_shows_its_state_and_what_was_given_up():
    publish = {
        "url": "mqtt://b", "state": "lost", "reason": "[Errno 111] gone", "sent": 7, "waiting": 10, "dropped": 3,
        "spool": "s.db",
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=140)
    console.print(view(replace(STATUS, publish=publish, record_ended="the record ends here")))
    shown = console.file.getvalue()  # pyright: ignore
    assert "mqtt://b      lost   7     10       3         [Errno 111] gone" in shown
    assert "the record ends here" in shown
