"""The card of a model: what it wants, what it gives, where it comes from. JSON inside the .onnx file."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import numpy as np

from connectors.errors import InputError, nearest
from connectors.results import CONDITIONS
from connectors.texts import say
from edge.alarm import AlarmSpec

FORMAT = "testbed.card/1"
TASKS = ("anomaly.series", "anomaly.image", "detect", "classify")
KINDS = ("window", "image", "vector")
BULK = ("golden", "seen")  # keys that nobody reads
ROLES = ("score", "contribution", "map", "boxes", "label", "reconstruction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input of a graph. `channels` are patterns of tag names, each finding exactly one tag."""

    name: str
    kind: str
    channels: tuple[str, ...] = ()
    rate_hz: float = 1.0
    length: int = 1
    stride_s: float = 1.0
    hold_s: float = 5.0
    max_bad: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """Inputs and outputs written at export, run again at load."""

    inputs: Mapping[str, np.ndarray]
    outputs: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything a model says of itself. `raw` keeps the JSON as it came, for the report."""

    name: str
    kind: str
    task: str
    inputs: tuple[Input, ...]
    outputs: Mapping[str, str]  # role: output name
    condition: str
    severity: int = 500
    place: str = "unit"
    advice: str = ""
    alarm: AlarmSpec = field(default_factory=AlarmSpec)
    int8: bool = False
    golden: tuple[Golden, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)


def parse(text: str, origin: str) -> Card:
    """The card in `text`. Raises InputError naming everything that does not fit."""
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            say(
                "{origin}: its card is not JSON ({reason}, character {at}).",
                origin=origin,
                reason=error.msg,
                at=error.pos,
            )
        ) from None
    if not isinstance(raw, dict):
        raise InputError(
            say("{origin}: its card must be a JSON object, but is a {kind}.", origin=origin, kind=type(raw).__name__)
        )
    version = str(raw.get("format", ""))
    if version != FORMAT:
        newer = version.startswith("testbed.card/")
        hint = say("It comes from another release of testbed.") if newer else say("It is no card of testbed.")
        raise InputError(
            say(
                "{origin}: its card says format '{version}', this release reads '{format}'. {hint}",
                origin=origin,
                version=version,
                format=FORMAT,
                hint=hint,
            )
        )
    faults: list[str] = []
    card = _card(raw, faults)
    if faults or card is None:
        raise InputError(say("{origin}: its card does not fit:", origin=origin) + " " + " ".join(faults))
    return card


def _card(raw: dict[str, Any], faults: list[str]) -> Card | None:
    _one_of(raw.get("task"), TASKS, "task", faults)
    _one_of(raw.get("condition"), CONDITIONS, "condition", faults)
    outputs = {}
    for output in _listed(raw, "outputs", faults):
        _one_of(output.get("role"), ROLES, say("an output's role"), faults)
        outputs[output.get("role")] = str(output.get("name"))
    inputs = [_input(entry, faults) for entry in _listed(raw, "inputs", faults)]
    if "score" not in outputs and raw.get("task", "").startswith("anomaly"):
        faults.append(say("An anomaly model needs an output of role 'score'."))
    try:
        settings: dict[str, Any] = {k: v for k, v in raw.get("alarm", {}).items() if k in AlarmSpec.__slots__}
        settings["suppressed_by"] = tuple(settings.get("suppressed_by", ()))
        alarm = AlarmSpec(**settings)
        golden = tuple(_golden(pair) for pair in raw.get("golden", []))
    except (TypeError, ValueError, KeyError, binascii.Error) as error:
        faults.append(f"{error}.")
        return None
    if faults:
        return None
    return Card(
        name=str(raw.get("name", "model")),
        kind=str(raw.get("kind", "foreign")),
        task=raw["task"],
        inputs=tuple(entry for entry in inputs if entry is not None),
        outputs=outputs,
        condition=raw["condition"],
        severity=int(raw.get("severity", 500)),
        place=str(raw.get("place", "unit")),
        advice=str(raw.get("advice", "")),
        alarm=alarm,
        int8=bool(raw.get("int8", False)),
        golden=golden,
        raw=raw,
    )


def _input(entry: dict[str, Any], faults: list[str]) -> Input | None:
    _one_of(entry.get("kind"), KINDS, say("an input's kind"), faults)
    try:
        return Input(
            name=str(entry["name"]),
            kind=str(entry["kind"]),
            channels=tuple(name for pattern in entry.get("channels", []) for name in braces(pattern)),
            rate_hz=float(entry.get("rate_hz", 1.0)),
            length=int(entry.get("length", 1)),
            stride_s=float(entry.get("stride_s", 1.0)),
            hold_s=float(entry.get("hold_s", 5.0)),
            max_bad=float(entry.get("max_bad", 0.1)),
        )
    except (KeyError, TypeError, ValueError) as error:
        faults.append(say("An input misses or garbles {error}.", error=error))
        return None


def _listed(raw: dict[str, Any], key: str, faults: list[str]) -> list[dict[str, Any]]:
    entries = raw.get(key, [])
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        faults.append(say("'{key}' must be a list of objects.", key=key))
        return []
    return entries


def _one_of(value: object, known: Sequence[str], what: str, faults: list[str]) -> None:
    if value not in known:
        faults.append(say("{what} '{value}' is not known.", what=what, value=value) + nearest(str(value), known))


def readable(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A card without what nobody reads."""
    return {key: value for key, value in raw.items() if key not in BULK}


