"""What a fault of the plant leaves on the strip: functions of the cause, in plant units, to marks on one coil.

They know no tag and no camera. Lines and columns have 0.5 mm; widths are counted in mm from the strip's left edge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from testbed.strip import flaws
from testbed.strip.fields import CHUNK, EDGE
from testbed.strip.looks import cluster
from testbed.strip.marks import faded_by, mirrored, pressed, stamp
from testbed.strip.render import Box, Placed
from testbed.strip.texture import LINES_PER_M, PIXEL_MM

Lines = tuple[int, int]  # from, to
Edges = Callable[[int], tuple[int, int]]  # chunk of lines to the strip's first column and the first one after it

DUCTILE = 850.0  # Cel at the strip's edge above which it does not tear: the two-phase region begins; judgement
TEARS = 0.012  # cracks a metre of edge for each Cel below that; judgement
WASH_S = 3.0  # for so long a mould takes in powder after a release; domain: F05, 1 to 3 s of spike and its swing


def descaler_streak(
    lines: Lines, position_mm: float, nozzle_mm: float, severity: float, rng: np.random.Generator
) -> list[Placed]:
    """Scale that a blocked or worn descaling nozzle leaves: a streak as wide as its jet, all along, at one width.

    Args:
        lines: of the coil that it runs over.
        position_mm: of the jet's middle, from the strip's left edge; fixed in the header, so the same on every coil.
        nozzle_mm: width of the jet on the strip, 40 … 150 mm in a header of common pitch.
        severity: share of the jet's impact that is lost, 0 … 1; so much more scale stays.
        rng: of this coil.
    """
    wide = max(8, round(nozzle_mm / PIXEL_MM) - 40)
    islands = 2 + round(6 * severity)
    looks = [pressed(cluster(rng, islands, 260, wide)) for _ in range(8)]
    gap = 0.02 + 0.5 * (1 - severity) ** 1.5  # m of sound strip between two clusters, on average; judgement
    column = EDGE + round(position_mm / PIXEL_MM) - wide // 2 - 20
    marks, line = [], lines[0]
    while True:
        look = looks[int(rng.integers(len(looks)))]
        if line + len(look.gain) > lines[1]:
            return marks
        marks.append(Placed("scale", line, column + int(rng.integers(-6, 7)), look))
        line += 240 + round(LINES_PER_M * gap * rng.uniform(0.2, 1.8))


def chatter(lines: Lines, speed: float, frequency: float, rng: np.random.Generator) -> list[Placed]:
    """Light and dark bars across the strip, one for each swing of a stand: `speed` m/s over `frequency` Hz apart.

    They build up over the first fifth of the stretch, and die away over the last.
    """
    pitch = pitch_mm(speed, frequency) / PIXEL_MM
    whole = pressed(flaws.chatter_bar(rng, max(4, round(pitch))))
    looks = [faded_by(whole, share) for share in (0.4, 0.55, 0.7, 0.85, 1.0)]
    n = int((lines[1] - lines[0]) / pitch)
    marks = []
    for i in range(n):
        grown = min(len(looks) - 1, int(len(looks) * min(i, n - 1 - i) / max(1, n // 5)))
        marks.append(Placed("chatter_marks", lines[0] + round(i * pitch), EDGE, looks[grown]))
    return marks


def edge_cracks(lines: Lines, edge_temperature: float, edges: Edges, rng: np.random.Generator) -> list[Placed]:
    """Cracks of an edge that was rolled at `edge_temperature` Cel: the colder below DUCTILE, the more."""
    expected = max(0.0, DUCTILE - edge_temperature) * TEARS * (lines[1] - lines[0]) / LINES_PER_M
    return torn(lines, int(rng.poisson(expected)), edges, rng)


def torn(lines: Lines, n: int, edges: Edges, rng: np.random.Generator) -> list[Placed]:
    """Up to `n` places where an edge is torn, on either side, at least 0.3 m apart."""
    marks: list[Placed] = []
    for _ in range(20 * n):
        look = stamp("edge_crack", rng)
        line = int(rng.integers(lines[0], max(lines[0] + 1, lines[1] - len(look.gain))))
        if len(marks) < n and all(abs(line - mark.line) > 0.3 * LINES_PER_M for mark in marks):
            left, right = edges((line + len(look.gain) // 2) // CHUNK)
            is_left = rng.random() < 0.5
            column = left - 2 if is_left else right + 2 - look.gain.shape[1]
            marks.append(Placed("edge_crack", line, column, look if is_left else mirrored(look)))
    return marks


def coil_metre(release_s: float, casting_speed: float, elongation: float, passed_m: float = 0.0) -> float:
    """Metres from a coil's head of steel that was at the meniscus `release_s` after the slab's head was.

    Args:
        release_s: s.
        casting_speed: m/min.
        elongation: slab thickness times width over strip thickness times width; 90 for 225 to 2.5 mm.
        passed_m: of strip cropped at the head.
    """
    return casting_speed / 60.0 * release_s * elongation - passed_m


def slivers(metre: float, wash_m: float, width_mm: float, lines: Lines, rng: np.random.Generator) -> list[Placed]:
    """Slivers of mould powder that a clog release washed in: the first at `metre`, the rest within `wash_m` after it.

    Args:
        metre: from the coil's head; see `coil_metre`.
        wash_m: metres of strip that the mould's unrest lasted for.
        width_mm: from the strip's left edge, where the steel of the nozzle's port meets the meniscus.
        lines: of the coil; slivers beyond them are cut off with it.
        rng: of this release.
    """
    marks = []
    for i in range(int(rng.integers(3, 6))):
        look = stamp("sliver", rng)
        line = round(LINES_PER_M * (metre + (wash_m * rng.uniform(0.1, 1.0) if i else 0.0))) - look.box[1]
        column = EDGE + round((width_mm + (rng.normal(0, 25) if i else 0.0)) / PIXEL_MM) - look.gain.shape[1] // 2
        if lines[0] <= line and line + len(look.gain) <= lines[1]:
            marks.append(Placed("sliver", line, column, look))
    return sorted(marks, key=lambda mark: mark.line)


def wash(casting_speed: float, elongation: float) -> float:
    """Metres of strip that WASH_S of casting at m/min become."""
    return casting_speed / 60.0 * WASH_S * elongation


def seam_of_crack(crack_mm: float, elongation: float) -> float:
    """Metres of a seam that a longitudinal crack of a slab, `crack_mm` long, is drawn out to."""
    return crack_mm / 1000.0 * elongation


def hull(marks: list[Placed]) -> Box:
    """The smallest box that holds them all, of at least one."""
    boxes = [mark.box for mark in marks]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    return left, top, max(box[2] for box in boxes), max(box[3] for box in boxes)


def pitch_mm(speed: float, frequency: float) -> float:
    """mm between two chatter marks of a strip at `speed` m/s under a stand that swings at `frequency` Hz.

    >>> round(pitch_mm(470 / 60, 315), 1)
    24.9
    """
    return 1000.0 * speed / frequency
