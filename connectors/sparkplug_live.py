"""Sparkplug B metrics as readings of a live line, and as what a broker offers.

Their addresses are such as 'spBv1.0/GROUP/NODE/DEVICE#metric'.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.clock import now_ns, wall_s
from connectors.errors import InputError
from connectors.items import Changes, Context
from connectors.marks import Reading
from connectors.mqtt_session import Note
from connectors.sparkplug import NAMESPACE, Place
from connectors.sparkplug_host import HostApplication, Items, rebirth_request
from connectors.tags import Tag
from connectors.texts import say

QUIET_S = 1.0  # wall seconds after which a node that is silent is asked for its birth


def is_sparkplug(address: str) -> bool:
    """Whether a topic or address is one of Sparkplug B.

    >>> is_sparkplug("spBv1.0/POH/CC1/MOLD#LEVEL"), is_sparkplug("plant/level")
    (True, False)
    """
    return address.startswith(f"{NAMESPACE}/")


class SparkplugTags:
    """The tags of a list that are Sparkplug metrics. Subscribe `filters`, hand every message to `take`, call `tick`.

    Raises InputError for an address that is none.
    """

    def __init__(self, tags: Sequence[Tag]) -> None:
        self._by_address = {tag.address: tag for tag in tags}
        self._by_name = {tag.name: tag for tag in tags}
        self.nodes = sorted({_node(tag.address) for tag in tags})
        self.filters = [f"{NAMESPACE}/{group}/+/{node}/#" for group, node in self.nodes]
        self.app = HostApplication(lambda place, told: self._by_address.get(_address(place)))
        self._heard: set[tuple[str, str]] = set()
        self._quiet: float | None = wall_s()

    def take(self, topic: str, payload: bytes) -> list[Reading]:
        """The readings of one message."""
        levels = topic.split("/")
        self._heard |= {(levels[1], levels[3])} if len(levels) > 3 else set()
        return self._readings(self.app.take(topic, payload, now_ns(), wall_s()))

    def tick(self) -> tuple[list[Reading], list[Note]]:
        """Readings of what was waited for in vain, and births to ask for."""
        readings = self._readings(self.app.tick(wall_s()))
        requests, self.app.requests[:] = list(self.app.requests), []
        if (
            self._quiet is not None and wall_s() - self._quiet >= QUIET_S
        ):  # who has nothing new to tell told its birth before
            self._quiet = None
            requests += [key for key in self.nodes if key not in self._heard]
        return readings, [rebirth_request(group, node, now_ns()) for group, node in requests]

    def _readings(self, items: Items) -> list[Reading]:
        found: list[Reading] = []
        for item in items:
            if isinstance(item, Changes):
                tags = [self._by_name[tag.name] for tag in item.tags]
                rows = zip(
                    item.tag.tolist(), item.time.tolist(), item.value.tolist(), item.status.tolist(), strict=True
                )
                found += [Reading(tags[i], time, value, status) for i, time, value, status in rows]
            elif isinstance(item, Context):
                found.append(Reading(self._by_name[item.tag.name], item.time, item.text, 0))
        return found


class SparkplugSeen:
    """Every metric that is born while somebody looks."""

    def __init__(self) -> None:
        self._found: dict[str, Tag] = {}
        self._app = HostApplication(self._note)
        self._asked: set[tuple[str, str]] = set()

    def take(self, topic: str, payload: bytes) -> list[Note]:
        """Note a message; what asks its node to be born again, once, since a birth is told once and not kept."""
        self._app.take(topic, payload, now_ns(), wall_s())
        self._app.requests.clear()
        levels = topic.split("/")
        key = (levels[1], levels[3]) if len(levels) > 3 and levels[2] in ("NDATA", "DDATA") else None
        if key is None or key in self._asked:
            return []
        self._asked.add(key)
        return [rebirth_request(*key, now_ns())]

    def _note(self, place: Place, told: Tag) -> Tag:
        self._found[_address(place)] = told
        return told

    def tags(self) -> Iterable[Tag]:
        """The metrics as tags, by address."""
        return [replace(tag, address=address, rate_hz=None) for address, tag in sorted(self._found.items())]


def _address(place: Place) -> str:
    where = "/".join(filter(None, (NAMESPACE, place.group, place.node, place.device)))
    return f"{where}#{place.metric}"


def _node(address: str) -> tuple[str, str]:
    where, hash_, metric = address.partition("#")
    levels = where.split("/")
    if not hash_ or not metric or len(levels) not in (3, 4) or not all(levels) or "+" in where:
        raise InputError(
            say("'{address}' is no Sparkplug metric. Write it like {like}.", address=address,
                like=f"{NAMESPACE}/GROUP/NODE/DEVICE#METRIC")
        )  # fmt: skip
    return levels[1], levels[2]
