"""One picture of a fault's signature: curves or spectra of its tags, a twin without the fault grey beside them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.items import Batch
from connectors.tags import Tag
from connectors.times import SECOND
from connectors.units import symbol
from testbed.names import measured
from testbed.plant import START
from testbed.report.formats import number
from testbed.report.markup import Html, join, tag
from testbed.report.signals import Trace, thin
from testbed.report.svg import LEFT, RIGHT, WIDTH, Scale, folded, line, path, ticks, words

if TYPE_CHECKING:
    from signatures import Signature

PANEL, HEAD, FOOT = 110.0, 8.0, 34.0  # units of height
POINTS = 900  # of a curve
ROOM = LEFT - 48  # units for what a curve measures
LONG = 16  # letters of a tag's name beyond which it would run into the axis
COLOURS = ("#1d4f80", "#a3001b", "#2d7d46", "#7a4b00", "#6a3d9a", "#111111")
STYLE = (
    "text{font:12px 'Noto Sans','Segoe UI',sans-serif;fill:#1b1b1b}.tick{font-size:10.5px;fill:#5c5c5c}"
    ".grid{stroke:#e2e2e2;fill:none}.axis{stroke:#8a8a8a;fill:none}"
    ".onset{stroke:#a3001b;stroke-dasharray:4 3;fill:none}"
    ".twin{stroke:#b9b9b9;fill:none;stroke-width:1.6}.curve{fill:none;stroke-width:1.2}"
)
Traces = dict[str, Trace]


def plate(
    signature: Signature, items: list[Any], twin: list[Any] | None, digest: str, axis: tuple[str, float] = ("s", 1.0)
) -> str:
    """The picture as one SVG file; `digest` is kept in it. Items are what the plants handed out in the window.

    `axis` is what the time axis counts, and how many s of the plant make one.
    """
    unit, seconds = axis
    faulty = traces(items, signature, seconds)
    healthy = {} if twin is None else traces(twin, signature, seconds)
    panels = [(names,) if isinstance(names, str) else names for names in signature.tags]
    for found in (faulty, healthy) if signature.spectrum else ():
        found.update({name: _spectrum(trace, signature.spectrum) for name, trace in found.items()})
    low, high = signature.spectrum or (-signature.before / seconds, signature.after / seconds)
    across = Scale(low, high, LEFT, RIGHT)
    parts = [_panel(names, faulty, healthy, across, HEAD + i * PANEL) for i, names in enumerate(panels)]
    bottom = HEAD + len(panels) * PANEL
    if signature.fault and not signature.spectrum:
        parts.append(line(across(0.0), HEAD, across(0.0), bottom, "onset"))
    parts.append(_axis(across, bottom, _across(signature, unit)))
    body = join([tag("desc", digest), tag("style", Html(STYLE)), *parts])
    height = bottom + FOOT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" width="{WIDTH:g}" '
        f'height="{height:g}">\n<rect width="{WIDTH:g}" height="{height:g}" fill="#fff"/>\n{body}\n</svg>\n'
    )


def _across(signature: Signature, unit: str) -> str:
    """What the axis shows."""
    if signature.spectrum:
        return "Hz"
    return f"{unit} since the fault began" if signature.fault else unit


def traces(items: Iterable[Any], signature: Signature, seconds: float = 1.0) -> Traces:
    """The named tags' samples by the end of the tag's name that the table gives.

    Time counts from the fault's beginning, in so many seconds of the plant.
    """
    batches = [item for item in items if isinstance(item, Batch)]
    wanted = [name for names in signature.tags for name in ((names,) if isinstance(names, str) else names)]
    return {name: _trace(name, batches, START + round(signature.at * SECOND), seconds) for name in wanted}


def _trace(name: str, batches: list[Batch], zero: int, seconds: float) -> Trace:
    found: dict[str, tuple[Tag, int]] = {}
    for batch in batches:
        for i, known in enumerate(batch.tags):
            if known.name == name or known.name.endswith(f"/{name}"):
                found[known.name] = (known, i)
    if len(found) != 1:
        raise SystemExit(f"'{name}' must be the end of one tag's name, but fits: {', '.join(found) or 'none'}.")
    ((known, i),) = found.values()
    own = [batch for batch in batches if any(t.name == known.name for t in batch.tags)]
    time = np.concatenate([batch.time for batch in own])
    value = np.concatenate([batch.values[:, i] for batch in own])
    return Trace(known, (time - zero) / (seconds * SECOND), value)


def _spectrum(trace: Trace, limits: tuple[float, float]) -> Trace:
    """Amplitudes over Hz after the onset, Hann window; values between `limits` alone."""
    value = trace.value[(trace.time > 0) & np.isfinite(trace.value)]
    window = np.hanning(len(value))
    amplitude = 2.0 * np.abs(np.fft.rfft((value - value.mean()) * window)) / window.sum()
    hertz = np.fft.rfftfreq(len(value), 1.0 / float(trace.tag.rate_hz or 1.0))
    inside = (hertz >= limits[0]) & (hertz <= limits[1])
    return Trace(trace.tag, hertz[inside], amplitude[inside])


def _panel(names: tuple[str, ...], faulty: Traces, healthy: Traces, across: Scale, top: float) -> Html:
    shown = [faulty[name] for name in names]
    twins = [healthy[name] for name in names if name in healthy]
    good = np.concatenate([trace.value[np.isfinite(trace.value)] for trace in (*shown, *twins)])
    low, high = float(good.min()), float(good.max())
    room = 0.06 * (high - low) or max(abs(high) * 0.05, 0.5)
    up = Scale(low - room, high + room, top + PANEL - 6, top + 6)
    parts: list[str] = []
    for at in ticks(up.low, up.high, 3):
        parts += [line(LEFT, up(at), RIGHT, up(at), "grid"), words(LEFT - 6, up(at) + 4, number(at, 5), "tick", "end")]
    parts += [tag("path", d=_curve(trace, across, up), class_="twin") for trace in twins]
    for i, (name, trace) in enumerate(zip(names, shown, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(tag("path", d=_curve(trace, across, up), class_="curve", stroke=colour))
        small = ";font-size:9px" if len(name) > LONG else ""
        parts.append(tag("text", name, x=4.0, y=top + 20 + 14 * i, style=f"fill:{colour}{small}"))
    y = top + 20 + 14 * len(names)
    unit, what = symbol(shown[0].tag.unit), measured(shown[0].tag.short)
    said = [f"[{unit}]" if unit else "", *folded(what, ROOM, 10.5)]
    parts += [words(4, y + 12 * i, text, "tick") for i, text in enumerate(text for text in said if text)]
    return join(parts)


def _curve(trace: Trace, across: Scale, up: Scale) -> str:
    time, value = thin(trace, POINTS)
    return path(time, value, across, up)


def _axis(across: Scale, bottom: float, name: str) -> Html:
    parts = [line(LEFT, bottom, RIGHT, bottom, "axis"), words(4, bottom + 18, name, "tick")]
    for at in ticks(across.low, across.high, 8):
        parts += [line(across(at), bottom, across(at), bottom + 4, "axis"),
                  words(across(at), bottom + 18, number(at), "tick", "middle")]  # fmt: skip
    return join(parts)
