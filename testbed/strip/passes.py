"""Coils that pass the camera one after another, each cut into frames, with what lies on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from connectors.times import SECOND
from testbed.noise import stream
from testbed.strip.mill import Rolling, Schedule, drawn
from testbed.strip.render import Placed, Strip
from testbed.strip.texture import LINES_PER_M
from testbed.strip.view import View

FRAME = 1024  # lines of the camera
THREADING_S = 0.2  # from the run's start to the strip's head
WINDING_S = 1.0  # from the strip's tail at the camera to the end of the coil
GAP_S = 1.0  # from the end of a coil to the head of the next


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One coil under the camera.

    Attributes:
        coil: its name.
        rolling: its set-up.
        frames: how many it is cut into.
        end: ns, when it is wound up.
        strip: what the camera sees of it.
    """

    coil: str
    rolling: Rolling
    frames: int
    end: int
    strip: Strip

    @property
    def frame_m(self) -> float:
        """Metres of strip a frame."""
        return FRAME / self.strip.view.lines_per_m

    def complete(self, frame: int) -> int:
        """When the last line of a frame has passed, ns."""
        return self.rolling.passes((frame + 1) * FRAME / self.strip.view.lines_per_m)

    def lines(self, done: int = 0) -> tuple[int, int]:
        """Lines of 0.5 mm from the first frame that the camera has yet to hand out to the tail."""
        return round(done * self.frame_m * LINES_PER_M), int(self.frames * self.frame_m * LINES_PER_M)

    def frame_of(self, line: int) -> int:
        """The frame that a line of 0.5 mm lies in."""
        return int(line / LINES_PER_M / self.frame_m + 1e-9)

    def with_marks(self, marks: Iterable[Placed]) -> Pass:
        """The same coil with more on it."""
        return replace(self, strip=self.strip.with_marks(marks))


def passes(seed: int, start: int, coils: int, length_m: float, schedule: Schedule, view: View) -> tuple[Pass, ...]:
    """So many coils of so many metres, cut to whole frames, from `start` (ns) on."""
    made: list[Pass] = []
    head = start + round(THREADING_S * SECOND)
    for i in range(coils):
        rng = stream(seed, f"strip/set-up/{i}" if i else "strip/set-up")
        coil = f"H{26_000_000 + int(rng.integers(999_999))}"
        rolling = drawn(rng, head, schedule)
        frames = max(1, int(length_m * view.lines_per_m) // FRAME)
        end = rolling.passes(frames * FRAME / view.lines_per_m) + round(WINDING_S * SECOND)
        made.append(Pass(coil, rolling, frames, end, Strip(seed, coil, (), view)))
        head = end + round(GAP_S * SECOND)
    return tuple(made)


def true_values(one: Pass, time: int, width_mm: float) -> np.ndarray:
    """Speed m/s, width mm, lamp %, thicknesses and roll diameters mm while a coil passes, float64 (3 + 2 stands,)."""
    rolling = one.rolling
    speed = rolling.speed + rolling.rise * max(0.0, (time - rolling.start) / SECOND)
    return np.concatenate([[speed, width_mm, 82.0], rolling.thickness, rolling.diameter])
