"""What each model says of itself: what it reads, when it alarms, what it was calibrated on, where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from anomaly.calibrate import carried_h
from anomaly.recentre import KEY as RECENTRED
from connectors.texts import say, word
from edge.card import braces
from testbed.ledger import CHANGES
from testbed.names import advice, condition
from testbed.report.formats import number, span
from testbed.report.guard import lines
from testbed.report.health import pairs
from testbed.report.markup import Html, join, tag
from testbed.report.view import View


def cards(view: View) -> Html:
    """A card a model."""
    files = view.about.get("model_files") or [{"name": name} for name in view.models]
    if not files:
        return tag("p", say("No model ran."))
    warned = [tag("p", line, class_="bad") for line in lines(view.score)]
    return join([*warned, tag("div", *(_card(about) for about in files), class_="cards")])


def _card(about: Mapping[str, Any]) -> Html:
    card = about.get("card", {})
    fixed = {"rules": _of_rules, "network": _of_network_rules}.get(str(about.get("kind")))
    rows = facts(about, card) if fixed is None else fixed()
    kept = [(name, value) for name, value in rows if value]
    if not kept:
        return tag("section", tag("h3", str(about.get("name", ""))), tag("p", say("No card was kept.")), class_="card")
    title = join([str(about.get("name", "")), tag("small", f" {about.get('kind', '')}")])
    return tag("section", tag("h3", title), pairs(kept), class_="card")


def _of_rules() -> list[tuple[str, str]]:
    return [
        (say("condition"), condition("sensor")),
        (say("advice"), advice("check-sensor")),
        (
            say("how it works"),
            say("Fixed rules built from the tag list: out of range, jump, stuck, silent. Nothing is learnt."),
        ),
        (say("alarm"), say("one a tag, active when a rule is broken (score 1.0)")),
        (say("runs on"), say("plain arithmetic, no ONNX graph")),
    ]


def _of_network_rules() -> list[tuple[str, str]]:
    return [
        (say("condition"), condition("cyber")),
        (say("advice"), advice("check-network")),
        (
            say("how it works"),
            say("Fixed rules: a whole group silent, a stretch that comes twice, a set-point no desk gave. Nothing is "
                "learnt."),
        ),
        (say("alarm"), say("one for the unit, active when a rule is broken (score 1.0)")),
        (say("runs on"), say("plain arithmetic, no ONNX graph")),
    ]  # fmt: skip


def facts(about: Mapping[str, Any], card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a model says of itself, names and values; a value may be empty. `about` names its file."""
    sha = str(about.get("sha256", ""))
    scores = bool(card) and card.get("task") != "classify"  # a classifier names things, and alarms of nothing
    return [
        (say("condition"), condition(str(card.get("condition", "")))),
        (say("advice"), advice(str(card.get("advice", "")))),
        (say("reads"), "; ".join(_input(entry) for entry in card.get("inputs", []))),
        (say("threshold"), _threshold(card) if scores else ""),
        (say("alarm"), _alarm(card.get("alarm", {})) if scores else ""),
        (say("threshold changed"), _changes(card.get(CHANGES, ()))),
        (say("re-centred"), _recentred(card.get(RECENTRED, ()))),
        (say("calibrated on"), _calibration(card.get("calibration", {}))),
        (say("training data"), _training(card.get("training", {}))),
        (say("licence"), word(str(card.get("licence", "")))),
        (say("origin"), word(str(card.get("origin", "")))),
        (say("file"), str(about.get("file", ""))),
        ("SHA-256", tag("code", f"{sha[:12]}…", title=sha) if sha else ""),
        (say("runs on"), ", ".join(about.get("providers", []))),
    ]


