"""What a page is told of the stage: the stories there are, what a run has, and the state as it stands."""

from __future__ import annotations

from typing import Any

from connectors.times import SECOND
from testbed.page import line, speech
from testbed.page.highlights import highlight
from testbed.page.injecting import offered
from testbed.page.playing import IDLE, RUNNING, STARTING, Show
from testbed.page.sofar import so_far
from testbed.page.stage import Stage
from testbed.running import Run


def stories(stage: Stage) -> list[dict[str, Any]]:
    """The stories there are, for a presenter to choose from."""
    told = []
    for s in stage.scenarios.values():
        high = highlight(s, stage.choice.seed)
        told.append(
            {"name": s.name, "title": speech.words(s.title or s.name), "begin": high.begin, "fit": high.speed,
             "story": speech.words(s.story) if s.story else None, "duration_s": s.duration, "slow": s.slow}
        )  # fmt: skip
    return told


def run_plain(stage: Stage) -> dict[str, Any] | None:
    """What does not change while a run goes on; None while nothing is known of it."""
    show = stage.show
    if show is None or show.rows is None or show.engine is None:
        return None
    engine = show.engine
    steps = [
        {"at": float(step.at), "kind": type(step).__name__, "what": speech.called(step.name)}  # pyright: ignore[reportArgumentType]
        for step in show.scenario.drawn(show.choice.seed)
    ]
    return {
        "number": show.number,
        "start_ms": engine.start / 1e6,
        "tags": line.described(show.rows.tags),
        "parts": line.parts(engine.groups),
        "trends": line.trends(show.rows.tags),
        "row_s": show.rows.step_ns / 1e9,
        "rows": show.rows.n,
        "duration_s": show.scenario.duration,
        "cameras": sum(group.kind == "frames" for group in engine.groups),
        "waves": None if show.waves is None else show.waves.plain(engine.plant),
        "steps": steps,
        "kinds": offered(engine.plant),
    }


def plain(stage: Stage) -> dict[str, Any]:
    """The state as it stands."""
    show, choice = stage.show, stage.choice
    told: dict[str, Any] = {
        "phase": IDLE if show is None else show.phase,
        "run": 0 if show is None else show.number,
        "story": choice.story,
        "seed": choice.seed,
        "speed": choice.speed,
        "asked": stage.asked,
        "over": choice.over,
        "ai": choice.ai,
        "held": show is not None and show.throttle.is_held,
        "forward": None if show is None else _forward(show),
        "why": "" if show is None else show.why,
        "alarms": {"total": 0, "unacknowledged": 0, "struck": [], "list": []},
        "outcome": None,
        "beliefs": [] if show is None else show.beliefs,
        "meters": {
            ("on" if ai else "off"): worth for (story, ai), worth in stage.before.items() if story == choice.story
        },
        "so_far": None if show is None or show.ended.is_set() else so_far(show.alarms.match, show.now),
    }
    if show is not None:
        if show.rows is not None:
            show.alarms.settle(show.rows, show.now)
        told["alarms"] = show.alarms.plain(show.now, show.phase not in (STARTING, RUNNING))
        told["outcome"] = None if show.result is None else _outcome(show.result)
    return told


def _forward(show: Show) -> dict[str, float | None] | None:
    """What is passed over: up to which second of the run, or None for the next alarm."""
    if not show.forward.is_on or show.ended.is_set():
        return None
    until = show.forward.until
    return {"to": None if until is None else (until - show.scenario.start) / SECOND}


def _outcome(run: Run) -> dict[str, Any]:
    """How a run ended, in figures."""
    score = run.score
    counted = [fault for fault in score["faults"] if fault["in_time"]]
    return {
        "found": sum(fault["detected"] for fault in counted),
        "faults": len(counted),
        "false_alarms": score["false_alarms"],
        "met": score["met"],
        "digest": score["digest"],
        "lost": score["samples"]["lost"],
        "folder": "" if run.folder is None else run.folder.name,
    }
