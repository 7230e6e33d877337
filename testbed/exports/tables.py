"""A record as tables: Parquet, or CSV that Excel opens as it stands; in a folder, or in one .zip.

about.json            what this is: scenario, seed, start, versions, outcome
tags                  a row a tag: what it measures, unit, range, rate, group
signals/<group>       time, s since the start, and a column a tag
events, truth, texts  what was said, what was so, which heat, slab and coil; events with their verdict
true_values           what the plant kept of its true values, where it keeps any
evidence/*.png        what a camera saw of its alarms
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from testbed.exports.content import NUMBERS, Content

MARK = "\ufeff"  # by which Excel knows UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is read as a formula (OWASP, CSV injection)
TIMES = ("time", "onset", "detectable_from", "alert_deadline", "consequence_time", "cleared", "struck")
ISO = "%Y-%m-%dT%H:%M:%S%.9fZ"


def harmless(text: str) -> str:
    """Text that no spreadsheet reads as a formula.

    >>> harmless("=1+1"), harmless("sticker")
    ("'=1+1", 'sticker')
    """
    return f"'{text}" if text.startswith(FORMULA) else text


def writer(form: str) -> Callable[[Content, Path], None]:
    """What writes 'csv' or 'parquet'."""
    return partial(_write, form)


def _write(form: str, content: Content, out: Path) -> None:
    """A .zip, or a folder where the name has another ending; `out` is `.NAME.part`."""
    made = _files(form, content)
    if out.name.removesuffix(".part").endswith(".zip"):
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in made:
                archive.writestr(zipfile.ZipInfo(name, (2026, 1, 5, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return
    for name, data in made:
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _files(form: str, content: Content) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file."""
    import polars as pl

    yield "about.json", (json.dumps(content.about(), ensure_ascii=False, indent=1) + "\n").encode()
    data = _csv if form == "csv" else _parquet
    rows = {"tags": content.tags(), "events": content.events(), "truth": content.truths(), "texts": content.texts()}
    for name, table in rows.items():
        if table:
            yield f"{name}.{form}", data(_timed(pl.DataFrame(table, infer_schema_length=None)))
    for group in content.groups:
        frame = content.signals(group) if group.kind in NUMBERS else None
        if frame is not None and frame.height:
            yield f"signals/{group.name}.{form}", data(frame)
    true_values = content.record.true_signals()
    if true_values.height:
        yield f"true_values.{form}", data(true_values)
    for _, name, picture in content.pictures():
        yield f"evidence/{name}", picture


def _timed(frame: Any) -> Any:
    """Times as such, not as numbers."""
    import polars as pl

    held = [name for name in TIMES if name in frame.columns]
    return frame.with_columns(pl.col(name).cast(pl.Int64).cast(pl.Datetime("ns", "UTC")) for name in held)


def _parquet(frame: Any) -> bytes:
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def _csv(frame: Any) -> bytes:
    """UTF-8 with its mark, times by ISO 8601, text that is no formula; numbers stay numbers."""
    import polars as pl

    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    frame = frame.with_columns(
        pl.when(pl.any_horizontal(pl.col(name).str.starts_with(first) for first in FORMULA))
        .then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name in texts
    )  # fmt: skip
    body = frame.write_csv(include_header=False, datetime_format=ISO)
    return (MARK + _line([harmless(name) for name in frame.columns]) + body).encode()


def _line(cells: Sequence[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerow(cells)
    return held.getvalue()
