"""The report of a run: one self-contained HTML page that prints well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.texts import say
from testbed.report.believed import believed
from testbed.report.cards import cards
from testbed.report.choose import PLOTS, over_time, overview, zooms
from testbed.report.health import rivals, transport
from testbed.report.markup import Html, join, tag
from testbed.report.origin import origin
from testbed.report.page import page
from testbed.report.plots import over_the_run
from testbed.report.reading import reading
from testbed.report.strip import strip
from testbed.report.tables import false_alarms, faults, lookalikes, steps
from testbed.report.timeline import timeline
from testbed.report.verdict import heading, verdict
from testbed.report.view import View
from testbed.report.worth import worth
from testbed.report.zoom import close_look

if TYPE_CHECKING:
    from testbed.running import Run

__all__ = ["report"]


def report(run: Run) -> str:
    """The page, most important things first. Whatever the run lacks is said or left out."""
    view = View(run)
    done = steps(view)
    body = [
        verdict(view),
        _section(say("The run at a glance"), timeline(view)),
        _strip(view),
        _origin(view),
        _section(say("Faults"), faults(view), lookalikes(view), false_alarms(view)),
        believed(view),
        _signals(view),
        _worth(view),
        rivals(view),
        _section(say("How the data came"), transport(view)),
        _section(say("Models"), cards(view)),
        None if done is None else _section(say("What was done"), done),
        reading(view),
    ]
    return page(heading(view), body)


def _section(title: str, *parts: Html | None) -> Html:
    return tag("section", tag("h2", title), *parts)


def _worth(view: View) -> Html | None:
    told = worth(view)
    return None if told is None else _section(say("What it was worth"), told)


def _strip(view: View) -> Html | None:
    told = strip(view)
    return None if told is None else _section(say("The strip"), told)


def _origin(view: View) -> Html | None:
    told = origin(view)
    return None if told is None else _section(say("Where it comes from"), told)


def _signals(view: View) -> Html:
    """Close looks at faults, then tags over the whole run."""
    title = say("Signals")
    if view.signals.is_empty:
        return _section(title, tag("p", say("No signals were recorded in this run.")))
    looks = zooms(view)
    taken = {pick.name for zoom in looks for pick in zoom.picks}
    picks = overview(view, taken, max(2, PLOTS - sum(len(zoom.picks) for zoom in looks)))
    left = len(over_time(view)) - len(looks)
    more = tag("p", say("Further faults, in the table only: {n}.", n=left), class_="facts") if left else None
    whole = join([tag("h3", say("Over the whole run")), over_the_run(view, picks)]) if picks else None
    return _section(title, *(close_look(view, zoom) for zoom in looks), more, whole)
