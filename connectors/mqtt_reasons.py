"""Why a broker refused something: reason codes of MQTT 5.0, table 2-6, and what those of 3.1.1 become there."""

from __future__ import annotations

from typing import Any

from connectors.texts import say


def told(reason: Any) -> str:
    """A reason code in words; as paho names it where no sentence of ours says more."""
    return _sentences().get(int(reason.value)) or str(reason)


def _sentences() -> dict[int, str]:
    return {
        0x84: say("it does not speak this version of MQTT; '?v=3' or '?v=5' behind the address asks for another"),
        0x85: say("it does not take this client id"),
        0x86: say("wrong user name or password"),
        0x87: say("the user may not do that"),
        0x88: say("it is not available at the moment"),
        0x89: say("it is busy"),
        0x8A: say("it has banned this client"),
        0x8B: say("it is shutting down"),
        0x8D: say("it heard nothing of us for too long"),
        0x8E: say("another client came in under our name: give each its own 'client'"),
        0x8F: say("it does not take this topic filter"),
        0x90: say("it does not take this topic"),
        0x93: say("it takes fewer messages at once than were sent"),
        0x95: say("a message is larger than it takes"),
        0x97: say("its quota is used up"),
        0x9B: say("it does not speak this quality of service: '?qos=0' asks for the least"),
        0x9E: say("it knows no shared subscriptions: leave out 'share'"),
        0xA2: say("it takes no wildcards"),
    }
