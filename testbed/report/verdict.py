"""The head of the report: what was run, and what came of it in one sentence and six figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.texts import say, word
from connectors.times import parse
from testbed.names import called
from testbed.report.formats import NOTHING, fixed, moment, number, share, span
from testbed.report.markup import Html, join, tag
from testbed.report.view import View

BLIND_SHARE = 0.05  # of the run; more than this is worth a look


def verdict(view: View) -> Html:
    """Title, badge, sentence, figures."""
    return tag(
        "header",
        tag("p", _badge(view), _state(view), class_="badges"),
        _title(view),
        _story(view),
        tag("p", " · ".join(_facts(view)), class_="facts"),
        tag("p", tag("strong", _outcome(view)), " ", _sentence(view), class_=_class(view)),
        _expected(view.about.get("expect", ())),
        tag("div", *_tiles(view), class_="tiles"),
        tag("p", *_digest(view), class_="facts"),
    )


def _title(view: View) -> Html:
    """The scenario's name, and beside it what it is called on the command line where that is another word."""
    name = str(view.score.get("scenario", ""))
    title = word(str(view.about.get("title") or name))
    return tag("h1", title, None if title == name else tag("small", f" {name}"))


def _story(view: View) -> Html | None:
    """What a presenter says before the run, where the scenario says it."""
    story = str(view.about.get("story", ""))
    return tag("p", word(story), class_="story") if story else None


def _badge(view: View) -> Html:
    if view.score["is_simulated"]:
        return tag("span", say("simulated plant"), class_="badge simulated")
    return tag("span", say("live line") if view.is_live else say("measured data, replayed"), class_="badge")


def _state(view: View) -> Html | None:
    if view.score.get("state", "done") == "done":
        return None
    return tag("span", say("this run did not end by itself"), class_="badge bad")


def _facts(view: View) -> list[str]:
    score, about = view.score, view.about
    parts = []
    if about.get("began"):
        parts.append(say("run on {date}", date=moment(parse(about["began"]))))
    if score.get("seed") is not None:
        parts.append(say("seed {seed}", seed=score["seed"]))
    if not view.is_replay:
        parts.append(say("over {over}", over=score.get("over")))
    speed = say("speed {speed}", speed=score.get("speed"))
    if score.get("speed_reached") is not None:
        times = say("{times} × real time", times=number(score["speed_reached"]))
        speed = f"{speed} ({times})"
    parts.append(speed)
    parts.append(say("{duration} of source time", duration=span(view.duration)))
    parts.append(say("second 0 is {date}", date=moment(view.run.start, view.zone)))
    return parts


def _outcome(view: View) -> str:
    if view.score.get("state", "done") != "done":
        return say("Unfinished.")
    if view.is_live:
        return say("Watched.")
    if view.is_replay:
        return say("Replayed.") if view.score["met"] else say("Replayed, but not whole.")
    return say("Expectations met.") if view.score["met"] else say("Expectations not met.")


def _class(view: View) -> str:
    return "verdict" if view.score["met"] and view.score.get("state", "done") == "done" else "verdict unmet"


def _sentence(view: View) -> str:
    """What happened, in one sentence; every part of it is a sentence of its own in other languages."""
    score = view.score
    counted, found = _in_time(view)
    parts = []
    if counted:
        parts.append(say("{found} of {n} faults found in time", found=found, n=counted))
    elif view.is_judged:
        parts.append(say("no fault to be found"))
    if not view.is_judged:
        parts.append(say("alarms: {n}, none of which can be judged without a truth", n=len(view.false_alarms)))
    else:
        parts.append(_false(view))
        if score["forbidden"]:
            parts.append(say("of them forbidden: {n}", n=len(score["forbidden"])))
    lost, late = _missing(score)
    if lost or late:
        parts.append(say("samples lost: {lost}, late: {late}", lost=lost, late=late))
    sentence = "; ".join(parts)
    return sentence[:1].upper() + sentence[1:] + "."


def _false(view: View) -> str:
    """False alarms by time, or on a strip by area."""
    score, strip = view.score, view.score.get("surface")
    if strip:
        m2, rate = number(strip["m2"]), number(strip["false_per_100m2"])
        return say("false alarms: {n} on {m2} m² ({rate} on 100 m²)", n=score["false_alarms"], m2=m2, rate=rate)
    n, rate = score["false_alarms"], number(score["false_alarms_per_24h"])
    return say("false alarms: {n} in {span} ({rate} per 24 h)", n=n, span=span(view.duration), rate=rate)


