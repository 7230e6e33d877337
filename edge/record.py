"""The record of a run being written: a folder that is readable at every moment, whatever ends the run.

run.json first, then lines of steps, truth, events and health as they happen, and a Parquet part a minute and group,
written beside and renamed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.results import Event
from connectors.tags import Group
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
        self._crops = 0
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

    def tell(self, **more: Any) -> None:
        """Say more in run.json."""
        self._about.update(more)
        self._write_json("run.json", self._about)

    def line(self, name: str, value: Mapping[str, Any]) -> None:
        """Append one line to steps, truth, events or health, and hand it to the operating system."""
        if name not in self._lines:
            self._lines[name] = (self.folder / f"{name}.jsonl").open("a", encoding="utf-8")
        file = self._lines[name]
        file.write(json.dumps(value, ensure_ascii=False) + "\n")
        file.flush()

    def events(self, events: Iterable[Event]) -> None:
        for event in events:
            self.line("events", {**asdict(event), "crop": self._crop(event.crop)})

    def _crop(self, data: bytes) -> str:
        """Keep what a camera saw under evidence/ and answer with its path in the record; nothing for nothing."""
        if not data:
            return ""
        self._crops += 1
        path = Path("evidence") / f"{self._crops:05d}.png"
        (self.folder / "evidence").mkdir(exist_ok=True)
        (self.folder / path).write_bytes(data)
        return path.as_posix()

    def truth(self, truth: Truth) -> None:
        self.line("truth", {**asdict(truth), "crop": self._crop(truth.crop)})

    def chunk(self, chunk: Chunk) -> None:
        """Keep a chunk; a full minute of its group becomes a part."""
        for text in chunk.texts:
            self.line("texts", {"time": text.time, "tag": text.tag.name, "text": text.text})
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

    def finish(self, state: str, score: Mapping[str, Any] | None = None) -> None:
        """Write what is pending, the score if there is one, and how the run ended: 'done', 'stopped' or 'failed'."""
        for name, chunks in self._pending.items():
            if chunks:
                self._part(chunks[0].group)
            self._pending[name] = []
        if score is not None:
            self._write_json("score.json", score)
        for file in self._lines.values():
            file.close()
        self._write_json("run.json", {**self._about, "state": state})

    def abandon(self) -> None:
        """Leave the record as a killed run leaves it: readable up to its last part."""
        for file in self._lines.values():
            with suppress(OSError):
                file.close()

    def true_signals(self, values: Any) -> None:
        """Lay a polars DataFrame of true values beside the truth, where the plant keeps any."""
        if not values.is_empty():
            values.write_parquet(self.folder / "truth.parquet")

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
        return empty()
    values = np.concatenate([chunk.values for chunk in chunks])
    status = np.concatenate([chunk.status for chunk in chunks])
    time = np.concatenate([chunk.time for chunk in chunks])
    columns: dict[str, Any] = {"time": pl.Series("time", time).cast(pl.Datetime("ns", "UTC"))}
    for i, tag in enumerate(group.tags):
        columns[tag.name] = pl.Series(tag.name, values[:, i], nan_to_null=True)
        if status[:, i].any():
            columns[tag.name + STATUS] = pl.Series(tag.name + STATUS, status[:, i])
    return pl.DataFrame(columns)


def true_table(signals: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Any:
    """A polars DataFrame of true values: time, and a column a name, null where there is none."""
    import polars as pl

    joined = empty()
    for name, (time, values) in signals.items():
        at = pl.Series("time", time).cast(pl.Datetime("ns", "UTC"))
        one = pl.DataFrame({"time": at, name: pl.Series(name, values, nan_to_null=True)})
        joined = joined.join(one, on="time", how="full", coalesce=True).sort("time")
    return joined


def empty() -> Any:
    """The table of a group without samples."""
    import polars as pl

    return pl.DataFrame({"time": pl.Series([], dtype=pl.Datetime("ns", "UTC"))})


def _group(group: Group) -> dict[str, Any]:
    return {"name": group.name, "kind": group.kind, "tags": [asdict(tag) for tag in group.tags]}
