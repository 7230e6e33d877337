"""The wall clock. No other file reads it; everything else is a function of source time."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Pace", "Stopwatch", "cpu_s", "now_ns", "sleep", "wall_s"]


def now_ns() -> int:
    """Now, in nanoseconds since 1970 UTC, cut to whole microseconds."""
    return time.time_ns() // 1000 * 1000


def wall_s() -> float:
    """Seconds on a clock that never jumps; only differences mean something."""
    return time.perf_counter()


def cpu_s() -> float:
    """Processor seconds this process has used."""
    return time.process_time()


async def sleep(seconds: float) -> None:
    """Let the event loop do other work for `seconds`."""
    await asyncio.sleep(max(0.0, seconds))


class Stopwatch:
    """Wall seconds since it was made.

    >>> Stopwatch().seconds() < 60
    True
    """

    def __init__(self) -> None:
        self._start = wall_s()

    def seconds(self) -> float:
        return wall_s() - self._start


class Pace:
    """A ceiling on how fast source time may pass.

    `speed` is source seconds per wall second; None sets no ceiling. The clock starts with the first wait,
    so that starting up a server does not count.
    """

    def __init__(self, speed: float | None) -> None:
        self.speed = speed
        self._origin: tuple[float, int] | None = None

    async def reach(self, source_ns: int) -> None:
        """Wait until the wall clock allows source time `source_ns`."""
        if self.speed is None:
            return
        if self._origin is None:
            self._origin = (wall_s(), source_ns)
            return
        start, first = self._origin
        due = start + (source_ns - first) / 1e9 / self.speed
        delay = due - wall_s()
        if delay > 0:
            await asyncio.sleep(delay)