def braces(pattern: str) -> list[str]:
    """A pattern with {a,b} and {1..3} spelled out, leftmost slowest.

    >>> braces("*/TC_{BF,FF}_{1..2}")
    ['*/TC_BF_1', '*/TC_BF_2', '*/TC_FF_1', '*/TC_FF_2']
    """
    pieces = re.split(r"\{([^{}]*)\}", pattern)
    choices: list[list[str]] = []
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            choices.append([piece])
        elif (span := re.fullmatch(r"(\d+)\.\.(\d+)", piece)) is not None:
            choices.append([str(n) for n in range(int(span[1]), int(span[2]) + 1)])
        else:
            choices.append(piece.split(","))
    return ["".join(parts) for parts in product(*choices)]


def resolve(patterns: Sequence[str], names: Sequence[str], model: str) -> tuple[str, ...]:
    """The one tag name each pattern finds, in the patterns' order.

    Raises InputError naming every pattern that finds none, or more than one.
    """
    known = set(names)
    found: list[str] = []
    faults: list[str] = []
    for pattern in patterns:
        hits = [pattern] if pattern in known else [name for name in names if _is_meant(name, pattern)]
        if len(hits) == 1:
            found.append(hits[0])
        elif hits:
            faults.append(
                say("'{pattern}' finds {n} tags ({tags}).", pattern=pattern, n=len(hits), tags=", ".join(hits[:3]))
            )
        else:
            faults.append(say("'{pattern}' finds none.", pattern=pattern) + nearest(pattern, names))
    if faults:
        shown = " ".join(faults[:5]) + (" " + say("And {n} more.", n=len(faults) - 5) if len(faults) > 5 else "")
        raise InputError(say("Model {model} does not fit these tags: {shown}", model=model, shown=shown))
    return tuple(found)


def _is_meant(name: str, pattern: str) -> bool:
    """Whether a tag is meant by its path, or by its last level alone."""
    return fnmatchcase(name, pattern) or ("/" not in pattern and fnmatchcase(name.rsplit("/", 1)[-1], pattern))


def pack(array: np.ndarray) -> dict[str, Any]:
    """An array as JSON."""
    return {
        "dtype": str(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii"),
    }


def unpack(packed: Mapping[str, Any]) -> np.ndarray:
    """The array that `pack` packed. Raises ValueError on anything but a plain number array."""
    dtype = np.dtype(str(packed["dtype"]))
    if dtype.kind not in "fiub":
        raise ValueError(f"An array of type '{dtype}' is not allowed in a card")
    data = base64.b64decode(packed["data"], validate=True)
    return np.frombuffer(data, dtype).reshape([int(n) for n in packed["shape"]])


def _golden(pair: Mapping[str, Any]) -> Golden:
    return Golden(
        inputs={name: unpack(array) for name, array in pair["inputs"].items()},
        outputs={name: unpack(array) for name, array in pair["outputs"].items()},
    )
