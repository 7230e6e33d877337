"""The run records a page may open: those in the folders that its server was told of, and nothing beside them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import text
from testbed.page import speech
from testbed.page.replay import Replay
from testbed.record import FORMAT

MOST = 300  # records in a list, the newest; judgement
OPEN = 3  # records held open, each with the signals that were asked for
LARGEST = 8_000_000  # bytes of a run.json that is read


class Records:
    """Records by number of their folder and name, so that no path ever comes from a page.

    Args:
        folders: records, or folders with records in them.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._open: OrderedDict[str, Replay] = OrderedDict()

    @classmethod
    def told(cls, folders: Sequence[Path], own: Path) -> Records:
        """Those a user named, and `own`, where this page's runs go. Raises InputError if one of the former is none."""
        for folder in folders:
            if not folder.is_dir():
                raise InputError(say("--records takes a record or a folder of records, but {folder} is none.",
                                     folder=folder))  # fmt: skip
        return cls([*folders, *([own] if own not in folders else [])])

    @property
    def first(self) -> str | None:
        """The record that was named itself, not by its folder; None where none was."""
        return next((f"{i}" for i, folder in enumerate(self._folders) if (folder / "run.json").is_file()), None)

    def listed(self) -> list[dict[str, Any]]:
        """What a page lists of each, the newest first."""
        paths = sorted(self._paths().items(), key=lambda item: -_written(item[1]))[:MOST]
        return [told for name, path in paths if (told := _head(name, path)) is not None]

    def open(self, name: str) -> Replay | None:
        """A record to be replayed, None where there is none of this name. Raises InputError if it cannot be read."""
        path = self._paths().get(name)
        if path is None:
            return None
        key = f"{name} {_written(path)}"
        if key not in self._open:
            self._open[key] = Replay(path)
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(key)
        return self._open[key]

    def _paths(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for i, folder in enumerate(self._folders):
            if (folder / "run.json").is_file():
                found[f"{i}"] = folder
            elif folder.is_dir():
                found |= {f"{i}.{path.name}": path for path in folder.iterdir() if _is_inside(path, folder)}
        return found


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a record lies in the folder itself: a link that leads out of it is none."""
    return (path / "run.json").is_file() and path.resolve().is_relative_to(folder)


def _written(path: Path) -> int:
    """When a record was last written, ns; 0 where it has gone meanwhile."""
    names = ("run.json", "score.json", "events.jsonl")
    return max((file.stat().st_mtime_ns for name in names if (file := path / name).is_file()), default=0)


def _head(name: str, path: Path) -> dict[str, Any] | None:
    """A line of the list; None for what is no record of ours."""
    about, score = _object(path / "run.json"), _object(path / "score.json") or {}
    if about is None or about.get("format") != FORMAT or about.get("kind") == "serve":
        return None
    counted = [fault for fault in score.get("faults", ()) if fault["in_time"]]
    return {
        "id": name,
        "folder": path.name,
        "title": speech.words(str(about.get("title") or about.get("scenario") or path.name)),
        "seed": about.get("seed"),
        "kind": about.get("kind", "run"),
        "state": about.get("state"),
        "written": text(_written(path)),
        "found": sum(fault["detected"] for fault in counted),
        "faults": len(counted),
        "false_alarms": score.get("false_alarms"),
        "met": score.get("met"),
    }


def _object(path: Path) -> dict[str, Any] | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None
