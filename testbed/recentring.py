"""`testbed models recentre`: a person says that a stretch was normal, and a model's centre moves there, on the record.

What the card then says: who confirmed which stretch (source time) of which data (SHA-256), how far each tag moved in
the model's own standard deviations, what alarmed there before. It is refused where the moved model still alarms in the
stretch more often than its budget allows, which no shift of level explains, and where a tag moves further than a stated
bound; `force` does it all the same and says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from anomaly import recentre
from anomaly.calibrate import Budget, threshold
from anomaly.fit import calibration, table
from connectors.clock import now_ns
from connectors.errors import InputError
from connectors.files import FileSource
from connectors.results import Event, Result
from connectors.tag_list import read_tag_list
from connectors.texts import say
from connectors.times import text
from edge.card import resolve
from edge.library import find
from edge.model import OnnxModel, loaded
from edge.pipeline import Pipeline, Watch
from edge.seen import KEY as SEEN
from edge.seen import Sketch
from edge.window import WindowSpec
from testbed.ledger import CHANGES, Ledger
from testbed.leveling import moved as rescaled
from testbed.leveling import threshold_of
from testbed.record_data import open_data
from testbed.train import BUDGET

MOST = 3.0  # standard deviations that a tag may move; judgement: beyond, it is another state, to be fitted anew
LEAST_WINDOWS = 10  # lengths of a window that a mean needs; judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Data that a person confirms to be normal.

    Attributes:
        data: a file, or the record of a run.
        by: who confirms it.
        since, until: ISO times, the latter not included; None: from the beginning, to the end.
        tags: a tag list for a file. zone: of its times.
    """

    data: Path
    by: str
    since: str | None = None
    until: str | None = None
    tags: Path | None = None
    zone: str = "UTC"

    def source(self) -> FileSource:
        """Raises InputError if nobody confirms it, or it cannot be read."""
        if not self.by.strip():
            raise InputError(say("Say with --confirmed-by NAME who confirms that this stretch was normal."))
        listed = None if self.tags is None else read_tag_list(self.tags)
        return open_data(self.data, listed, tz=self.zone, since=self.since, until=self.until)


@dataclass(frozen=True, slots=True)
class Said:
    """What a model made of a stretch: alarms that went active, and every score."""

    alarms: list[Event]
    scores: np.ndarray  # (m,)

    @classmethod
    def of(cls, data: bytes, name: str, source: FileSource) -> Said:
        scores: list[float] = []

        def note(result: Result) -> None:
            scores.append(result.score)

        pipeline = Pipeline(source.groups, [OnnxModel(data, name).bind(source.groups)], watch=Watch(result=note))
        events = [event for bundle in source.bundles() for event in pipeline.feed(bundle)]
        return cls([event for event in events if event.change == "active"], np.array(scores))


def recentred(
    model: str, stretch: Stretch, most: float = MOST, recalibrate: bool = False, force: bool = False
) -> tuple[bytes, dict[str, Any]]:  # fmt: skip
    """The moved file, and the entry of its card that tells of it.

    Args:
        model: a name or a file.
        stretch: data confirmed to be normal.
        most: standard deviations that a tag may move.
        recalibrate: whether the threshold is taken from this stretch, too, for the budget the card names.
        force: do it in spite of alarms or of the bound.

    Raises InputError for what does not fit, and for what is refused.
    """
    file = find(model)
    before, data = loaded(file)
    recentre.check_kind(before.card, file.name)
    source = stretch.source()
    spec, rows = _rows(before, source, file.name)
    at, over = recentre.centre(data, rows.shape[1])
    by = np.where(over > 0, rows.mean(axis=0) - at, 0.0)  # a channel that never moved has no say
    sigmas = by * over
    entry: dict[str, Any] = {
        "confirmed_by": stretch.by.strip(),
        "from": text(int(source.table.time[0])),
        "to": text(int(source.table.time[-1])),
        "data": stretch.data.name,
        "data_sha256": hashlib.sha256(rows.tobytes()).hexdigest(),
        "rows": len(rows),
        "before_sha256": hashlib.sha256(data).hexdigest(),
        "moved_sigmas": {
            name: round(float(z), 3) for name, z in zip(before.card.inputs[0].channels, sigmas, strict=True)
        },
        "threshold": "kept",
    }
    card = {**before.card.raw, recentre.KEY: [*before.card.raw.get(recentre.KEY, []), entry]}
    after = Said.of(recentre.moved(data, by, card), file.name, source)
    entry["alarms_before"] = len(Said.of(data, file.name, source).alarms)
    entry["alarms_after"] = len(after.alarms)
    allowed = int(len(rows) / spec.rate_hz / Budget.parse(_budget(before)).period_s)
    reasons = _reasons(after.alarms, allowed, entry["moved_sigmas"], most)
    if reasons and not force:
        raise InputError(" ".join(reasons) + " " + say("--force moves it all the same, and the card will say so."))
    entry["forced_against"] = reasons
    if SEEN in card:
        sketch = Sketch.of(card[SEEN])
        for _ in sketch.noted(source.bundles(), spec.channels):
            pass
        card[SEEN] = sketch.told()
    if not recalibrate:
        return recentre.moved(data, by, card), entry
    entry["threshold"] = "recalculated"
    new, ratio = _calibrated(before, after, spec, entry["data_sha256"])
    made = recentre.moved(data, by, {**card, **new})
    return rescaled(made, OnnxModel(made, file.name).card.raw, ratio), entry


