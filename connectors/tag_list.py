"""The tag list: a CSV file that says what signals are called, what they measure and where they are kept."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from connectors.errors import InputError, Problem, nearest
from connectors.tags import Tag
from connectors.text import Record, read_records
from connectors.texts import say
from connectors.units import UNITS, meant

COLUMNS = ("name", "unit", "low", "high", "rate_hz", "address", "group", "writable")
WRITABLE = {"": False, "0": False, "1": True, "false": False, "no": False, "true": True, "yes": True}


def lint_tag_list(path: str | Path) -> tuple[tuple[Tag, ...], list[Problem]]:
    """The tags of a list and every fault in it, in order of lines.

    A tag with a fault in another cell than its name is there all the same, without what that cell says, so
    that data can be checked against it.
    """
    tags, problems, units = _read(path)
    return tags, sorted(problems + units, key=lambda problem: problem.line or 0)


def read_tag_list(path: str | Path) -> tuple[Tag, ...]:
    """The tags of a list. Units that are not known are kept as they came; `unknown_units` names them.

    Raises InputError naming every other fault.
    """
    tags, problems, _ = _read(path)
    if problems:
        raise InputError.of(problems)
    return tags


def unknown_units(tags: Iterable[Tag]) -> tuple[str, ...]:
    """Units that are no UCUM code known here, each once, in the tags' order.

    >>> unknown_units([Tag(name="L/A", unit="degC"), Tag(name="L/B", unit="Cel")])
    ('degC',)
    """
    return tuple(dict.fromkeys(tag.unit for tag in tags if tag.unit not in UNITS))


def write_tag_list(tags: Sequence[Tag], path: str | Path) -> None:
    """Write tags as a list that `read_tag_list` reads. Instrument ranges and enumerations have no column.

    A list with other than ASCII letters begins with a BOM, which spreadsheets need to show them. Raises
    InputError if the file cannot be written.
    """
    text = tag_list_text(tags)
    try:
        Path(path).write_text(text, encoding="utf-8" if text.isascii() else "utf-8-sig", newline="")
    except OSError as error:
        raise InputError(
            say("{path} cannot be written: {reason}. Name another file.", path=path, reason=error.strerror or error)
        ) from None


def tag_list_text(tags: Sequence[Tag]) -> str:
    """The tags as the text of a list."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *map(_row, tags)])
    return text.getvalue()


def _row(tag: Tag) -> tuple[str, ...]:
    low, high = ("", "") if tag.eu_range is None else map(_number, tag.eu_range)
    rate = "" if tag.rate_hz is None else _number(tag.rate_hz)
    return tag.name, tag.unit, low, high, rate, tag.address, tag.group, "yes" if tag.writable else "no"


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _read(path: str | Path) -> tuple[tuple[Tag, ...], list[Problem], list[Problem]]:
    """Tags, faults, and units that are not known."""
    try:
        records, problems = read_records(path, COLUMNS, ("name",))
    except InputError as error:
        return (), list(error.problems), []
    tags: dict[str, Tag] = {}
    lines: dict[str, int] = {}
    units: list[Problem] = []
    for record in records:
        reader = _Reader(str(path), record)
        tag = reader.tag(lines)
        problems += reader.problems
        units += reader.units
        if tag is not None:
            tags[tag.name] = tag
    if not tags and not problems:
        problems.append(Problem(str(path), say("lists no tags. Each line below the header names one."), 1))
    return tuple(tags.values()), sorted(problems, key=lambda problem: problem.line or 0), units


class _Reader:
    """Reads one line of the list and notes its faults."""

    def __init__(self, path: str, record: Record) -> None:
        self.problems: list[Problem] = []
        self.units: list[Problem] = []
        self._path = path
        self._line = record.line
        self._is_named = "name" in record.cells
        self._cells = dict.fromkeys(COLUMNS, "") | record.cells

    def tag(self, lines: dict[str, int]) -> Tag | None:
        """The tag; None when its name does not fit. `lines`, added to, says where each name is."""
        name = self._cells["name"]
        unit = self._unit()
        limits = self._range()
        rate = self._rate()
        writable = self._writable()
        if not self._is_new(name, lines):
            return None
        return Tag(
            name=name,
            unit=unit,
            eu_range=limits,
            rate_hz=rate,
            group=self._cells["group"] or "main",
            address=self._cells["address"],
            writable=writable,
        )

    def _fault(self, text: str) -> None:
        self.problems.append(Problem(self._path, text, self._line))

    def _is_new(self, name: str, lines: dict[str, int]) -> bool:
        if not self._is_named:
            return False
        if not name:
            self._fault(say("name is empty. A tag's name is a path such as 'LINE/UNIT/SIGNAL'."))
        elif name in lines:
            self._fault(say("tag '{name}' is already named on line {line}. Keep one.", name=name, line=lines[name]))
        elif "" in name.split("/"):
            trimmed = "/".join(level for level in name.split("/") if level) or "LINE/UNIT/SIGNAL"
            self._fault(
                say(
                    "name '{name}' is no path: it has an empty level. {hint}",
                    name=name,
                    hint=say("Did you mean '{name}'?", name=trimmed),
                )
            )
        else:
            lines[name] = self._line
            return True
        return False

    def _unit(self) -> str:
        unit = self._cells["unit"] or "1"
        if unit not in UNITS:
            code = meant(unit)
            hint = nearest(unit, UNITS) if code is None else " " + say("Did you mean '{name}'?", name=code)
            self.units.append(
                Problem(self._path, say("unit '{unit}' is not known.{hint}", unit=unit, hint=hint), self._line)
            )
        return unit

    def _range(self) -> tuple[float, float] | None:
        low, high = self._finite("low"), self._finite("high")
        if low is None or high is None:
            for given, missing, value in (("low", "high", low), ("high", "low", high)):
                if value is not None and not self._cells[missing]:
                    self._fault(
                        say(
                            "{given} is {value}, but {missing} is empty. Give both or none.",
                            given=given,
                            value=self._cells[given],
                            missing=missing,
                        )
                    )
            return None
        if low >= high:
            self._fault(say("low {low} must be below high {high}.", low=self._cells["low"], high=self._cells["high"]))
            return None
        return low, high

    def _rate(self) -> float | None:
        rate = self._finite("rate_hz")
        if rate is not None and rate <= 0:
            self._fault(
                say("rate_hz {rate} must be above 0. Leave it empty if it is not known.", rate=self._cells["rate_hz"])
            )
            return None
        return rate

    def _finite(self, column: str) -> float | None:
        cell = self._cells[column]
        if not cell:
            return None
        try:
            value = float(cell.replace("_", "?"))
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
        hint = (
            " " + say("Did you mean '{name}'?", name=cell.replace(",", "."))
            if cell.count(",") == 1
            else " " + say("Give a number such as 12.5.")
        )
        self._fault(say("{column} '{cell}' is not a number.{hint}", column=column, cell=cell, hint=hint))
        return None

    def _writable(self) -> bool:
        cell = self._cells["writable"].lower()
        if cell not in WRITABLE:
            hint = nearest(cell, [word for word in WRITABLE if word])
            self._fault(
                say("writable '{value}' is neither yes nor no.{hint}", value=self._cells["writable"], hint=hint)
            )
        return WRITABLE.get(cell, False)
