"""Pictures that look alike stay together: groups of near-duplicates, and a split that never tears one."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np

from connectors.pictures import resized
from testbed.datasets.pictures import Picture

SIDE = 32  # px of the pictures that are compared
BLUR = 8  # px; what changes more slowly is lighting
ALIKE = {"x-sdd": 0.6, "mt-defects": 0.9}  # correlation above which two pictures are one group
ALIKE_OWN = 0.9
RUNS = {"mt-defects": 130}  # numbers in the names of one tile's exposures follow each other this closely
NEVER = 2.0  # no two pictures correlate so


def together(name: str, pictures: Sequence[Picture]) -> list[str]:
    """What must not be torn apart in the set called `name`: its own groups where it has some, else near-duplicates."""
    own = any(picture.group for picture in pictures)
    return groups(pictures, NEVER if own else ALIKE.get(name, ALIKE_OWN), RUNS.get(name, 0))


def groups(pictures: Sequence[Picture], alike: float = ALIKE_OWN, run: int = 0) -> list[str]:
    """The group of each picture: its own where it has one, and the first path of those it looks like.

    Two pictures look alike where their details, SIDE px wide with lighting taken away, correlate above `alike`; what
    looks like one of a group belongs to it. Exposure, size and file type do not matter. So does a picture whose number,
    the last in its name, lies no further than `run` from another's.
    """
    leader = list(range(len(pictures)))

    def find(i: int) -> int:
        while leader[i] != i:
            leader[i] = leader[leader[i]]
            i = leader[i]
        return i

    details = np.array([_details(picture.image()) for picture in pictures])
    alikes = np.argwhere(np.triu(details @ details.T, 1) > alike) if len(pictures) else np.empty((0, 2), int)
    first: dict[str, int] = {}
    own = [(first.setdefault(p.group, i), i) for i, p in enumerate(pictures) if p.group]
    for i, j in [*own, *alikes, *_neighbours(pictures, run)]:
        a, b = sorted((find(int(i)), find(int(j))))
        leader[b] = a
    return [pictures[find(i)].path for i in range(len(pictures))]


def _neighbours(pictures: Sequence[Picture], run: int) -> list[tuple[int, int]]:
    """Pairs of pictures whose numbers follow each other at most `run` apart; none where it is 0."""
    found = [(re.findall(r"\d+", PurePosixPath(picture.path).stem), i) for i, picture in enumerate(pictures) if run]
    ordered = sorted((int(numbers[-1]), i) for numbers, i in found if numbers)
    return [(i, j) for (one, i), (other, j) in pairwise(ordered) if other - one <= run]


def _details(image: np.ndarray) -> np.ndarray:
    """Unit vector of what a small picture shows beside its lighting."""
    small = resized(image, SIDE, SIDE).astype(np.float32)
    light = resized(resized(small, SIDE // BLUR, SIDE // BLUR), SIDE, SIDE)
    detail = (small - light).reshape(-1)
    detail -= detail.mean()
    return detail / max(float(np.linalg.norm(detail)), 1e-6)


def split(
    pictures: Sequence[Picture], kept_together: Sequence[str], share: float, seed: int = 1
) -> tuple[list[Picture], list[Picture]]:
    """Training and test part; `share` of each class is tested, whole groups only.

    Groups are drawn in the order of a hash of the seed and their name, so the split is the same on every machine.
    """
    members: dict[str, list[Picture]] = defaultdict(list)
    for picture, group in zip(pictures, kept_together, strict=True):
        members[group].append(picture)
    wanted: dict[str, float] = defaultdict(float)
    for picture in pictures:
        wanted[picture.label] += share
    tested: set[str] = set()
    for group in sorted(members, key=lambda g: hashlib.sha256(f"{seed}/{g}".encode()).digest()):
        label = members[group][0].label
        if wanted[label] > 0.5:
            tested.add(group)
            for picture in members[group]:
                wanted[picture.label] -= 1
    parts: tuple[list[Picture], list[Picture]] = ([], [])
    for picture, group in zip(pictures, kept_together, strict=True):
        parts[group in tested].append(picture)
    return parts
