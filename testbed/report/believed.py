"""What a line believes of its product beside what is true: how far both swing, over the run.

Truth that the plant keeps beside its tags is shown here alone. A loop that trusts a wrong gauge makes the gauge look
better while the product gets worse; this figure shows the two coming apart.
"""

from __future__ import annotations

import numpy as np

from connectors.tags import Tag
from connectors.texts import say
from connectors.times import SECOND
from testbed.names import called
from testbed.report.formats import number
from testbed.report.markup import Html, tag
from testbed.report.signals import Trace
from testbed.report.svg import LEFT, RIGHT, Scale, figure, line, path, ticks, time_axis, time_scale, words
from testbed.report.view import View, last_level

WINDOW_S = 4.0  # s a swing is taken over: two turns of the slowest roll
STEP_S = 1.0
LEAST = 8  # samples of a window
HEIGHT = 150.0
MICRO = 1000.0  # µm in a mm: both are shown in thousandths of the tag's unit where that is mm


def believed(view: View) -> Html | None:
    """One figure a pair of truth and belief; None where the plant keeps no such truth or nothing was recorded."""
    pairs = view.about.get("believed") or {}
    figures = [drawn for true, tag_name in pairs.items() if (drawn := _pair(view, true, tag_name)) is not None]
    if not figures:
        return None
    return tag("section", tag("h2", say("What the line believes, and what is true")), *figures)


def swing(trace: Trace, centres: np.ndarray) -> np.ndarray:
    """Amplitude around each centre (s): √2 of the standard deviation about a straight line; NaN without samples."""
    out = np.full(len(centres), np.nan)
    for i, centre in enumerate(centres):
        part = trace.between(centre - WINDOW_S / 2, centre + WINDOW_S / 2)
        good = np.isfinite(part.value)
        if good.sum() >= LEAST and good.mean() > 0.9:
            time, value = part.time[good] - centre, part.value[good]
            rest = value - np.polyval(np.polyfit(time, value, 1), time)
            out[i] = float(np.sqrt(2.0) * rest.std())
    return out


def _pair(view: View, true: str, name: str) -> Html | None:
    measured, real = view.signals.trace(name), _truth(view, true)
    if measured is None or real is None:
        return None
    centres = np.arange(WINDOW_S / 2, max(view.duration - WINDOW_S / 2, WINDOW_S / 2), STEP_S)
    factor, unit = (MICRO, "µm") if measured.tag.unit == "mm" else (1.0, measured.tag.unit)
    truth, belief = (swing(trace, centres) * factor for trace in (real, measured))
    known = np.isfinite(truth)
    for away in range(1, round(WINDOW_S / STEP_S)):  # a head or tail in reach of a window is no swing
        known &= np.isfinite(np.roll(truth, away)) & np.isfinite(np.roll(truth, -away))
    truth, belief = np.where(known, truth, np.nan), np.where(known, belief, np.nan)
    curves = ((truth, "true"), (belief, "belief"))
    if not all(np.isfinite(values).any() for values, _ in curves):
        return None
    top = float(max(np.nanmax(values) for values, _ in curves)) * 1.15
    scale, vertical = time_scale(0.0, max(view.duration, 1e-9)), Scale(0.0, top, HEIGHT - 4, 24)
    grid = [
        part
        for at in ticks(0.0, top, 4)
        for part in (
            line(LEFT, vertical(at), RIGHT, vertical(at), "grid"),
            words(LEFT - 6, vertical(at) + 4, number(at, 3), "tick", "end"),
        )
    ]
    drawn = [
        tag("path", d=path(centres, values, scale, vertical), class_=f"swing {class_}") for values, class_ in curves
    ]
    label = say("How far {name} swings", name=last_level(name))
    heads = (words(4, 40, f"± {unit}", "lane"), *_moments(view, scale))
    shown = figure(HEIGHT + 26, label, time_axis(scale, view.clock, 20.0, HEIGHT), *grid, *drawn, *heads)
    return tag("figure", shown, tag("figcaption", _key(name), tag("p", _how_to_read())))


def _truth(view: View, name: str) -> Trace | None:
    """The true values, as a trace."""
    table = view.run.true_signals()
    if name not in table.columns:
        return None
    time = (table["time"].to_physical().to_numpy() - view.run.start) / SECOND
    return Trace(Tag(name=name), time, table[name].to_numpy().astype(float))


def _moments(view: View, scale: Scale) -> list[Html]:
    """Set-points and responses: what changed how the line is driven."""
    steps = [step for step in view.about.get("steps", []) if step.get("kind") in ("setpoint", "response")]
    parts: list[Html] = []
    for step in steps:
        x = scale(view.s(step["time"]))
        value = (step.get("details") or {}).get("value")
        text = called(step["name"]) + ("" if value is None else f" → {number(value, 3)}")
        parts += [line(x, 14, x, HEIGHT, "pole step-pole"), words(x + 4, 12, text, "flag")]
    return parts


def _key(name: str) -> Html:
    entries = (("true", say("as it is")), ("belief", say("as {name} has it", name=last_level(name))))
    items = []
    for class_, text in entries:
        sample = tag("path", d="M1 8h22", class_=f"swing {class_}")
        items.append(tag("li", tag("svg", sample, viewBox="0 0 24 16", class_="symbol", aria_hidden="true"), text))
    return tag("ul", *items, class_="legend")


def _how_to_read() -> str:
    return say(
        "Each curve is the swing around the mean over {s:g} s. No model and no controller sees the true one.",
        s=WINDOW_S,
    )
