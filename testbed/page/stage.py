"""The stage: which story is on, how fast, with or without AI. A run has a thread of its own; pages watch it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from connectors.clock import Throttle, now_ns, sleep
from connectors.errors import InputError, TestbedError
from connectors.results import Event
from connectors.texts import say, speaking
from connectors.times import SECOND
from connectors.truth import Truth
from edge.merge import Chunk
from edge.pipeline import Watch
from testbed.engine import Engine
from testbed.library import load, shipped
from testbed.page.alarms import AlarmList
from testbed.page.belief import beliefs
from testbed.page.camera import MOST
from testbed.page.forward import Forward
from testbed.page.meters import Meter, meter
from testbed.page.playing import DONE, FAILED, RUNNING, STOPPED, Choice, Show
from testbed.page.rows import Rows
from testbed.page.waves import Waves
from testbed.record import new_folder
from testbed.running import Incomplete, Order, carry_out, pace_of
from testbed.scenario import Scenario

T = TypeVar("T")
GLANCE_S = 0.2  # wall time between two looks at the truth
BELIEFS = 5  # so many looks from one comparison with what the line believes to the next: it copies ten minutes
ANSWERS_WITHIN_S = 20.0  # wall time in which a run says whether it takes what it is asked for
STOPS_WITHIN_S = 20.0  # wall time in which a run that is told to stop closes its record
RUNS = Path("runs")


class Stage:
    """What every page shows alike. Its methods belong to the page's event loop."""

    def __init__(self, choice: Choice, out: Path | None = None, language: str = "en") -> None:
        self.choice = choice
        self.asked = choice.speed  # what a presenter last asked for; a story may be started at one that fits it
        self.show: Show | None = None
        self.rev = 0  # grows whenever anything but rows has changed
        self.before: dict[tuple[str, bool], Meter] = {}  # what a story was worth when it ran to its end
        self.scenarios = _shipped()
        self._out = out
        self._language = language
        self._number = 0
        self._loop = asyncio.get_running_loop()

    def changed(self) -> None:
        """Something is to be seen anew."""
        self.rev += 1

    # -- what a presenter does -----------------------------------------------------------------------------

    async def start(self, choice: Choice) -> None:
        """Put a story on; what is on ends. Raises InputError if there is no such story."""
        scenario = self.scenarios.get(choice.story) or load(choice.story)
        pace_of(choice.speed)
        await self.stop()
        self.choice = choice
        self._number += 1
        if not choice.ai:
            scenario = replace(scenario, models=(), responses=())
        out = RUNS if self._out is None else self._out
        folder = new_folder(out, f"{scenario.name}-{choice.seed}")
        speed = pace_of(choice.speed).speed
        forward = Forward(Throttle(speed), speed)
        if choice.begin > 0:
            forward.to(scenario.start + round(choice.begin * SECOND))
        show = Show(self._number, choice, scenario, folder, forward)
        self.show = show
        self.changed()
        threading.Thread(target=self._play, args=(show,), name=f"run {show.number}", daemon=True).start()

    async def stop(self) -> None:
        """End what is on, and wait until its record is closed."""
        show = self.show
        if show is None:
            return
        show.stopping.set()
        self._in_run(show, lambda: show.throttle.hold(False))
        for _ in range(round(STOPS_WITHIN_S / 0.05)):
            if show.ended.is_set():
                return
            await sleep(0.05)

    def reset(self) -> None:
        """Clear the stage at once; what was on closes its record by itself."""
        if self.show is not None:
            show = self.show
            show.stopping.set()
            self._in_run(show, lambda: show.throttle.hold(False))
        self.show = None
        self.changed()

    def hold(self, held: bool) -> None:
        """Stand still, or go on."""
        show = self._on_stage()
        self._in_run(show, lambda: (show.throttle.hold(held), self._loop.call_soon_threadsafe(self.changed)))

    def speed(self, speed: str) -> None:
        """From now on this fast. Raises InputError."""
        factor = pace_of(speed).speed
        self.choice, self.asked = replace(self.choice, speed=speed), speed
        if self.show is not None:
            show = self.show
            self._in_run(show, lambda: show.forward.at(factor))
        self.changed()

    def pass_over(self, to: float | None) -> None:
        """Go as fast as it goes up to `to` s of the run, or up to the next alarm; what lies behind ends it."""
        show = self._on_stage()
        until = None if to is None else show.scenario.start + round(to * SECOND)
        is_past = until is not None and until <= show.now
        do = show.forward.end if is_past else lambda: show.forward.to(until)
        self._in_run(show, lambda: (do(), self._loop.call_soon_threadsafe(self.changed)))

    async def inject(self, kind: str, where: str, severity: str, params: Mapping[str, float | str], by: str) -> None:
        """Begin a fault or look-alike at the plant's next step. Raises InputError as `Engine.inject_now`."""
        show = self._on_stage()
        engine = show.engine
        if engine is None:
            raise InputError(say("The run is not under way yet."))
        await self._ask_run(show, lambda: engine.inject_now(kind, where, params, by, severity))
        self.changed()

    def _on_stage(self) -> Show:
        if self.show is None or self.show.ended.is_set():
            raise InputError(say("No story is on. Start one first."))
        return self.show

    # -- the run's thread ----------------------------------------------------------------------------------

    def _play(self, show: Show) -> None:
        choice = show.choice
        order = Order(
            show.scenario, choice.seed, choice.over, choice.speed, record="full", out=show.folder,
            beside=lambda engine: self._beside(show, engine), pace=show.throttle,
            watch=Watch(chunk=lambda chunk: self._see(show, chunk)), told=lambda events: self._tell(show, events),
        )  # fmt: skip
        phase, why = DONE, ""
        try:
            with speaking(self._language):
                show.result = carry_out(order)
        except asyncio.CancelledError:
            phase = STOPPED
        except Incomplete as error:
            show.result, phase, why = error.result, FAILED, str(error)
        except TestbedError as error:
            phase, why = FAILED, str(error)
        except Exception as error:  # the last wall before a visitor
            phase, why = FAILED, f"{type(error).__name__}: {error}"
        finally:
            show.loop = None
            show.ended.set()
        self._on_page(self._finish, show, phase, why)

    def _beside(self, show: Show, engine: Engine) -> Any:
        show.rows = Rows(engine.groups, engine.start, show.scenario.duration)
        show.waves = Waves(engine.groups)
        show.alarms = AlarmList(engine.start)
        show.engine = engine
        return self._accompany(show, engine)

    async def _accompany(self, show: Show, engine: Engine) -> None:
        show.loop = asyncio.get_running_loop()
        self._on_page(self._began, show)
        glances = 0
        while not show.stopping.is_set():
            truths = engine.truths()
            if truths != show.truths:
                show.truths = truths
                self._on_page(self._judge, show, truths)
            if glances % BELIEFS == 0 and show.rows is not None:
                show.beliefs = beliefs(engine.plant, show.rows)
            glances += 1
            await sleep(GLANCE_S)
        raise asyncio.CancelledError

    def _see(self, show: Show, chunk: Chunk) -> None:
        if show.rows is not None:
            if show.waves is not None:
                show.waves.add(chunk)
            before = show.rows.complete
            show.rows.add(chunk)
            if show.rows.complete > before:
                show.born = now_ns()
                if show.forward.reached(show.now):
                    self._on_page(self.changed)
        if chunk.frames:
            show.frames = (*show.frames, *chunk.frames)[-MOST:]

    def _tell(self, show: Show, events: Sequence[Event]) -> None:
        if any(event.change == "active" for event in events) and show.forward.alarmed():
            self._on_page(self.changed)
        if events and show.engine is not None:
            self._on_page(self._hear, show, list(events), show.engine.truths())

    def _on_page(self, do: Callable[..., object], *given: object) -> None:
        """Do something in the page's loop, unless the page has closed while a run still closes its record."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(do, *given)

    def _in_run(self, show: Show, do: Callable[[], object]) -> bool:
        """Do something in the run's thread, or here where it has not begun; False where it has just ended."""
        loop = show.loop
        try:
            if loop is None:
                do()
            else:
                loop.call_soon_threadsafe(do)
        except RuntimeError:  # its loop has closed meanwhile
            return False
        return True

    async def _ask_run(self, show: Show, do: Callable[[], T]) -> T:
        answer: Future[T] = Future()

        def work() -> None:
            if answer.cancelled():
                return  # nobody waits for it any more
            try:
                answer.set_result(do())
            except BaseException as error:  # handed to who asked
                answer.set_exception(error)

        if self._in_run(show, work):
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWERS_WITHIN_S):
                    return await asyncio.wrap_future(answer)
        raise InputError(say("The run has just ended."))

    # -- back in the page's loop ---------------------------------------------------------------------------

    def _began(self, show: Show) -> None:
        show.phase = RUNNING
        self.changed()

    def _hear(self, show: Show, events: Sequence[Event], truths: Sequence[Truth]) -> None:
        if show.rows is not None:
            show.alarms.take(events, show.rows)
        self._judge(show, truths)

    def _judge(self, show: Show, truths: Sequence[Truth]) -> None:
        show.alarms.judge(truths)
        self.changed()

    def _finish(self, show: Show, phase: str, why: str) -> None:
        show.phase, show.why = phase, why
        if show.result is not None and phase == DONE:
            show.alarms.judge(show.result.truths)
            worth = meter(show.result.score)
            if worth is not None:
                self.before[show.choice.story, show.choice.ai] = worth
        self.changed()


@cache
def _shipped() -> dict[str, Scenario]:
    return {scenario.name: scenario for scenario in shipped()}
