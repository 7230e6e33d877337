"""Opens a CSV, Parquet or Excel file into columns of cells, before anybody asks what they mean."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from connectors.errors import InputError, Problem, nearest
from connectors.text import CsvText, existing, wrong_length
from connectors.texts import say

BLANKS = [
    "",
    "-",
    "--",
    "?",
    "#N/A",
    "N/A",
    "n/a",
    "NA",
    "NaN",
    "nan",
    "NULL",
    "null",
    "None",
]  # no sample here
EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls")
SHOWN = 3  # faulty cells named one by one; the rest of a column is counted


@dataclass
class RawTable:
    """A file's cells, before anybody asks what they mean.

    Attributes:
        path: as it was given.
        header: names of the columns, '' where one has none.
        cells: a series a column; empty cells are null.
        lines: line of each row, asked for only when there is a fault; None for a file without lines.
        header_line: line of the header; None for a file without lines.
        decimal_comma: numbers are written 1,5.
        unread: other sheets of the file, where nobody said which one to read.
        problems: faults found so far.
    """

    path: str
    header: tuple[str, ...]
    cells: list[pl.Series]
    lines: Callable[[], Sequence[int]] | None = None
    header_line: int | None = None
    decimal_comma: bool = False
    unread: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    @cached_property
    def _line_of(self) -> Sequence[int]:
        return self.lines() if self.lines is not None else ()

    def fault(self, text: str, row: int | None = None) -> None:
        """Note a fault of the header, or of a row."""
        if row is None:
            self.problems.append(Problem(self.path, text, self.header_line))
        elif self.lines is None:
            self.problems.append(Problem(self.path, say("row {row}: {text}", row=row + 1, text=text)))
        else:
            self.problems.append(Problem(self.path, text, self._line_of[row]))

    def faults(self, rows: np.ndarray, sentence: Callable[[int], str], rest: Callable[[int], str]) -> None:
        """Note the first of many faulty rows one by one, and how many more there are."""
        for row in rows[:SHOWN].tolist():
            self.fault(sentence(row), row)
        if len(rows) > SHOWN:
            self.fault(rest(len(rows) - SHOWN), int(rows[SHOWN]))


def _refuse(path: str | Path, text: str) -> InputError:
    return InputError.of([Problem(str(path), text)])


def open_table(path: str | Path, sheet: str | None) -> RawTable:
    """The cells of a file. Raises InputError if it is no table, or has no sheet of that name."""
    suffix = existing(path).suffix.lower()
    if suffix == ".parquet":
        raw = _open_parquet(path)
    elif suffix in EXCEL:
        raw = _open_excel(path, sheet)
    else:
        raw = _open_csv(path)
    return _without_blanks(raw)


def _without_blanks(raw: RawTable) -> RawTable:
    """Cells that say 'no value' made null, and rows without any cell left out."""
    for i, series in enumerate(raw.cells):
        if isinstance(series.dtype, pl.Categorical | pl.Enum):
            series = series.cast(pl.String)
        if series.dtype == pl.String:
            text = series.str.strip_chars()
            series = text.set(text.is_in(BLANKS), None)
        raw.cells[i] = series
    if raw.cells and all(series.null_count() for series in raw.cells):
        filled = np.any([series.is_not_null().to_numpy() for series in raw.cells], axis=0)
        if not filled.all():
            keep, lines = np.flatnonzero(filled), raw.lines
            raw.cells = [series.gather(keep) for series in raw.cells]
            if lines is not None:
                raw.lines = lambda: np.asarray(lines())[keep].tolist()
    return raw


def _open_parquet(path: str | Path) -> RawTable:
    try:
        frame = pl.read_parquet(Path(path))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise _refuse(path, say("is no Parquet file that can be read: {reason}", reason=_first_line(error))) from None
    return RawTable(str(path), tuple(name.strip() for name in frame.columns), frame.get_columns())


def _open_excel(path: str | Path, sheet: str | None) -> RawTable:
    import fastexcel

    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # it warns of every empty column
    try:
        book = fastexcel.read_excel(Path(path))
        if not book.sheet_names:
            raise _refuse(path, say("holds no sheet of cells."))
        if sheet is not None and sheet not in book.sheet_names:
            raise _refuse(path, say("sheet '{sheet}' is not there.", sheet=sheet) + nearest(sheet, book.sheet_names))
        name = book.sheet_names[0] if sheet is None else sheet

        def load(skip: int, rows: int | None = None, dtypes: object = None) -> pl.DataFrame:
            options: dict[str, Any] = {
                "header_row": None,
                "skip_rows": skip,
                "n_rows": rows,
                "dtypes": dtypes,
            }
            return pl.DataFrame(book.load_sheet(name, schema_sample_rows=None, **options))

        top = load(0, 100, "string").rows()
        above = next((i for i, row in enumerate(top) if any(row)), None)
        if above is None:
            raise _refuse(
                path, say("sheet '{name}' is empty. Sheets: {known}.", name=name, known=", ".join(book.sheet_names))
            )
        frame = load(above + 1)
        texts = [i for i, dtype in enumerate(frame.dtypes) if dtype == pl.String]
        exact = load(above + 1, None, dict.fromkeys(texts, "float")) if texts else frame
    except fastexcel.FastExcelError as error:
        raise _refuse(path, say("is no Excel file that can be read: {reason}", reason=_first_line(error))) from None
    header = tuple((cell or "").strip() for cell in top[above])
    cells = [_exact(text, number) for text, number in zip(frame, exact, strict=True)]
    unread = tuple(book.sheet_names[1:]) if sheet is None else ()
    lines = range(above + 2, above + 2 + len(frame))
    return RawTable(str(path), header, cells, lambda: lines, above + 1, unread=unread)


def _exact(text: pl.Series, number: pl.Series) -> pl.Series:
    """A mixed column's numbers were shortened as texts: take them as numbers, if the rest says 'no value'."""
    if number.dtype != pl.Float64 or text.dtype != pl.String:
        return text
    rest = text.filter(number.is_null()).drop_nulls().str.strip_chars()
    return number if rest.is_in(BLANKS).all() and number.count() else text


