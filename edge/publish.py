"""What a runtime sends on: every result and event goes to a spool on disk first, and from there to a broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from connectors.addresses import check_url, in_the_clear
from connectors.errors import InputError, nearest
from connectors.home import home
from connectors.mqtt_address import mqtt_address
from connectors.outbox import Outbox
from connectors.results import Event, Result
from connectors.secrets import Login
from connectors.spool import LIMIT, LIMIT_BYTES, Spool
from connectors.tags import Group, unit_path
from connectors.texts import say
from edge.outgoing import event_body, result_body, topic

OVERFLOWS = ("oldest", "newest")  # of a spool: a watch must not stop for want of room, so it never refuses
DRAIN_S = 5.0  # wall seconds that the end of a watch waits for the last messages to leave
MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Where results and events go, and what keeps them meanwhile.

    Attributes:
        url: of the broker, mqtt:// or mqtts://.
        spool: file of the spool; None for one of this broker in the user data directory.
        messages, megabytes: what it may hold.
        overflow: what gives way when it is full, 'oldest' or 'newest'.

    Raises InputError for an address or an overflow that does not fit.
    """

    url: str
    spool: Path | None = None
    messages: int = LIMIT
    megabytes: float = LIMIT_BYTES / MB
    overflow: Literal["oldest", "newest"] = "oldest"

    def __post_init__(self) -> None:
        if self.overflow not in OVERFLOWS:
            raise InputError(
                say("--overflow takes {known}, but got '{got}'.", known=", ".join(OVERFLOWS), got=self.overflow)
                + nearest(self.overflow, OVERFLOWS)
            )
        if not (self.messages >= 1 and self.megabytes > 0):
            raise InputError(say("A spool holds at least one message and more than 0 MB."))
        check_url(self.url)
        if self.url.startswith("opc.tcp://"):
            raise InputError(say("--publish takes a broker, such as mqtt://host:1883, but got '{url}'.", url=self.url))
        session = mqtt_address(self.url).session
        if session.qos != 1 or session.share:
            raise InputError(
                say("{url}: what is published goes with QoS 1, and to nobody's share. Leave out 'qos' and 'share'.",
                    url=self.url)
            )  # fmt: skip

    @property
    def path(self) -> Path:
        """The spool's file."""
        at = mqtt_address(self.url)
        return self.spool or home() / "spool" / f"{at.host.replace(':', '_')}-{at.port}.db"


class Publisher:
    """Enter it; note results, `send` them with the events that came of them, leave it.

    `result` may be called in another thread, as long as nobody sends meanwhile. Raises InputError on entering if the
    spool cannot be opened, or a password would go in the clear. A broker that is not there is waited for.
    """

    def __init__(
        self,
        wish: Publish,
        groups: Sequence[Group],
        units: Mapping[str, str],
        login: Login,
        insecure: bool = False,
        version: int = 3,
    ) -> None:
        self.wish = wish
        at = mqtt_address(wish.url, version)
        self._login, self._insecure, self._units = login, insecure, dict(units)
        self._spool = Spool(wish.path, wish.messages, round(wish.megabytes * MB), wish.overflow)
        everything = unit_path(tag.name for group in groups for tag in group.tags)
        self._outbox = Outbox(
            self._spool, at.port, at.host, login, at.is_secure, at.session, alive=topic(everything, "_edge", "state")
        )
        self._results: list[Result] = []
        self._before = asdict(self._spool.counts)
        self._stack = ExitStack()
        self._last: dict[str, Any] | None = None

    async def __aenter__(self) -> Publisher:
        await in_the_clear(self.wish.url, self._login.user, self._insecure)
        self._stack.enter_context(self._spool)
        self._before = asdict(self._spool.counts)
        await self._outbox.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        try:
            if self._outbox.state == "connected":
                await self._outbox.drain(DRAIN_S)
            await self._outbox.__aexit__()
            self._last = self.status()
        finally:
            self._stack.close()

    def result(self, result: Result) -> None:
        """Note a result for the next `send`."""
        self._results.append(result)

    def send(self, events: Sequence[Event]) -> None:
        """Take in what was noted, and these events, in order of time and in one commit."""
        results, self._results = self._results, []
        messages = [(result.time, self._topic(result.model, "result"), result_body(result)) for result in results]
        messages += [(event.time, self._topic(event.model, "event"), event_body(event)) for event in events]
        if messages:
            messages.sort(key=lambda message: message[0])  # stable: a result stands before what came of it
            self._outbox.put_many([(where, body) for _, where, body in messages])

    def _topic(self, model: str, kind: str) -> str:
        return topic(self._units.get(model, ""), model, kind)

    def status(self) -> dict[str, Any]:
        """State, and counts of this watch, as JSON values; what waits may be of earlier ones, too."""
        if self._last is not None:
            return self._last
        told = self._outbox.status()
        here = {name: told[name] - count for name, count in self._before.items()}
        return {
            "url": self.wish.url,
            "spool": str(self.wish.path),
            "state": told["state"],
            "reason": told["reason"],
            "sent": here["sent"],
            "waiting": told["waiting"],
            "dropped": here["dropped_oldest"] + here["dropped_newest"],
            "resent": told["resent"],
            "disk_full": here["disk_full"],
            "overflow": told["overflow"],
            "limit": told["limit"],
            "set_aside": None if self._spool.set_aside is None else str(self._spool.set_aside),
        }
