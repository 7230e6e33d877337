"""`testbed models`: what is at hand, what a model says of itself, one more for the shelf, two beside each other."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.errors import InputError, nearest
from connectors.texts import say
from edge.card import readable
from edge.library import find, listed
from edge.model import load_model, loaded
from edge.speed import speed
from testbed.benching.jobs import Progress

if TYPE_CHECKING:
    from testbed.recentring import Stretch

ACTIONS = {
    "list": 0,
    "show": 1,
    "add": 1,
    "compare": 2,
    "threshold": 1,
    "recentre": 1,
}  # and how many models each takes
SHOWN = 10  # tags that a terminal shows
WIDE = 60  # characters of a value that a terminal shows


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `models` as they were given."""

    action: str
    names: Sequence[str]
    html: Path | None
    scenario: str | None
    seeds: Sequence[int]
    data: str | None
    root: Path | None
    test: Path | None
    jobs: int
    json: bool
    card: Path | None = None
    settings: Sequence[str] = ()
    value: float | None = None
    reason: str = ""
    stretch: Stretch | None = None
    out: Path | None = None
    most: float | None = None
    recalibrate: bool = False
    force: bool = False


def carry_out(ask: Ask, progress: Progress) -> int:
    """Do what was asked. Raises InputError for an unknown action, or the wrong number of names."""
    if ask.action not in ACTIONS:
        raise InputError(
            say(
                "models takes 'list', 'show NAME', 'add FILE', 'compare A B', 'threshold NAME' or 'recentre NAME', but "
                "got '{action}'.",
                action=ask.action,
            )
            + nearest(ask.action, ACTIONS)
        )
    if len(ask.names) != ACTIONS[ask.action]:
        raise InputError(
            say("models {action} takes {n} names, but got {got}.",
                action=ask.action, n=ACTIONS[ask.action], got=len(ask.names))
        )  # fmt: skip
    return _DO[ask.action](ask, progress)


def _list(ask: Ask, progress: Progress) -> int:
    from testbed import show

    cards, refused = {}, {}
    for label, path in listed().items():
        try:
            cards[label] = load_model(path).card.raw
        except InputError as error:
            refused[label] = str(error)
    if ask.json:
        rows = [
            {"name": k, **{f: v.get(f) for f in ("kind", "task", "condition", "licence")}} for k, v in cards.items()
        ]
        rows += [{"name": label, "refused": reason} for label, reason in refused.items()]
        print(jsonlib.dumps({"models": rows}, ensure_ascii=False))
    else:
        show.models(cards)
        for reason in refused.values():
            print(reason)
    return 0


def _show(ask: Ask, progress: Progress) -> int:
    """The card, or the page with --html."""
    file = find(ask.names[0])
    if ask.html is not None:
        from testbed.model_page import write_page

        measured = None
        if ask.data is not None:
            from testbed.evidence import evidence

            measured = evidence(file, ask.data, ask.root, ask.test)
        write_page(file, ask.html, measured)
    card = readable(load_model(file).card.raw)
    if ask.json or ask.html is None:
        print(jsonlib.dumps(card, ensure_ascii=False, indent=None if ask.json else 1))
    else:
        print(say("Page: {path}", path=ask.html))
    return 0


def _add(ask: Ask, progress: Progress) -> int:
    """A file that loads and does what it did at export goes to the user's own folder, under its own name.

    A file of another make is looked at first, and gets a card beside it.
    """
    from testbed.adding.command import add_foreign, free_place, store
    from testbed.adding.graph import Graph
    from testbed.train import write_model

    file = Path(ask.names[0])
    graph = Graph(file)
    if not graph.is_ours or ask.card is not None:
        return _tell_added(ask, graph, store, *add_foreign(graph, ask.settings, ask.card))
    if ask.settings:
        raise InputError(say("{name} carries a card of its own: --set is for files that carry none.", name=file.name))
    model, data = loaded(file)
    place = free_place(file.name, data)
    write_model(data, place)
    p50, p99 = speed(model)
    if ask.json:
        print(jsonlib.dumps({"name": file.stem, "file": str(place), "p50_ms": p50, "p99_ms": p99}, ensure_ascii=False))
    else:
        print(say("Added {name}: p50 {p50} ms, p99 {p99} ms here.", name=file.stem, p50=p50, p99=p99))
    return 0


