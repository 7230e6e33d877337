"""The ground floor: plain values, the clock, and the ways signals come in: files, OPC UA, MQTT, cameras."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.errors import InputError, PartFailed, TestbedError
    from connectors.items import Batch, Changes, Context, Frame, Mark
    from connectors.results import Detections, Event, Result
    from connectors.sources import open_source
    from connectors.tags import Group, Tag
    from connectors.truth import Truth

_WHERE = {
    "Batch": "connectors.items",
    "Changes": "connectors.items",
    "Context": "connectors.items",
    "Detections": "connectors.results",
    "Event": "connectors.results",
    "Frame": "connectors.items",
    "Group": "connectors.tags",
    "InputError": "connectors.errors",
    "Mark": "connectors.items",
    "PartFailed": "connectors.errors",
    "Result": "connectors.results",
    "Tag": "connectors.tags",
    "TestbedError": "connectors.errors",
    "Truth": "connectors.truth",
    "open_source": "connectors.sources",
}

__all__ = [
    "Batch",
    "Changes",
    "Context",
    "Detections",
    "Event",
    "Frame",
    "Group",
    "InputError",
    "Mark",
    "PartFailed",
    "Result",
    "Tag",
    "TestbedError",
    "Truth",
    "open_source",
]


def __getattr__(name: str) -> Any:
    """Names are loaded when first used, so that a command line answers at once."""
    if name not in _WHERE:
        raise AttributeError(f"module 'connectors' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
