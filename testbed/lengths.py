"""The signals of a run by length: metres from the head of the coil or slab that passes the unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.tags import Group, Tag
from connectors.texts import say
from testbed.genealogy import METRES_A_SECOND, Way, along, segments

SPEEDS = ("V_STRIP", "V_EXIT", "V_CAST")  # last levels of tags that tell how fast the steel passes a unit
PARTS = ("COIL_ID", "SLAB_ID")  # and of those that tell what passes

Text = tuple[int, str, str]  # ns, tag, text


def by_length(table: Callable[[Group], Any], group: Group, groups: Sequence[Group], texts: Iterable[Text]) -> Any:
    """A group's samples with two columns before them: `part`, and `metre` from its head on.

    Speed and names are those of the tags nearest by path. Raises InputError if no tag tells a speed.
    """
    import polars as pl

    known = [tag for g in groups for tag in g.tags]
    speed = _nearest(group, [tag for tag in known if tag.short in SPEEDS and tag.unit in METRES_A_SECOND])
    if speed is None:
        raise InputError(
            say("Of group '{group}' no tag tells how fast the steel passes: a {names} in m/s or m/min is needed.",
                group=group.name, names=" / ".join(SPEEDS))
        )  # fmt: skip
    frame = table(group)
    if not frame.height:
        return frame
    fast = table(next(g for g in groups if g.name == speed.group)).select("time", speed.name).drop_nulls()
    metres_a_second = fast[speed.name].to_numpy() * METRES_A_SECOND[speed.unit]
    way = Way.of(fast["time"].to_physical().to_numpy(), metres_a_second)
    part = _nearest(group, [tag for tag in known if tag.short in PARTS])
    named = segments([(time, text) for time, name, text in texts if part is not None and name == part.name])
    names, metres = along(frame["time"].to_physical().to_numpy(), way, named)
    return frame.insert_column(0, pl.Series("part", names)).insert_column(1, pl.Series("metre", np.round(metres, 6)))


def _nearest(group: Group, tags: Sequence[Tag]) -> Tag | None:
    """The tag whose path shares the most levels with the group's."""
    path = group.tags[0].name.split("/")
    return max(tags, key=lambda tag: _shared(path, tag.name.split("/")), default=None)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n