def _in_time(view: View) -> tuple[int, int]:
    """Faults that could be found in time, and those that were."""
    counted = [fault for fault in view.score["faults"] if fault["in_time"]]
    return len(counted), sum(fault["detected"] for fault in counted)


def _missing(score: dict[str, Any]) -> tuple[int, int]:
    """Samples and pictures lost and late."""
    both = (score["samples"], score["frames"])
    return sum(total["lost"] for total in both), sum(total["late"] for total in both)


def _expected(expect: Sequence[dict[str, Any]]) -> Html | None:
    """What the scenario demands, where the run says so."""
    told = []
    for entry in expect:
        if entry.get("kind") == "Detect":
            told.append(_detected(entry))
        elif entry.get("kind") == "Quiet":
            rate = number(entry.get("false_alarms_per_24h"))
            told.append(say("at most {rate} false alarms per 24 h and none that is forbidden", rate=rate))
        elif entry.get("kind") == "Clean":
            rate = number(entry.get("false_per_100m2"))
            told.append(say("at most {rate} false defects on 100 m² of strip", rate=rate))
    return tag("p", say("Expected: {what}.", what="; ".join(told)), class_="facts") if told else None


def _detected(entry: dict[str, Any]) -> str:
    name, share = called(str(entry.get("name"))), float(entry.get("share", 1.0))
    if share >= 1.0:
        return say("every {name} found before its deadline", name=name)
    return say("{share} % of {name} found before its deadline", share=number(100 * share), name=name)


def _tiles(view: View) -> list[Html]:
    score = view.score
    counted, found = _in_time(view)
    late_faults = len(score["faults"]) - counted
    in_time = f"{found} / {counted}" if counted else NOTHING
    lead = min((f["lead_s"] for f in score["faults"] if f["detected"]), default=None)
    lost, late = _missing(score)
    blind = score["blind_s"]
    note = say("and {n} not detectable in time", n=late_faults) if late_faults else ""
    is_much = blind > BLIND_SHARE * view.duration
    strip = score.get("surface")
    rate = (
        say("{rate} on 100 m²", rate=number(strip["false_per_100m2"]))
        if strip
        else say("{rate} per 24 h", rate=number(score["false_alarms_per_24h"]))
    )
    alarms = say("false alarms") if view.is_judged else say("alarms, not judged")
    received = score["samples"]["received"] + score["frames"]["received"]
    return [
        _tile(say("faults found in time"), in_time, note, "bad" if found < counted else ""),
        _tile(say("shortest lead to a deadline"), span(lead), "", ""),
        _tile(alarms, str(score["false_alarms"]), rate, "look" if score["false_alarms"] else ""),
        _tile(say("forbidden alarms"), str(len(score["forbidden"])), "", "bad" if score["forbidden"] else ""),
        _tile(say("blind time"), span(blind), share(blind, view.duration), "look" if is_much else ""),
        _tile(say("samples lost / late"), f"{lost} / {late}", say("of {n}", n=fixed(received, 0)),
              "bad" if lost or late else ""),
    ]  # fmt: skip


def _tile(label: str, value: str, note: str, class_: str) -> Html:
    sign = tag("span", "▲ ", class_="sign") if class_ else None
    return tag("div", tag("b", sign, value), tag("span", label), tag("small", note), class_=f"tile {class_}".strip())


def _digest(view: View) -> list[str]:
    digest = view.score.get("digest")
    if digest:
        return [say("Digest of the events:"), " ", tag("code", f"{digest[:16]}…", title=digest), " ",
                say("The same run gives the same digest, at any speed and over any transport.")]  # fmt: skip
    if view.is_live:
        return [say("No digest: when samples of a live line arrive decides which are late.")]
    lost, late = _missing(view.score)
    return [say("No digest, for samples were lost ({lost}) or late ({late}). The figures say less than they seem to.",
                lost=lost, late=late)]  # fmt: skip


def heading(view: View) -> str:
    """The page's title, as a browser's tab shows it."""
    return say("{name} – report of a run", name=view.score.get("scenario", ""))


def paragraphs(*sentences: str | None) -> Html:
    """Sentences as one paragraph."""
    return tag("p", join([s for s in sentences if s], " "))