def _input(entry: Mapping[str, Any]) -> str:
    n = sum(len(braces(str(pattern))) for pattern in entry.get("channels", []))
    if entry.get("kind") == "image":
        return say("pictures of {n} cameras", n=max(n, 1))
    rate, length = float(entry.get("rate_hz", 1.0)), int(entry.get("length", 1))
    return say(
        "{n} channels at {rate} Hz, a window of {length} samples ({span}), every {stride}",
        n=n, rate=number(rate), length=length, span=span(length / rate), stride=span(float(entry.get("stride_s", 1.0))),
    )  # fmt: skip


def _threshold(card: Mapping[str, Any]) -> str:
    level = say("score 1.0 is the alarm level")
    if not isinstance(card.get("threshold"), int | float):
        return level
    return level + " " + say("({value} in the model's own measure)", value=number(card["threshold"]))


def _changes(changes: Sequence[Mapping[str, Any]]) -> str:
    """Each change by hand: what it was and is, when, why, and what could be known by then."""
    parts = []
    for change in changes:
        known = ", ".join(change.get("scored_on", ()))
        after = say("after scoring on {data}", data=known) if known else say("before any score")
        was, now = number(change["from"]), number(change["to"])
        parts.append(say("from {before} to {now} on {time}, {after}: {reason}",
                         before=was, now=now, time=change["time"], after=after, reason=change["reason"]))  # fmt: skip
    return "; ".join(parts)


def _recentred(entries: Sequence[Mapping[str, Any]]) -> str:
    """Each movement of the centre: who confirmed which stretch, what moved furthest, and against what it was forced."""
    parts = []
    for entry in entries:
        name, z = max(entry["moved_sigmas"].items(), key=lambda pair: abs(pair[1]))
        told = {"first": entry["from"], "last": entry["to"], "data": entry["data"], "name": entry["confirmed_by"]}
        told |= {"tag": name, "z": f"{z:+.2f}", "threshold": word(entry["threshold"])}
        parts.append(say("on {first} – {last} of {data}, confirmed by {name}; furthest {tag}, {z} standard deviations; "
                         "threshold {threshold}", **told))  # fmt: skip
        if entry["forced_against"]:
            parts.append(say("FORCED against: {reasons}", reasons=" ".join(entry["forced_against"])))
    return "; ".join(parts)


def _alarm(spec: Mapping[str, Any]) -> str:
    k, n = spec.get("k", 1), spec.get("n", 1)
    parts = [say("active when {k} of the last {n} scores reach it", k=k, n=n)]
    if spec.get("on_delay_s"):
        parts.append(say("for at least {span}", span=span(spec["on_delay_s"])))
    if spec.get("off_delay_s"):
        parts.append(say("returns {span} after it is gone", span=span(spec["off_delay_s"])))
    if spec.get("deadband"):
        parts.append(say("deadband {share} %", share=number(100 * spec["deadband"])))
    if spec.get("suppressed_by"):
        causes = ", ".join(condition(name) for name in spec["suppressed_by"])
        parts.append(say("suppressed for {span} by an alarm of {conditions}",
                         span=span(spec.get("suppressed_for_s")), conditions=causes))  # fmt: skip
    return ", ".join(parts)


def _calibration(spec: Mapping[str, Any]) -> str:
    parts = []
    if spec.get("normal_hours") is not None:
        parts.append(say("{hours} h of normal data", hours=number(spec["normal_hours"])))
    if spec.get("budget"):
        parts.append(say("budget {budget} false alarms", budget=spec["budget"]))
    asked = carried_h(spec)
    if asked is not None:
        parts.append(say("its tail carried on to {hours} h that nobody has seen", hours=number(asked)))
    if spec.get("method"):
        parts.append(say("method {method}", method=spec["method"]))
    return ", ".join(parts)


def _training(spec: Mapping[str, Any]) -> str:
    return ", ".join(f"{word(key)} {_told(value)}" for key, value in spec.items() if value not in ([], "", {}))


def _told(value: Any) -> str:
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, list):
        return ", ".join(_told(one) for one in value)
    return json.dumps(value, ensure_ascii=False)
