"""Tables of what should have been found, what should not, and what was said for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.texts import say, word
from testbed.names import called, condition, how_bad
from testbed.report.formats import NOTHING, number, span
from testbed.report.markup import Html, breakable, join, tag
from testbed.report.view import Judged, View, last_level

MOST = 60  # rows of a table; the record holds the rest
MANY = 12  # look-alikes beyond which those of one name share a row


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = (), class_: str | None = None
) -> Html:
    """A table; the columns in `numbers` are set to the right. Its head is repeated on every printed page."""

    def cells(name: str, row: Sequence[str]) -> Html:
        return tag("tr", *(tag(name, text, class_="n" if i in numbers else None) for i, text in enumerate(row)))

    return tag(
        "table",
        tag("thead", cells("th", heads)),
        tag("tbody", *(cells("td", row) for row in rows)),
        class_=class_,
    )


def shortened(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Html:
    """A table of the first rows, and a sentence on how many are left out."""
    rest = len(rows) - MOST
    more = (
        tag("p", say("Further rows, in the record of the run only: {n}.", n=rest), class_="facts") if rest > 0 else None
    )
    return join([table(heads, rows[:MOST], numbers), more])


def faults(view: View) -> Html:
    """Every fault against its deadline."""
    entries = view.score["faults"]
    if not entries:
        return tag("p", say("No fault happened in this run.") if view.is_judged else say("No truth was given."))
    heads = (
        say("fault"), say("onset"), say("detectable from"), say("deadline"), say("found at"), say("delay"),
        say("lead"), say("by model"), say("repeats"), say("verdict"),
    )  # fmt: skip
    rows = [
        (
            _named(_how_bad(entry), entry["where"]),
            view.when(entry["onset"]),
            view.when(entry["detectable_from"]),
            view.when(entry["deadline"]),
            view.when(entry["detected_at"]),
            span(entry["delay_s"]),
            span(entry["lead_s"]),
            entry["model"] or NOTHING,
            str(entry["repeats"]),
            _verdict(entry),
        )
        for entry in entries
    ]
    return shortened(heads, rows, (1, 2, 3, 4, 5, 6, 8))


def _how_bad(entry: dict[str, Any]) -> str:
    """A fault's name, with its severity where somebody asked for one."""
    severity = entry.get("severity")
    return called(entry["name"]) + (f" · {how_bad(severity)}" if severity else "")


def _named(name: str, where: str) -> Html:
    return join([tag("b", name), tag("small", breakable(where), class_="path") if where else None])


def _verdict(entry: dict[str, Any]) -> Html:
    if entry["detected"]:
        sign, text, class_ = "●", say("found in time"), "good"
    elif entry["detected_at"] is not None:
        sign, text, class_ = "◐", say("found too late"), "bad"
    elif entry["in_time"]:
        sign, text, class_ = "○", say("missed"), "bad"
    else:
        sign, text, class_ = NOTHING, say("not detectable in time, not counted"), "quiet"
    return tag("span", f"{sign} {text}", class_=class_)


def lookalikes(view: View) -> Html | None:
    """Whether anything that only resembles a fault was taken for one."""
    entries = view.score["lookalikes"]
    if not entries:
        return None
    if len(entries) > MANY:
        return join([tag("h3", say("Look-alikes")), _by_name(entries)])
    heads = (
        say("look-alike"),
        say("from"),
        say("to"),
        say("taken for a fault"),
        say("found as what it is"),
        say("forbidden alarms"),
    )
    rows = [
        (
            _named(called(entry["name"]), entry["where"]),
            view.when(entry["onset"]),
            view.when(entry["cleared"]),
            tag("span", f"▲ {say('yes')}", class_="bad") if entry["forbidden"] else say("no"),
            _known(view, entry),
            str(entry["forbidden"]),
        )
        for entry in entries
    ]
    return join([tag("h3", say("Look-alikes")), shortened(heads, rows, (1, 2, 5))])


