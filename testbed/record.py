"""The record of a run as it lies on disk, whatever ended the run. What writes it is `edge.record`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.places import Box, box_of
from connectors.results import AlarmState, Event
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.truth import Truth
from edge.record import FORMAT, STATUS, Recorder, empty, new_folder, table

__all__ = ["FORMAT", "STATUS", "Recorder", "RunRecord", "new_folder", "table"]


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
        return [_event_of(line, self.folder) for line in self.lines("events")]

    def truths(self) -> list[Truth]:
        """The answer key; a later line about the same truth replaces an earlier one."""
        latest: dict[tuple[str, str, int, Box | None], Truth] = {}
        for line in self.lines("truth"):
            truth = truth_of(line, self.folder)
            latest[truth.name, truth.where, truth.onset, truth.box] = truth
        return list(latest.values())

    def signals(self, group: str) -> Any:
        """All samples of a group as a polars DataFrame, empty if none were recorded."""
        import polars as pl

        parts = sorted((self.folder / "signals" / group).glob("*.parquet"))
        if not parts:
            return empty()
        return pl.concat([pl.read_parquet(part) for part in parts], how="diagonal")

    def texts(self) -> list[tuple[int, str, str]]:
        """What was said of heats, slabs, coils and grades: ns, tag and text."""
        return [(int(line["time"]), str(line["tag"]), str(line["text"])) for line in self.lines("texts")]

    def true_signals(self) -> Any:
        """What the plant kept of its true values, as a polars DataFrame; empty where it kept none."""
        import polars as pl

        path = self.folder / "truth.parquet"
        return pl.read_parquet(path) if path.is_file() else empty()

    def score(self) -> dict[str, Any] | None:
        path = self.folder / "score.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _group_of(entry: Mapping[str, Any]) -> Group:
    tags = []
    for raw in entry["tags"]:
        tags.append(Tag(**_frozen(raw)))
    return Group(entry["name"], tuple(tags), entry["kind"])


def _event_of(line: Mapping[str, Any], folder: Path) -> Event:
    evidence = tuple((str(name), float(share)) for name, share in line["evidence"])
    seen = {"box": box_of(line.get("box")), "crop": _crop_of(line, folder)}
    return Event(**{**line, "state": AlarmState(line["state"]), "evidence": evidence, **seen})


def truth_of(line: Mapping[str, Any], folder: Path | None = None) -> Truth:
    """A line of truth.jsonl of the record in `folder`."""
    return Truth(**{**_frozen(line), "box": box_of(line.get("box")), "crop": _crop_of(line, folder)})


def _crop_of(line: Mapping[str, Any], folder: Path | None) -> bytes:
    """The picture a line names, from the record's evidence/ alone; nothing where there is none."""
    if folder is None or not line.get("crop"):
        return b""
    path = folder / "evidence" / Path(str(line["crop"])).name
    return path.read_bytes() if path.is_file() else b""


def _frozen(line: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has lists where frozen values have tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in line.items()}
