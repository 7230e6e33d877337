"""`testbed data`: the signals of a scenario as Parquet, its truth and a card, for training elsewhere.

DIR/card.json                         what this is: scenario, seeds, tags with units, versions, a hash a file
DIR/seed-10000/<group>.parquet        time, and a column a tag
DIR/seed-10000/labels.csv             faults and look-alikes, as `testbed replay --truth` reads them
DIR/seed-10000/truth.jsonl            the same with everything that is known of them
DIR/seed-10000/<camera group>/*.png   frames, with frames.csv and boxes.csv beside them
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.items import Frame
from connectors.tags import Group
from connectors.texts import say
from connectors.times import nanoseconds, text
from connectors.truth import Truth
from edge.merge import Chunk, GroupMerge
from edge.record import table
from edge.versions import versions
from testbed.benching.jobs import Progress, in_parallel
from testbed.engine import Engine
from testbed.exports.tables import harmless
from testbed.library import load
from testbed.scenario import Scenario
from testbed.train import FIRST_TRAINING_SEED

FORMAT = "testbed.data/1"


@dataclass(frozen=True, slots=True)
class _Job:
    """One seed of a scenario, and where it goes; small enough to hand to another process."""

    scenario: str
    seed: int
    folder: Path


def export(
    name: str, seeds: Sequence[int], out: Path, jobs: int = 1, progress: Progress = lambda done, of: None
) -> dict[str, Any]:
    """Write the data of a scenario's seeds into `out`, which must be absent or empty; the card.

    Nobody answers an alarm in these runs, so a fault runs its course. Nothing stays behind where it fails.
    Raises InputError.
    """
    scenario = load(name)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(say("{folder} is not empty. Give --out a folder that is absent or empty.", folder=out))
    beside = out.with_name(out.name + ".part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        work = [_Job(name, seed, beside / f"seed-{seed}") for seed in seeds]
        for job in work:
            job.folder.mkdir(parents=True)
        counts = in_parallel(_write, work, jobs, progress)
        card = _card(scenario, seeds, counts, beside)
        _text(beside / "card.json", json.dumps(card, ensure_ascii=False, indent=1) + "\n")
        if out.exists():
            out.rmdir()
        beside.rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(say("{folder} cannot be written: {reason}.", folder=out, reason=reason)) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return card


def _card(
    scenario: Scenario, seeds: Sequence[int], counts: Sequence[Mapping[str, int]], folder: Path
) -> dict[str, Any]:
    plant = scenario.plant.build(seeds[0], scenario.start)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "format": FORMAT,
        "scenario": scenario.name,
        "seeds": f"{seeds[0]}-{seeds[-1]}",
        "kept_for_scoring": min(seeds) < FIRST_TRAINING_SEED,
        "is_simulated": True,
        "licence": "Apache-2.0",
        "start": text(scenario.start),
        "duration_s": scenario.duration,
        "groups": [_group(group) for group in plant.groups],
        "counts": {key: sum(one.get(key, 0) for one in counts) for key in sorted({k for one in counts for k in one})},
        "files": {path.relative_to(folder).as_posix(): _hash(path) for path in files},
        "versions": versions(),
    }


def _group(group: Group) -> dict[str, Any]:
    tags = [{k: v for k, v in asdict(tag).items() if v not in (None, "", ())} for tag in group.tags]
    return {"name": group.name, "kind": group.kind, "tags": tags}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(job: _Job) -> dict[str, int]:
    """One seed; how many rows, frames and truths it has."""
    scenario = replace(load(job.scenario), responses=())
    engine = Engine(scenario, job.seed)
    merges = {group.name: GroupMerge(group) for group in engine.groups}
    chunks: dict[str, list[Chunk]] = {name: [] for name in merges}
    frames: dict[str, list[tuple[str, Frame]]] = {}
    tick = nanoseconds(scenario.tick_s)
    while engine.plant.present < engine.end:
        for item in engine.tick(min(engine.plant.present + tick, engine.end)):
            chunk = merges[item.group].add(item)
            if chunk is None:
                continue
            for frame in chunk.frames:
                listed = frames.setdefault(item.group, [])
                listed.append((_keep(frame, job.folder / item.group, len(listed)), frame))
            chunks[item.group].append(replace(chunk, frames=()))
    counts = {"truths": len(engine.truths()), "frames": sum(len(listed) for listed in frames.values())}
    for group in engine.groups:
        if group.kind in ("scalars", "blocks"):
            whole = table(group, chunks[group.name])
            whole.write_parquet(job.folder / f"{group.name}.parquet")
            counts["rows"] = counts.get("rows", 0) + len(whole)
        elif group.kind == "texts":
            said = [context for chunk in chunks[group.name] for context in chunk.texts]
            _csv(job.folder / f"{group.name}.csv", ("time", "tag", "text"),
                 ((text(one.time), one.tag.name, one.text) for one in said))  # fmt: skip
    _truth(job.folder, engine.truths(), engine.end)
    for name, listed in frames.items():
        _frames(job.folder / name, listed, engine.truths())
    return counts


def _keep(frame: Frame, folder: Path, i: int) -> str:
    """Write the camera's own bytes; the name of the file."""
    folder.mkdir(exist_ok=True)
    file = f"{i + 1:06d}.png"
    (folder / file).write_bytes(frame.data)
    return file


def _truth(folder: Path, truths: Sequence[Truth], end: int) -> None:
    known = ({key: value for key, value in asdict(one).items() if key != "crop"} for one in truths)
    _text(folder / "truth.jsonl", "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in known))
    rows = (
        (text(one.onset), text(one.cleared if one.cleared is not None else end), one.name, one.where, "fault",
         text(one.alert_deadline))
        for one in truths
        if one.is_fault
    )  # fmt: skip
    _csv(folder / "labels.csv", ("start", "end", "name", "where", "kind", "deadline"), rows)


def _frames(folder: Path, frames: Sequence[tuple[str, Frame]], truths: Sequence[Truth]) -> None:
    """Where each frame lies on the strip, and what is in it: boxes in pixels, cut at the frame's borders."""
    _csv(folder / "frames.csv", ("file", "time", "camera", "part_id", "position_m", "pixel_mm"),
         ((file, text(f.time), f.tag.name, f.part_id, f.position_m, f.pixel_mm) for file, f in frames))  # fmt: skip
    rows = [(file, *row) for file, frame in frames for row in _boxes(frame, truths)]
    _csv(folder / "boxes.csv", ("file", "label", "kind", "x1", "y1", "x2", "y2"), rows)


def _boxes(frame: Frame, truths: Sequence[Truth]) -> Iterable[tuple[Any, ...]]:
    if frame.position_m is None or frame.pixel_mm is None:
        return
    height, width = frame.image.shape[:2]
    for truth in truths:
        box = truth.box
        if box is None or box.part_id != frame.part_id:
            continue
        along = [(m - frame.position_m) * 1000.0 / frame.pixel_mm for m in (box.start_m, box.end_m)]
        across = [mm / frame.pixel_mm for mm in (box.left_mm, box.right_mm)]
        top, bottom = (round(min(max(at, 0.0), height), 1) for at in along)
        left, right = (round(min(max(at, 0.0), width), 1) for at in across)
        if top < bottom and left < right:
            yield truth.name, truth.kind, left, top, right, bottom


def _csv(path: Path, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([[harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows])
    _text(path, lines.getvalue())


def _text(path: Path, content: str) -> None:
    path.write_text(content, encoding="utf-8")
