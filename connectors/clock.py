"""The wall clock. No other file reads it; everything else is a function of source time."""

from __future__ import annotations

import asyncio
import time

__all__ = ["Pace", "Stopwatch", "Throttle", "cpu_s", "now_ns", "sleep", "wall_s"]


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
        delay = self._delay(source_ns)
        if delay > 0:
            await asyncio.sleep(delay)

    def _delay(self, source_ns: int) -> float:
        """Wall seconds until source time `source_ns` may come."""
        if self.speed is None:
            return 0.0
        if self._origin is None:
            self._origin = (wall_s(), source_ns)
            return 0.0
        start, first = self._origin
        return start + (source_ns - first) / 1e9 / self.speed - wall_s()


class Throttle(Pace):
    """A pace that somebody changes, holds and lets go on while time passes; from the event loop that waits for it."""

    def __init__(self, speed: float | None) -> None:
        super().__init__(speed)
        self.is_held = False
        self._changed = asyncio.Event()

    def set(self, speed: float | None) -> None:
        """From now on this fast."""
        self.speed = speed
        self._anew()

    def hold(self, held: bool) -> None:
        """Stand still, or go on."""
        self.is_held = held
        self._anew()

    def _anew(self) -> None:
        self._origin = None
        self._changed.set()

    async def reach(self, source_ns: int) -> None:
        """Wait until the wall clock allows source time `source_ns`; what changes meanwhile counts at once."""
        while True:
            self._changed.clear()
            delay = self._delay(source_ns)
            if delay <= 0 and not self.is_held:
                return
            try:
                async with asyncio.timeout(None if self.is_held else delay):
                    await self._changed.wait()
            except TimeoutError:
                return
