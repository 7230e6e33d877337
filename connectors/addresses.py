"""Which of several servers and brokers keeps a tag: told by its address, never guessed."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from connectors.errors import InputError, nearest
from connectors.mqtt_address import mqtt_address
from connectors.tags import Tag
from connectors.texts import say

LIVE = ("opc.tcp", "mqtt", "mqtts")
_NODE_ID = re.compile(r"^(ns=\d+;|nsu=[^;]+;)?[isgb]=.+$")
_BROWSE_PATH = re.compile(r"^/?(\d+:)?(Objects|Root)/|^/?\d+:[^/]+(/|$)")
POLICIES = ("Aes256_Sha256_RsaPss", "Basic256Sha256")  # of OPC UA, best first
MODES = ("SignAndEncrypt", "Sign")
SECURITIES = ("none", *POLICIES, *(f"{policy},{mode}" for policy in POLICIES for mode in MODES))
SHOWN = 5  # tags that a sentence about many names


def is_node(address: str) -> bool:
    """Whether an address is a node id or a browse path of OPC UA.

    >>> [is_node(a) for a in ("ns=2;s=Level", "nsu=urn:x;i=5", "/Objects/2:Mould/2:Level", "plant/level")]
    [True, True, True, False]
    """
    return bool(_NODE_ID.match(address) or _BROWSE_PATH.match(address))


def check_url(url: str) -> str:
    """The address of a server or broker, as it came. Raises InputError if it is none, or holds a password."""
    scheme, colon, _ = url.partition("://")
    if not colon or scheme not in LIVE:
        hint = nearest(scheme, LIVE) if colon else " " + say("Known: {known}.", known="opc.tcp://, mqtt://, mqtts://")
        raise InputError(say("'{url}' is no address of a live line.{hint}", url=url, hint=hint))
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        raise InputError(
            say("'{url}' has no port that fits. Write it like {like}.", url=url, like=_like(scheme))
        ) from None
    if not parts.hostname or not has_port:
        raise InputError(say("'{url}' names no host. Write it like {like}.", url=url, like=_like(scheme)))
    if parts.username or parts.password:
        raise InputError(
            say(
                "An address must not hold a user or password, since it is shown and recorded. Set TESTBED_USER and "
                "TESTBED_PASSWORD, or name a secrets file in the configuration."
            )
        )
    if scheme != "opc.tcp":
        mqtt_address(url)
    return url


def check_security(asked: str) -> str:
    """A security as it came: '' chooses, 'none' goes without. Raises InputError naming the nearest if it is none."""
    if asked and asked not in SECURITIES:
        raise InputError(say("'{security}' is no security policy.", security=asked) + nearest(asked, SECURITIES))
    return asked


async def is_loopback(url: str) -> bool:
    """Whether an address leads to this machine alone."""
    parts = urlsplit(url)
    try:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(parts.hostname, parts.port or 0, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return bool(found) and all(ipaddress.ip_address(entry[4][0]).is_loopback for entry in found)


def unprotected() -> str:
    """What is to be known of a connection that others could listen to."""
    return say("without security: others on the network could listen; --insecure says that this is meant")


async def in_the_clear(url: str, user: str, insecure: bool) -> str:
    """What is to be known of talking to a broker at this address; '' for nothing.

    Raises InputError if a password would go over the network in the clear and that was not asked for.
    """
    if insecure or url.startswith("mqtts://") or await is_loopback(url):
        return ""
    if user:
        raise InputError(
            say("{url} would get the password in the clear. Say --insecure to send it all the same.", url=url)
        )
    return unprotected()


def _like(scheme: str) -> str:
    return {"opc.tcp": "opc.tcp://host:4840", "mqtt": "mqtt://host:1883"}.get(scheme, "mqtts://host:8883")


def shared_out(urls: Sequence[str], tags: Sequence[Tag]) -> dict[str, tuple[Tag, ...]]:
    """The tags of each address, with what they are called there.

    A tag goes to the address it begins with ('opc.tcp://plc:4840#ns=2;s=Level'); else a node id or browse path goes to
    the one OPC UA server, anything else to the one broker. Raises InputError naming the tags that could be at several.
    """
    if not urls:
        raise InputError(say("Name at least one address, such as opc.tcp://host:4840 or mqtt://host:1883."))
    if not tags:
        raise InputError(say("The tag list names no tags."))
    for url in urls:
        check_url(url)
    if len(set(urls)) != len(urls):
        raise InputError(say("An address is named twice. Keep one."))
    found: dict[str, list[Tag]] = {url: [] for url in urls}
    lost: list[str] = []
    for tag in tags:
        home, address = _home(tag, urls)
        if home is None:
            lost.append(tag.name)
        else:
            found[home].append(replace(tag, address=address))
    if lost:
        shown = ", ".join(lost[:SHOWN]) + (" …" if len(lost) > SHOWN else "")
        raise InputError(
            say(
                "{n} tags could be at none or several of the addresses: {tags}. Write their address as URL#address, "
                "such as {like}.",
                n=len(lost), tags=shown, like=f"{urls[0]}#{'ns=2;s=Level' if urls[0].startswith('opc') else 'a/b'}",
            )
        )  # fmt: skip
    empty = [url for url, mine in found.items() if not mine]
    if empty:
        raise InputError(say("No tag of the list is at {urls}. Leave that address out.", urls=", ".join(empty)))
    return {url: tuple(mine) for url, mine in found.items()}


def _home(tag: Tag, urls: Sequence[str]) -> tuple[str | None, str]:
    for url in sorted(urls, key=len, reverse=True):
        for start in (f"{url}#", f"{url.rstrip('/')}#", f"{url.partition('?')[0]}#"):
            if tag.address.startswith(start):
                return url, tag.address.removeprefix(start)
    if tag.address.startswith(tuple(f"{scheme}://" for scheme in LIVE)):
        return None, tag.address  # at an address that is not watched
    if len(urls) == 1:
        return urls[0], tag.address
    servers = [url for url in urls if url.startswith("opc.tcp://")]
    brokers = [url for url in urls if url not in servers]
    fitting = servers if is_node(tag.address) else brokers
    if not tag.address:  # the tag's own name: a topic, or a node of a plant served by testbed
        fitting = brokers or servers
    return (fitting[0], tag.address) if len(fitting) == 1 else (None, tag.address)
