"""Tags: what a signal is called, what it measures and how it travels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["scalars", "blocks", "frames", "texts"]
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One signal.

    Attributes:
        name: path of the equipment and the signal, ISA-95 levels divided by '/', such as
            'POH/HOT/HSM2/F7/ROLL_FORCE'.
        unit: UCUM code; '1' for a pure number.
        eu_range: lowest and highest value of normal operation (OPC UA EURange), in `unit`.
        instrument_range: lowest and highest value the instrument can give, in `unit`.
        rate_hz: samples a second; None when the source reports by exception.
        group: tags of one group share a clock and a watermark.
        address: where a foreign source keeps it: a node id, a topic, a column.
        labels: texts of an enumeration's values 0, 1, 2 …
        writable: whether a client may set it.
    """

    name: str
    unit: str = "1"
    eu_range: tuple[float, float] | None = None
    instrument_range: tuple[float, float] | None = None
    rate_hz: float | None = None
    group: str = "main"
    address: str = ""
    labels: tuple[str, ...] = ()
    writable: bool = False

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith("/") or self.name.endswith("/") or "//" in self.name:
            raise ValueError(f"A tag's name is a path such as 'LINE/UNIT/SIGNAL', but got '{self.name}'.")
        for label, limits in (("eu_range", self.eu_range), ("instrument_range", self.instrument_range)):
            if limits is not None and not limits[0] < limits[1]:
                raise ValueError(f"{label} of {self.name} must rise from low to high, but got {limits}.")
        if self.rate_hz is not None and not self.rate_hz > 0:
            raise ValueError(f"rate_hz of {self.name} must be above 0, but got {self.rate_hz}.")

    @property
    def short(self) -> str:
        """The last level of the path: what a person reads on a plot."""
        return self.name.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Group:
    """Tags that are sampled together and travel together.

    `kind` says how: 'scalars' one value a message part, 'blocks' an array a tag, 'frames' pictures (one tag a
    camera), 'texts' Context.
    """

    name: str
    tags: tuple[Tag, ...]
    kind: Kind = "scalars"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"A group's kind is one of {', '.join(KINDS)}, but got '{self.kind}'.")
        for tag in self.tags:
            if tag.group != self.name:
                raise ValueError(f"{tag.name} says it is of group '{tag.group}', not '{self.name}'.")
        names = [tag.name for tag in self.tags]
        if len(set(names)) != len(names):
            raise ValueError(f"Group '{self.name}' names a tag twice.")
        if self.kind == "blocks" and any(tag.rate_hz is None for tag in self.tags):
            raise ValueError(f"Every tag of the block group '{self.name}' needs its rate_hz.")


def grouped(tags: Iterable[Tag]) -> tuple[Group, ...]:
    """Scalar groups of a flat tag list, in the order their first tag appears.

    >>> [g.name for g in grouped([Tag(name="L/A"), Tag(name="L/B", group="slow"), Tag(name="L/C")])]
    ['main', 'slow']
    """
    found: dict[str, list[Tag]] = {}
    for tag in tags:
        found.setdefault(tag.group, []).append(tag)
    return tuple(Group(name, tuple(members)) for name, members in found.items())


def unit_path(names: Iterable[str]) -> str:
    """The longest path that all `names` lie under.

    >>> unit_path(["POH/CC1/MOLD/A", "POH/CC1/MOLD/B"])
    'POH/CC1/MOLD'
    """
    paths = [name.split("/") for name in names]
    if not paths:
        return ""
    shared = []
    for level in zip(*paths, strict=False):
        if len(set(level)) != 1:
            break
        shared.append(level[0])
    if len(paths) == 1 and len(shared) > 1:
        shared.pop()
    return "/".join(shared)