def _tell_added(ask: Ask, graph: Any, store: Any, card: dict[str, Any], trial: Any, told: Sequence[str]) -> int:
    """Store a file of another make, and say what was understood of it and how it did."""
    place = store(graph, card)
    if ask.json:
        about = {"name": graph.stem, "file": str(place), "p50_ms": trial.p50_ms, "p99_ms": trial.p99_ms}
        print(jsonlib.dumps({**about, "sha256": card["foreign"]["sha256"], "card": readable(card)}, ensure_ascii=False))
        return 0
    for line in told:
        print(line)
    if trial.zeros is not None:
        print("  " + say("ran: score {zeros} for zeros, {sample} for noise (1.0 is the alarm level)",
                         zeros=f"{trial.zeros:.3g}", sample=f"{trial.sample:.3g}"))  # fmt: skip
    print("  " + say("SHA-256 {sha}", sha=card["foreign"]["sha256"]))
    print(say("Added {name}: p50 {p50} ms, p99 {p99} ms here.", name=graph.stem, p50=trial.p50_ms, p99=trial.p99_ms))
    return 0


def _compare(ask: Ask, progress: Progress) -> int:
    from testbed.comparing import compare

    found = compare(ask.names, ask.scenario, ask.seeds, ask.data, ask.root, ask.test, ask.jobs, progress)
    if ask.json:
        print(jsonlib.dumps(found.score, ensure_ascii=False))
        return 0
    _print_pairs(found.models, found.differs, "what")
    if found.rows:
        from testbed.benching.command import show

        show(found.rows)
        if found.cases:
            _print_pairs(found.models, found.cases, "case")
        else:
            print(say("They said the same of everything."))
    return 0


def _threshold(ask: Ask, progress: Progress) -> int:
    """Without a value, what it is; with one, set it and say what that means."""
    from testbed.leveling import set_threshold, threshold_of

    if ask.value is None:
        model = load_model(find(ask.names[0]))
        value = threshold_of(model)
        if ask.json:
            changes = model.card.raw.get("threshold_changes", [])
            print(jsonlib.dumps({"name": model.card.name, "threshold": value, "changes": changes}, ensure_ascii=False))
        else:
            print(
                say("{model} alarms from {value} on, in its own measure.", model=model.card.name, value=f"{value:.6g}")
            )
        return 0
    place, change = set_threshold(ask.names[0], ask.value, ask.reason)
    if ask.json:
        print(jsonlib.dumps({"file": str(place), **change}, ensure_ascii=False))
        return 0
    print(say("{file}: threshold {before} -> {now}; its card remembers it.", file=place,
              before=f"{change['from']:.6g}", now=f"{change['to']:.6g}"))  # fmt: skip
    if change["scored_on"]:
        print(say("It was scored before on {data}: tables and reports say so from now on.",
                  data=", ".join(change["scored_on"])))  # fmt: skip
    return 0


def _recentre(ask: Ask, progress: Progress) -> int:
    """Move a model's centre to a stretch that a person confirms to be normal, and tell how far each tag went."""
    from testbed.recentring import MOST, furthest, recentred
    from testbed.train import writable, write_model

    if ask.stretch is None or ask.out is None:
        raise InputError(
            say("models recentre takes --data FILE (or a run's folder), --confirmed-by NAME and --out NEW.onnx.")
        )
    writable(ask.out)
    most = MOST if ask.most is None else ask.most
    made, entry = recentred(ask.names[0], ask.stretch, most, ask.recalibrate, ask.force)
    write_model(made, ask.out)
    if ask.json:
        print(jsonlib.dumps({"file": str(ask.out), **entry}, ensure_ascii=False))
        return 0
    for name, z in sorted(entry["moved_sigmas"].items(), key=lambda pair: -abs(pair[1]))[:SHOWN]:
        print(f"  {z:+7.2f}  {name}")
    name, z = furthest(entry)
    told = {"n": len(entry["moved_sigmas"]), "rows": entry["rows"], "tag": name, "z": f"{z:+.2f}"}
    told |= {"before": entry["alarms_before"], "after": entry["alarms_after"]}
    print(say("Wrote {file}: {n} tags re-centred on {rows} rows, furthest {tag} by {z} standard deviations; alarms in "
              "this stretch {before} before, {after} after.", file=ask.out, **told))  # fmt: skip
    for reason in entry["forced_against"]:
        print(say("FORCED against: {reasons}", reasons=reason))
    return 0


def _print_pairs(models: tuple[str, str], entries: Sequence[dict[str, Any]], key: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("", *models, box=None, pad_edge=False)
    for entry in entries:
        table.add_row(str(entry[key]), _told(entry["a"]), _told(entry["b"]))
    Console().print(table)


def _told(value: Any) -> str:
    text = "–" if value is None else value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDE else text[: WIDE - 1] + "…"


_DO = {"list": _list, "show": _show, "add": _add, "compare": _compare, "threshold": _threshold, "recentre": _recentre}
