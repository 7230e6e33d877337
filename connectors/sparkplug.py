"""Sparkplug B topics, payloads and places: what an edge node and a host application share.

Sparkplug Specification 3.0.0: section 4 (topics), 6 (payloads). Times travel as whole milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.errors import BadMessage, InputError
from connectors.sparkplug_schema import parse
from connectors.sparkplug_types import checked_text
from connectors.status import BAD, GOOD
from connectors.tags import Tag
from connectors.texts import say

NAMESPACE = "spBv1.0"
STATE = f"{NAMESPACE}/STATE"
NODE_KINDS = ("NBIRTH", "NDEATH", "NDATA", "NCMD")
DEVICE_KINDS = ("DBIRTH", "DDEATH", "DDATA", "DCMD")
REBIRTH = "Node Control/Rebirth"
CONTROL = "Node Control/"
BDSEQ = "bdSeq"
COMPRESSED = "SPBV1.0_COMPRESSED"  # the uuid under which some clients hide a deflated payload
MILLISECOND = 1_000_000  # ns
LAST_MS = (2**63 - 1) // MILLISECOND  # the last whole millisecond of int64 ns
QUALITY = "Quality"  # property: 0 bad, 192 good, 500 stale
QUALITY_BAD, QUALITY_GOOD = 0, 192


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic of an edge node, or of one of its devices where `device` is not empty.

    >>> str(Topic("POH_STEEL", "DDATA", "CC1", "S1.MOLD"))
    'spBv1.0/POH_STEEL/DDATA/CC1/S1.MOLD'
    """

    group: str
    kind: str
    node: str
    device: str = ""

    @classmethod
    def of(cls, text: str) -> Topic:
        """Raises BadMessage if `text` is no such topic."""
        parts = text.split("/")
        kinds = {4: NODE_KINDS, 5: DEVICE_KINDS}.get(len(parts), ())
        if parts[0] != NAMESPACE or len(parts) < 4 or parts[2] not in kinds or not all(parts):
            raise BadMessage(say("'{topic}' is no topic of Sparkplug B 3.0.", topic=text[:200]))
        return cls(parts[1], parts[2], *parts[3:])

    def __str__(self) -> str:
        return "/".join(filter(None, (NAMESPACE, self.group, self.kind, self.node, self.device)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tag lives in Sparkplug: `device` is empty for a metric of the edge node itself."""

    group: str
    node: str
    device: str
    metric: str

    def __str__(self) -> str:
        return "/".join(filter(None, (self.group, self.node, self.device, self.metric)))


def places(tags: Iterable[Tag]) -> dict[Tag, Place]:
    """Group, edge node, device and metric of each tag, from its ISA-95 path: site_area, line, unit, signal.

    With four levels the site is the group; with three the tag is the line's own. What lies deeper goes into the
    metric's name. Raises InputError for a shorter path, or one with characters MQTT keeps for itself.

    >>> [str(p) for p in places([Tag(name="POH/HOT/HSM2/F7/ROLL_FORCE"), Tag(name="POH/HOT/HSM2/F7/AGC/GAP")]).values()]
    ['POH_HOT/HSM2/F7/ROLL_FORCE', 'POH_HOT/HSM2/F7/AGC/GAP']
    """
    tags = tuple(tags)
    paths = [tag.name.split("/") for tag in tags]
    depth = min(map(len, paths), default=0)
    for tag, path in zip(tags, paths, strict=True):
        if len(path) < 3 or set("+#") & set(tag.name):
            raise InputError(
                say(
                    "Sparkplug needs a path such as SITE/LINE/UNIT/SIGNAL, without '+' and '#', but got '{name}'.",
                    name=tag.name,
                )
            )
    site = 2 if depth >= 5 else 1
    found = {}
    for tag, path in zip(tags, paths, strict=True):
        unit = path[site + 1] if depth > site + 2 else ""
        rest = path[site + 2 :] if unit else path[site + 1 :]
        found[tag] = Place("_".join(path[:site]), path[site], unit, "/".join(rest))
    return found


def payload_of(data: bytes) -> Any:
    """The protobuf payload in `data`. Raises BadMessage where it is none, or is one we do not read."""
    try:
        payload = parse(data)
    except ValueError as error:
        raise BadMessage(
            say("A Sparkplug payload of {n} bytes does not decode: {error}.", n=len(data), error=error)
        ) from None
    if payload.uuid == COMPRESSED:
        raise BadMessage(say("A Sparkplug payload is compressed. Turn compression off at its sender."))
    return payload


def nanoseconds(ms: int) -> int:
    """ns of a Sparkplug time. Raises BadMessage past the year 2262."""
    if ms > LAST_MS:
        raise BadMessage(say("A Sparkplug time of {ms} ms lies past the year 2262.", ms=ms))
    return ms * MILLISECOND


def properties_of(holder: Any) -> dict[str, Any]:
    """Scalar properties of a metric by name, raw. Raises BadMessage where keys and values differ in number."""
    keys, values = holder.properties.keys, holder.properties.values
    if len(keys) != len(values):
        raise BadMessage(say("A Sparkplug property set has {n} keys and {k} values.", n=len(keys), k=len(values)))
    found = {}
    for key, value in zip(keys, values, strict=True):
        field = value.WhichOneof("value")
        if field is not None and not value.is_null and not field.startswith(("propertyset", "extension")):
            told = getattr(value, field)
            found[checked_text(key)] = checked_text(told) if field == "string_value" else told
    return found


def status_of(properties: dict[str, Any]) -> int:
    """OPC UA status of a metric's properties: its own `status` where it has one, else from its `Quality`."""
    status = properties.get("status")
    if isinstance(status, int) and 0 <= status < 2**32:
        return status
    quality = properties.get(QUALITY, QUALITY_GOOD)
    return GOOD if quality == QUALITY_GOOD else BAD


def add_status(metric: Any, status: int) -> None:
    """Say on a metric that its sample is not plainly good: `Quality` for everyone, `status` to the bit."""
    quality = QUALITY_BAD if status & BAD else QUALITY_GOOD
    for key, kind, value in ((QUALITY, 3, quality), ("status", 7, status)):
        metric.properties.keys.append(key)
        held = metric.properties.values.add(type=kind)
        if kind == 3:
            held.int_value = value
        else:
            held.long_value = value


def state_payload(is_online: bool, time_ms: int) -> bytes:
    """A host application's birth or death certificate."""
    return json.dumps({"online": is_online, "timestamp": time_ms}).encode()


def read_state(data: bytes) -> tuple[bool, int]:
    """(online, ms) of a host application's certificate. Raises BadMessage if it is none."""
    try:
        told = json.loads(data)
        is_online, time_ms = told["online"], told["timestamp"]
    except (ValueError, LookupError, TypeError, RecursionError):
        is_online = time_ms = None
    if not isinstance(is_online, bool) or type(time_ms) is not int or time_ms < 0:
        raise BadMessage(say("A host's STATE is JSON with 'online' and 'timestamp', but got {data!r:.80}.", data=data))
    return is_online, time_ms


def by_device(found: dict[Tag, Place]) -> dict[tuple[str, str, str], Sequence[Tag]]:
    """Tags by (group, node, device), in their order."""
    devices: dict[tuple[str, str, str], list[Tag]] = {}
    for tag, place in found.items():
        devices.setdefault((place.group, place.node, place.device), []).append(tag)
    return dict(devices)
