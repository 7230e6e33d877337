"""One labelled series: which signals, what of it is known to be normal, and where something is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from connectors.errors import InputError
from connectors.files import FileSource
from connectors.tags import Tag
from connectors.texts import say


@dataclass(frozen=True, slots=True)
class Series:
    """One file of a set.

    Attributes:
        path: relative to the set's root, with forward slashes; what a list names.
        file: where it lies.
        tags: its signals, called alike in every file of the set, so that one model fits all.
        truth: column that is not 0 where something is wrong; empty where `windows` say it.
        changes: column that is not 0 where the state changes, or empty.
        head: rows that fit and calibrate, and are not scored.
        normal: files that fit and calibrate instead: the first fits, the others calibrate.
        budget: false alarms that the threshold allows.
        is_hidden: no published method finds it; it is left out of the mean detection.
        windows: (first, last) ns of each stretch where something is wrong, in order.
        scorer: the benchmark's own, 'skab', 'nab' or 'batadal'.
    """

    path: str
    file: Path
    tags: tuple[Tag, ...]
    truth: str
    changes: str
    head: int
    normal: tuple[Path, ...] = ()
    budget: str = "1/20m"  # a head of minutes says nothing of a day
    is_hidden: bool = False
    windows: tuple[tuple[int, int], ...] = ()
    scorer: str = "skab"

    def source(self) -> FileSource:
        """The file as a source. Raises InputError naming every fault, or one that has no row behind its head."""
        labels = tuple(column for column in (self.truth, self.changes) if column)
        source = FileSource(self.file, self.tags, labels=labels)
        if len(source.table.time) <= self.head:
            raise InputError(
                say("{path} has {rows} rows, and the first {head} are for fitting: nothing is left to score.",
                    path=self.file, rows=len(source.table.time), head=self.head)
            )  # fmt: skip
        return source
