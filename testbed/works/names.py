"""Names in the works: a group, set-point or fault keeps its unit's name, with the unit before it where two collide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from connectors.items import Batch, Changes, Context, Frame, Item
from connectors.tags import Group, Tag


def routed(names: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, str]]:
    """Name in the works to unit and name there; `names` holds those of each unit.

    >>> routed({"a": ["x", "y"], "b": ["y"]})
    {'x': ('a', 'x'), 'a_y': ('a', 'y'), 'b_y': ('b', 'y')}
    """
    listed = [(unit, name) for unit, own in names.items() for name in own]
    often = Counter(name for _, name in listed)
    return {(name if often[name] == 1 else f"{unit}_{name}"): (unit, name) for unit, name in listed}


def regrouped(group: Group, name: str) -> Group:
    """The group under another name."""
    return group if name == group.name else Group(name, tuple(replace(t, group=name) for t in group.tags), group.kind)


class Renamer:
    """Items of a unit as items of the works."""

    def __init__(self, groups: Mapping[str, Group], renamed: Mapping[str, Group]) -> None:
        """`groups` and `renamed` by the unit's own group name."""
        self._tags = {name: renamed[name].tags for name in groups}
        self._tag: dict[str, Tag] = {
            own.name: new
            for name, group in groups.items()
            for own, new in zip(group.tags, renamed[name].tags, strict=True)
        }
        self._same = {name for name in groups if renamed[name].name == name}

    def __call__(self, item: Item) -> Item:
        if item.group in self._same:
            return item
        match item:
            case Batch():
                return Batch(self._tags[item.group], item.time, item.values, item.status)
            case Context() | Frame():
                return replace(item, tag=self._tag[item.tag.name])
            case Changes():
                return replace(item, tags=tuple(self._tag[tag.name] for tag in item.tags))
        return item
