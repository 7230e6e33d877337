"""What a watch is told: addresses, tags, models, and where its record goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.line import Settings
from connectors.mapping import read_mapping
from connectors.secrets import Login, logins
from connectors.tag_list import read_tag_list
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import duration
from edge.publish import Publish
from edge.record import new_folder

RECORDS = ("full", "events", "none")
SPOOL = {"spool": "spool", "spool_messages": "messages", "spool_mb": "megabytes", "overflow": "overflow"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be watched.

    Attributes:
        urls: addresses of servers and brokers.
        tags: what to read there.
        models: names or files; 'rules' needs none.
        settings: how lines are read.
        logins: by address, '' for all others.
        out: folder of the record, absent or empty; None records nothing.
        record: 'full', 'events' or 'none'.
        duration_s: wall seconds; None: until stopped.
        metrics: port on loopback at which Prometheus may ask; None: not served.
        publish: where results and events go beside the record; None: nowhere.
    """

    urls: Sequence[str]
    tags: Sequence[Tag]
    models: Sequence[str] = ("rules",)
    settings: Settings = field(default_factory=Settings)
    logins: Mapping[str, Login] = field(default_factory=dict)
    out: Path | None = None
    record: str = "full"
    duration_s: float | None = None
    metrics: int | None = None
    publish: Publish | None = None


def order_of(asked: Mapping[str, Any], secrets: Path | None = None) -> Order:
    """The order in the values of a [watch] table, or of the command line's options by the same names.

    `records` is a folder that takes each record as a folder of its own, `out` the record's own folder. Raises
    InputError.
    """
    missing = [name for name in ("urls", "tags") if not asked.get(name)]
    if missing:
        raise InputError(
            say("A watch needs an address and a tag list; missing: {names}. Write it like 'testbed watch "
                "opc.tcp://host:4840 --tags tags.csv'.", names=", ".join(missing))
        )  # fmt: skip
    record = asked.get("record", "full")
    if record not in RECORDS:
        raise InputError(say("--record takes {known}, but got '{record}'.", known=", ".join(RECORDS), record=record)
                         + nearest(str(record), RECORDS))  # fmt: skip
    out = asked.get("out")
    if out is None and "records" in asked:
        out = new_folder(Path(asked["records"]), "watch")
    names = ("publishing_ms", "lateness_s", "patience_s", "wait", "security", "insecure", "mqtt_version")
    chosen = {name: asked[name] for name in names if name in asked}
    if "mapping" in asked:
        chosen["mapping"] = read_mapping(asked["mapping"])
    if chosen.get("mqtt_version", 3) not in (3, 5):
        raise InputError(say("--mqtt-version takes 3 (3.1.1) or 5, but got {got}.", got=chosen["mqtt_version"]))
    return Order(
        urls=list(asked["urls"]),
        tags=read_tag_list(asked["tags"]),
        models=list(asked.get("models", ["rules"])),
        settings=Settings(**chosen),
        logins=logins(secrets),
        out=None if out is None else Path(out),
        record=record,
        duration_s=None if asked.get("duration") is None else _seconds(str(asked["duration"])),
        metrics=asked.get("metrics"),
        publish=_publish(asked),
    )


def _publish(asked: Mapping[str, Any]) -> Publish | None:
    given = {name: asked[option] for option, name in SPOOL.items() if option in asked}
    if "spool" in given:
        given["spool"] = Path(given["spool"])
    if "publish" in asked:
        return Publish(url=asked["publish"], **given)
    if given:
        raise InputError(
            say("{options} says how to keep what is published, but nothing is. Add --publish mqtt://host:1883.",
                options=", ".join(f"--{option.replace('_', '-')}" for option in SPOOL if option in asked))
        )  # fmt: skip
    return None


def _seconds(text: str) -> float:
    try:
        span = duration(text)
    except ValueError:
        span = 0.0
    if not span > 0:
        raise InputError(say("'{value}' is no duration such as 90s, 15m or 8h.", value=text))
    return span
