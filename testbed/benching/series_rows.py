"""Rows of a bench on labelled series: what the models made of each file, pooled as the benchmarks do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from anomaly.metrics import Points
from anomaly.nab import Nab
from testbed.benching import scorers
from testbed.benching.jobs import called, together
from testbed.benching.outcome import Moved, Outcome
from testbed.benching.rounding import rounded
from testbed.rivals import ALWAYS


def rows_of(data: str, judged: Mapping[str, Mapping[str, Outcome]]) -> list[dict[str, Any]]:
    """A row a model, pooled over the files."""
    found = list(judged.values())
    folders = [path.rpartition("/")[0] for path in judged]
    rows = [_row(model, data, [one[model] for one in found], folders) for model in found[0]]
    return rows + scorers.published(data, {path: one[ALWAYS].nab.changes for path, one in judged.items()})


def _row(model: str, data: str, found: Sequence[Outcome], folders: Sequence[str]) -> dict[str, Any]:
    """Moments pooled over the files as the benchmark does; volumes and affiliation are means over files.

    Beside F1 stand F1 with the threshold moved down and up, and the least and the most F1 with one folder left out.
    """
    points = sum((one.points for one in found), Points())
    delays = [delay for one in found for delay in one.stretches.delays]
    hours = sum(one.hours for one in found)
    false = sum(one.stretches.false_alarms for one in found)
    times = [one.ms for one in found if one.ms is not None]
    moved = list(zip(*(one.moved for one in found), strict=True))
    is_nab = data == "nab"
    row: dict[str, Any] = {
        "model": called(model),
        "data": data,
        "files": len(found),
        "f1": rounded(points.f1),
        "f1_moved": _of_each(moved, lambda part: _points(part).f1),
        "f1_without": _spread(found, folders, lambda part: _points(part).f1),
        "far": rounded(points.far),
        "mar": rounded(points.mar),
        "detection": _detection(found),
        "vus_pr": _mean([one.vus_pr for one in found]),
        "nab": rounded(_nab(found)),
        "nab_moved": _of_each(moved, _nab) if is_nab else None,
        "nab_without": _spread(found, folders, _nab) if is_nab else None,
        "affiliation_f1": _mean([one.affiliation_f1 for one in found]),
        "found": len(delays),
        "faults": sum(one.stretches.faults for one in found),
        "delay_p50_s": round(float(np.median(delays)), 3) if delays else None,
        "false_alarms_per_24h": round(24.0 * false / hours, 3),
        "hours": round(hours, 3),
        "p50_ms": round(float(np.median([ms[0] for ms in times])), 4) if times else None,
        "p99_ms": max((ms[1] for ms in times), default=None),
        **_overlap(found),
        "lost": sum(one.lost for one in found),
    }
    row |= scorers.competition([one.batadal for one in found], [[one.batadal for one in part] for part in moved])
    if any(one.digest for one in found):
        row["digest"] = together([one.digest for one in found])
    return row


def _overlap(found: Sequence[Outcome]) -> dict[str, Any]:
    """How much of what was scored the models had seen, where their cards say it; nothing of what learns nothing."""
    told = [one.seen for one in found if one.seen is not None]
    if not told:
        return {"overlap": "unknown"} if any(one.ms is not None for one in found) else {}
    hits, compared = sum(n for n, _ in told), sum(n for _, n in told)
    return {"overlap": "some" if hits else "none", "overlap_share": round(hits / compared, 4) if hits else None}


def _detection(found: Sequence[Outcome]) -> float | None:
    """Mean over the files with a fault of the share of its moments that had an alarm, hidden faults left out."""
    missed = [one.points.mar for one in found if not one.is_hidden]
    return _mean([1.0 - mar for mar in missed if mar is not None])


Part = Sequence[Outcome] | Sequence[Moved]


def _of_each(parts: Iterable[Part], figure: Callable[[Part], float | None]) -> list[float | None] | None:
    """A figure of each part, pooled; None where there is none."""
    return [rounded(figure(part)) for part in parts] or None


def _points(part: Part) -> Points:
    return sum((one.points for one in part), Points())


def _nab(part: Part) -> float | None:
    return sum((one.nab for one in part), Nab()).score


def _spread(
    found: Sequence[Outcome], folders: Sequence[str], figure: Callable[[Part], float | None]
) -> list[float | None] | None:
    """The least and the most of a figure with one folder left out; None where all files lie in one."""
    left = [[one for one, own in zip(found, folders, strict=True) if own != folder] for folder in sorted(set(folders))]
    values = sorted(value for value in (_of_each(left, figure) or []) if value is not None) if len(left) > 1 else []
    return [values[0], values[-1]] if values else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 4) if known else None
