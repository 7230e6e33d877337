"""`testbed browse`: what a server or broker offers, as a tag list."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from shlex import quote
from urllib.parse import urlsplit

from connectors.addresses import check_url
from connectors.browsed import Found
from connectors.errors import InputError
from connectors.mapping import read_mapping
from connectors.secrets import logins
from connectors.tag_list import tag_list_text, unknown_units, write_tag_list
from connectors.texts import say

Progress = Callable[[int, int], None]
SECONDS = {"opc.tcp": 3.0, "mqtt": 5.0, "mqtts": 5.0}


@dataclass(frozen=True, slots=True)
class Ask:
    """Options of `browse` as they were given."""

    url: str
    out: Path | None = None
    seconds: float | None = None
    secrets: Path | None = None
    security: str | None = None
    insecure: bool = False
    json: bool = False
    mapping: Path | None = None


def browse(ask: Ask, progress: Progress) -> int:
    """Look, and write the list to a file or to stdout; what else there is to say goes to stderr."""
    from testbed.running import in_loop

    scheme = urlsplit(check_url(ask.url)).scheme
    seconds = SECONDS[scheme] if ask.seconds is None else ask.seconds
    if seconds < 0 or (seconds == 0 and scheme != "opc.tcp"):
        raise InputError(say("--seconds must be above 0, but is {seconds}.", seconds=f"{seconds:g}"))
    found: Found = in_loop(_find(ask, scheme, seconds, progress))
    if not found.tags:
        _tell(found)
        raise InputError(
            say("{url} offers nothing that a tag could hold. A broker may need longer: --seconds 30.", url=ask.url)
        )
    if ask.out is not None:
        write_tag_list(found.tags, ask.out)
    if ask.json:
        told = {"url": ask.url, "tags": [asdict(tag) for tag in found.tags], "left_out": dict(found.left_out),
                "machines": [{"name": name, **dict(lines)} for name, lines in found.machines]}  # fmt: skip
        print(jsonlib.dumps(told, ensure_ascii=False))
        return 0
    _tell(found)
    if ask.out is None:
        print(tag_list_text(found.tags), end="")
    else:
        print(say("{n} tags written to {path}. Watch them: testbed watch {url} --tags {path}", n=len(found.tags),
                  path=ask.out, url=quote(ask.url)))  # fmt: skip
    return 0


async def _find(ask: Ask, scheme: str, seconds: float, progress: Progress) -> Found:
    known = logins(ask.secrets)
    login = known.get(ask.url) or known.get(ask.url.partition("?")[0]) or known[""]
    if scheme == "opc.tcp":
        from connectors.opcua_browse import browse_opcua
        from connectors.opcua_enter import Wish

        return await browse_opcua(ask.url, login, Wish(ask.security or "", ask.insecure), seconds, progress)
    from connectors.mqtt_browse import browse_mqtt

    rules = () if ask.mapping is None else read_mapping(ask.mapping)
    return await browse_mqtt(ask.url, login, seconds, ask.insecure, progress, rules)


def _tell(found: Found) -> None:
    """Nameplates, what was left out, units that are not known, notes: on stderr."""
    lines = []
    for name, plate in found.machines:
        shown = ", ".join(f"{key} {value}" for key, value in plate)
        lines.append(say("Machine {name}: {plate}", name=name, plate=shown))
    if found.left_out:
        shown = ", ".join(f"{n} {what}" for what, n in sorted(found.left_out.items()))
        lines.append(say("Left out, since no tag can hold them: {shown}.", shown=shown))
    units = unknown_units(found.tags)
    if units:
        lines.append(say("Units kept as they came, since they are not known: {units}.", units=", ".join(units[:20])))
    print("\n".join([*lines, *found.notes]), end="\n" if lines or found.notes else "", file=sys.stderr)
