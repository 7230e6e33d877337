"""A mapping: a TOML file that says where tags, values, times and qualities stand in somebody else's JSON.

    [[map]]
    topic = "plant/{line}/data"
    name = "POH/{line}/{tag}"                 # of the tag; without it, the topic's levels and placeholders
    value = "$.values[id={tag}].v"
    time = "$.values[id={tag}].t"
    time_format = "ms"                        # ns, us, ms, s, iso or auto
    quality = "$.values[id={tag}].q"
    good = [192, "Good"]                      # all else is Bad
    unit = "Cel"                              # or a path, $.unit
    rate_hz = 1000                            # or a path: the value is a list, its first sample at `time`

With picture = "raw" a message is a picture (PNG, JPEG, BMP, TIFF), with "base64" the value is one as text; part_id,
position_m and pixel_mm may then be paths, too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

from connectors.errors import InputError, Problem, nearest
from connectors.json_path import PLACEHOLDER, JsonPath
from connectors.text import read_text
from connectors.texts import say
from connectors.times import zone
from connectors.units import UNITS

FORMAT = "testbed.mapping/1"
FORMATS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "iso": 0, "auto": 0}  # ns
PICTURES = ("raw", "base64")
ABOUT = ("part_id", "position_m", "pixel_mm")  # of a picture
KEYS = (
    "topic", "name", "value", "time", "time_format", "zone", "quality", "good", "uncertain", "unit", "rate_hz",
    "picture", *ABOUT,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One [[map]]: a topic pattern, and paths into the messages there. See the module."""

    topic: str
    name: str
    value: JsonPath
    time: JsonPath | None = None
    time_format: str = "auto"
    zone: tzinfo = UTC
    quality: JsonPath | None = None
    good: tuple[Any, ...] = ()
    uncertain: tuple[Any, ...] = ()
    unit: JsonPath | str = ""
    rate: JsonPath | float | None = None
    picture: str = ""
    about: tuple[tuple[str, JsonPath], ...] = ()

    @property
    def filter(self) -> str:
        """What a broker is asked for.

        >>> Rule(topic="plant/L{line}/x", name="{line}", value=JsonPath.of("$")).filter
        'plant/+/x'
        """
        return "/".join("+" if "{" in level else level for level in self.topic.split("/"))


def read_mapping(path: str | Path) -> tuple[Rule, ...]:
    """The rules of a file. Raises InputError naming every fault."""
    rules, problems = lint_mapping(path)
    if problems:
        raise InputError.of(problems)
    return rules


def lint_mapping(path: str | Path) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules of a file without a fault, and every fault of the others, in order of lines."""
    try:
        text = read_text(path)
        raw = tomllib.loads(text)
    except InputError as error:
        return (), list(error.problems)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*?) ?\(at line (\d+)", str(error))
        what, line = (found[1], int(found[2])) if found else (str(error), None)
        return (), [Problem(str(path), say("is no TOML here: {what}.", what=what), line)]
    lines = _places(text)
    problems: list[Problem] = []
    for key in raw.keys() - {"map", "format"}:
        told = say("'{name}' is not known here.", name=key) + nearest(key, ("map", "format"))
        problems.append(Problem(str(path), told, lines.get((-1, key))))
    if raw.get("format", FORMAT) != FORMAT:
        told = say("A mapping of format '{got}' is not read; this is {known}.", got=raw["format"], known=FORMAT)
        problems.append(Problem(str(path), told, lines.get((-1, "format"))))
    tables = raw.get("map", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        problems.append(Problem(str(path), say("maps nothing. Begin each rule with a line [[map]]."), 1))
        tables = []
    rules = []
    for n, table in enumerate(tables):
        faults = list(_faults(table))
        problems += [Problem(str(path), text, lines.get((n, key), lines.get((n, "")))) for key, text in faults]
        if not faults:
            rules.append(_rule(table))
    return tuple(rules), sorted(problems, key=lambda problem: problem.line or 0)


def _places(text: str) -> dict[tuple[int, str], int]:
    """The line of each key by the number of its rule, -1 above the first; '' is the rule's own line."""
    found: dict[tuple[int, str], int] = {}
    rule = -1
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"^\s*\[\[\s*map\s*\]\]", line):
            rule += 1
            found[rule, ""] = number
        elif key := re.match(r"^\s*\[?\[?\s*[\"']?([\w-]+)[\"']?\s*(=|\])", line):
            found.setdefault((rule, key[1]), number)
    return found


