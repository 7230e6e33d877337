"""Looks through tag lists, data, labels, models, scenarios and pictures, and names every fault at once."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.addresses import check_url
from connectors.errors import InputError, Problem
from connectors.images import lint_images
from connectors.mapping import lint_mapping
from connectors.tag_list import COLUMNS, lint_tag_list
from connectors.tags import Tag
from connectors.text import CsvText, existing
from connectors.texts import say
from testbed.labels import lint_labels

TEXTS = (".csv", ".txt", ".tsv", "")
KINDS = {
    ".parquet": "data",
    ".xlsx": "data",
    ".xlsm": "data",
    ".xlsb": "data",
    ".xls": "data",
    ".onnx": "model",
    ".py": "scenario",
    ".toml": "configuration",
}


def _fits() -> str:
    return say(
        "tag lists, labels and data (.csv, .parquet, .xlsx), models (.onnx), scenarios, configurations and mappings "
        "(.toml), folders of pictures"
    )


def check(
    paths: Sequence[str], tags: str | None = None, sheet: str | None = None, zone: str = "UTC", ask: Any = None
) -> list[Problem]:
    """Every fault of these files and addresses, tag lists first, then in the order given, addresses last.

    Data is checked against the tag list `tags`, or else against the tag lists among `paths`; `sheet` and
    `zone` are those of the data. Servers and brokers are looked at by the tag list, in the way that `ask`, a
    check_endpoints.Ask, says. Raises InputError for an address without a tag list, or an unknown zone.
    """
    urls = [check_url(path) for path in paths if "://" in path]
    kinds = {path: _kind(path) for path in paths if "://" not in path}
    if tags:
        kinds = {tags: "tag list"} | kinds | {tags: "tag list"}
    problems: list[Problem] = []
    known: list[Tag] = []
    for path in (path for path, kind in kinds.items() if kind == "tag list"):
        found, faults = lint_tag_list(path)
        problems += faults
        if tags in (None, path):
            known += found
    for path, kind in kinds.items():
        problems += _check_one(path, kind, known, sheet, zone)
    return problems + (_look(urls, known, ask) if urls else [])


def _look(urls: Sequence[str], tags: Sequence[Tag], ask: Any) -> list[Problem]:
    from testbed.check_endpoints import Ask, check_endpoints

    if not tags:
        raise InputError(
            say("{url} is checked by a tag list: add --tags TAGS.csv. 'testbed browse {url} --out TAGS.csv' writes it.",
                url=urls[0])
        )  # fmt: skip
    return check_endpoints(urls, tags, ask or Ask())


def _kind(path: str) -> str:
    """What a path names: 'tag list', 'labels', 'data', 'pictures', 'model', 'scenario' or 'other'."""
    file = Path(path)
    suffix = file.suffix.lower()
    if file.is_dir():
        return "pictures"
    if not file.exists():
        return "scenario" if not suffix and file.name == path else "other"
    return _kind_of_text(path) if suffix in TEXTS else KINDS.get(suffix, "other")


def _kind_of_text(path: str) -> str:
    """What a CSV file holds, told by its header; a word or two of it may be mistyped."""
    try:
        header = {name.lower() for name in CsvText.read(path).header}
    except InputError:
        return "data"
    listed = header & set(COLUMNS)
    if ("name" in listed and listed & {"unit", "low", "high", "address", "group"}) or len(listed) > 3:
        return "tag list"
    return "labels" if len(header & {"start", "end", "name"}) > 1 else "data"


def _check_one(path: str, kind: str, tags: Sequence[Tag], sheet: str | None, zone: str) -> list[Problem]:
    match kind:
        case "tag list":
            return []  # was looked through first
        case "data":
            from connectors.tables import lint_table

            return lint_table(path, tags=tags, sheet=sheet, zone=zone)
        case "labels":
            return lint_labels(path, zone)
        case "pictures":
            return lint_images(path)
        case "configuration" if _has(path, "map"):
            return lint_mapping(path)[1]
        case "configuration" if not _has(path, "currency", "values"):
            return _lint_configuration(path)
    try:
        _load(path, kind)
    except InputError as error:
        return list(error.problems) or [Problem(path, str(error))]
    return []


def _lint_configuration(path: str) -> list[Problem]:
    """Faults of a configuration, of the tag list it names, and of how both fit together."""
    from connectors.addresses import shared_out
    from edge.config import lint_config

    config, problems = lint_config(path)
    watch = config.tables.get("watch", {})
    if "tags" in watch:
        tags, faults = lint_tag_list(watch["tags"])
        problems += faults
        if "urls" in watch and not faults:
            try:
                shared_out(watch["urls"], tags)
            except InputError as error:
                problems.append(Problem(path, str(error)))
    return problems


def _has(path: str, *names: str) -> bool:
    """Whether a TOML file has one of these keys: it says what things cost, or is a mapping."""
    try:
        return bool(set(names) & tomllib.loads(Path(path).read_text("utf-8")).keys())
    except (OSError, ValueError):
        return False


def _load(path: str, kind: str) -> None:
    """Load what is checked by loading it. Raises InputError with its faults, or if it is not there."""
    if kind == "model":
        from edge.model import load_model

        load_model(path)
    elif kind == "configuration":
        from testbed.assumptions import Assumptions

        Assumptions.read(path)
    elif kind == "scenario":
        from testbed.library import load

        load(path)
    else:
        suffix = existing(path).suffix
        raise InputError.of(
            [
                Problem(
                    path,
                    say("A file of kind '{suffix}' is not checked. What fits: {fits}.", suffix=suffix, fits=_fits()),
                )
            ]
        )
