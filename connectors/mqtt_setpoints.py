"""Set-points by MQTT: a number on `<unit>/_set/<user>/<NAME>`, the answer on the same topic and `/result`.

Beyond loopback the broker lets a user write under the own name only, so that the topic tells who it was.
"""

from __future__ import annotations

import json
from typing import Any

from connectors.mqtt import MqttTopics
from connectors.writes import Desk

MARKER = "_set"
LONGEST = 1_000  # bytes of a message
WAY = "MQTT"


def pattern(unit: str) -> str:
    """The topics a user may write, as the broker's list of rights has it."""
    return f"{unit}/{MARKER}/%u/+"


class MqttSetPoints:
    """Brings to the desk what has come; call `take` once a tick."""

    def __init__(self, topics: MqttTopics, unit: str, desk: Desk) -> None:
        self._topics, self._unit, self._desk = topics, unit, desk
        self._names = {name.rsplit("/", 1)[-1]: name for name in desk.tags}

    @staticmethod
    def filters(unit: str) -> list[str]:
        """What to subscribe."""
        return [f"{unit}/{MARKER}/+/+"]

    def take(self) -> None:
        """Judge and answer what has come. A message the broker had kept is none of now, and is left alone."""
        for topic, payload, is_kept in self._topics.take():
            if is_kept:
                continue
            *_, user, short = topic.split("/")
            value, mark = _value(payload)
            refused = self._desk.ask(self._names.get(short, f"{self._unit}/SET/{short}"), value, WAY, user)
            answer = {"accepted": refused is None, "reason": "" if refused is None else refused.sentence}
            if mark is not None:
                answer["id"] = mark
            self._topics.publish(f"{topic}/result", json.dumps(answer, ensure_ascii=False).encode())


def _value(payload: bytes) -> tuple[Any, Any]:
    """The value, and the id to answer with where the message is an object; what does not read is handed on as text."""
    shown = payload[:40].decode(errors="replace")
    if len(payload) > LONGEST:
        return shown, None
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return shown, None
    if not isinstance(told, dict):
        return told, None
    mark = told.get("id")
    return told.get("value", told.get("v")), mark if isinstance(mark, str | int) else None
