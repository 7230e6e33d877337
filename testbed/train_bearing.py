"""Fits the kind `bearing` on labelled records of vibration."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from anomaly.bearing import LABELS, exported, learned
from connectors.errors import InputError
from connectors.texts import say
from edge.seen import KEY as SEEN
from edge.seen import Sketch, of_array
from testbed.datasets import bearings
from testbed.datasets.bearings import Record
from testbed.noise import stream
from testbed.train import Progress

SEED = 10_000  # of the noise that windows are drowned in


def train_on_records(
    data: str, root: Path | None = None, lists: Sequence[Path] = (),
    progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file of the kind `bearing`, fitted on a set of testbed.datasets.bearings or the listed part of it.

    Raises InputError for what does not fit.
    """
    if data not in bearings.SETS:
        raise InputError(say("bearing is fitted on labelled records: --data {known}.", known=", ".join(bearings.SETS)))
    return fitted(data, bearings.load(data, root, lists), lists, progress)


def fitted(
    data: str, records: Sequence[Record], lists: Sequence[Path] = (),
    progress: Progress = lambda what, done, of: None,
) -> bytes:  # fmt: skip
    """An .onnx file fitted on these records."""
    digest, seen, counts = sha256(), Sketch(), dict.fromkeys(LABELS, 0)

    def windows():
        for i, record in enumerate(records):
            progress("fit", i, len(records))
            for window in record.windows():
                digest.update(window.tobytes())
                seen.add(of_array(window[:, 0]))  # of the acceleration: another list may tell another speed
                counts[LABELS[record.label]] += 1
                yield window, (record.label,)

    model, golden = learned(bearings.VIEW, windows(), stream(SEED, f"bearing/{data}"))
    training: dict[str, Any] = {
        "data": data, "windows": counts, "data_sha256": digest.hexdigest(), "records": [r.path for r in records],
        "seeds": str(SEED),
    }  # fmt: skip
    if lists:
        training["lists"] = {path.name: sha256(path.read_bytes()).hexdigest() for path in lists}
    model.notes = {
        "origin": f"fitted on {len(records)} records of {data}",
        "licence": "as the data: no open licence is known, research use",
        "training": training,
        SEEN: seen.told(),
    }
    return exported(model, golden)
