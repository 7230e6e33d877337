"""Looks at servers and brokers by a tag list: reachable, every tag there, moving, timely, at its rate, of good quality.

Beside that, what they give is held against `connectors.checks`, as any source is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from connectors.addresses import shared_out
from connectors.checks import check_source
from connectors.clock import now_ns
from connectors.errors import InputError, Problem, TestbedError
from connectors.items import Batch, Changes, Item
from connectors.line import NotThere, Settings
from connectors.live import LiveSource, live_source
from connectors.marks import Epoch, Filled
from connectors.secrets import Login, logins
from connectors.status import BAD, NAMES, UNCERTAIN, is_sample
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import SECOND

SECONDS = 5.0  # wall; so long an endpoint is looked at
CLOCKS_S = 60.0  # clocks of a plant agree that well
RATE_SHARE = 0.25  # by which a rate may miss the list's
LEAST = 4  # samples that a rate must promise within the look before it is judged
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Ask:
    """How endpoints are looked at; see `connectors.line.Settings`."""

    seconds: float = SECONDS
    secrets: Path | None = None
    settings: Settings = field(default_factory=Settings)


def check_endpoints(urls: Sequence[str], tags: Sequence[Tag], ask: Ask) -> list[Problem]:
    """Every fault of these addresses. Raises InputError for secrets that do not fit."""
    known = logins(ask.secrets)
    try:
        shares = shared_out(urls, tags)
    except InputError as error:
        return list(error.problems) or [Problem(urls[0], str(error))]
    problems: list[Problem] = []
    for url, mine in shares.items():
        found = asyncio.run(_check(url, mine, known, ask))
        problems += [Problem(url, sentence) for sentence in found]
    return problems


async def _check(url: str, tags: Sequence[Tag], known: Mapping[str, Login], ask: Ask) -> list[str]:
    missing: list[str] = []
    while True:
        try:
            async with _Look(url, tags, known, ask):
                break
        except NotThere as error:
            missing += [say("{tag} is not there.", tag=tag) for tag in error.told]
            tags = [tag for tag in tags if tag.name not in error.names]
            if not tags:
                return missing
        except TestbedError as error:
            return [*missing, str(error).removeprefix(url).strip()]
    looks: list[_Look] = []

    def again() -> _Look:
        looks.append(_Look(url, tags, known, ask))
        return looks[-1]

    broken = await check_source(again, ask.seconds + PATIENCE_S)
    return [*missing, *faults(tags, looks[0].items, ask.seconds, now_ns()), *broken]


class _Look:
    """A live source that ends by itself after a while; what it hands out is kept in `items`."""

    def __init__(self, url: str, tags: Sequence[Tag], known: Mapping[str, Login], ask: Ask) -> None:
        self._source: LiveSource = live_source([url], tags, ask.settings, dict(known))
        self._seconds = ask.seconds
        self.groups: tuple[Group, ...] = self._source.groups
        self.items: list[Item] = []

    @property
    def bytes(self) -> int:
        """Bytes that arrived."""
        return self._source.bytes

    async def __aenter__(self) -> _Look:
        await self._source.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self._source.__aexit__(*exc)

    async def __aiter__(self) -> AsyncIterator[Item]:
        asyncio.get_running_loop().call_later(self._seconds, self._source.stop)
        async for items in self._source:
            for item in items:
                if not isinstance(item, Epoch | Filled):
                    self.items.append(item)
                    yield item


def faults(tags: Sequence[Tag], items: Sequence[Item], seconds: float, now: int) -> list[str]:
    """What is wrong with the samples of each tag after a look of `seconds` that ended at `now`, ns."""
    samples: dict[str, list[tuple[np.ndarray, ...]]] = {}
    for item in items:
        if isinstance(item, Changes):
            for i in np.unique(item.tag):
                mine = item.tag == i
                samples.setdefault(item.tags[i].name, []).append((item.time[mine], item.value[mine], item.status[mine]))
        elif isinstance(item, Batch):
            for i, tag in enumerate(item.tags):
                mine = is_sample(item.status[:, i])
                samples.setdefault(tag.name, []).append(
                    (item.time[mine], item.values[mine, i], item.status[mine, i])
                )  # fmt: skip
    found: list[str] = []
    for tag in tags:
        parts = samples.get(tag.name)
        if parts is None:
            promised = (tag.rate_hz or 0.0) * seconds
            if promised >= 1:
                found.append(say("{tag} said nothing in {s} s; the list says {rate} samples a second.",
                                 tag=tag.name, s=f"{seconds:g}", rate=f"{tag.rate_hz:g}"))  # fmt: skip
            continue
        time, value, status = (np.concatenate(column) for column in zip(*parts, strict=True))
        found += _faults(tag, time, value, status, seconds, now)
    return found


def _faults(tag: Tag, time: np.ndarray, value: np.ndarray, status: np.ndarray, seconds: float, now: int) -> list[str]:
    found: list[str] = []
    behind = (now - int(time.max())) / SECOND
    if abs(behind) > CLOCKS_S and (tag.rate_hz or behind < 0):  # what is told by exception may be old
        told = {"tag": tag.name, "s": f"{abs(behind):.0f}"}
        found.append(
            say("{tag} has source times {s} s behind this machine's clock.", **told) if behind > 0
            else say("{tag} has source times {s} s ahead of this machine's clock.", **told)
        )  # fmt: skip
    poor = status[status & (BAD | UNCERTAIN) != 0]
    if len(poor):
        name = NAMES.get(int(poor[-1]), f"0x{int(poor[-1]):08X}")
        found.append(say("{tag}: {n} of {all} samples are {name}.", tag=tag.name, n=len(poor), all=len(status),
                         name=name))  # fmt: skip
    if tag.rate_hz and tag.rate_hz * seconds >= LEAST:
        found += _rate_faults(tag, np.unique(time), value, seconds)
    return found


def _rate_faults(tag: Tag, time: np.ndarray, value: np.ndarray, seconds: float) -> list[str]:
    promised = f"{tag.rate_hz:g}"
    if len(time) < LEAST - 1:
        return [say("{tag} came {n} times in {s} s; the list says {rate} samples a second.", tag=tag.name, n=len(time),
                    s=f"{seconds:g}", rate=promised)]  # fmt: skip
    found: list[str] = []
    rate = (len(time) - 1) * SECOND / float(time[-1] - time[0])
    if tag.rate_hz and abs(rate - tag.rate_hz) > RATE_SHARE * tag.rate_hz:
        found.append(say("{tag} comes {got} times a second; the list says {rate}.", tag=tag.name, got=f"{rate:.3g}",
                         rate=promised))  # fmt: skip
    good = value[~np.isnan(value)]
    if len(good) and (good == good[0]).all():
        found.append(say("{tag} does not move: it was {value} for {s} s. If it is a set-point, leave out its rate.",
                         tag=tag.name, value=f"{good[0]:g}", s=f"{seconds:g}"))  # fmt: skip
    return found
