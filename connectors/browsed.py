"""What a server or broker offers, as tags: the names and units of what was found, made fit for a tag list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from connectors.tags import Tag, unit_path
from connectors.units import UNITS, meant

CLOSE = 0.04  # share by which a rate may miss a usual one
MOST_GROUPS = 50  # each costs the runtime a little


@dataclass(slots=True)
class Found:
    """What a look at a server or broker has found.

    Attributes:
        tags: what a tag list can hold.
        machines: nameplates, each as lines of (name, value).
        left_out: how many things no tag can hold, by kind.
        notes: what a user should know.
    """

    tags: list[Tag] = field(default_factory=list)
    machines: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


_BY_UNECE = {unit.unece: code for code, unit in UNITS.items() if unit.unece}
_BY_SYMBOL = {unit.symbol: code for code, unit in UNITS.items() if unit.symbol}


def ucum(symbol: str, unit_id: int = -1, is_unece: bool = False) -> str:
    """The UCUM code of a unit as EUInformation tells it (OPC 10000-8, 5.6.3); as it came where it is not known.

    >>> ucum("°C", 4408652, is_unece=True), ucum("mm"), ucum("Grad C"), ucum("")
    ('Cel', 'mm', 'Grad C', '1')
    """
    if is_unece and unit_id > 0:
        code = unit_id.to_bytes(4, "big").lstrip(b"\0").decode("latin-1")
        if code in _BY_UNECE:
            return _BY_UNECE[code]
    text = symbol.strip()
    if not text:
        return "1"
    if text in UNITS:
        return text
    return _BY_SYMBOL.get(text) or meant(text) or text


def level(name: str) -> str:
    """A browse name as one level of a path.

    >>> level("Line/4 "), level(" ")
    ('Line_4', '_')
    """
    return " ".join(name.replace("/", "_").split()) or "_"


def unique(tags: Iterable[Tag]) -> list[Tag]:
    """The same tags; a name that came before gets a number.

    >>> [tag.name for tag in unique([Tag(name="L/A"), Tag(name="L/A"), Tag(name="L/A~2")])]
    ['L/A', 'L/A~2', 'L/A~2~2']
    """
    taken: set[str] = set()
    out = []
    for tag in tags:
        name, number = tag.name, 1
        while name in taken:
            number += 1
            name = f"{tag.name}~{number}"
        taken.add(name)
        out.append(tag if name == tag.name else replace(tag, name=name))
    return out


def rate_of(times: Sequence[int], each: float = 1.0) -> float | None:
    """Samples a second, `each` at every one of these times in ns, to two digits; None for fewer than three times.

    A rate close to a usual one is that one.

    >>> rate_of([0, 100_000_000, 200_000_000, 305_000_000]), rate_of([0, 1]), rate_of([0, 140_000_000, 300_000_000])
    (10.0, None, 6.7)
    """
    span = max(times) - min(times) if times else 0
    if len(times) < 3 or span <= 0:
        return None
    rate = (len(times) - 1) * each * 1e9 / span
    usual = min((one * 10.0**power for one in (1, 2, 2.5, 5) for power in range(-3, 7)), key=lambda r: abs(r - rate))
    return usual if abs(usual - rate) <= CLOSE * usual else float(f"{rate:.2g}")


def with_groups(tags: Sequence[Tag]) -> list[Tag]:
    """The same tags in groups that share equipment and rate; where those are many, the rate alone.

    >>> [tag.group for tag in with_groups([Tag(name="L/M/A", rate_hz=10), Tag(name="L/M/B"), Tag(name="L/N/B")])]
    ['M-10hz', 'M', 'N']
    """
    shared = unit_path(tag.name for tag in tags)
    places = [tag.name.rpartition("/")[0].removeprefix(shared).strip("/").replace("/", ".") for tag in tags]
    if len({(place, tag.rate_hz) for place, tag in zip(places, tags, strict=True)}) > MOST_GROUPS:
        places = [""] * len(tags)
    rates = ["" if tag.rate_hz is None else f"{tag.rate_hz:g}hz" for tag in tags]
    names = ["-".join(part for part in parts if part) or "main" for parts in zip(places, rates, strict=True)]
    return [replace(tag, group=name) for tag, name in zip(tags, names, strict=True)]