def _open_csv(path: str | Path) -> RawTable:
    csv = CsvText.read(path)
    raw = RawTable(csv.path, csv.header, [], None, csv.header_line, csv.has_decimal_commas())
    frame = _parse(csv, raw.decimal_comma)
    if frame is None:
        frame = _parse_patiently(csv, raw.problems)
    raw.cells = frame.get_columns()
    raw.lines = lambda: csv.lines(len(frame))
    return raw


def _parse(csv: CsvText, decimal_comma: bool) -> pl.DataFrame | None:
    """Columns '0', '1', …: of numbers where all cells are, else of texts; None where polars gives up."""
    data = (csv.mark.join(map(str, range(len(csv.header)))) + "\n" + csv.body).encode()
    attempts: tuple[dict[str, Any], ...] = (
        {"infer_schema_length": 1000, "null_values": BLANKS},
        {"infer_schema": False},
    )
    for options in attempts:
        with suppress(pl.exceptions.PolarsError):
            return pl.read_csv(io.BytesIO(data), separator=csv.mark, decimal_comma=decimal_comma, **options)
    return None


def _parse_patiently(csv: CsvText, problems: list[Problem]) -> pl.DataFrame:
    """Row by row, naming every row that is too long."""
    width = len(csv.header)
    cells: list[list[str | None]] = []
    try:
        for row in csv.rows():
            if any(row.cells[width:]):
                problems.append(Problem(csv.path, wrong_length(len(row.cells), width, csv.mark), row.line))
            cells.append([*row.cells[:width], *[None] * (width - len(row.cells))])
    except InputError as error:
        problems.extend(error.problems)
    return pl.DataFrame(cells, schema={str(i): pl.String for i in range(width)}, orient="row")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
