"""Floor 1: models at work. Windows by source time, ONNX sessions, rules, alarms, and the pipeline through them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.alarm import Alarm, AlarmSpec
    from edge.model import OnnxModel, load_model
    from edge.pipeline import Pipeline
    from edge.rules import Rules

_WHERE = {
    "Alarm": "edge.alarm",
    "AlarmSpec": "edge.alarm",
    "OnnxModel": "edge.model",
    "Pipeline": "edge.pipeline",
    "Rules": "edge.rules",
    "load_model": "edge.model",
}

__all__ = ["Alarm", "AlarmSpec", "OnnxModel", "Pipeline", "Rules", "load_model"]


def __getattr__(name: str) -> Any:
    """Names are loaded when first used: a reader of cards needs no runtime."""
    if name not in _WHERE:
        raise AttributeError(f"module 'edge' has no attribute '{name}'")
    return getattr(import_module(_WHERE[name]), name)
