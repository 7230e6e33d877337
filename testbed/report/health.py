"""How the data came: nothing lost, nothing late, how fast; and how the models compare on labelled data."""

from __future__ import annotations

from typing import Any

from connectors.texts import say
from testbed.names import called
from testbed.report.formats import NOTHING, fixed, number, share, size, span
from testbed.report.markup import Html, join, tag
from testbed.report.tables import table
from testbed.report.verdict import paragraphs
from testbed.report.view import View

ALWAYS = "always-alarm"


def transport(view: View) -> Html:
    """Samples, bytes, latency, speed and blind time."""
    score = view.score
    received = score["samples"]["received"] + score["frames"]["received"]
    counted = _samples(score) if received else tag("p", say("Nothing was counted; the run did not reach its end."))
    return join([counted, _figures(score), tag("h3", say("Blind time")), _blind(view)])


def _samples(score: dict[str, Any]) -> Html:
    heads = ("", say("expected"), say("received"), say("late"), say("lost"), say("doubled"))
    kinds = ((say("samples"), score["samples"]), (say("pictures"), score["frames"]))
    rows = [
        (name, *(fixed(total[what], 0) for what in ("expected", "received", "late", "lost", "doubled")))
        for name, total in kinds
        if total["expected"] or total["received"] or total is score["samples"]
    ]
    return table(heads, rows, range(1, 6), "slim")


def _figures(score: dict[str, Any]) -> Html:
    carried = ", ".join(f"{name} {size(n)}" for name, n in score["bytes"].items() if n)
    latency = score.get("latency_ms", {})
    reached = score.get("speed_reached")
    times = NOTHING if reached is None else say("{times} × real time", times=number(reached))
    rows = [
        (say("bytes by transport"), carried or NOTHING),
        (
            say("latency from sending to all results"),
            NOTHING if latency.get("p50") is None else say(
                "p50 {p50} ms, p99 {p99} ms", p50=number(latency["p50"]), p99=number(latency["p99"])
            ),
        ),
        (
            say("speed"),
            say("asked: {asked}, reached: {reached}", asked=score.get("speed"), reached=times),
        ),
    ]  # fmt: skip
    notes = {name: n for name, n in score.get("notes", {}).items() if n}
    if notes:
        rows.append((say("put right or refused"), ", ".join(f"{called(name)} {n}" for name, n in notes.items())))
    return pairs(rows)


def pairs(rows: list[tuple[str, str]]) -> Html:
    """Names and what they are."""
    return tag("table", *(tag("tr", tag("th", name), tag("td", value)) for name, value in rows), class_="pairs")


def _blind(view: View) -> Html:
    rows = [
        (name, span(blind), share(blind, view.duration)) for name, blind in view.score.get("blind_by_model", {}).items()
    ]
    told = say(
        "A model is blind where too many samples of its window are missing or bad, as in the first window of a run. It "
        "says nothing then, neither alarm nor all clear: a model without false alarms that is blind for hours is no "
        "quiet model."
    )
    return join(
        [
            tag("p", told),
            table((say("model"), say("blind"), say("share of the run")), rows, (1, 2), "slim") if rows else None,
        ]
    )


def rivals(view: View) -> Html | None:
    """Models beside the rival that always alarms; only for a replay."""
    score = view.score
    if not view.is_replay:
        return None
    rows = score["rows"]
    return join(
        [tag("h2", say("Models beside a rival that needs none")), _rivals(rows) if rows else _no_truth(), _source(view)]
    )


def _no_truth() -> Html:
    return tag("p", say("Give labels with --truth to compare the models with a rival that always alarms."))


def _rivals(rows: list[dict[str, Any]]) -> Html:
    heads = (
        say("model"), say("faults found"), say("delay p50"), say("false alarms"), "F1", say("FAR (false alarm rate)"),
        say("MAR (missed alarm rate)"), say("moments scored"),
    )  # fmt: skip
    body = [
        (
            row["model"],
            f"{row['found']} / {row['faults']}",
            span(row["delay_p50_s"]),
            str(row["false_alarms"]),
            fixed(row["f1"], 3),
            fixed(row["far"], 3),
            fixed(row["mar"], 3),
            fixed(row["scored"], 0),
        )
        for row in rows
    ]
    how = say(
        "FAR is the share of good moments with an alarm, MAR the share of faulty moments without one. A rival that "
        "always alarms scores an F1 too, and finds everything: judge F1 together with FAR and MAR."
    )
    return join([table(heads, body, range(1, 8)), paragraphs(how, _beaten(rows))])


def _beaten(rows: list[dict[str, Any]]) -> str | None:
    """The sentence nobody likes to read."""
    always = next((row["f1"] for row in rows if row["model"] == ALWAYS), None)
    if always is None:
        return None
    better = [row["model"] for row in rows if row["model"] != ALWAYS and (row["f1"] or 0.0) > always]
    if better:
        return say("Better than always-alarm by F1 here: {models}.", models=", ".join(better))
    return say("By F1 alone, no model beats always-alarm ({f1}) here.", f1=fixed(always, 3))


def _source(view: View) -> Html:
    notes = view.score.get("notes", {})
    rows = [
        (say("times without a zone are taken in"), view.zone),
        (say("columns left out"), ", ".join(view.score.get("dropped", [])) or NOTHING),
        (say("sheets not read"), ", ".join(view.score.get("unread_sheets", [])) or NOTHING),
        (say("rows put in order"), fixed(notes.get("reordered", 0), 0)),
        (say("rows of equal time, of which the last was kept"), fixed(notes.get("doubled", 0), 0)),
    ]
    return pairs(rows)
