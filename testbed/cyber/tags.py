"""What a network shows beside the plant's tags: each set-point as the desk gave it, and as the controller holds it."""

from __future__ import annotations

from connectors.tags import Group, Tag
from testbed.plant import Plant, setpoints

RATE_HZ = 1.0
DESK, HELD = "DESK", "HELD"


def network_group(plant: Plant) -> Group | None:
    """The group 'network': DESK_<name> and HELD_<name> for every set-point; None for a plant without any."""
    tags: list[Tag] = []
    for name, tag in setpoints(plant).items():
        unit = tag.name.rsplit("/", 2)[0]
        tags += [
            Tag(name=f"{unit}/NET/{what}_{name.upper()}", unit=tag.unit, eu_range=tag.eu_range, rate_hz=RATE_HZ,
                group="network")
            for what in (DESK, HELD)
        ]  # fmt: skip
    return Group("network", tuple(tags)) if tags else None
