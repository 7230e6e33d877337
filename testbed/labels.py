"""The truth of recorded data: a file of labels, or a column of the data itself."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path

import numpy as np

from connectors.errors import InputError, Problem, nearest
from connectors.results import CONDITIONS
from connectors.text import Record, read_records
from connectors.texts import say
from connectors.times import zone as zone_called
from connectors.truth import Truth

COLUMNS = ("start", "end", "name", "where", "kind", "deadline")
KINDS = ("fault", "stop")


def read_labels(path: str | Path, zone: str = "UTC") -> tuple[Truth, ...]:
    """The truths in a CSV file `start,end,name[,where][,kind][,deadline]`, in file order.

    A `fault` is found inside [start, end], in time up to its deadline or else its end. A `stop` is found
    before: in time up to its deadline or else its start. Times without a zone are taken in `zone`. Raises
    InputError naming every fault.
    """
    truths, problems = _read(path, zone)
    if problems:
        raise InputError.of(problems)
    return truths


def lint_labels(path: str | Path, zone: str = "UTC") -> list[Problem]:
    """Every fault of a file of labels, in order of lines. Raises InputError for a zone that is not known."""
    return _read(path, zone)[1]


def labels_of_column(time: np.ndarray, values: np.ndarray, name: str, where: str = "") -> tuple[Truth, ...]:
    """Stretches in which a column of truth is other than 0, each from its first row to its last.

    `time` is int64 (n,) ns, rising; `values` float64 (n,), where an empty cell, NaN, counts as 0.
    """
    is_on = np.nan_to_num(values) != 0
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_on, [False]))))
    return tuple(
        _truth(name, "fault", where, int(time[first]), int(time[after - 1]), int(time[after - 1]))
        for first, after in edges.reshape(-1, 2)
    )


def _truth(name: str, kind: str, where: str, start: int, end: int, deadline: int) -> Truth:
    return Truth(
        name=name,
        kind="stop" if kind == "stop" else "fault",
        where=where,
        onset=start,
        detectable_from=min(start, deadline),
        alert_deadline=deadline,
        cleared=end,
        expects=CONDITIONS,
    )


def _read(path: str | Path, zone: str) -> tuple[tuple[Truth, ...], list[Problem]]:
    from connectors.cell_times import times_of

    where = zone_called(zone)
    try:
        records, problems = read_records(path, COLUMNS, ("start", "end", "name"))
    except InputError as error:
        return (), list(error.problems)
    cells = [record.cells.get(column, "") for record in records for column in ("start", "end", "deadline")]
    times = times_of(cells, where).reshape(-1, 3)
    truths: list[Truth] = []
    for record, (start, end, deadline) in zip(records, times.tolist(), strict=True):
        faults = _faults(record, start, end, deadline, where)
        problems += [Problem(str(path), fault, record.line) for fault in faults]
        if not faults and not problems:
            truths.append(_of_record(record, start, end, deadline))
    return tuple(truths), sorted(problems, key=lambda problem: problem.line or 0)


def _faults(record: Record, start: int, end: int, deadline: int, where: tzinfo) -> list[str]:
    """What does not fit in one line."""
    from connectors.cell_times import NO_TIME, time_fault

    cells = record.cells
    found = []
    for column, time in (("start", start), ("end", end), ("deadline", deadline)):
        cell = cells.get(column, "")
        if time == NO_TIME and column in cells and (cell or column != "deadline"):
            found.append(f"{column}: {time_fault(cell or None, where)}")
    if cells.get("name") == "":
        found.append(say("name is empty. Say what happened, such as 'sticker'."))
    kind = cells.get("kind", "") or "fault"
    if kind not in KINDS:
        found.append(say("kind '{kind}' is not known.", kind=kind) + nearest(kind, KINDS))
    if NO_TIME not in (start, end) and end < start:
        found.append(say("end {end} is before start {start}. Swap them.", end=cells["end"], start=cells["start"]))
    if NO_TIME not in (start, deadline):
        if kind == "fault" and deadline < start:
            found.append(
                say(
                    "deadline {deadline} is before start {start}. A fault is found after it.",
                    deadline=cells["deadline"],
                    start=cells["start"],
                )
            )
        if kind == "stop" and deadline > start:
            found.append(
                say(
                    "deadline {deadline} is after start {start}. A stop is found before it.",
                    deadline=cells["deadline"],
                    start=cells["start"],
                )
            )
    return found


def _of_record(record: Record, start: int, end: int, deadline: int) -> Truth:
    from connectors.cell_times import NO_TIME

    cells = record.cells
    kind = cells.get("kind", "") or "fault"
    latest = (start if kind == "stop" else end) if deadline == NO_TIME else deadline
    return _truth(cells["name"], kind, cells.get("where", ""), start, end, latest)
