"""Which tags of a plant must agree by physics, so that forged ones can be told."""

from __future__ import annotations

from typing import Any

from connectors.tags import Tag
from testbed.plant import Plant


def balances(plant: Plant) -> dict[str, Any] | None:
    """Of a plant's tags, as `anomaly.balance.BalanceView` takes them; None where nobody has said.

    A caster's broad faces: the middle of a face's thermocouples follows from the heat that its water takes up and from
    the casting speed (domain: 3a, 4 and 6).
    """
    if plant.name != "caster":
        return None
    tags = {tag.short: tag for group in plant.groups if group.kind == "scalars" for tag in group.tags}
    faces = [name.removeprefix("Q_FACE_") for name in tags if name in ("Q_FACE_BF", "Q_FACE_FF")]
    return {"balances": tuple((face, _of(tags, f"TC_{face}_"), (tags[f"Q_FACE_{face}"].name, tags["V_CAST"].name))
                              for face in faces)}  # fmt: skip


def _of(tags: dict[str, Tag], beginning: str) -> tuple[str, ...]:
    return tuple(tag.name for short, tag in tags.items() if short.startswith(beginning))
