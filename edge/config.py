"""The configuration file: what a command would be told every time, in TOML. No secret may stand in it.

    lang = "ko"
    secrets = "line4.secrets.toml"      # mode 600; TESTBED_USER and TESTBED_PASSWORD do as well

    [watch]                             # also what `python -m edge` runs
    urls = ["opc.tcp://192.168.0.10:4840", "mqtt://broker:1883"]
    tags = "line4.csv"
    models = ["line4-mspc.onnx", "rules"]
    records = "records"                 # each start makes a folder of its own in it

    [run]
    over = "wire"

Paths are taken from the file's own folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.addresses import SECURITIES, check_url
from connectors.errors import InputError, Problem, nearest
from connectors.mapping import lint_mapping
from connectors.secrets import FORBIDDEN, logins
from connectors.text import read_text
from connectors.texts import LANGUAGES, say
from connectors.times import duration
from edge.publish import OVERFLOWS, Publish

Check = Callable[[Any, Path], str | None]  # a value and the file's folder; what does not fit, or None


@dataclass(frozen=True, slots=True)
class Config:
    """What a file says, checked. Paths are made whole.

    Attributes:
        head: keys outside any table: lang, secrets.
        tables: keys and values by table: watch, run.
    """

    head: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def secrets(self) -> Path | None:
        """The secrets file, if one is named."""
        return Path(self.head["secrets"]) if "secrets" in self.head else None


def read_config(path: str | Path) -> Config:
    """The configuration in a file. Raises InputError naming every fault."""
    config, problems = lint_config(path)
    if problems:
        raise InputError.of(problems)
    return config


def lint_config(path: str | Path) -> tuple[Config, list[Problem]]:
    """The configuration in a file and every fault of it, in order of lines."""
    try:
        text = read_text(path)
    except InputError as error:
        return Config(), list(error.problems)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*?) ?\(at line (\d+)", str(error))
        what, line = (found[1], int(found[2])) if found else (str(error), None)
        return Config(), [Problem(str(path), say("is no TOML here: {what}.", what=what), line)]
    lint = _Lint(Path(path), text)
    config = lint.config(raw)
    return config, sorted(lint.problems, key=lambda problem: problem.line or 0)


class _Lint:
    """Reads what tomllib has parsed, and notes faults with their lines."""

    def __init__(self, path: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._path, self._folder = path, path.absolute().parent
        self._lines = _places(text)

    def config(self, raw: Mapping[str, Any]) -> Config:
        self._no_secrets(raw, ())
        head = {name: value for name, value in raw.items() if not isinstance(value, dict)}
        tables = {name: value for name, value in raw.items() if isinstance(value, dict)}
        for name in tables:
            if name not in TABLES and name not in FORBIDDEN:
                self._fault(say("[{name}] is no part of a configuration.", name=name) + nearest(name, TABLES), (name,))
        checked = {
            name: self._table(values, TABLES[name], (name,)) for name, values in tables.items() if name in TABLES
        }
        return Config(self._table(head, HEAD, ()), checked)

    def _table(self, values: Mapping[str, Any], known: Mapping[str, Check], at: tuple[str, ...]) -> dict[str, Any]:
        good: dict[str, Any] = {}
        for name, value in values.items():
            place = (*at, name)
            if name in FORBIDDEN:
                continue  # told already
            if name not in known:
                self._fault(say("'{name}' is not known here.", name=name) + nearest(name, known), place)
            elif (fault := known[name](value, self._folder)) is not None:
                self._fault(f"{name}: {fault}", place)
            else:
                good[name] = self._whole(name, value)
        return good

    def _whole(self, name: str, value: Any) -> Any:
        """Paths from the file's folder; what is given as one or several always as several."""
        if name in PATHS:
            return str(self._folder / value)
        if name in ("models", "urls"):
            listed = [value] if isinstance(value, str) else list(value)
            beside = {item: self._folder / item for item in listed if item.endswith(".onnx")}
            return [str(beside[item]) if item in beside and beside[item].exists() else item for item in listed]
        return value

    def _no_secrets(self, raw: Mapping[str, Any], at: tuple[str, ...]) -> None:
        for name, value in raw.items():
            place = (*at, name)
            if name.lower() in FORBIDDEN:
                self._fault(
                    say(
                        "'{name}' is a secret, which no configuration may hold. Put it into a file of mode 600 named "
                        "by secrets = \"…\", or into the environment as TESTBED_{upper}.",
                        name=name, upper=name.upper(),
                    ),
                    place,
                )  # fmt: skip
            elif isinstance(value, dict):
                self._no_secrets(value, place)

    def _fault(self, text: str, place: tuple[str, ...]) -> None:
        line = next((self._lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self._lines), None)
        self.problems.append(Problem(str(self._path), text, line))


