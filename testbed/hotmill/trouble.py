"""What a fault or look-alike of the hot mill is: it changes the conditions of each block, may strike, heal, or pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from testbed.hotmill.conditions import Conditions
from testbed.hotmill.train import BLOCK

if TYPE_CHECKING:
    from testbed.hotmill.line import Block
    from testbed.hotmill.unit import HotMillPlant

BLOCK_S = 0.1
OFF_GAUGE = 0.020  # mm from the thickness asked for
SHARE = 0.05  # of the length since onset; more of it off gauge and the coil is rejected
SINCE = np.arange(1, BLOCK + 1) / BLOCK * BLOCK_S  # s of a block's samples


@dataclass(slots=True)
class Trouble:
    """One fault or look-alike at one place.

    Attributes:
        stand: from 0; of a gap between two stands, the one before it. age: s since it began.
        is_gone: it is mended. is_over: nothing of it is left.
        strip, off: samples of strip rolled since onset with all stands holding, and those off gauge.
    """

    stand: int
    age: float = 0.0
    is_gone: bool = False
    is_over: bool = False
    strip: int = 0
    off: int = 0

    CURES: ClassVar[Mapping[str, Callable[[float], bool]]] = {}
    REJECTS: ClassVar[bool] = False  # whether strip off gauge makes the coil scrap at its tail

    def affect(self, now: Conditions, plant: HotMillPlant) -> None:
        """Change the conditions of the next block."""
        if not self.is_gone:
            self.change(now, self.age + SINCE, plant)
        self.age += BLOCK_S

    def change(self, now: Conditions, age: np.ndarray, plant: HotMillPlant) -> None:
        """See affect; `age` s of each sample."""

    def judge(self, block: Block, plant: HotMillPlant) -> bool:
        """Take note of a block; True where it stops the mill."""
        if plant.line.is_full:
            self.strip += BLOCK
            self.off += int((np.abs(block.rolled.thickness[:, -1]) > OFF_GAUGE).sum())
        return False

    def is_rejected(self) -> bool:
        """Whether the coil that has just left is scrap."""
        return self.REJECTS and self.off > SHARE * max(self.strip, 1)

    def next_coil(self, plant: HotMillPlant) -> None:
        self.strip = self.off = 0

    def heals(self, name: str, value: float) -> bool:
        cure = self.CURES.get(name)
        return cure is not None and cure(value)


def on(value: float) -> bool:
    """Of a set-point: put on."""
    return value != 0.0


def off(value: float) -> bool:
    """Of a set-point: taken off."""
    return value == 0.0
