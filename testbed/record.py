"""The record of a run: a folder that is readable at every moment, whatever ends the run.

run.json first, then lines of steps, truth, events and health as they happen, and a Parquet part a minute and group,
written beside and renamed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.results import AlarmState, Event
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from edge.merge import Chunk

FORMAT = "testbed.run/1"
PART_NS = 60 * SECOND
STATUS = ".status"  # suffix of the column that holds a tag's status where it was not Good


def new_folder(parent: Path, name: str) -> Path:
    """`parent/name-n` with the least free n."""
    n = 1
    while (parent / f"{name}-{n}").exists():
        n += 1
    return parent / f"{name}-{n}"


class Recorder:
    """Writes a record into `folder`, which must be absent or empty.

    Raises InputError if it is neither, or cannot be written.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], groups: Sequence[Group], signals: bool = True) -> None:
        self.folder = folder
        self._about = {"format": FORMAT, "state": "running", **about, "groups": [_group(g) for g in groups]}
        self._signals = signals
        self._pending: dict[str, list[Chunk]] = {group.name: [] for group in groups}
        self._parts = dict.fromkeys(self._pending, 0)
        self._minute: dict[str, int] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise InputError(
                    say("{folder} is not empty. Give --out a folder that is absent or empty.", folder=folder)
                )
            self._write_json("run.json", self._about)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(say("{folder} cannot be written: {reason}.", folder=folder, reason=reason)) from None
        self._lines = {
            name: (folder / f"{name}.jsonl").open("a", encoding="utf-8")
            for name in ("steps", "truth", "events", "health")
        }

    def line(self, name: str, value: Mapping[str, Any]) -> None:
        """Append one line to steps, truth, events or health, and hand it to the operating system."""
        file = self._lines[name]
        file.write(json.dumps(value, ensure_ascii=False) + "\n")
        file.flush()

    def events(self, events: Iterable[Event]) -> None:
        for event in events:
            self.line("events", asdict(event))

    def truth(self, truth: Truth) -> None:
        self.line("truth", asdict(truth))

    def chunk(self, chunk: Chunk) -> None:
        """Keep a chunk; a full minute of its group becomes a part."""
        if not self._signals or not len(chunk.time):
            return
        name = chunk.group.name
        minute = int(chunk.time[0]) // PART_NS
        if self._minute.setdefault(name, minute) != minute:
            self._part(chunk.group)
            self._minute[name] = minute
        self._pending[name].append(chunk)

    def _part(self, group: Group) -> None:
        chunks, self._pending[group.name] = self._pending[group.name], []
        if not chunks:
            return
        self._parts[group.name] += 1
        folder = self.folder / "signals" / group.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self._parts[group.name]:05d}.parquet"
        beside = path.with_suffix(".part")
        table(group, chunks).write_parquet(beside)
        os.replace(beside, path)

    def finish(self, state: str, score: Mapping[str, Any]) -> None:
        """Write what is pending, the score, and how the run ended: 'done', 'stopped' or 'failed'."""
        for name, chunks in self._pending.items():
            if chunks:
                self._part(chunks[0].group)
            self._pending[name] = []
        self._write_json("score.json", score)
        for file in self._lines.values():
            file.close()
        self._write_json("run.json", {**self._about, "state": state})

    def report(self, page: str) -> None:
        """Lay the report beside the record."""
        (self.folder / "report.html").write_text(page, encoding="utf-8")

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        beside = self.folder / f".{name}"
        beside.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(beside, self.folder / name)


def table(group: Group, chunks: Sequence[Chunk]) -> Any:
    """A polars DataFrame of a group's chunks: time, a column a tag, and a status column where one was not Good."""
    import polars as pl

    if not chunks:
        return _empty()
    values = np.concatenate([chunk.values for chunk in chunks])
    status = np.concatenate([chunk.status for chunk in chunks])
    time = np.concatenate([chunk.time for chunk in chunks])
    columns: dict[str, Any] = {"time": pl.Series("time", time).cast(pl.Datetime("ns", "UTC"))}
    for i, tag in enumerate(group.tags):
        columns[tag.name] = pl.Series(tag.name, values[:, i], nan_to_null=True)
        if status[:, i].any():
            columns[tag.name + STATUS] = pl.Series(tag.name + STATUS, status[:, i])
    return pl.DataFrame(columns)


def _empty() -> Any:
    import polars as pl

    return pl.DataFrame({"time": pl.Series([], dtype=pl.Datetime("ns", "UTC"))})


class RunRecord:
    """A record as it lies on disk, finished or not. Raises InputError if the folder holds none."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        path = self.folder / "run.json"
        if not path.is_file():
            raise InputError(say("{folder} holds no run: run.json is missing.", folder=self.folder))
        try:
            self.about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            version = str(self.about.get("format", ""))
        except (json.JSONDecodeError, AttributeError, UnicodeDecodeError):
            raise InputError(say("{path} is no JSON object.", path=path)) from None
        if version != FORMAT:
            raise InputError(
                say(
                    "{path} says format '{version}', this release reads '{format}'.",
                    path=path,
                    version=version,
                    format=FORMAT,
                )
            )
        self.groups = tuple(_group_of(entry) for entry in self.about["groups"])

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """Lines of steps, truth, events or health; a torn last line is left out."""
        path = self.folder / f"{name}.jsonl"
        if not path.is_file():
            return
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def events(self) -> list[Event]:
        return [_event_of(line) for line in self.lines("events")]

    def truths(self) -> list[Truth]:
        """The answer key; a later line about the same truth replaces an earlier one."""
        latest: dict[tuple[str, str, int], Truth] = {}
        for line in self.lines("truth"):
            truth = _truth_of(line)
            latest[truth.name, truth.where, truth.onset] = truth
        return list(latest.values())

    def signals(self, group: str) -> Any:
        """All samples of a group as a polars DataFrame, empty if none were recorded."""
        import polars as pl

        parts = sorted((self.folder / "signals" / group).glob("*.parquet"))
        if not parts:
            return _empty()
        return pl.concat([pl.read_parquet(part) for part in parts], how="diagonal")

    def score(self) -> dict[str, Any] | None:
        path = self.folder / "score.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "kind": group.kind, "tags": [asdict(tag) for tag in group.tags]}


def _group_of(entry: Mapping[str, Any]) -> Group:
    tags = []
    for raw in entry["tags"]:
        tags.append(Tag(**_frozen(raw)))
    return Group(entry["name"], tuple(tags), entry["kind"])


def _event_of(line: Mapping[str, Any]) -> Event:
    evidence = tuple((str(name), float(share)) for name, share in line["evidence"])
    return Event(**{**line, "state": AlarmState(line["state"]), "evidence": evidence})


def _truth_of(line: Mapping[str, Any]) -> Truth:
    return Truth(**_frozen(line))


def _frozen(line: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists where frozen values have tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in line.items()}
