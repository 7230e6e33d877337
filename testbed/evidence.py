"""How a model did on data of the user's own: figures with intervals, and the worst of what it got wrong.

It is measured on the user's machine when they ask for the page, and its pictures stay in that page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.bootstrap import COVERED, LEAST, interval
from connectors.errors import InputError
from connectors.texts import say
from testbed.report.formats import NOTHING
from testbed.report.markup import Html, join, tag
from testbed.report.tables import table

MOST = 8  # examples of misses, and of false alarms


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of all items, and from where to where it lies in most draws of whole groups."""

    name: str
    value: float | None
    interval: tuple[float, float] | None

    @classmethod
    def of(
        cls, name: str, groups: Sequence[str], of_items: Callable[[np.ndarray], float | None], rounds: int = 400
    ) -> Figure:
        """A figure of items, each of one of `groups`."""
        value = of_items(np.arange(len(groups)))
        return cls(name, value, None if value is None else interval(groups, of_items, rounds=rounds))


@dataclass(frozen=True, slots=True)
class Example:
    """One thing that a model got wrong, or came nearest to."""

    shown: Html
    caption: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was measured.

    Attributes:
        told: on what, in a sentence.
        overlap: keys of a row that say whether the model has seen it.
        kept_together: what a group is.
        groups: how many there are.
        figures: with their intervals.
        missed, false: the worst ones first.
    """

    told: str
    overlap: dict[str, Any]
    kept_together: str
    groups: int
    figures: tuple[Figure, ...]
    missed: tuple[Example, ...]
    false: tuple[Example, ...]

    def html(self) -> list[Html]:
        """Sections of the model's page."""
        rows = [(one.name, _n(one.value), _between(one.interval)) for one in self.figures]
        note = (
            say("In brackets: from where to where the figure lies in {share} % of draws of whole groups, with "
                "replacement and a fixed seed. {kept}, {n} groups.",
                share=round(100 * COVERED), kept=self.kept_together, n=self.groups)
            if self.groups >= LEAST
            else say("{kept}: {n} are too few groups for an interval.", kept=self.kept_together, n=self.groups)
        )  # fmt: skip
        body = [
            tag("h2", say("How it did here")),
            tag("p", self.told),
            *self._warned(),
            table(("", say("value"), say("interval")), rows, (1, 2), "slim"),
            tag(
                "p",
                join(
                    [
                        note,
                        " ",
                        say(
                            "FAR is the share of what is good that raised an alarm, MAR the share of what "
                            "is bad that did not. An interval without width says only that nothing here "
                            "was wrong."
                        ),
                    ]
                ),
                class_="facts",
            ),
        ]
        missed, none = say("The worst misses"), say("It missed nothing here.")
        false, quiet = say("The worst false alarms"), say("It raised no false alarm here.")
        return [*body, tag("h2", say("Where it fails")), *_listed(missed, self.missed, none),
                *_listed(false, self.false, quiet)]  # fmt: skip

    def _warned(self) -> list[Html]:
        from testbed.benching.columns import cell

        known = self.overlap.get("overlap")
        if known == "some":
            share = cell(self.overlap, "overlap")
            return [tag("p", tag("strong", say("It was fitted on {share} of these: the figures flatter it.",
                                               share=share)))]  # fmt: skip
        if known == "unknown":
            return [tag("p", say("Its card does not say whether it was fitted on these."))]
        return [tag("p", say("Nothing of it was fitted or calibrated on."))]


def evidence(file: Path, data: str, root: Path | None, test: Path | None) -> Evidence:
    """Measure a model on pictures, on labelled series, or on records of bearings.

    Raises InputError for data that are not there, or do not fit the model.
    """
    from testbed.datasets import bearings, series

    if data in bearings.SETS:
        raise InputError(say("{data} has no page of its own yet; 'testbed bench --data {data}' measures on it.",
                             data=data))  # fmt: skip
    if data in series.SETS or data.endswith(series.SUFFIX):
        from testbed.evidence_series import of_series

        return of_series(file, data, series.load(data, root, test))
    from testbed.datasets.pictures import load
    from testbed.evidence_pictures import of_pictures

    return of_pictures(file, data, load(data, root, [test] if test else ()))


def of_left_out(file: Path, data: str, root: Path | None) -> Evidence | None:
    """Measure a model of pictures on those of a set that its card knows were not learned; None where none is left.

    Raises InputError for pictures that do not fit the model.
    """
    from edge.model import load_model
    from edge.seen import Again, of_array
    from testbed.datasets.pictures import load
    from testbed.evidence_pictures import of_pictures

    card, left = load_model(file).card.raw, []
    for picture in load(data, root):
        again = Again(card)
        again.note(of_array(picture.image()))
        if again.compared and not again.found:
            left.append(picture)
    return of_pictures(file, data, left) if left else None


def _listed(title: str, examples: Sequence[Example], none: str) -> list[Html]:
    if not examples:
        return [tag("h3", title), tag("p", none)]
    shown = [tag("figure", one.shown, tag("figcaption", one.caption), class_="crop") for one in examples]
    is_wide = examples[0].shown.startswith("<svg")
    body = join([tag("figure", one.shown, tag("figcaption", one.caption)) for one in examples])
    return [tag("h3", title), body if is_wide else tag("div", *shown, class_="crops")]


def _n(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"


def _between(found: tuple[float, float] | None) -> str:
    return NOTHING if found is None else f"[{found[0]:.3f} … {found[1]:.3f}]"