def _by_name(entries: Sequence[dict[str, Any]]) -> Html:
    """Many look-alikes: a row a name."""
    rows = []
    for name in dict.fromkeys(entry["name"] for entry in entries):
        own = [entry for entry in entries if entry["name"] == name]
        taken = sum(bool(entry["forbidden"]) for entry in own)
        sought = [entry for entry in own if entry["found"] is not None]
        found = f"{sum(entry['found'] for entry in sought)} / {len(sought)}" if sought else NOTHING
        rows.append((
            tag("b", called(name)), str(len(own)),
            tag("span", f"▲ {taken}", class_="bad") if taken else "0",
            found, str(sum(entry["forbidden"] for entry in own)),
        ))  # fmt: skip
    heads = (
        say("look-alike"), say("count"), say("taken for a fault"), say("found as what it is"), say("forbidden alarms"),
    )  # fmt: skip
    return shortened(heads, rows, (1, 2, 3, 4))


def _known(view: View, entry: dict[str, Any]) -> str:
    if entry["found"] is None:
        return say("nothing to be found")
    if not entry["found"]:
        return say("no")
    classes = ", ".join(condition(name) for name in entry["expects"])
    return say("yes, as {condition} at {at}", condition=classes, at=view.clock.at(entry["found_at"]))


def false_alarms(view: View) -> Html:
    """Every activation that found nothing; where no truth was given, every activation."""
    found = view.false_alarms
    title = say("False alarms") if view.is_judged else say("Alarms")
    if not found:
        return join([tag("h3", title), tag("p", say("None."))])
    heads = [say("time"), say("model"), say("condition"), say("place"), say("score"), say("evidence (share)")]
    if view.is_judged:
        heads.append(say("forbidden by"))
    rows = [_false_alarm(view, j) for j in found]
    unjudged = None if view.is_judged else tag(
        "p", say("No truth says what was wrong in this stretch, so none of these alarms can be called right or wrong.")
    )  # fmt: skip
    return join([tag("h3", title), unjudged, shortened(heads, rows, (0, 4))])


def _false_alarm(view: View, j: Judged) -> tuple[str, ...]:
    event = j.event
    row = (
        view.when(j.at),
        event.model,
        condition(event.condition),
        tag("span", breakable(event.source), class_="path"),
        number(event.score),
        ", ".join(f"{last_level(name)} ({number(part, 2)})" for name, part in event.evidence[:3]) or NOTHING,
    )
    if not view.is_judged:
        return row
    by = called(j.truth.name) if j.kind == "forbidden" and j.truth is not None else None
    return (*row, NOTHING if by is None else tag("span", f"◆ {by}", class_="bad"))


def steps(view: View) -> Html | None:
    """What the script and the models' responses did to the plant, by time."""
    done = sorted(view.about.get("steps", []), key=lambda step: step["time"])
    if not done:
        return None
    kinds = {
        "asked": say("asked from outside"),
        "fault": say("fault"),
        "lookalike": say("look-alike"),
        "setpoint": say("set-point"),
        "response": say("response"),
    }
    rows = [
        (
            view.clock.at(view.s(step["time"])),
            kinds.get(step["kind"], str(step["kind"])),
            called(step["name"]),
            tag("span", breakable(str(step.get("where", ""))), class_="path"),
            _details(step.get("details", {})),
        )
        for step in done
    ]
    heads = (say("time"), say("kind"), say("what"), say("where"), say("with"))
    return shortened(heads, rows, (0,))


def _details(details: dict[str, Any]) -> str:
    """Parameters as they were drawn or given."""
    rest = {k: v for k, v in details.items() if k not in ("params", "present", "kind")}
    plain = {**details.get("params", {}), **rest}
    told = [f"{word(key)} = {number(v) if isinstance(v, int | float) else word(str(v))}" for key, v in plain.items()]
    return ", ".join(told) or NOTHING
