"""Labelled series of measurements: skab, a file a series, whose head is known to be normal; tep, with normal runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import InputError, nearest
from connectors.files import FileSource
from connectors.tags import Tag
from connectors.texts import say
from testbed.datasets.pictures import DATA, read_list

SKAB_HEAD = 400  # rows of a file that train; SKAB's own protocol, core/utils.py
SKAB_UNITS = {
    "Accelerometer1RMS": "[g]", "Accelerometer2RMS": "[g]", "Current": "A", "Pressure": "bar", "Temperature": "Cel",
    "Thermocouple": "Cel", "Voltage": "V", "Volume Flow RateRMS": "L/min",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One file of a set.

    Attributes:
        path: relative to the set's root, with forward slashes; what a list names.
        file: where it lies.
        tags: its signals, called alike in every file of the set, so that one model fits all.
        truth: column that is not 0 where something is wrong.
        changes: column that is not 0 where the state changes, or empty.
        head: rows that fit and calibrate, and are not scored.
        normal: files that fit and calibrate instead: the first fits, the others calibrate.
        budget: false alarms that the threshold allows.
        is_hidden: no published method finds it; it is left out of the mean detection.
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

    def source(self) -> FileSource:
        """The file as a source. Raises InputError naming every fault, or one that has no row behind its head."""
        labels = (self.truth, self.changes) if self.changes else (self.truth,)
        source = FileSource(self.file, self.tags, labels=labels)
        if len(source.table.time) <= self.head:
            raise InputError(
                say("{path} has {rows} rows, and the first {head} are for fitting: nothing is left to score.",
                    path=self.file, rows=len(source.table.time), head=self.head)
            )  # fmt: skip
        return source


def load(name: str, root: Path | None = None, test: Path | None = None) -> list[Series]:
    """The labelled series of a set, by path.

    Args:
        name: one of SETS.
        root: where it lies; default TESTBED_DATA/name.
        test: a list of paths relative to root; default every labelled file below root.

    Raises InputError naming the nearest set, a folder without such files, or every listed path that does not fit.
    """
    if name not in SETS:
        raise InputError(say("No set of series is called '{name}'.", name=name) + nearest(name, list(SETS)))
    place = root or Path(os.environ.get(DATA, "data")) / name
    if not place.is_dir():
        raise InputError(
            say("{name} is not at {place}. Say where it lies with --root, or set {variable}.",
                name=name, place=place, variable=DATA)
        )  # fmt: skip
    found = SETS[name](place)
    if test is not None:
        found = _chosen(found, test, place)
    if not found:
        raise InputError(say("{place} holds no labelled file of {name}.", place=place, name=name))
    return found


def _chosen(found: list[Series], test: Path, root: Path) -> list[Series]:
    known = {series.path: series for series in found}
    wanted = [line for line in read_list(test) if line.lower().endswith((".csv", ".parquet"))]
    missing = [line for line in wanted if line not in known]
    if missing:
        raise InputError(
            say("{n} listed files are not labelled files under {root}, among them {shown}.",
                n=len(missing), root=root, shown=", ".join(missing[:5]))
            + nearest(missing[0], known)
        )  # fmt: skip
    return [known[line] for line in sorted(set(wanted))]


def _skab(root: Path) -> list[Series]:
    """Every file with a column 'anomaly'; the free run without labels trains nobody here and is left out."""
    tags = tuple(
        Tag(name=f"SKAB/RIG/{column.replace(' ', '_')}", unit=unit, rate_hz=1.0, address=column)
        for column, unit in SKAB_UNITS.items()
    )
    files = sorted(root.rglob("*.csv"), key=lambda file: file.relative_to(root).as_posix())
    return [
        Series(file.relative_to(root).as_posix(), file, tags, "anomaly", "changepoint", SKAB_HEAD)
        for file in files
        if "anomaly" in _header(file)
    ]


TEP_HIDDEN = (3, 9, 15)  # faults that no published method finds (Russell, Chiang and Braatz 2000)
TEP_NORMAL = ("d00_train.parquet", "d00_test.parquet")
TEP_TAGS = tuple(
    Tag(name=f"TEP/PLANT/{column}", rate_hz=1.0 / 180.0, address=column)
    for column in (*(f"XMEAS_{i}" for i in range(1, 42)), *(f"XMV_{i}" for i in range(1, 12)))
)


def _tep(root: Path) -> list[Series]:
    """Every test run of a fault. The normal runs lie beside them, or in another part of the set."""
    normal = [next((path for place in (root, root.parent) for path in sorted(place.rglob(name))), None)
              for name in TEP_NORMAL]  # fmt: skip
    found = {file.relative_to(root).as_posix(): file for file in sorted(root.rglob("d*_test.parquet"))}
    if found and not all(normal):
        raise InputError(
            say("tep needs its normal runs {names} under {root} or beside it.", names=", ".join(TEP_NORMAL), root=root)
        )
    return [
        Series(path, file, TEP_TAGS, "label", "", 0, tuple(path for path in normal if path), "1/24h",
               int(file.name[1:3]) in TEP_HIDDEN)
        for path, file in found.items()
        if not file.name.startswith("d00")
    ]  # fmt: skip


def _header(file: Path) -> list[str]:
    """Names of the columns. Raises InputError for a file that cannot be read."""
    try:
        with file.open(encoding="utf-8-sig", errors="replace") as lines:
            return lines.readline().strip().split(";")
    except OSError as error:
        raise InputError(say("{path} cannot be read: {reason}.", path=file, reason=error.strerror or error)) from None


SETS: dict[str, Callable[[Path], list[Series]]] = {"skab": _skab, "tep": _tep}
