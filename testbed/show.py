"""Results as tables on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from connectors.texts import say, word
from testbed.names import called, condition
from testbed.report.formats import money
from testbed.report.guard import lines
from testbed.scenario import Scenario


def run(score: Mapping[str, Any]) -> None:
    """One run: faults against their deadlines, look-alikes, and what was wrong."""
    console = Console()
    if score.get("state", "done") != "done":
        console.print(say("The run did not come to its end: what follows covers its first {s} s.",
                          s=score["duration_s"]), style="yellow", highlight=False)  # fmt: skip
    table = _table("", say("onset s"), say("deadline s"), say("found s"), say("lead s"), say("by"), say("verdict"))
    for fault in (fault for fault in score["faults"] if "box" not in fault):
        table.add_row(
            called(fault["name"]), _n(fault["onset"]), _n(fault["deadline"]), _n(fault["detected_at"]),
            _n(fault["lead_s"]), fault["model"] or "–", _verdict(fault),
        )  # fmt: skip
    for entry in (entry for entry in score["lookalikes"] if "box" not in entry):
        verdict = say("raised a forbidden alarm") if entry["forbidden"] else say("left alone")
        table.add_row(
            called(entry["name"]), _n(entry["onset"]), "", _n(entry["found_at"]), "", "", verdict, style="dim"
        )
    if table.row_count:
        console.print(table)
    if score.get("surface"):
        _strip(console, score)
    console.print(
        say("False alarms: {n} ({rate} in 24 h). Blind: {blind} s. Samples lost: {lost}, late: {late}.",
            n=score["false_alarms"], rate=score["false_alarms_per_24h"], blind=score["blind_s"],
            lost=score["samples"]["lost"], late=score["samples"]["late"])
    )  # fmt: skip
    for event in score["false_alarm_events"]:
        console.print(_alarm(event), style="yellow", highlight=False)
    carried = ", ".join(f"{name} {n / 1e6:.2f} MB" for name, n in score["bytes"].items() if n)
    console.print(say("Carried by: {carried}. Digest: {digest}", carried=carried or "–", digest=score["digest"] or "–"))
    if score.get("money"):
        console.print(_worth(score["money"]), style="dim", highlight=False)
    _guard(console, score)
    if score["is_simulated"]:
        console.print(say("Simulated plant: this validates nothing on a real one."), style="dim")
    console.print(say("Expectations met.") if score["met"] else say("Expectations NOT met."), style="bold")


def _guard(console: Console, score: Mapping[str, Any]) -> None:
    for line in lines(score):
        console.print(line, style="yellow", highlight=False)


def _strip(console: Console, score: Mapping[str, Any]) -> None:
    """A strip, by class: its single marks are in the report."""
    surface = score["surface"]
    table = _table("", say("marks"), say("found"), say("recall"), say("named rightly"))
    for row in surface["classes"]:
        table.add_row(called(row["name"]), str(row["marks"]), str(row["found"]), _n(row["recall"], 3),
                      str(row["named_right"]))  # fmt: skip
    harmless = [entry for entry in score["lookalikes"] if "box" in entry]
    for name in dict.fromkeys(entry["name"] for entry in harmless):
        mine = [entry for entry in harmless if entry["name"] == name]
        taken = sum(bool(entry["forbidden"]) for entry in mine)
        table.add_row(called(name), str(len(mine)), say("{n} taken for a defect", n=taken), "", "", style="dim")
    console.print(table)
    for row in surface["rolls"]:
        told = say("Roll marks of {roll}: their pitch names {said}.", roll=row["roll"], said=row["said"] or "–")
        console.print(told, style="" if row["right"] else "yellow", highlight=False)
    console.print(
        say("{m2} m² of strip inspected, {false} false defects, {rate} on 100 m².",
            m2=surface["m2"], false=surface["false_defects"], rate=surface["false_per_100m2"])
    )  # fmt: skip


def scenarios(found: Sequence[Scenario]) -> None:
    """Scenarios with their titles and stories."""
    console = Console()
    for scenario in found:
        title = word(scenario.title or scenario.name)
        slow = say("slow, not part of --all") if scenario.slow else ""
        told = [part for part in (title, f"{scenario.duration:g} s", slow) if part]
        console.print(f"[bold]{scenario.name}[/bold]  {' · '.join(told)}", highlight=False)
        if scenario.story:
            console.print(f"    {word(scenario.story)}", highlight=False, style="dim")


def runs(scores: Sequence[Mapping[str, Any]]) -> None:
    """Several runs, a row each."""
    table = _table(
        say("scenario"),
        say("seed"),
        say("found in time"),
        say("false alarms"),
        say("forbidden"),
        say("lost"),
        say("met"),
    )
    for score in scores:
        if "faults" not in score:
            table.add_row(score["scenario"], str(score["seed"]), score["error"], "", "", "", say("no"))
            continue
        counted = [fault for fault in score["faults"] if fault["in_time"]]
        found = sum(fault["detected"] for fault in counted)
        table.add_row(
            score["scenario"], str(score["seed"]), f"{found}/{len(counted)}", str(score["false_alarms"]),
            str(len(score["forbidden"])), str(score["samples"]["lost"]), say("yes") if score["met"] else say("no"),
        )  # fmt: skip
    Console().print(table)


def replay(score: Mapping[str, Any]) -> None:
    """A replay: models beside the rival that always alarms."""
    console = Console()
    if score["rows"]:
        table = _table(say("model"), say("found"), say("delay p50 s"), say("false alarms"), "F1", "FAR", "MAR")
        for row in score["rows"]:
            found = f"{row['found']}/{row['faults']}"
            table.add_row(row["model"], found, _n(row["delay_p50_s"]), str(row["false_alarms"]),
                          _n(row["f1"], 3), _n(row["far"], 3), _n(row["mar"], 3))  # fmt: skip
        console.print(table)
    else:
        console.print(say("No truth given: {n} alarms in {s} s.", n=score["false_alarms"], s=score["duration_s"]))
        for event in score["false_alarm_events"][:20]:
            console.print(_alarm(event), highlight=False)
    _guard(console, score)
    if score["dropped"]:
        console.print(say("Columns left out: {columns}.", columns=", ".join(score["dropped"])), style="dim")
    if score.get("unread_sheets"):
        sheets = ", ".join(score["unread_sheets"])
        console.print(say("Sheets not read: {sheets}. --sheet NAME reads another one.", sheets=sheets), style="yellow")
    console.print(
        say("Blind: {blind} s. Rows put in order: {reordered}, doubled: {doubled}. Times without a zone: {zone}.",
            blind=score["blind_s"], zone=score["zone"], **{k: score["notes"][k] for k in ("reordered", "doubled")})
    )  # fmt: skip


def models(cards: Mapping[str, Mapping[str, Any]]) -> None:
    """Models at hand."""
    table = _table(
        say("name"),
        say("kind"),
        say("task"),
        say("condition"),
        say("normal h"),
        say("budget"),
        say("licence"),
    )
    for name, card in cards.items():
        calibration = card.get("calibration", {})
        table.add_row(
            name, card.get("kind", ""), card.get("task", ""), condition(card.get("condition", "")),
            _n(calibration.get("normal_hours")), calibration.get("budget", ""), card.get("licence", ""),
        )  # fmt: skip
    Console().print(table)


def _alarm(event: Mapping[str, Any]) -> str:
    told = {**event, "condition": condition(event["condition"])}
    return say("  {at} s  {condition} by {model} at {source}", **told)


def _worth(found: Mapping[str, Any]) -> str:
    ends = {
        what: money(found[what]["low"], found[what]["high"], found["currency"]) for what in ("saved", "lost", "spent")
    }
    return say("Simulated estimate: saved {saved}, lost {lost}, spent on false alarms {spent}.", **ends)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _n(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _verdict(fault: Mapping[str, Any]) -> str:
    if fault["detected"]:
        return say("found in time")
    if fault["detected_at"] is not None:
        return say("found too late")
    return say("missed") if fault["in_time"] else say("not detectable in time")
