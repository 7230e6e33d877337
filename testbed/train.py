"""Fits a model on scenarios or on one's own data, and writes it as one file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from anomaly.balance import BalanceView
from anomaly.calibrate import Budget
from anomaly.envelope import EnvelopeView
from anomaly.fit import KINDS, fit
from anomaly.kinds import Look
from anomaly.spectrum import View
from connectors.errors import InputError, nearest
from connectors.items import Item
from connectors.tags import Group
from connectors.texts import say
from connectors.times import nanoseconds
from edge.seen import Sketch
from testbed.engine import Engine
from testbed.library import load
from testbed.plant import Plant
from testbed.scenario import Scenario

FIRST_TRAINING_SEED = 10_000  # seeds below 1,000 are for scoring
SEEDS = range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + 50)  # of a scenario's runs, where none are named
PICTURE_SEEDS = range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + 24)  # of a drawn strip
PICTURE_KINDS = ("classify", "detect", "surface-learned", "surface-padim", "surface-patch")  # testbed/train_pictures.py
LEARNED = ("convae", "detect", "surface-learned")  # in epochs, with PyTorch
RECORD_KINDS = ("bearing",)  # see testbed/train_bearing.py
ALL_KINDS = (*KINDS, *PICTURE_KINDS, *RECORD_KINDS)
OF_BLOCKS = ("chatter", "tone", "weld")  # kinds that read waveforms
BUDGET = "1/24h"
VIEWS = {"balance": BalanceView, "spectrum": View, "envelope": EnvelopeView}  # kinds that look where the unit says
Progress = Callable[[str, int, int], None]


def known(kind: str, data: str, seeds: Sequence[int] | None, epochs: int | None = None) -> None:
    """Raises InputError for a kind that is not, and for what does not go with it, before work begins."""
    if kind not in ALL_KINDS:
        raise InputError(say("No model kind is called '{kind}'.", kind=kind) + nearest(kind, ALL_KINDS))
    if seeds is not None and kind in KINDS and not data.startswith("scenario:"):
        raise InputError(say("--seeds go with --data scenario:NAME; {data} is a file.", data=data))
    if epochs is not None and kind not in LEARNED:
        raise InputError(
            say("--epochs go with {known}; {kind} is fitted in one go.", known=", ".join(LEARNED), kind=kind)
        )


def train_on_series(
    kind: str, data: str, seeds: Sequence[int], budget: str | None, tags: Path | None, drop: Sequence[str], zone: str,
    progress: Progress, since: str | None = None, until: str | None = None, epochs: int | None = None,
    checkpoint: Path | None = None,
) -> bytes:  # fmt: skip
    """An .onnx file of a kind that reads signals, fitted on `scenario:NAME`, a file, or a record.

    `epochs` and `checkpoint` are of `convae`, see `anomaly.fit.fit`.
    """
    allowed = Budget.parse(budget or BUDGET)
    fitted = partial(fit, epochs=epochs, checkpoint=checkpoint)
    if data.startswith("scenario:"):
        return train_on_scenario(kind, data.removeprefix("scenario:"), seeds, allowed, drop, progress, fitted)
    return train_on_file(kind, Path(data), allowed, tags, drop, zone, since, until, progress, fitted)


def train_on_scenario(
    kind: str, name: str, seeds: Sequence[int], budget: Budget, drop: Sequence[str] = (),
    progress: Progress = lambda what, done, of: None, fitted: Callable[..., bytes] = fit,
) -> bytes:  # fmt: skip
    """An .onnx file of `kind`, fitted on a scenario's normal runs, one a seed.

    `drop` holds patterns of tag names to leave out. Raises InputError for seeds that are kept for scoring.
    """
    if min(seeds) < FIRST_TRAINING_SEED:
        raise InputError(
            say("Seeds below {first} are kept for scoring. Train on --seeds {first}-{last}.",
                first=FIRST_TRAINING_SEED, last=FIRST_TRAINING_SEED + len(seeds) - 1)
        )  # fmt: skip
    scenario = replace(load(name), responses=(), delay_s=2.0, tick_s=1.0)
    plant = scenario.plant.build(seeds[0], scenario.start)
    view = view_of_plant(plant, kind)
    groups = _groups_of(kind, plant, drop, view)
    notes = {
        "origin": "trained on data simulated by testbed",
        "licence": "Apache-2.0",
        "training": {"data": f"scenario:{name}", "seeds": f"{seeds[0]}-{seeds[-1]}", "dropped": list(drop)},
    }
    runs = [run_of(scenario, seed, groups) for seed in seeds]
    return fitted(kind, groups, runs, budget, notes, progress, view)


def _groups_of(
    kind: str, plant: Plant, drop: Sequence[str], view: Look | None
) -> tuple[Group, ...]:  # fmt: skip
    """What a kind reads of a plant."""
    if kind in VIEWS:
        return looked_at(plant.groups, drop, view)
    return without(plant.groups, drop, "blocks" if kind in OF_BLOCKS else "scalars")


def view_of_plant(plant: Plant, kind: str) -> Look | None:
    """What the unit says is worth looking at in a spectrum or an envelope, if it does."""
    choice = getattr(plant, kind.upper(), None) if kind in VIEWS else None
    return None if choice is None else VIEWS[kind](**choice)


def looked_at(groups: Sequence[Group], drop: Sequence[str], view: Look | None) -> tuple[Group, ...]:
    """The groups of numbers with the tags of a view; without a view all, less those that match a pattern of `drop`."""
    left = []
    for group in groups:
        tags = tuple(
            t for t in group.tags
            if (t.name in view.channels if view else not any(fnmatchcase(t.name, pattern) for pattern in drop))
        )  # fmt: skip
        if group.kind in ("scalars", "blocks") and tags:
            left.append(replace(group, tags=tags))
    return tuple(left)


def without(groups: Sequence[Group], drop: Sequence[str], kind: str = "scalars") -> tuple[Group, ...]:
    """The groups of a kind, less the tags that match a pattern of `drop`."""
    left = []
    for group in groups:
        tags = tuple(t for t in group.tags if not any(fnmatchcase(t.name, pattern) for pattern in drop))
        if group.kind == kind and tags:
            left.append(replace(group, tags=tags))
    return tuple(left)


def run_of(scenario: Scenario, seed: int, groups: Sequence[Group]) -> Callable[[], Iterator[list[Item]]]:
    """A run of a seed as bundles of items, tags left out taken away."""
    wanted = {group.name: group for group in groups}

    def bundles() -> Iterator[list[Item]]:
        engine = Engine(scenario, seed)
        step = nanoseconds(scenario.tick_s)
        while engine.plant.present < engine.end:
            items = engine.tick(min(engine.plant.present + step, engine.end))
            yield [_only(item, wanted[item.group]) for item in items if item.group in wanted]

    return bundles


def _only(item: Any, group: Group) -> Item:
    """A batch with the group's tags alone; marks without counts, since fewer tags come than were sent."""
    from connectors.items import Batch, Mark

    if isinstance(item, Mark):
        return Mark(item.group, item.time)
    if not isinstance(item, Batch) or item.tags == group.tags:
        return item
    keep = [i for i, tag in enumerate(item.tags) if tag in group.tags]
    return Batch(group.tags, item.time, item.values[:, keep].copy(), item.status[:, keep].copy())


