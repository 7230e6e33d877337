"""Records of bearings' vibration, each with what was wrong: the bearing data of Case Western Reserve University."""

from __future__ import annotations

import csv
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from anomaly.bearing import LABELS, BearingView
from connectors.errors import InputError, nearest
from connectors.texts import say
from testbed.datasets.pictures import DATA, read_list
from testbed.rotating.bearing import Bearing

FOLDERS = {"cwru": ("cwru", "cwru-bearing")}  # what the set's folder is called below TESTBED_DATA
SETS = tuple(FOLDERS)
COLUMN = "de_accel"  # g, drive end
FAULTS = {"normal": 0, "inner": 1, "outer": 2, "ball": 3}  # how the index begins the name of a fault: of LABELS
LENGTH = 16_384  # samples of a window, 1.4 s: forty turns
STRIDE = LENGTH // 4
RATE = 12_000.0  # Hz
STRIDE_S = STRIDE * round(1e9 / RATE) / 1e9  # s, whole samples of whole ns
FULL = 1797.0  # turns a minute without load
_ORDERS = Bearing(n=9, d=7.94, pitch=39.04).orders  # 6205-2RS JEM SKF, drive end; bearing data centre of CWRU
VIEW = BearingView(
    signals=("CWRU/RIG/ACC_DE",), speeds=("CWRU/RIG/RPM",),
    orders=((("BPFO", _ORDERS["BPFO"]), ("BPFI", _ORDERS["BPFI"])),),
    full=(FULL,), rate_hz=RATE, length=LENGTH, stride_s=STRIDE_S, band=(2000.0, 4000.0),
    bands=((500.0, 2000.0), (1500.0, 3000.0), (2500.0, 4000.0), (4000.0, 5500.0)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One recording of one bearing at one load.

    Attributes:
        path: relative to the set's root, with forward slashes; what a list names.
        file: where it lies.
        label: place in LABELS. size: of the spall, inch; 0 where there is none. load: hp. rpm: turns a minute.
        part: (from, to) shares of its samples that are taken.
    """

    path: str
    file: Path
    label: int
    size: float
    load: float
    rpm: float
    part: tuple[float, float] = (0.0, 1.0)

    def windows(self) -> Iterator[np.ndarray]:
        """Windows float64 (LENGTH, 2) that overlap by three quarters: acceleration in g, turns a minute."""
        x = self.samples()
        for at in range(0, len(x) - LENGTH + 1, STRIDE):
            yield np.column_stack([x[at : at + LENGTH], np.full(LENGTH, self.rpm)])

    def sha256(self) -> str:
        """Of the file, so that a copy of it is known. Raises InputError if it cannot be read."""
        try:
            return hashlib.sha256(self.file.read_bytes()).hexdigest()
        except OSError as error:
            reason = error.strerror or error
            raise InputError(say("{path} cannot be read: {reason}.", path=self.file, reason=reason)) from None

    def samples(self) -> np.ndarray:
        """Acceleration, g, float64 (n,). Raises InputError for a file that cannot be read or is too short."""
        import polars as pl

        try:
            x = pl.read_parquet(self.file, columns=[COLUMN])[COLUMN].to_numpy().astype(np.float64)
        except (OSError, pl.exceptions.PolarsError) as error:
            reason = str(error).splitlines()[0]
            raise InputError(say("{path} cannot be read: {reason}.", path=self.file, reason=reason)) from None
        first, last = (round(share * len(x)) for share in self.part)
        if last - first < LENGTH or not np.isfinite(x[first:last]).all():
            raise InputError(
                say("{path} must hold at least {least} finite samples, but got {n}.",
                    path=self.file, least=LENGTH, n=int(np.isfinite(x[first:last]).sum()))
            )  # fmt: skip
        return x[first:last]


def load(name: str, root: Path | None = None, lists: Sequence[Path] = ()) -> list[Record]:
    """The records of a set, by path; only those that `lists` name, if any are given.

    Every index_*.csv below the root (columns file, fault, size_inch, load_hp, rpm, fs) says what was wrong; records
    that it names and that are not there are left out.

    Raises InputError for a set that is not known or not there, an index that does not fit, or a listed path that is not
    among the records.
    """
    if name not in FOLDERS:
        raise InputError(say("No set of records is called '{name}'.", name=name) + nearest(name, SETS))
    place = root or home(name)
    if not place.is_dir():
        raise InputError(
            say("{name} is not at {place}. Say where it lies with --root, or set {variable}.",
                name=name, place=place, variable=DATA)
        )  # fmt: skip
    found = {record.path: record for index in sorted(place.rglob("index_*.csv")) for record in _indexed(index, place)}
    if not found:
        raise InputError(say("{place} holds no index_*.csv with records of {name} beside it.", place=place, name=name))
    if not lists:
        return [found[path] for path in sorted(found)]
    wanted = [line for path in lists for line in read_list(path) if line.lower().endswith(".parquet")]
    missing = [line for line in wanted if line not in found]
    if missing or not wanted:
        shown = ", ".join(missing[:5])
        raise InputError(
            say("{n} listed files are no records of {place}, among them {shown}.",
                n=len(missing), place=place, shown=shown or "–")
            + (nearest(missing[0], found) if missing else "")
        )  # fmt: skip
    return [found[path] for path in sorted(set(wanted))]


def home(name: str) -> Path:
    """Where a set lies unless told otherwise."""
    below = Path(os.environ.get(DATA, "data"))
    return next((below / folder for folder in FOLDERS[name] if (below / folder).is_dir()), below / name)


def _indexed(index: Path, root: Path) -> list[Record]:
    """Records of an index. Raises InputError naming every line that does not fit."""
    faults, records = [], []
    try:
        with index.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(say("{path} cannot be read: {reason}.", path=index, reason=error)) from None
    for line, row in enumerate(rows, 2):
        try:
            label = next(label for word, label in FAULTS.items() if row["fault"].startswith(word))
            file = index.parent / row["file"]
            if float(row["fs"]) != RATE:
                raise ValueError(f"fs {row['fs']}")
            record = Record(file.relative_to(root).as_posix(), file, label, float(row["size_inch"]),
                            float(row["load_hp"]), float(row["rpm"]))  # fmt: skip
        except (KeyError, ValueError, StopIteration, AttributeError, TypeError) as error:
            faults.append(f"{index.name}:{line} {str(error) or row['fault']}")
            continue
        if file.is_file():
            records.append(record)
    if faults:
        raise InputError(
            say("{path} must say file, fault ({known}), size_inch, load_hp, rpm and fs = {fs:g}: {faults}.",
                path=index, known=", ".join(FAULTS), fs=RATE, faults="; ".join(faults[:5]))
        )  # fmt: skip
    return records


def label_of(record: Record) -> str:
    """What was wrong, in words."""
    return LABELS[record.label]
