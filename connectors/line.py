"""One server or broker that is not ours: its state, what came, and reading it again whenever it breaks."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.addresses import check_security
from connectors.clock import now_ns, sleep, wall_s
from connectors.errors import InputError, PartFailed, TestbedError
from connectors.heed import heed
from connectors.items import Frame
from connectors.lag import Lag
from connectors.ledger import Gap, Hole, Ledger
from connectors.mapping import Rule
from connectors.marks import LATENESS_S, PATIENCE_S
from connectors.readings import Columns, Told, samples
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import SECOND, text

TICK_S = 0.05  # wall seconds between looks at what has come
RETRY_S = (0.5, 1.0, 2.0)  # wall seconds before each next attempt; the last one repeats
RATE_S = 5.0  # wall seconds a rate is counted over
ALIVE_S = 1.0  # wall seconds between two signs of life that servers and brokers are made to give
LIFE_S = 2.2  # wall seconds without one
DEAD = 2.0  # times the patience without one, and the connection is opened anew
NOTED_S = 60.0  # wall seconds that a clock which was set is told
CONNECT_S = 15.0  # a line that has not answered by then is not there

Put = Sequence[Told]


class NotThere(InputError):
    """A server does not offer tags of the list: their `names`, and each with its address and the reason in `told`."""

    def __init__(self, message: str, names: Sequence[str], told: Sequence[str]) -> None:
        super().__init__(message)
        self.names, self.told = tuple(names), tuple(told)


@dataclass(frozen=True, slots=True)
class Settings:
    """How lines are read.

    Attributes:
        publishing_ms: publishing interval asked of a server.
        lateness_s: how far a group's mark stays behind its newest source time; None: two publishing intervals.
        patience_s: wall seconds after which what is silent is stale, and a silent group stops holding the others.
        wait: a line that is not there at the start is waited for.
        security, insecure: see opcua_enter.Wish; `insecure` also lets a password go to a broker in the clear.
        mqtt_version: 3 (3.1.1) or 5, where a broker's address names none.
        mapping: where tags stand in a broker's JSON.
    """

    publishing_ms: float = 1e3 * LATENESS_S / 2
    lateness_s: float | None = None
    patience_s: float = PATIENCE_S
    wait: bool = False
    security: str = ""
    insecure: bool = False
    mqtt_version: int = 3
    mapping: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        check_security(self.security)

    @property
    def lateness(self) -> float:
        """Seconds."""
        return 2e-3 * self.publishing_ms if self.lateness_s is None else self.lateness_s


@dataclass(slots=True)
class State:
    """How a line is: 'connecting', 'connected', 'stale' or 'lost', since when (ns), and why."""

    name: str = "connecting"
    since: int = field(default_factory=now_ns)
    reason: str = ""


class Line(ABC):
    """One server or broker. `read` is one connection; `keep` opens it again and again.

    Attributes:
        received: readings that came; malformed: what came and is none.
        ledger: what came of each tag, and the gaps.
        life_s: wall seconds without a sign of life after which it is stale, if patience is not shorter.
        needs_news: whether a rate in the tag list means that samples come although nothing changes.
        connections: so many were made.
        bytes: as far as the protocol's library tells.
    """

    needs_news = True

    def __init__(self, url: str, tags: Sequence[Tag], login: Login, settings: Settings) -> None:
        self.url, self.tags, self.login, self.settings = url, tuple(tags), login, settings
        self.state = State()
        self.is_simulated = False  # the other side says that it is a plant of ours
        self.note = ""  # what a user should know while it is connected
        self.received = self.malformed = self.connections = self.bytes = 0
        self.opened: asyncio.Future[None] | None = None  # ends with the first attempt
        self.arrived: deque[Put] = deque()
        self.pictures: deque[Frame] = deque()
        self.filled: deque[Columns] = deque()
        self.ledger = Ledger(self.tags)
        self.life_s = LIFE_S
        self.lag = Lag()
        self._heard = self._news = wall_s()
        self._recent: deque[tuple[float, int]] = deque()
        self._up_at = self._heard

    @abstractmethod
    async def read(self) -> None:
        """Connect, call `up`, and `put` what comes until it breaks: raises PartFailed, or InputError at a bad tag."""

    async def keep(self) -> None:
        """Read for ever. What an attempt ends with is told in `state`, and the first time in `opened`."""
        attempt = 0
        while True:
            connections = self.connections
            try:
                await self.read()
            except Exception as error:  # whatever a library raises: a line that stays lost says why, and is tried again
                attempt = attempt if self.connections == connections else 0
                told = error if isinstance(error, TestbedError) else PartFailed(f"{type(error).__name__}: {error}")
                self.lost(str(told))
                self._tell_first(told)
            heed()
            await sleep(RETRY_S[min(attempt, len(RETRY_S) - 1)])
            attempt += 1

    def up(self) -> None:
        """The connection stands and every tag is subscribed."""
        self.connections += 1
        self._up_at = wall_s()
        self.heard()
        self._turn("connected", self.note)
        self._tell_first(None)

    @property
    def reconnects(self) -> int:
        """Connections after the first."""
        return max(0, self.connections - 1)

    def lost(self, reason: str) -> None:
        """The connection is gone."""
        self._turn("lost", reason)

    def heard(self) -> None:
        """The other side gave a sign of life."""
        self._heard = wall_s()

    @property
    def cameras(self) -> set[str]:
        """Names of the tags that are pictures."""
        return set()

    def show(self, picture: Frame) -> None:
        """A picture has come."""
        self.heard()
        self._news = self._heard
        self.received += 1
        self._recent.append((self._heard, 1))
        self.pictures.append(picture)

    def gather(self) -> None:  # noqa: B027
        """`put` what has come and was left for the next look; a line that puts everything at once has nothing to do."""

    def put(self, readings: Put) -> None:
        """Readings have come."""
        self.heard()
        if readings:
            self._news = self._heard
            n = samples(readings)
            self.received += n
            self._recent.append((self._heard, n))
            self.arrived.append(readings)
            newest = self.ledger.take_told(readings, round(self._heard * SECOND))
            if newest is not None:
                self.lag.take((now_ns() - newest) / SECOND, self._heard)

    def fill(self, gap: Gap, hole: Hole, columns: Columns) -> None:
        """History of one tag came: what of it fills the hole is kept for who reads."""
        inside = self.ledger.fill(gap, hole, columns.time)
        if inside.any():
            self.filled.append(columns.at(inside, columns.tag))

    @property
    def silent_s(self) -> float:
        """Wall seconds since the last sign of life."""
        return wall_s() - self._heard

    @property
    def still_s(self) -> float:
        """Wall seconds since the last sample."""
        return wall_s() - self._news

    def check_life(self) -> None:
        """Call it now and then: a line that gives no sign of life, or nothing fresh or good, is stale."""
        if self.state.name not in ("connected", "stale"):
            return
        patience = self.settings.patience_s
        if self.silent_s > min(self.life_s, patience):
            self._turn("stale", say("no sign of life for {s} s", s=f"{min(self.life_s, patience):g}"))
        elif self.needs_news and self.still_s > patience:
            self._turn("stale", say("nothing came for {s} s", s=f"{patience:g}"))
        elif self.lag.is_late:
            self._turn("stale", say("data come later than usual by more than a second"), is_silent=False)
        elif len(self.tags) and self.ledger.is_bad.all():
            self._turn("stale", say("all values are Bad"), is_silent=False)
        else:
            self._turn("connected", self._remark())

    def _remark(self) -> str:
        """What is to be said of a line that delivers."""
        if wall_s() - self.lag.jumped_at < NOTED_S:
            return say("its clock was set by {s} s", s=f"{self.lag.jumped_s:+.0f}")
        if self.ledger.is_bad.any():
            return say("some values are Bad")
        if wall_s() - self.ledger.odd_at < RATE_S:
            return say("samples come twice or out of order")
        return self.note

    def rate(self) -> float:
        """Readings a wall second of late."""
        now = wall_s()
        while self._recent and now - self._recent[0][0] > RATE_S:
            self._recent.popleft()
        span = min(RATE_S, max(1.0, now - self._up_at))
        return sum(n for _, n in self._recent) / span

    def _turn(self, name: str, reason: str = "", is_silent: bool = True) -> None:
        if name in ("stale", "lost") and is_silent:
            self.ledger.interrupt(reason, round(self._heard * SECOND))
        if (name, reason) != (self.state.name, self.state.reason):
            since = self.state.since if name == self.state.name else now_ns()
            self.state = State(name, since, reason)

    def _tell_first(self, error: TestbedError | None) -> None:
        if self.opened is not None and not self.opened.done():
            self.opened.set_result(None) if error is None else self.opened.set_exception(error)

    def status(self) -> dict[str, Any]:
        """State and counts as JSON values."""
        return {
            "url": self.url,
            "state": self.state.name,
            "since": text(self.state.since),
            "reason": self.state.reason,
            "tags": len(self.tags),
            "rate": round(self.rate(), 1),
            "received": self.received,
            "malformed": self.malformed,
            "reconnects": self.reconnects,
            "late_s": round(max(0.0, self.lag.late_s), 3),
            **self.ledger.status(),
        }
