"""Replays measured data through the same pipeline: what would have been found, how early, with which false alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from anomaly.calibrate import Budget
from anomaly.fit import KINDS, fit
from connectors.clock import Stopwatch, now_ns
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.items import Item
from connectors.results import Event, Result
from connectors.tag_list import read_tag_list
from connectors.texts import say
from connectors.times import SECOND, duration, seconds, text, zone
from connectors.truth import Truth
from edge.card import readable
from edge.merge import Chunk
from edge.model import OnnxModel
from edge.pipeline import Pipeline, Watch
from edge.seen import Again, Sketch
from testbed.guard import RunGuard
from testbed.labels import labels_of_column, read_labels
from testbed.models import Chosen, choose, listed, named
from testbed.record import Recorder, table
from testbed.record_data import open_data
from testbed.rivals import rows
from testbed.running import Progress, Run, in_loop, keep_record, pace_of, versions
from testbed.score import Facts, score

BUDGET = Budget(1.0, 86_400.0)  # one false alarm in 24 h, unless the model's file says otherwise


@dataclass(slots=True)
class Data:
    """What is replayed and how; see `replay`."""

    path: Path
    tags: Path | None = None
    truth: str | None = None
    drop: Sequence[str] = ()
    sheet: str | None = None
    models: Sequence[str] = ("mspc", "rules")
    fit: str | None = None
    speed: str | float = "max"
    tz: str = "UTC"
    record: str = "none"
    out: Path | None = None


def replay(
    data: str | Path,
    *,
    tags: str | Path | None = None,
    truth: str | Path | None = None,
    drop: Sequence[str] = (),
    sheet: str | None = None,
    models: Sequence[str] | str = ("mspc", "rules"),
    fit: int | str | None = None,
    speed: str | float = "max",
    tz: str = "UTC",
    out: str | Path | None = None,
) -> Run:
    """Replay a CSV, Parquet or Excel file and score it.

    Args:
        data: the file.
        tags: a tag list; None takes every column of numbers.
        truth: a labels file, or the name of a column that is not 0 where something was wrong.
        drop: columns to leave out.
        sheet: of an Excel file.
        models: kinds to be fitted on the head, names, or .onnx files.
        fit: so many rows, or a duration such as '20m', fit and calibrate and are not scored.
        speed: 'max', 'real' or a factor.
        tz: zone of times that name none.
        out: folder for a record.

    Raises InputError if anything given does not fit.
    """
    order = Data(
        Path(data), None if tags is None else Path(tags), None if truth is None else str(truth), named(drop), sheet,
        named(models), None if fit is None else str(fit), speed, tz, "none" if out is None else "full",
        None if out is None else Path(out),
    )  # fmt: skip
    return carry_out(order)


def carry_out(order: Data, progress: Progress = lambda done, of: None) -> Run:
    """Carry out a replay."""
    return in_loop(Replay(order, progress).run())


class Replay:
    """One replay under way."""

    def __init__(self, order: Data, progress: Progress) -> None:
        self.order = order
        self._progress = progress
        self._pace = pace_of(order.speed)
        zone(order.tz)  # an unknown zone is told before the file is read
        self.source = self._open(1000 if order.speed == "max" else 1)
        self.time = self.source.table.time
        if not len(self.time):
            raise InputError(say("{path} holds no rows.", path=order.path))
        self.start = self._head_end()
        self.end = int(self.time[-1])
        self.truths = self._truths()
        self.chosen = self._models()
        self.guard = RunGuard(self.chosen, order.path.name)
        self._again = [
            (c, Again(c.card, [channel for spec in c.bound.windows for channel in spec.channels])) for c in self.chosen
        ]
        self.events: list[Event] = []
        self.chunks: dict[str, list[Chunk]] = {group.name: [] for group in self.source.groups}
        self._scored: dict[str, list[int]] = {chosen.bound.name: [] for chosen in self.chosen}
        self.recorder: Recorder | None = None
        self.watch = Stopwatch()
        self._began = text(now_ns())

    def _open(self, rows_per_batch: int) -> FileSource:
        order = self.order
        tags = None if order.tags is None else read_tag_list(order.tags)
        column = None if order.truth is None or self._is_file(order.truth) else (order.truth,)
        return open_data(
            order.path, tags, drop=order.drop, sheet=order.sheet, tz=order.tz, labels=column,
            rows_per_batch=rows_per_batch,
        )  # fmt: skip

    @staticmethod
    def _is_file(truth: str) -> bool:
        return truth.lower().endswith(".csv") or Path(truth).is_file()

    def _head_end(self) -> int:
        """ns of the first row that is scored."""
        if self.order.fit is None:
            return int(self.time[0])
        try:
            if self.order.fit.isdigit():
                at = int(self.order.fit)
            else:
                at = int(np.searchsorted(self.time, self.time[0] + round(duration(self.order.fit) * SECOND)))
        except ValueError:
            raise InputError(
                say("--fit takes rows or a duration such as 400 or 20m, but got '{fit}'.", fit=self.order.fit)
            ) from None
        if not 0 < at < len(self.time):
            raise InputError(
                say("--fit {fit} leaves nothing to score of {rows} rows. Give less.",
                    fit=self.order.fit, rows=len(self.time))
            )  # fmt: skip
        return int(self.time[at])

    def _truths(self) -> list[Truth]:
        """What the labels hold from the scored part on; what began before begins with it."""
        order = self.order
        if order.truth is None:
            return []
        if self._is_file(order.truth):
            truths = read_labels(order.truth, order.tz)
        else:
            truths = labels_of_column(self.time, self.source.table.labels[order.truth], order.truth)
        late = [t for t in truths if (t.cleared if t.cleared is not None else t.onset) >= self.start]
        return [t if t.onset >= self.start else replace(t, onset=self.start, detectable_from=self.start) for t in late]

    def _models(self) -> list[Chosen]:
        """Kinds are fitted on the head where there is one; everything else is found by name or path."""
        order = self.order
        chosen: list[Chosen] = []
        for name in order.models:
            if name in KINDS and order.fit is not None:
                chosen.append(self._fitted(name))
            elif name in KINDS and name not in listed():
                raise InputError(
                    say("'{kind}' is fitted on the head of the data: say how much, such as --fit 400 or --fit 20m, "
                        "or name the .onnx file of a fitted one.", kind=name)
                )  # fmt: skip
            else:
                chosen += choose([name], self.source.groups)
        names = [c.bound.name for c in chosen]
        if len(set(names)) != len(names):
            raise InputError(say("Two models are called '{name}'. Name each once.", name=max(names, key=names.count)))
        return chosen

    def _fitted(self, kind: str) -> Chosen:
        notes = {
            "origin": say("fitted on the head of {name}", name=self.order.path.name),
            "licence": say("as the data"),
            "training": {"data": self.order.path.name, "fit": self.order.fit},
        }
        data = fit(kind, self.source.groups, [self._head], BUDGET, notes, seen=Sketch())
        model = OnnxModel(data, kind)
        about = {
            "name": kind, "kind": kind, "file": say("fitted on {name}", name=self.order.path.name),
            "providers": list(model.session.providers),
            "card": readable(model.card.raw),
        }  # fmt: skip
        return Chosen(model.bind(self.source.groups), about, card=model.card.raw)

    def _head(self) -> Iterator[list[Item]]:
        """The rows before the scored part, as bundles."""
        return self.source.bundles(until=self.start - 1)

    def about(self) -> dict[str, Any]:
        return {
            "scenario": self.order.path.name,
            "seed": None,
            "over": "memory",
            "speed": str(self.order.speed),
            "models": [chosen.bound.name for chosen in self.chosen],
        }

    def _more(self) -> dict[str, Any]:
        """What record and report say beside the head."""
        files = [chosen.about for chosen in self.chosen]
        return {"began": self._began, "model_files": files, "versions": versions()}

    async def run(self) -> Run:
        """Feed the file through the pipeline to its end."""
        groups = self.source.groups
        pipeline = Pipeline(
            groups,
            [c.bound for c in self.chosen],
            self.start,
            Watch(chunk=self._on_chunk, result=self._on_result),
        )
        if self.order.out is not None and self.order.record != "none":
            self.recorder = Recorder(
                self.order.out,
                {**self.about(), "kind": "replay", "start": text(self.start), **self._more()},
                groups, self.order.record == "full",
            )  # fmt: skip
        total = seconds(self.end - int(self.time[0]))
        async with self.source as source:
            async for item in source:
                time = getattr(item, "time", None)
                moment = int(time[-1]) if isinstance(time, np.ndarray) else None
                if moment is not None:
                    await self._pace.reach(moment)
                    self._progress(seconds(moment - int(self.time[0])), total)
                events = pipeline.feed([item])
                self.events.extend(events)
                if self.recorder is not None:
                    self.recorder.events(events)
        return self._finish(pipeline)

    def _on_chunk(self, chunk: Chunk) -> None:
        scored = chunk.time >= self.start
        for _, again in self._again:
            again.rows(chunk.group.name, chunk.group.tags, chunk.time[scored], chunk.values[scored])
        if self.recorder is not None:
            self.recorder.chunk(chunk)
        else:
            self.chunks[chunk.group.name].append(chunk)

    def _on_result(self, result: Result) -> None:
        if np.isfinite(result.score):
            self._scored[result.model].append(result.time)

    def _finish(self, pipeline: Pipeline) -> Run:
        facts = Facts(
            start=self.start,
            end=self.end,
            truths=self.truths,
            events=self.events,
            counts=pipeline.counts(),
            blind=pipeline.blind(),
            bytes={"memory": self.source.bytes},
            wall_s=self.watch.seconds(),
            about={**self.about(), "state": "done"},
            notes={"reordered": self.source.reordered, "doubled": self.source.doubled},
            is_simulated=False,
        )
        for chosen, again in self._again:
            self.guard.compare(str(chosen.about["name"]), again.end())
        scored = {name: np.array(times, np.int64) for name, times in self._scored.items()}
        summary = {
            **score(facts),
            "zone": self.order.tz,
            "dropped": list(self.source.table.dropped),
            "unread_sheets": list(self.source.table.unread),
            "rows": rows(self.truths, self.events, scored, self.start) if self.truths else [],
            **self.guard.end(),
        }
        result = Run(
            score=summary,
            events=self.events,
            truths=self.truths,
            about={**self.about(), **self._more(), "steps": []},
            groups=self.source.groups,
            start=self.start,
            folder=None if self.recorder is None else self.order.out,
            signals_of=lambda group: table(group, self.chunks[group.name]),
        )
        if self.recorder is not None:
            keep_record(self.recorder, result, {name: asdict(c) for name, c in facts.counts.items()}, "done")
        return result
