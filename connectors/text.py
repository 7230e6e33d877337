"""Text files: UTF-8 with or without BOM, or CP949, and the small CSV files that list something row by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from connectors.errors import InputError, Problem, closest, nearest
from connectors.texts import say

SEPARATORS = ("\t", ";", ",")


class Row(NamedTuple):
    """One row of a CSV file: the line it begins on, counted from 1, and its cells without blanks around."""

    line: int
    cells: list[str]


class Record(NamedTuple):
    """One row with its cells, by the names the header gives its columns, in lower case."""

    line: int
    cells: dict[str, str]


def existing(path: str | Path) -> Path:
    """The path of a file that is there. Raises InputError, naming the nearest file of its folder."""
    file = Path(path)
    if file.is_dir():
        raise InputError.of([Problem(str(path), say("is a folder. Name a file in it."))])
    if not file.exists():
        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        raise InputError.of([Problem(str(path), say("There is no such file.") + nearest(file.name, beside))])
    return file


def read_text(path: str | Path) -> str:
    """The text of a file. Raises InputError if it is not there, cannot be read, or is no text."""
    try:
        data = existing(path).read_bytes()
    except OSError as error:
        raise InputError.of(
            [Problem(str(path), say("cannot be read: {reason}.", reason=error.strerror or error))]
        ) from None
    if b"\0" not in data:
        for encoding in ("utf-8-sig", "cp949"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise InputError.of([Problem(str(path), say("is no text in UTF-8 or CP949. Save it as 'CSV UTF-8'."))])


def separator(text: str) -> str:
    r"""What divides the cells of a CSV text: tab, ';' or ','.

    >>> separator("time;flow, total;level\n2026-01-05;1,5;2,5\n")
    ';'
    """
    lines = list(islice((line for line in text[:1_000_000].splitlines() if line.strip()), 2))
    counts = {mark: [_cells(line, mark) for line in lines] for mark in SEPARATORS}
    for mark, cells in counts.items():
        if cells and cells[0] > 1 and len(set(cells)) == 1:
            return mark
    return max(reversed(SEPARATORS), key=lambda mark: counts[mark][:1])


def _cells(line: str, mark: str) -> int:
    try:
        return len(next(csv.reader([line], delimiter=mark)))
    except csv.Error:
        return 0


def rows_of(text: str, mark: str, path: str | Path) -> Iterator[Row]:
    """Rows of a CSV text, an empty line being a row without cells. Raises InputError where it is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line, [cell.strip() for cell in cells])
            line = reader.line_num + 1
    except csv.Error as error:
        fault = say("The row that begins here does not read as CSV ({error}). Close its quotes.", error=error)
        raise InputError.of([Problem(str(path), fault, line)]) from None


@dataclass(frozen=True, slots=True)
class CsvText:
    """A CSV text taken apart, however large: its header is read, its rows are not.

    Attributes:
        path: where it comes from.
        text: all of it.
        mark: what divides its cells.
        header: names of the columns, '' where one has none.
        header_line: line of the header.
        first: line of the first row below.
        body: the text below the header.
    """

    path: str
    text: str
    mark: str
    header: tuple[str, ...]
    header_line: int
    first: int
    body: str

    @classmethod
    def read(cls, path: str | Path) -> CsvText:
        """The CSV text in a file. Raises InputError if it cannot be read, is no text, or is empty."""
        text = read_text(path)
        if "\n" not in text:
            text = text.replace("\r", "\n")
        mark = separator(text)
        rows = rows_of(text, mark, path)
        header = next((row for row in rows if any(row.cells)), None)
        if header is None:
            raise InputError.of([Problem(str(path), say("is empty. Its first line names the columns."))])
        first = next((row.line for row in rows), None)
        at = 0
        for _ in range((first or 1) - 1):
            at = text.index("\n", at) + 1
        body = "" if first is None else text[at:]
        return cls(str(path), text, mark, tuple(header.cells), header.line, first or header.line + 1, body)

    def rows(self) -> Iterator[Row]:
        """Rows below the header. Raises InputError where it is no CSV."""
        return (row for row in rows_of(self.text, self.mark, self.path) if row.line >= self.first)

    def lines(self, count: int) -> Sequence[int]:
        """Line of each of the `count` rows; counted one by one only where a cell may hold line breaks."""
        if '"' in self.text:
            with suppress(InputError):
                lines = [row.line for row in self.rows()]
                if len(lines) == count:
                    return lines
        return range(self.first, self.first + count)

    def has_decimal_commas(self) -> bool:
        """Whether cells such as 1,5 outnumber those such as 1.5; looked for from the top on."""
        if self.mark == "," or "," not in self.body:
            return False
        number = rf"(?:^|{self.mark})[ \"]*[+-]?\d*%s\d+[ \"]*(?=[{self.mark}\r\n]|$)"
        comma, point = number % ",", number % r"\."
        top = self.body[:65_536]
        commas, points = (len(re.findall(pattern, top, re.MULTILINE)) for pattern in (comma, point))
        if commas or points:
            return commas > points
        return re.search(comma, self.body, re.MULTILINE) is not None


def read_records(path: str | Path, known: Sequence[str], required: Sequence[str]) -> tuple[list[Record], list[Problem]]:
    """Rows of a CSV file that lists something, and every fault of its header and of its rows' lengths.

    Column names are read in any case. A row of the wrong length is a fault and no record; cells that are too
    many but empty do no harm. Raises InputError if the file cannot be read.
    """
    text = read_text(path)
    mark = separator(text)
    rows: list[Row] = []
    torn: list[Problem] = []
    try:
        rows.extend(row for row in rows_of(text, mark, path) if any(row.cells))
    except InputError as error:
        torn.extend(error.problems)
    if not rows:
        return [], torn or [
            Problem(str(path), say("is empty. Its first line names {known}.", known=", ".join(known)), 1)
        ]
    header, *body = rows
    names = [name.lower() for name in header.cells]
    while not names[-1]:
        names.pop()
    problems = [Problem(str(path), fault, header.line) for fault in _header_faults(names, known, required)]
    records = []
    for row in body:
        count = len(row.cells)
        if count >= len(names) and not any(row.cells[len(names) :]):
            records.append(Record(row.line, dict(zip(names, row.cells, strict=False))))
            continue
        problems.append(Problem(str(path), wrong_length(count, len(names), mark), row.line))
    return records, problems + torn


def wrong_length(count: int, columns: int, mark: str) -> str:
    """What to say of a row with `count` cells below a header of so many columns."""
    todo = (
        say("Quote a cell that holds '{mark}'", mark=mark)
        if count > columns
        else say("Keep the separator of an empty cell")
    )
    return say(
        "This row has {count} cells, the header names {columns} columns. {todo}.",
        count=count,
        columns=columns,
        todo=todo,
    )


def _header_faults(names: Sequence[str], known: Sequence[str], required: Sequence[str]) -> Iterator[str]:
    meant: set[str | None] = set()
    for i, name in enumerate(names):
        if name in names[:i]:
            yield say("column '{name}' is there twice. Keep one.", name=name)
        elif name not in known:
            left = [column for column in known if column not in names]
            hint = nearest(name, left)
            meant.add(closest(name, left))
            yield say("column '{name}' is not known.{hint}", name=name, hint=hint)
    for name in required:
        if name not in names and name not in meant:
            yield say("column '{name}' is not there. Columns that fit: {known}.", name=name, known=", ".join(known))