def _rows(model: OnnxModel, source: FileSource, name: str) -> tuple[WindowSpec, np.ndarray]:
    """What the model reads of the stretch: its windows, and every complete row (n, k) at its rate."""
    entry = model.card.inputs[0]
    channels = resolve(entry.channels, [tag.name for group in source.groups for tag in group.tags], name)
    spec = WindowSpec(
        channels=channels, rate_hz=entry.rate_hz, length=entry.length, stride_s=entry.stride_s, hold_s=entry.hold_s,
        max_bad=entry.max_bad,
    )  # fmt: skip
    groups = [group for group in source.groups if any(tag.name in channels for tag in group.tags)]
    rows = table(source.bundles(), groups, spec)
    if len(rows) < LEAST_WINDOWS * spec.length:
        raise InputError(
            say("{n} complete rows say too little of where normal is now: give at least {least}.",
                n=len(rows), least=LEAST_WINDOWS * spec.length)
        )  # fmt: skip
    return spec, rows


def _budget(model: OnnxModel) -> str:
    """False alarms that the model was calibrated to."""
    return str(model.card.raw.get("calibration", {}).get("budget") or BUDGET)


def _reasons(alarms: Sequence[Event], allowed: int, sigmas: dict[str, float], most: float) -> list[str]:
    """Why the centre should stay where it is."""
    found = []
    if len(alarms) > allowed:
        found.append(
            say("Even with its centre moved the model alarms {n} times in this stretch, first at {time}: this is no "
                "mere shift.", n=len(alarms), time=text(alarms[0].time))
        )  # fmt: skip
    far = {name: z for name, z in sigmas.items() if abs(z) > most}
    if far:
        worst = max(far, key=lambda name: abs(far[name]))
        found.append(
            say("{tag} would move by {z:.1f} standard deviations, {n} tags by more than the {most:g} allowed (--most).",
                tag=worst, z=far[worst], n=len(far), most=most)
        )  # fmt: skip
    return found


def _calibrated(model: OnnxModel, said: Said, spec: WindowSpec, sha: str) -> tuple[dict[str, Any], float]:
    """What the card says of the new threshold, and the old one over it."""
    raw, budget, was = model.card.raw, Budget.parse(_budget(model)), threshold_of(model)
    found = threshold([said.scores * was], spec.stride_s, budget)
    change = {"time": text(now_ns()), "from": was, "to": found.value, "scored_on": Ledger().scored(raw),
              "reason": say("recalculated on a confirmed stretch")}  # fmt: skip
    card = {"calibration": calibration(found, budget, sha), "threshold": found.value}
    return {**card, CHANGES: [*raw.get(CHANGES, []), change]}, was / found.value


def furthest(entry: dict[str, Any]) -> tuple[str, float]:
    """The tag that moved most, and how far."""
    return max(entry["moved_sigmas"].items(), key=lambda pair: abs(pair[1]))