def _places(text: str) -> dict[tuple[str, ...], int]:
    """The line of each table and key, as far as a look at single lines tells; tomllib keeps none."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"^\s*\[+\s*([^\]]+?)\s*\]+", line)
        key = re.match(r"^\s*(\"[^\"]*\"|'[^']*'|[\w.-]+)\s*=", line)
        if header:
            table = tuple(part.strip(" \"'") for part in header[1].split("."))
            found.setdefault(table, number)
        elif key:
            found.setdefault((*table, *key[1].strip("\"'").split(".")), number)
    return found


# -- what fits -------------------------------------------------------------------------------------------------


def _text(value: Any, folder: Path) -> str | None:
    return None if isinstance(value, str) and value else say("must be a text in quotes, but is {value}.", value=value)


def _file(value: Any, folder: Path) -> str | None:
    if (fault := _text(value, folder)) is not None:
        return fault
    path = folder / value
    if path.is_file():
        return None
    beside = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    return say("there is no file '{path}'.", path=value) + nearest(path.name, beside)


def _secrets(value: Any, folder: Path) -> str | None:
    if (fault := _file(value, folder)) is not None:
        return fault
    try:
        logins(folder / value, {})
    except InputError as error:
        return str(error)
    return None


def _one_of(*known: str) -> Check:
    def check(value: Any, folder: Path) -> str | None:
        return None if value in known else say("'{value}' is not known.", value=value) + nearest(str(value), known)

    return check


def _number(least: float, whole: bool = False) -> Check:
    def check(value: Any, folder: Path) -> str | None:
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool) and value >= least
        if fits:
            return None
        kind = say("a whole number") if whole else say("a number")
        return say("must be {kind} of at least {least}, but is {value}.", kind=kind, least=f"{least:g}", value=value)

    return check


def _flag(value: Any, folder: Path) -> str | None:
    return None if isinstance(value, bool) else say("must be true or false, but is {value}.", value=value)


def _names(value: Any, folder: Path) -> str | None:
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list) and listed and all(isinstance(item, str) and item for item in listed):
        return None
    return say("must be a list of texts in quotes, but is {value}.", value=value)


def _models(value: Any, folder: Path) -> str | None:
    """Names and files that are there; a model's file may lie beside the configuration."""
    if (fault := _names(value, folder)) is not None:
        return fault
    from edge.library import RULES, find

    faults = []
    for name in [value] if isinstance(value, str) else value:
        try:
            path = None if name in RULES or (folder / name).is_file() else find(name)
        except InputError as error:
            faults.append(str(error))
            continue
        if path is not None and not path.is_file():
            faults.append(_file(name, folder) or "")
    return " ".join(faults) or None


def _urls(value: Any, folder: Path) -> str | None:
    if (fault := _names(value, folder)) is not None:
        return fault
    faults = []
    for url in [value] if isinstance(value, str) else value:
        try:
            check_url(url)
        except InputError as error:
            faults.append(str(error))
    return " ".join(faults) or None


def _duration(value: Any, folder: Path) -> str | None:
    try:
        fits = duration(str(value)) > 0
    except ValueError:
        fits = False
    return None if fits else say("'{value}' is no duration such as 90s, 15m or 8h.", value=value)


def _broker(value: Any, folder: Path) -> str | None:
    if (fault := _text(value, folder)) is not None:
        return fault
    try:
        Publish(url=value)
    except InputError as error:
        return str(error)
    return None


def _mapping(value: Any, folder: Path) -> str | None:
    if (fault := _file(value, folder)) is not None:
        return fault
    _, problems = lint_mapping(folder / value)
    return "\n".join(map(str, problems)) or None


def _version(value: Any, folder: Path) -> str | None:
    return None if value in (3, 5) else say("must be 3 or 5, but is {value}.", value=value)


def _speed(value: Any, folder: Path) -> str | None:
    try:
        fits = value in ("real", "max") or float(value) > 0
    except (TypeError, ValueError):
        fits = False
    return None if fits else say("takes 'real', 'max' or a factor above 0, but is '{value}'.", value=value)


_RECORD = _one_of("full", "events", "none")
HEAD: dict[str, Check] = {"lang": _one_of(*LANGUAGES), "secrets": _secrets}
TABLES: dict[str, dict[str, Check]] = {
    "watch": {
        "urls": _urls, "tags": _file, "models": _models, "records": _text, "record": _RECORD, "duration": _duration,
        "publishing_ms": _number(1.0), "lateness_s": _number(0.0), "patience_s": _number(0.1), "wait": _flag,
        "truth": _text, "reveal": _flag, "security": _one_of(*SECURITIES), "insecure": _flag,
        "metrics": _number(0, whole=True), "mqtt_version": _version, "mapping": _mapping, "publish": _broker,
        "spool": _text, "spool_messages": _number(1, whole=True), "spool_mb": _number(0.1),
        "overflow": _one_of(*OVERFLOWS),
    },
    "run": {
        "over": _one_of("memory", "opcua", "mqtt", "wire"), "speed": _speed, "seed": _number(0, whole=True),
        "models": _names, "record": _RECORD, "out": _text, "jobs": _number(1, whole=True),
    },
}  # fmt: skip
PATHS = ("tags", "out", "records", "secrets", "truth", "spool", "mapping")
