"""What a served plant leaves in its folder: what was done to it, what was wrong with it, and how to run it again."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from connectors.errors import InputError
from connectors.texts import say
from connectors.times import seconds, text
from connectors.truth import Truth
from edge.record import FORMAT
from testbed.engine import Engine

FILES = ("run.json", "steps.jsonl", "truth.jsonl")
EVERY_S = 10.0  # source time between two notes of how far the plant is: what a kill loses at most


class ServedRecord:
    """run.json, steps.jsonl and truth.jsonl of one serving, in a folder that may hold earlier ones.

    Earlier files move to `earlier-N`, which is a record of its own. `truth` names one more file for the truth. Raises
    InputError for what cannot be written.
    """

    def __init__(self, engine: Engine, name: str, folder: Path | None, truth: Path | None = None) -> None:
        self._engine, self._folder = engine, folder
        self._truth = [path for path in (truth, folder and folder / "truth.jsonl") if path is not None]
        self._about = {"format": FORMAT, "state": "running", "kind": "serve", "scenario": name, "seed": engine.seed,
                       "start": text(engine.start), "served_s": 0.0, "groups": []}  # fmt: skip
        self._steps_written, self._told = 0, -EVERY_S
        self._known: list[Truth] = []
        try:
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                _move_earlier(folder)
            for path in self._truth:
                path.write_text("", encoding="utf-8")
            self.write()
        except OSError as error:
            path = error.filename or folder or truth
            raise InputError(
                say("{path} cannot be written: {reason}.", path=path, reason=error.strerror or str(error))
            ) from None

    def write(self) -> None:
        """Write down what is new. Raises OSError."""
        self._write_steps()
        self._write_truth()
        reached_s = seconds(self._engine.plant.present - self._engine.start)
        if reached_s >= self._told + EVERY_S:
            self._tell(reached_s, "running")

    def close(self) -> None:
        """Say how long the plant was served."""
        self.write()
        self._tell(seconds(self._engine.plant.present - self._engine.start), "stopped")

    def _tell(self, reached_s: float, state: str) -> None:
        self._told = reached_s
        if self._folder is not None:
            about = {**self._about, "state": state, "served_s": reached_s}
            _replace(self._folder / "run.json", json.dumps(about, ensure_ascii=False, indent=1) + "\n")

    def _write_steps(self) -> None:
        new = self._engine.done[self._steps_written :]
        if self._folder is not None and new:
            with (self._folder / "steps.jsonl").open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(asdict(done), ensure_ascii=False) + "\n" for done in new)
        self._steps_written += len(new)

    def _write_truth(self) -> None:
        """The files anew, whenever there is more to tell."""
        if not self._truth or (truths := self._engine.truths()) == self._known:
            return
        self._known = truths
        lines = "".join(json.dumps({**asdict(t), "crop": ""}, ensure_ascii=False) + "\n" for t in truths)
        for path in self._truth:
            _replace(path, lines)


def _move_earlier(folder: Path) -> None:
    there = [folder / name for name in FILES if (folder / name).exists()]
    if not there:
        return
    n = 1
    while (folder / f"earlier-{n}").exists():
        n += 1
    (folder / f"earlier-{n}").mkdir()
    for path in there:
        path.rename(folder / f"earlier-{n}" / path.name)


def _replace(path: Path, content: str) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_text(content, encoding="utf-8")
    os.replace(beside, path)
