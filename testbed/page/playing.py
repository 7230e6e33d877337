"""One run on the stage: what was chosen, and what the page and the run's own thread share of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.clock import Throttle
from connectors.items import Frame
from connectors.truth import Truth
from testbed.engine import Engine
from testbed.page.alarms import AlarmList
from testbed.page.forward import Forward
from testbed.page.rows import Rows
from testbed.page.waves import Waves
from testbed.running import Run
from testbed.scenario import Scenario

IDLE, STARTING, RUNNING, DONE, STOPPED, FAILED = "idle", "starting", "running", "done", "stopped", "failed"
ENDED = (DONE, STOPPED, FAILED)


@dataclass(frozen=True, slots=True)
class Choice:
    """What is put on the stage.

    Attributes:
        speed: 'real', 'max' or a factor.
        ai: False runs the same story without models, so that nobody raises an alarm and nothing answers one.
        begin: s of the story that are passed over as fast as it goes.
    """

    story: str
    seed: int = 1
    speed: str = "real"
    over: str = "wire"
    ai: bool = True
    begin: float = 0.0


@dataclass(slots=True)
class Show:
    """One run on the stage, as the page and the run's own thread share it."""

    number: int
    choice: Choice
    scenario: Scenario
    folder: Path
    forward: Forward
    phase: str = STARTING
    engine: Engine | None = None
    rows: Rows | None = None
    waves: Waves | None = None
    alarms: AlarmList = field(default_factory=lambda: AlarmList(0))
    loop: asyncio.AbstractEventLoop | None = None
    result: Run | None = None
    why: str = ""
    truths: Sequence[Truth] = ()
    frames: tuple[Frame, ...] = ()  # the camera's last
    beliefs: list[dict[str, Any]] = field(default_factory=list)
    born: int = 0  # wall time at which the newest row was complete, ns
    stopping: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def throttle(self) -> Throttle:
        """How fast it goes, and whether it is held."""
        return self.forward.throttle

    @property
    def now(self) -> int:
        """Source time that is on the page, ns."""
        return 0 if self.rows is None else self.rows.start + self.rows.complete * self.rows.step_ns
