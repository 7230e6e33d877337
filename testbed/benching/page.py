"""A bench as one self-contained HTML page: the table, and a plot a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.texts import say, word
from edge.versions import versions
from testbed.benching.columns import HIGHER, LOWER, Row, cell, parts, shown, titles
from testbed.report.formats import number
from testbed.report.health import pairs
from testbed.report.markup import Html, join, tag
from testbed.report.page import page
from testbed.report.svg import LEFT, RIGHT, Scale, box, clip, figure, line, ticks, words
from testbed.report.tables import table

BAR = 18.0  # units a bar takes
PLOTTED = (*HIGHER, *LOWER, "lead_p50_s", "delay_p50_s", "false_alarms_per_24h", "p50_ms")


def bench_page(rows: Sequence[Row], about: dict[str, Any]) -> str:
    """The page. `about` says how it was measured: names and values."""
    keys = shown(rows)
    names = titles()
    body = [
        tag("h1", say("Models side by side")),
        tag("p", say("Every model ran through the same pipeline under one fixed rule. A model that does not beat the "
                     "rivals that need no model, such as always-alarm or majority, has learnt nothing.")),
        table([names[key] for key in keys], [[cell(row, key) for key in keys] for row in rows],
              [i for i, key in enumerate(keys) if key not in ("model", "data", "scenario")]),
        *(_plots(part) for part in parts(rows)),
        tag("h2", say("How it was measured")),
        pairs([(word(name), str(value)) for name, value in {**about, **versions()}.items() if value not in (None, "")]),
        _reading(),
    ]  # fmt: skip
    return page(say("Models side by side"), body)


def _plots(rows: Sequence[Row]) -> Html:
    title = str(rows[0].get("scenario") or rows[0].get("data"))
    keys = [key for key in PLOTTED if any(row.get(key) is not None for row in rows)]
    return join([tag("h2", title), *(tag("figure", _bars(key, rows)) for key in keys)])


def _bars(key: str, rows: Sequence[Row]) -> Html:
    """A bar a model, on a scale from 0."""
    name = titles()[key]
    values = [row.get(key) for row in rows]
    top = 1.0 if key in (*HIGHER, *LOWER) else max([abs(v) for v in values if v is not None] or [1.0]) or 1.0
    scale = Scale(0.0, top, LEFT, RIGHT - 70)
    bottom = 24.0 + BAR * len(rows)
    drawn: list[str] = [words(4, 15, f"{name} — {_better(key)}", "lane")]
    for at in ticks(0.0, top, 5):
        drawn.append(line(scale(at), 24, scale(at), bottom + 4, "grid"))
        drawn.append(words(scale(at), bottom + 17, number(at), "tick", "middle"))
    for i, (row, value) in enumerate(zip(rows, values, strict=True)):
        y = 24 + BAR * i
        drawn.append(words(4, y + 13, clip(str(row["model"]), LEFT - 12), "tick"))
        if value is None:
            drawn.append(words(LEFT + 4, y + 13, say("does not apply"), "note"))
            continue
        drawn.append(
            box(LEFT, y + 3, scale(max(value, 0.0)), y + BAR - 3, "active", f"{row['model']}: {number(value)}")
        )
        drawn.append(words(scale(max(value, 0.0)) + 6, y + 13, cell(row, key), "tick"))
    return figure(bottom + 24, say("{name} of each model", name=name), *drawn)


def _better(key: str) -> str:
    return say("higher is better") if key in (*HIGHER, "lead_p50_s") else say("lower is better")


def _reading() -> Html:
    entries = (
        ("F1, FAR, MAR", say("Pooled over all scored moments, no point adjustment. FAR is the share of good moments "
                             "with an alarm, MAR the share of bad moments without one. Read them together.")),
        ("VUS-PR", say("Precision over recall at all thresholds, with labels softened around each fault "
                       "(PVLDB 2022). What is not worth more than the share of bad moments knows nothing.")),
        (say("affiliation F1"), say("How close alarms and faults lie, as chances beside a random moment (KDD 2022).")),
        ("NAB", say("Changes of state, or windows around what happened, found early; 100 is perfect, 0 is silence "
                    "(ICMLA 2015).")),
        ("S", say("BATADAL's own: the mean of S_TTD, how soon attacks are found, and S_CM, how many hours are right. "
                  "An alarm that never ends gets 0.75.")),
        ("*", say("As published on the same files, not measured here. NAB chose those thresholds by the labels.")),
        (say("delay"), say("From the first bad moment to the first alarm inside the fault. An alarm that was there "
                           "before counts as no delay, and as a false alarm.")),
        (say("fitted on these"), say("The share of what is scored that the model was fitted or calibrated on, by "
                                     "what its card holds of them. Such a row says little.")),
        (say("threshold changed after scoring on"),
         say("Whoever chose this threshold could know how another one had done on these data.")),
        (say("macro F1"), say("Mean over classes, so that a rare class counts as much as any.")),
        ("AUROC, AUPRO", say("Over all thresholds: which picture, and which part of it.")),
    )  # fmt: skip
    listed = tag("dl", *(join([tag("dt", name), tag("dd", told)]) for name, told in entries))
    return tag("section", tag("h2", say("How to read this")), listed, class_="reading")
