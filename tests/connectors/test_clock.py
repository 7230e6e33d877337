"""The wall clock, and how fast source time may pass by it."""

from __future__ import annotations

import asyncio
import time

import pytest

from connectors import clock
from connectors.clock import Pace, Stopwatch, Throttle, cpu_s, now_ns, sleep


class Wall:
    """A wall clock that only waiting moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(clock, "wall_s", lambda: self.now)
        monkeypatch.setattr(clock.asyncio, "sleep", self.sleep)

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    return Wall(monkeypatch)


@pytest.mark.parametrize(("speed", "passed"), [(1.0, 10.0), (20.0, 0.5), (0.5, 20.0)])
async def test_source_time_passes_no_faster_than_speed(wall, speed, passed):
    pace = Pace(speed)
    for second in range(11):
        await pace.reach(5_000_000_000 + second * 1_000_000_000)
    assert wall.now == pytest.approx(100.0 + passed)


async def test_the_clock_starts_with_the_first_wait(wall):
    pace = Pace(1.0)
    wall.now += 1000.0
    await pace.reach(0)
    await pace.reach(2_000_000_000)
    assert wall.now == pytest.approx(1102.0)


async def test_who_is_behind_catches_up_without_waiting(wall):
    pace = Pace(1.0)
    await pace.reach(0)
    wall.now += 30.0
    await pace.reach(10_000_000_000)
    assert wall.now == 130.0


async def test_without_a_speed_nobody_waits(wall):
    pace = Pace(None)
    for hour in range(100):
        await pace.reach(hour * 3_600_000_000_000)
    assert wall.now == 100.0


def test_now_is_whole_microseconds_of_the_systems_clock():
    before, now, after = time.time_ns(), now_ns(), time.time_ns()
    assert before - 1000 < now <= after
    assert now % 1000 == 0


def test_a_stopwatch_counts_wall_seconds_and_cpu_time_does_not_count_waiting():
    watch, cpu = Stopwatch(), cpu_s()
    time.sleep(0.05)
    assert 0.05 <= watch.seconds()
    assert cpu_s() - cpu < watch.seconds()


async def test_sleep_lets_others_work_even_for_no_time_at_all():
    worked = asyncio.Event()
    asyncio.get_running_loop().call_soon(worked.set)
    await sleep(-1.0)
    assert worked.is_set()


async def passes(throttle: Throttle, source_s: float) -> asyncio.Task[None]:
    task = asyncio.create_task(throttle.reach(round(source_s * 1e9)))
    for _ in range(5):
        await asyncio.sleep(0)
    return task


async def test_a_pace_is_held_let_go_and_changed_while_somebody_waits_for_it():
    throttle = Throttle(None)
    throttle.hold(True)
    waiting = await passes(throttle, 1.0)
    assert not waiting.done()
    throttle.hold(False)
    await waiting
    throttle.set(1e-6)
    await throttle.reach(2_000_000_000)  # the clock starts
    waiting = await passes(throttle, 3.0)
    assert not waiting.done()  # eleven days from now
    throttle.set(None)
    await waiting
