"""A user's own labelled series, described in a few lines of TOML beside them.

    files = "lines/*.csv"          # each is scored
    truth = "fault"                # the column that is not 0 where something is wrong, or
    labels = "stops.csv"           # start,end,name: when it was
    head = 5000                    # rows of each file that fit and calibrate, or
    normal = ["quiet.csv"]         # files that do
    tags = "tags.csv"              # optional: names, units and columns; else every column of numbers
    budget = "1/24h"               # optional: false alarms that the threshold allows

`testbed bench --data mine.toml` scores models on them as on any set. Paths are relative to the file, or to --root.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from anomaly.calibrate import Budget
from connectors.errors import InputError, Problem, nearest
from connectors.files import FileSource
from connectors.tag_list import read_tag_list
from connectors.tags import Tag
from connectors.text import read_text
from connectors.texts import say
from testbed.datasets.labelled import Series
from testbed.labels import read_labels

SUFFIX = ".toml"
KNOWN: dict[str, tuple[type, ...]] = {
    "files": (str, list), "truth": (str,), "labels": (str,), "changes": (str,), "head": (int,), "normal": (str, list),
    "tags": (str,), "budget": (str,),
}  # fmt: skip
BUDGET = "1/24h"


def described(path: Path, root: Path | None = None) -> list[Series]:
    """The series that a description names, by path. Raises InputError naming every fault of it."""
    told = _read(path)
    folder = root or path.absolute().parent
    problems = [Problem(str(path), text) for text in _faults(told, folder)]
    if problems:
        raise InputError.of(problems)
    normal = tuple(_found(told.get("normal", []), folder))
    files = [file for file in _found(told["files"], folder) if file not in normal]
    windows = ()
    if "labels" in told:
        truths = read_labels(folder / told["labels"])
        windows = tuple(sorted((one.onset, max(one.cleared or one.onset, one.onset)) for one in truths))
    truth, changes = told.get("truth", ""), told.get("changes", "")
    tags = _tags(told, folder, path.stem, files[0], [column for column in (truth, changes) if column])
    return [
        Series(file.relative_to(folder).as_posix(), file, tags, truth, changes, told.get("head", 0), normal,
               told.get("budget", BUDGET), windows=windows)
        for file in files
    ]  # fmt: skip


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(say("{path} is no TOML: {reason}.", path=path, reason=error)) from None


def _faults(told: Mapping[str, Any], folder: Path) -> list[str]:
    """Everything that does not fit."""
    faults = [say("'{key}' is not known here.", key=key) + nearest(key, KNOWN) for key in told if key not in KNOWN]
    for key, kinds in KNOWN.items():
        if key in told and (not isinstance(told[key], kinds) or isinstance(told[key], bool) or told[key] in ("", [])):
            faults.append(say("'{key}' takes {kinds}, but got {value}.", key=key, value=repr(told[key]),
                              kinds=" / ".join(kind.__name__ for kind in kinds)))  # fmt: skip
    if faults:
        return faults
    if ("truth" in told) == ("labels" in told):
        faults.append(say("It must say what is wrong by one of 'truth' (a column) and 'labels' (a file)."))
    if ("head" in told) == ("normal" in told):
        faults.append(say("It must say what is normal by one of 'head' (rows of each file) and 'normal' (files)."))
    elif told.get("head", 1) < 1:
        faults.append(say("'{key}' takes {kinds}, but got {value}.", key="head", kinds="1, 2, …", value=told["head"]))
    for key in ("files", "normal"):
        missing = [one for one in _listed(told.get(key, [])) if not _found(one, folder)]
        faults += [say("'{pattern}' finds no file under {folder}.", pattern=one, folder=folder) for one in missing]
    if "files" not in told:
        faults.append(say("'files' must name the files that are scored."))
    elif not faults and not set(_found(told["files"], folder)) - set(_found(told.get("normal", []), folder)):
        faults.append(say("'files' names none but the normal ones: nothing is left to score."))
    for key in ("labels", "tags"):
        if key in told and not (folder / told[key]).is_file():
            faults.append(say("'{pattern}' finds no file under {folder}.", pattern=told[key], folder=folder))
    if "budget" in told:
        try:
            Budget.parse(told["budget"])
        except InputError as error:
            faults.append(str(error))
    return faults


def _listed(patterns: str | list[str]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else [str(one) for one in patterns]


def _found(patterns: str | list[str], folder: Path) -> list[Path]:
    """Files that patterns find below a folder, each once, by path."""
    inside = [one for one in _listed(patterns) if not Path(one).is_absolute() and ".." not in Path(one).parts]
    return sorted({path for one in inside for path in folder.glob(one) if path.is_file()})


def _tags(told: Mapping[str, Any], folder: Path, name: str, first: Path, labels: list[str]) -> tuple[Tag, ...]:
    """Those of the list, or every column of numbers of the first file, called after the description."""
    if "tags" in told:
        return read_tag_list(folder / told["tags"])
    seen = [tag for group in FileSource(first, labels=labels).groups for tag in group.tags]
    return tuple(replace(tag, name=f"{name}/{tag.short}", rate_hz=_whole(tag.rate_hz)) for tag in seen)


def _whole(rate_hz: float | None) -> float | None:
    """A rate of less than one sample in a second as that of a whole number of seconds."""
    return 1.0 / round(1.0 / rate_hz) if rate_hz is not None and rate_hz < 1.0 else rate_hz
