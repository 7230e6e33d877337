"""The address of a broker, and how we come in there: mqtt://host:1883?v=5&client=line4&expiry=8h&qos=1&share=edge."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.errors import InputError, nearest
from connectors.texts import say
from connectors.times import duration

VERSIONS = {"3": 3, "3.1.1": 3, "5": 5}
PORT, TLS_PORT = 1883, 8883
EXPIRY_S = 86_400  # a session that is kept for us, where nothing else is said
LONGEST_S = 2**32 - 2  # MQTT 5.0, 3.1.2.11.2


@dataclass(frozen=True, slots=True)
class Session:
    """How a client comes in.

    Attributes:
        version: of MQTT, 3 (3.1.1) or 5.
        client: its id; a broker keeps the session of one that has a name, '' draws one and keeps nothing.
        expiry_s: how long it is kept, MQTT 5 alone; a 3.1.1 broker decides that itself.
        qos: of subscriptions and of what is sent on, 0 or 1.
        share: group of subscribers that get each message once between them, '' for none.
    """

    version: int = 3
    client: str = ""
    expiry_s: int = EXPIRY_S
    qos: int = 1
    share: str = ""

    def filters(self, topics: list[str]) -> list[str]:
        """What is to be subscribed for these topics.

        >>> Session(share="edge").filters(["plant/+"])
        ['$share/edge/plant/+']
        """
        return [f"$share/{self.share}/{topic}" for topic in topics] if self.share else topics


@dataclass(frozen=True, slots=True)
class MqttAddress:
    """Where a broker is, and how we come in."""

    host: str
    port: int
    is_secure: bool = False
    session: Session = field(default_factory=Session)


def mqtt_address(url: str, version: int = 3) -> MqttAddress:
    """What an address says; `version` counts where it names none. Raises InputError naming every option that is wrong.

    >>> mqtt_address("mqtt://b?v=5&client=line4").session
    Session(version=5, client='line4', expiry_s=86400, qos=1, share='')
    """
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    found: dict[str, Any] = {"version": version}
    faults = []
    for name, value in asked.items():
        if name not in OPTIONS:
            faults.append(say("'{name}' is no option of a broker's address.", name=name) + nearest(name, OPTIONS))
            continue
        key, read, fits = OPTIONS[name]
        try:
            found[key] = read(value)
        except (ValueError, LookupError):
            faults.append(say("'{name}={value}' does not fit. {fits}", name=name, value=value, fits=_fits(fits)))
    if faults:
        raise InputError(f"{url}: {' '.join(faults)}")
    is_secure = parts.scheme == "mqtts"
    port = parts.port or (TLS_PORT if is_secure else PORT)
    return MqttAddress(parts.hostname or "", port, is_secure, Session(**found))


def _named(value: str) -> str:
    if not re.fullmatch(r"[\w.:-]{1,64}", value):
        raise ValueError
    return value


def _expiry(value: str) -> int:
    span = duration(value)
    if not 1 <= span <= LONGEST_S:
        raise ValueError
    return int(span)


OPTIONS: Mapping[str, tuple[str, Callable[[str], Any], str]] = {
    "v": ("version", VERSIONS.__getitem__, "v"),
    "client": ("client", _named, "name"),
    "expiry": ("expiry_s", _expiry, "expiry"),
    "qos": ("qos", {"0": 0, "1": 1}.__getitem__, "qos"),
    "share": ("share", _named, "name"),
}


def _fits(kind: str) -> str:
    return {
        "v": say("v is 3 or 5."),
        "name": say("A name has 1 to 64 letters, digits, '_', '.', ':' or '-'."),
        "expiry": say("expiry is a duration such as 90s, 15m or 8h."),
        "qos": say("qos is 0 or 1."),
    }[kind]
