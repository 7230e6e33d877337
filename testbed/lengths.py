"""The signals of a run by length: metres from the head of the coil or slab that passes the unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.tags import Group, Tag
from connectors.texts import say
from testbed.genealogy import METRES_A_SECOND, Way, along, segments

LENGTHS = ("STRIP_LEN",)  # last levels of tags that tell metres from the head themselves
SPEEDS = ("V_STRIP", "V_EXIT", "V_CAST")  # last levels of tags that tell how fast the steel passes a unit
PARTS = ("COIL_ID", "SLAB_ID")  # and of those that tell what passes

Text = tuple[int, str, str]  # ns, tag, text


def by_length(table: Callable[[Group], Any], group: Group, groups: Sequence[Group], texts: Iterable[Text]) -> Any:
    """A group's samples with two columns before them: `part`, and `metre` from its head on.

    Metres are those of the strip length that is told nearest by path, else the integral of the nearest speed; names
    are those of the nearest tag that tells one, and empty where there is no strip. Raises InputError if no tag tells
    a length or a speed.
    """
    import polars as pl

    known = [tag for g in groups for tag in g.tags]
    length = _nearest(group, [tag for tag in known if tag.short in LENGTHS and tag.unit == "m"])
    speed = _nearest(group, [tag for tag in known if tag.short in SPEEDS and tag.unit in METRES_A_SECOND])
    if length is None and speed is None:
        raise InputError(
            say("Of group '{group}' no tag tells how fast the steel passes: a {names} in m/s or m/min is needed.",
                group=group.name, names=" / ".join(SPEEDS))
        )  # fmt: skip
    frame = table(group)
    if not frame.height:
        return frame
    part = _nearest(group, [tag for tag in known if tag.short in PARTS])
    named = segments([(time, text) for time, name, text in texts if part is not None and name == part.name])
    at = frame["time"].to_physical().to_numpy()
    if length is not None and (speed is None or _nearest(group, [length, speed]) is length):
        names = along(at, Way(np.zeros(1, np.int64), np.zeros(1)), named)[0]
        metres = _told(at, *_samples(table, groups, length))
        names = [name if metre > 0.0 else "" for name, metre in zip(names, metres.tolist(), strict=True)]
    else:
        assert speed is not None  # noqa: S101  one of the two is there
        time, value = _samples(table, groups, speed)
        names, metres = along(at, Way.of(time, value * METRES_A_SECOND[speed.unit]), named)
    return frame.insert_column(0, pl.Series("part", names)).insert_column(1, pl.Series("metre", np.round(metres, 6)))


def _samples(table: Callable[[Group], Any], groups: Sequence[Group], tag: Tag) -> tuple[np.ndarray, np.ndarray]:
    """Times, int64 (n,) ns, and values, float64 (n,), of one tag."""
    one = table(next(g for g in groups if g.name == tag.group)).select("time", tag.name).drop_nulls()
    return one["time"].to_physical().to_numpy(), one[tag.name].to_numpy()


def _told(at: np.ndarray, time: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Metres at these times; between two samples in proportion, but for where a new coil begins."""
    before = np.clip(np.searchsorted(time, at, side="right") - 1, 0, len(time) - 1)
    after = np.minimum(before + 1, len(time) - 1)
    span = np.maximum(time[after] - time[before], 1)
    share = np.clip((at - time[before]) / span, 0.0, 1.0)
    return length[before] + share * np.maximum(length[after] - length[before], 0.0)


def _nearest(group: Group, tags: Sequence[Tag]) -> Tag | None:
    """The tag whose path shares the most levels with the group's."""
    path = group.tags[0].name.split("/")
    return max(tags, key=lambda tag: _shared(path, tag.name.split("/")), default=None)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    n = 0
    while n < min(len(one), len(other)) and one[n] == other[n]:
        n += 1
    return n
