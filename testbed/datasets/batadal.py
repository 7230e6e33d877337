"""The Battle of the Attack Detection Algorithms: a simulated water network's SCADA by the hour, under attack."""

from __future__ import annotations

import os
from pathlib import Path

from connectors.errors import InputError
from connectors.tags import Tag
from connectors.texts import say
from testbed.datasets.labelled import Series
from testbed.datasets.pictures import DATA

NORMAL = "dataset03.csv"  # a year without an attack
TRUTH = "ATT_FLAG"
TESTED = "test_dataset.csv"  # that the competition scored
PUBLISHED = {  # S, S_TTD, S_CM of the competition's teams on it; Taormina et al. 2018, table 3
    "Housh and Ohar*": (0.970, 0.965, 0.975),
    "Abokifa et al.*": (0.949, 0.958, 0.940),
    "Giacomoni et al.*": (0.927, 0.936, 0.917),
    "Brentan et al.*": (0.894, 0.857, 0.931),
    "Chandy et al.*": (0.802, 0.835, 0.768),
    "Pasha et al.*": (0.773, 0.885, 0.660),
    "Aghashahi et al.*": (0.534, 0.429, 0.640),
}
BUDGET = "1/3d"  # of false alarms; chosen among 3, 7 and 30 days on dataset04
UNITS = {"L": "m", "F": "L/s", "S": "1", "P": "m"}  # by the first letter of a column: level, flow, state, pressure
COLUMNS = (
    *(f"L_T{i}" for i in range(1, 8)),
    *(f"{kind}_PU{i}" for i in range(1, 12) for kind in ("F", "S")), "F_V2", "S_V2",
    *(f"P_J{i}" for i in (280, 269, 300, 256, 289, 415, 302, 306, 307, 317, 14, 422)),
)  # fmt: skip
TAGS = tuple(
    Tag(name=f"BATADAL/CTOWN/{column}", unit=UNITS[column[0]], rate_hz=1.0 / 3600.0, address=column)
    for column in COLUMNS
)


def batadal(root: Path) -> list[Series]:
    """Every file with attacks. The normal year lies beside them, in another part of the set, or at its usual place."""
    places = (root, root.parent, Path(os.environ.get(DATA, "data")) / "batadal")
    normal = next((path for place in places for path in sorted(place.rglob(NORMAL))), None)
    found = [file for file in sorted(root.rglob("*.csv")) if file.name != NORMAL and _is_labelled(file)]
    if found and normal is None:
        raise InputError(say("batadal needs its normal year {name} under {root} or beside it.", name=NORMAL, root=root))
    return [
        Series(file.relative_to(root).as_posix(), file, TAGS, TRUTH, "", 0, (normal,), BUDGET, scorer="batadal")
        for file in found
        if normal is not None
    ]


def _is_labelled(file: Path) -> bool:
    with file.open(encoding="utf-8-sig", errors="replace") as lines:
        return TRUTH in lines.readline()
