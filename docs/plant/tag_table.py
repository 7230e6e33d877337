"""The tags and set-points of a unit as a Markdown table, from its groups; tags that differ by a number share a row."""

from __future__ import annotations

import re
from collections.abc import Sequence

from connectors.tags import Group, Tag, unit_path
from connectors.units import symbol
from testbed.names import measured
from testbed.plant import Plant, setpoints

EXACT = 1e-6  # in the tag's unit: a number that is handed on, not measured
HEAD = "| Tag | Measures | Unit | Normal range | Rate | Noise σ |\n|---|---|---|---|---|---|"


def tag_table(plant: Plant) -> str:
    """Each group with its wiring and its tags; then the set-points."""
    parts = [_group(plant, group) for group in plant.groups]
    settable = setpoints(plant)
    if settable:
        rows = [f"| `{name}` | {_unit(tag)} | {_range(tag)} |" for name, tag in settable.items()]
        parts.append("Set-points:\n\n| Name | Unit | Range |\n|---|---|---|\n" + "\n".join(rows))
    return "\n\n".join(parts)


def _group(plant: Plant, group: Group) -> str:
    wire = {"opcua": "OPC UA", "mqtt": "MQTT"}.get(plant.transports.get(group.name, ""), "")
    path = unit_path([tag.name for tag in group.tags])
    head = f"`{group.name}` ({group.kind}, {wire}), under `{path}`:"
    alike: dict[tuple[str, ...], list[Tag]] = {}
    for tag in group.tags:
        alike.setdefault((re.sub(r"\d+", "n", tag.name), *_cells(plant, tag)), []).append(tag)
    rows = [f"| {_names(tags, path)} | {' | '.join(key[1:])} |" for key, tags in alike.items()]
    return f"{head}\n\n{HEAD}\n" + "\n".join(rows)


def _cells(plant: Plant, tag: Tag) -> tuple[str, ...]:
    sigma = plant.noise.get(tag.name)
    rate = "" if tag.rate_hz is None else f"{tag.rate_hz:g} Hz"
    noise = "" if sigma is None else f"{sigma:g}" if sigma > EXACT else "0"
    return measured(tag.short), _unit(tag), _range(tag), rate, noise


def _unit(tag: Tag) -> str:
    return "" if tag.unit == "1" else symbol(tag.unit)


def _range(tag: Tag) -> str:
    return "" if tag.eu_range is None else f"{tag.eu_range[0]:g} … {tag.eu_range[1]:g}"


def _names(tags: Sequence[Tag], path: str) -> str:
    short = [f"`{tag.name.removeprefix(path + '/')}`" for tag in tags]
    return ", ".join(short) if len(short) <= 3 else f"{short[0]} … {short[-1]} ({len(short)})"
