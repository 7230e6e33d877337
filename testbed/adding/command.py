"""`testbed models add` of a file of another make: what it is, what is asked, and how it did."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.texts import say
from edge.card import parse
from edge.foreign import KEY, sidecar
from edge.library import folders
from testbed.adding.answers import FIX, KEYS, Answers, Question, answers_of
from testbed.adding.calibrating import calibrated
from testbed.adding.draft import Draft
from testbed.adding.graph import Graph
from testbed.adding.rules import understand
from testbed.adding.series import spoken
from testbed.adding.trial import Trial, model_of, sealed, tried


def add_foreign(graph: Graph, settings: Sequence[str], card: Path | None) -> tuple[dict[str, Any], Trial, list[str]]:
    """The card of a file, ready to lie beside it, what came of a trial, and lines that say what was understood.

    Raises InputError for a file that cannot run here, for answers that do not fit, and for questions that are open
    where nobody sits at a terminal.
    """
    answers, whole = answers_of(settings, card)
    must_calibrate = False
    if whole is not None:
        written, told, constants = whole, [], whole.get(KEY, {}).get("constants", {})
        parse(jsonlib.dumps(whole), str(card))
    else:
        written, draft = _understood(graph, answers)
        told, constants = lines(graph, written, draft), draft.constants
        must_calibrate = draft.must_calibrate
    model = model_of(graph, sealed(graph, written, constants))
    if must_calibrate:
        written = calibrated(model, written, answers)
        model = model_of(graph, sealed(graph, written, constants))
    trial, golden = tried(model)
    if trial.zeros is not None and not trial.moves and written["task"] != "detect":
        told.append("  " + say("note: it says the same of zeros and of noise; look at its scaling"))
    return {**sealed(graph, written, constants), "golden": [golden]}, trial, told


def _understood(graph: Graph, answers: Answers) -> tuple[dict[str, Any], Draft]:
    card, draft = understand(graph, answers)
    while draft.open:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            told = [*lines(graph, card, draft), *(question.text for question in draft.open)]
            raise InputError("\n".join(told))
        print("\n".join(lines(graph, card, draft)), file=sys.stderr)
        for question in draft.open:
            _ask(question, answers)
        card, draft = understand(graph, Answers(answers.given))
    return card, draft


def _ask(question: Question, answers: Answers) -> None:
    """Ask at the terminal until something is said; 'key=value' answers with another key."""
    said = ""
    while not said:
        print(f"{question.text}\n{question.key}=", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise InputError(question.text)
        said = line.strip()
    key, equals, value = said.partition("=")
    is_key = bool(equals) and (key in KEYS or key.startswith(FIX))
    answers.given[key if is_key else question.key] = value if is_key else said


def lines(graph: Graph, card: dict[str, Any], draft: Draft) -> list[str]:
    """What was understood, in a few lines."""
    found = [
        say("{name}: {kind}, {task}", name=graph.name, kind=card["kind"], task=card["task"])
        + (f" ({graph.producer})" if graph.producer else ""),
        "  " + say("in: {ports}", ports=spoken(graph.inputs)),
        "  " + say("out: {ports}", ports=spoken(graph.outputs)),
        *(f"  {line}" for line in draft.told),
    ]
    if draft.assumed:
        taken = ", ".join(f"{key}={_plain(value)}" for key, value in draft.assumed.items())
        found.append("  " + say("assumed, --set changes it: {taken}", taken=taken))
    return found


def _plain(value: Any) -> str:
    return ",".join(f"{one:g}" for one in value) if isinstance(value, list) else f"{value}"


def store(graph: Graph, card: dict[str, Any]) -> Path:
    """Put the file and its card on the shelf; where it is now. Raises InputError if it cannot be put there."""
    from testbed.leveling import remembered
    from testbed.train import write_model

    place = free_place(graph.name, graph.data)
    card = remembered(card, place)
    write_model(jsonlib.dumps(card, ensure_ascii=False).encode(), sidecar(place))
    write_model(graph.data, place)
    return place


def free_place(name: str, data: bytes) -> Path:
    """Where on the shelf a file goes. Raises InputError if another one is there, or the shelf cannot be written."""
    shelf = folders()[0]
    place = shelf / name
    if place.exists() and place.read_bytes() != data:
        raise InputError(
            say("Another model called '{name}' is in {folder}. Rename yours, or remove that one.",
                name=Path(name).stem, folder=shelf)
        )  # fmt: skip
    try:
        shelf.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(say("{folder} cannot be written: {reason}.", folder=shelf, reason=reason)) from None
    return place
