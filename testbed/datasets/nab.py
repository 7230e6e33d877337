"""The Numenta Anomaly Benchmark: single series of servers and machines, with windows around what happened."""

from __future__ import annotations

import json
from pathlib import Path

from anomaly.nab_windows import learning_rows
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import parse
from testbed.datasets.labelled import Series

LABELS = "combined_windows*.json"
BUDGET = "1/30d"  # of false alarms; chosen among 7, 30 and 90 days on eleven of the files, see docs/researcher.md


def nab(root: Path) -> list[Series]:
    """Every series that a window file names, those without a window too. Raises InputError for one that is garbled."""
    windows: dict[str, tuple[tuple[int, int], ...]] = {}
    for path in sorted(root.rglob(LABELS)):
        windows |= _windows(path)
    found = []
    for file in sorted(root.rglob("*.csv")):
        name = "/".join(file.parts[-2:])
        if name in windows:
            found.append(_series(root, file, windows[name]))
    return found


def _windows(path: Path) -> dict[str, tuple[tuple[int, int], ...]]:
    """Windows, ns, by folder and name of the series."""
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        return {name: tuple((parse(first), parse(last)) for first, last in spans) for name, spans in told.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(
            say("{path} must name, for each series, the first and last time of each window: {reason}.",
                path=path, reason=error)
        ) from None  # fmt: skip


def _series(root: Path, file: Path, windows: tuple[tuple[int, int], ...]) -> Series:
    """Its rate is that of its samples, a whole number of seconds; its head is what the benchmark does not score."""
    tag = Tag(name="NAB/SERIES/VALUE", address="value")
    source = FileSource(file, (tag,))
    step = round(1.0 / (source.groups[0].tags[0].rate_hz or 1.0))
    tags = (Tag(name=tag.name, address=tag.address, rate_hz=1.0 / step),)
    path = file.relative_to(root).as_posix()
    head = learning_rows(len(source.table.time))
    return Series(path, file, tags, "", "", head, budget=BUDGET, windows=windows, scorer="nab")