def _faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what does not fit)."""
    for key in table:
        if key not in KEYS:
            yield key, say("'{name}' is not known here.", name=key) + nearest(key, KEYS)
    is_raw = table.get("picture") == "raw"
    for key in ("topic",) if is_raw else ("topic", "value"):
        if key not in table:
            yield "", say("A rule needs '{name}'.", name=key)
    for key in ("topic", "name", "value", "time", "time_format", "zone", "quality", "unit", "picture", *ABOUT):
        if key in table and not (isinstance(table[key], str) and table[key]):
            yield key, say("{name} must be a text in quotes, but is {value}.", name=key, value=table[key])
            return
    yield from _topic_faults(table)
    for key in ("value", "time", "quality", *ABOUT, "unit", "rate_hz"):
        text = table.get(key)
        if isinstance(text, str) and (key not in ("unit", "rate_hz") or text.startswith("$")):
            yield from _path_faults(key, text, table)
    yield from _word_faults(table)
    yield from _picture_faults(table)


def _topic_faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    topic = table.get("topic", "")
    bare = PLACEHOLDER.sub("", topic)
    if "+" in bare or "#" in bare:
        yield "topic", say("A topic has placeholders such as {{tag}} where a filter has '+'; '#' is not read.")
    elif "{" in bare or "}" in bare:
        yield "topic", say("A placeholder is a word in braces, such as {{line}}.")
    names = PLACEHOLDER.findall(topic)
    if len(set(names)) < len(names):
        yield "topic", say("A placeholder stands twice. Give each its own name.")
    known = set(names) | _names(table.get("value"))
    for name in PLACEHOLDER.findall(table.get("name", "")):
        if name not in known:
            yield "name", _strange(name, known)


def _names(text: Any) -> set[str]:
    return set(PLACEHOLDER.findall(text)) if isinstance(text, str) else set()


def _path_faults(key: str, text: str, table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    try:
        path = JsonPath.of(text)
    except ValueError:
        yield key, say("{name}: '{path}' is no path such as $.payload.value, $.list[0] or $.list[id={{tag}}].v.",
                       name=key, path=text)  # fmt: skip
        return
    known = _names(table.get("topic")) | _names(table.get("value"))
    for name in sorted(path.names - known):
        yield key, _strange(name, known)


def _strange(name: str, known: set[str]) -> str:
    return say("'{{{name}}}' stands neither in the topic nor in the value.", name=name) + nearest(name, known)


def _word_faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind = table.get("time_format", "auto")
    if kind not in FORMATS:
        yield "time_format", say("'{value}' is not known.", value=kind) + nearest(kind, FORMATS)
    for key in ("time_format", "zone"):
        if key in table and "time" not in table:
            yield key, say("{name} says nothing without '{needs}'.", name=key, needs="time")
    try:
        zone(table.get("zone", "UTC"))
    except InputError as error:
        yield "zone", str(error)
    for key in ("good", "uncertain"):
        listed = table.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(one, str | int | float) for one in listed):
            yield key, say('{name} must be a list such as [192, "Good"], but is {value}.', name=key, value=listed)
        elif key in table and "quality" not in table:
            yield key, say("{name} says nothing without '{needs}'.", name=key, needs="quality")
    unit = table.get("unit", "1")
    if not unit.startswith("$") and unit not in UNITS:
        yield "unit", say("unit '{unit}' is not known.", unit=unit) + nearest(unit, UNITS)
    rate = table.get("rate_hz", 1.0)
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if not ((is_number and rate > 0) or (isinstance(rate, str) and rate.startswith("$"))):
        yield "rate_hz", say("rate_hz must be a number above 0 or a path such as $.rate, but is {value}.", value=rate)


def _picture_faults(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    kind = table.get("picture")
    if kind is None:
        for key in ABOUT:
            if key in table:
                yield key, say("{name} says nothing without '{needs}'.", name=key, needs="picture")
        return
    if kind not in PICTURES:
        yield "picture", say("'{value}' is not known.", value=kind) + nearest(kind, PICTURES)
    useless = {"quality", "good", "uncertain", "unit", "rate_hz"}
    if kind == "raw":
        useless |= {"value", "time", "time_format", "zone", *ABOUT}
    for key in table:
        if key in useless:
            yield key, say("A picture has no '{name}' here. Leave it out.", name=key)


def _rule(table: Mapping[str, Any]) -> Rule:
    def path(key: str) -> JsonPath | None:
        return JsonPath.of(table[key]) if key in table else None

    unit, rate = table.get("unit", ""), table.get("rate_hz")
    value = JsonPath.of(table.get("value", "$"))
    names = [name for name in value.names if name not in _names(table["topic"])]
    return Rule(
        topic=table["topic"],
        name=table.get("name") or "/".join([table["topic"], *(f"{{{name}}}" for name in sorted(names))]),
        value=value,
        time=path("time"),
        time_format=table.get("time_format", "auto"),
        zone=zone(table.get("zone", "UTC")),
        quality=path("quality"),
        good=tuple(table.get("good", ())),
        uncertain=tuple(table.get("uncertain", ())),
        unit=JsonPath.of(unit) if unit.startswith("$") else unit,
        rate=JsonPath.of(rate) if isinstance(rate, str) else rate,
        picture=table.get("picture", ""),
        about=tuple((key, JsonPath.of(table[key])) for key in ABOUT if key in table),
    )