def writable(out: Path) -> None:
    """Raises InputError if a model cannot be written there: told before minutes of fitting, not after."""
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        reason = say("it is a folder") if out.is_dir() else say("its folder is not there, or not ours to write in")
        raise InputError(say("{out} cannot be written: {reason}.", out=out, reason=reason))


def write_model(data: bytes, out: Path) -> None:
    """Write beside and rename. Raises InputError if it cannot."""
    try:
        beside = out.with_suffix(".part")
        beside.write_bytes(data)
        beside.replace(out)
    except OSError as error:
        raise InputError(say("{out} cannot be written: {reason}.", out=out, reason=error.strerror or error)) from None


def train_on_file(
    kind: str, path: Path, budget: Budget, tags: Path | None, drop: Sequence[str], zone: str,
    since: str | None = None, until: str | None = None, progress: Progress = lambda what, done, of: None,
    fitted: Callable[..., bytes] = fit,
) -> bytes:  # fmt: skip
    """An .onnx file of `kind`, fitted on the first part of normal data and calibrated on the rest.

    The data are a file or the record of a run; `since` and `until` cut them to a stretch that was normal. With a tag
    list the model's channels carry its names, so that it runs wherever those tags do.
    """
    from connectors.tag_list import read_tag_list
    from testbed.record_data import open_data

    listed = None if tags is None else read_tag_list(tags)
    source = open_data(path, listed, drop=drop, tz=zone, since=since, until=until)
    stretch = {"from": since, "to": until} if since or until else {}
    notes = {
        "origin": f"fitted on {path.name}",
        "licence": "as the data",
        "training": {"data": path.name, **stretch},
    }
    return fitted(kind, source.groups, [source.bundles], budget, notes, progress, seen=Sketch())
