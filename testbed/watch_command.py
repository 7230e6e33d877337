"""`testbed watch`: the edge runtime on a live line, shown as a table, as plain lines, or as one JSON object."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.texts import say

RUNS = Path("runs")


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `watch` as they were given, beside those of the order."""

    order: Mapping[str, Any]
    secrets: Path | None
    truth: Path | None
    reveal: bool
    json: bool


def watch(ask: Ask) -> int:
    """Watch until the time is over or Ctrl-C; always 0, since a line that raises alarms is no failure."""
    from connectors.certs import Store
    from edge.order import order_of
    from edge.record import new_folder
    from edge.tell import sent_sentence
    from testbed.watching import Answers, Truths, both
    from testbed.watching import watch as work

    asked = {name: value for name, value in ask.order.items() if value is not None}
    if "out" not in asked and "records" not in asked and not ask.json and asked.get("record") != "none":
        asked["out"] = new_folder(RUNS, "watch")
    order = order_of(asked, ask.secrets)
    shown = _shown(ask.json)
    with shown as screen:
        for warning in Store().warnings():
            screen.line(warning)
        truths = Truths(Answers(ask.truth), ask.reveal, screen.line)
        result = work(order, both(screen.telling, truths.telling), ask.truth)
    if ask.json:
        print(jsonlib.dumps(result.score, ensure_ascii=False))
        return 0
    samples, notes = result.score["samples"], result.score["notes"]
    print(
        say("{alarms} alarms in {s} s. Samples received: {received}, late: {late}. Windows dropped: {dropped}. "
            "Blind: {blind} s.",
            alarms=sum(event.change == "active" for event in result.events), s=f"{result.score['duration_s']:.1f}",
            received=samples["received"] - notes["repeated"], late=samples["late"], dropped=notes["dropped"],
            blind=result.score["blind_s"])
    )  # fmt: skip
    if "publish" in result.score:
        print(sent_sentence(result.score["publish"]))
    if result.folder is not None:
        print(say("Report: {path}", path=result.folder / "report.html"))
    return 0


def _shown(json: bool) -> Any:
    """A table where somebody is looking; else lines, which stand on stderr beside a JSON object."""
    from edge.tell import Plain, on_stderr, on_stdout

    if not json and sys.stdout.isatty():
        from testbed.live_table import LiveTable

        return LiveTable()
    return nullcontext(Plain(on_stderr if json else on_stdout))
