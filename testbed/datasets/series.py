"""Labelled series of measurements: some with a head that is known to be normal, some with normal runs beside them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from connectors.errors import InputError, nearest
from connectors.tags import Tag
from connectors.texts import say
from testbed.datasets.batadal import batadal
from testbed.datasets.described import SUFFIX, described
from testbed.datasets.labelled import Series
from testbed.datasets.nab import nab
from testbed.datasets.pictures import DATA, read_list

SKAB_HEAD = 400  # rows of a file that train; SKAB's own protocol, core/utils.py
SKAB_UNITS = {
    "Accelerometer1RMS": "[g]", "Accelerometer2RMS": "[g]", "Current": "A", "Pressure": "bar", "Temperature": "Cel",
    "Thermocouple": "Cel", "Voltage": "V", "Volume Flow RateRMS": "L/min",
}  # fmt: skip


def load(name: str, root: Path | None = None, test: Path | None = None) -> list[Series]:
    """The labelled series of a set, by path.

    Args:
        name: one of SETS, or a description of one's own in TOML.
        root: where it lies; default TESTBED_DATA/name, or where the description lies.
        test: a list of paths relative to root; default every labelled file below root.

    Raises InputError naming the nearest set, a folder without such files, or every listed path that does not fit.
    """
    if name.endswith(SUFFIX):
        own = described(Path(name), root)
        return own if test is None else _chosen(own, test, root or Path(name).absolute().parent)
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


SETS: dict[str, Callable[[Path], list[Series]]] = {"batadal": batadal, "nab": nab, "skab": _skab, "tep": _tep}
