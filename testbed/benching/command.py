"""`testbed bench`: a table on the terminal, one JSON object, or a page."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.texts import say
from testbed.benching import Bench, bench
from testbed.benching.columns import Row
from testbed.benching.jobs import Progress

WIDE = (
    "affiliation_f1",
    "data",
    "hours",
    "lost",
    "macro_f1_records",
    "nab",
    "p99_ms",
    "pictures",
    "records",
    "scenario",
    "windows",
)  # keys that the terminal has no room for


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `bench` as they were given."""

    models: Sequence[str] | None
    scenarios: Sequence[str]
    seeds: Sequence[int]
    data: str | None
    root: Path | None
    train: Path | None
    test: Path | None
    over: str
    jobs: int
    out: Path | None
    json: bool
    ray: str | None = None


def carry_out(ask: Ask, progress: Progress) -> Bench:
    """Measure."""
    return bench(
        models=ask.models, scenarios=ask.scenarios, seeds=ask.seeds, data=ask.data, root=ask.root, train=ask.train,
        test=ask.test, over=ask.over, jobs=ask.jobs, progress=progress, out=ask.out,
        ray=ask.ray,
    )  # fmt: skip


def tell(ask: Ask, found: Bench) -> int:
    """Keep and print what was found. Exit status 3 where anything was lost."""
    if ask.out is not None:
        found.keep(ask.out)
    if ask.json:
        print(jsonlib.dumps(found.score, ensure_ascii=False))
    else:
        show(found.rows)
        if "ledger" in found.about:
            print(found.about["ledger"])
        if ask.out is not None:
            print(say("Page: {path}", path=ask.out / "bench.html"))
    return 3 if any(row.get("lost") for row in found.rows) else 0


def show(rows: Sequence[Row]) -> None:
    """Rows as tables, one a scenario or set, narrow enough for a terminal."""
    from rich.console import Console
    from rich.table import Table

    from testbed.benching.columns import cell, parts, shown, titles

    console = Console()
    for part in parts(rows):
        keys = [key for key in shown(part) if key not in WIDE]
        table = Table(box=None, pad_edge=False, title_justify="left", title=told(part[0]))
        for key in keys:
            is_name = key == "model"
            table.add_column(titles()[key], justify="left" if is_name else "right", no_wrap=is_name, overflow="fold")
        for row in part:
            table.add_row(*(cell(row, key) for key in keys))
        console.print(table)


def told(row: Row) -> str:
    """What was measured on, and how much of it."""
    name = row.get("scenario") or row.get("data")
    much = {
        "runs": say("{n} runs", n=row.get("runs")),
        "files": say("{n} files", n=row.get("files")),
        "pictures": say("{n} pictures", n=row.get("pictures")),
        "records": say("{n} records", n=row.get("records")),
        "windows": say("{n} windows", n=row.get("windows")),
        "hours": say("{n} h", n=row.get("hours")),
        "lost": say("lost: {n}", n=row.get("lost")),
    }
    return ", ".join([str(name), *(text for key, text in much.items() if row.get(key) is not None)])
