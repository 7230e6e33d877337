"""Which roll made a series of marks: their pitch is a roll's circumference, drawn out by the stands that follow.

pitch = π · D · (1 + f) · h / h_exit, with the roll's diameter D and the exit thickness h of its stand, both tags of the
line, and the forward slip f of a hot mill's stands, some 2 to 6 % (Roberts, Hot Rolling of Steel, 1983, chapter 9).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from connectors.tags import Group

DIAMETER, THICKNESS = "WR_DIA", "H_EXIT"
SLIP = 0.035  # forward slip, in the middle of its range
EQUAL = 0.015  # two pitches that differ by this share are one
FITS = 0.045  # share by which a pitch may miss a roll's and still be its
ACROSS_MM = 25.0  # marks of one roll lie at one place across


@dataclass(frozen=True, slots=True)
class Stand:
    """A stand of the mill: its path, and the tags of its work roll's diameter (mm) and its exit thickness (mm)."""

    path: str
    diameter: str
    thickness: str


def stands(groups: Sequence[Group]) -> tuple[Stand, ...]:
    """The stands a source tells of, in the order of their names: those with a WR_DIA and an H_EXIT tag."""
    names = {tag.name for group in groups if group.kind == "scalars" for tag in group.tags}
    paths = {name.rsplit("/", 1)[0] for name in names if name.endswith("/" + DIAMETER)}
    both = [path for path in paths if f"{path}/{THICKNESS}" in names]
    ordered = sorted(both, key=lambda path: [int(n) if n.isdigit() else n for n in re.split(r"(\d+)", path)])
    return tuple(Stand(path, f"{path}/{DIAMETER}", f"{path}/{THICKNESS}") for path in ordered)


def pitches(line: Sequence[Stand], values: Mapping[str, float]) -> dict[str, float]:
    """Pitch in metres on the finished strip of each stand's roll, by path; of the stands whose tags have values."""
    if not line:
        return {}
    last = values.get(line[-1].thickness, math.nan)
    found = {}
    for stand in line:
        d, h = values.get(stand.diameter, math.nan), values.get(stand.thickness, math.nan)
        pitch = math.pi * d / 1000.0 * (1 + SLIP) * h / last if last else math.nan
        if math.isfinite(pitch) and pitch > 0:
            found[stand.path] = pitch
    return found


def pitch_of(positions: Sequence[float]) -> float | None:
    """The pitch that most gaps between rising positions (m) share, two at least; the shortest of equals, or None."""
    gaps = sorted(b - a for a, b in pairwise(positions) if b - a > 0.5)
    best: list[float] = []
    for gap in gaps:
        equal = [g for g in gaps if abs(g / gap - 1) <= EQUAL]
        if len(equal) > max(len(best), 1):
            best = equal
    return sum(best) / len(best) if best else None


def culprit(positions: Sequence[float], known: Mapping[str, float]) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Path of the stand whose roll made marks at these positions (m), and what each stand's pitch says for it.

    The shares are 1 where a roll's pitch is met and 0 where it is missed by FITS or more. Both empty if nothing fits.
    """
    pitch = pitch_of(positions)
    if pitch is None or not known:
        return "", ()
    shares = {path: max(0.0, 1 - abs(pitch / own - 1) / FITS) for path, own in known.items()}
    best = max(shares, key=lambda path: shares[path])
    if shares[best] <= 0:
        return "", ()
    told = sorted(((path, round(share, 3)) for path, share in shares.items() if share > 0), key=lambda p: -p[1])
    return best, tuple((f"{path}/{DIAMETER}", share) for path, share in told)
