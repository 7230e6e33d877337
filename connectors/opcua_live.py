"""An OPC UA server that is not ours: its nodes by id or browse path, whatever stack it is made with."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from asyncua import Client, ua

from connectors.addresses import is_node
from connectors.clock import sleep, wall_s
from connectors.errors import PartFailed
from connectors.ledger import Gap
from connectors.line import Line, NotThere, Settings
from connectors.opcua_columns import Decoded, ask_ahead, read_in_columns
from connectors.opcua_enter import Wish, enter
from connectors.opcua_history import history, keeps_history
from connectors.opcua_lane import Lane
from connectors.opcua_life import Watchdog
from connectors.opcua_publish import Published, Rows, Run
from connectors.opcua_runs import RunReader
from connectors.opcua_server import NAMESPACE
from connectors.opcua_subscribe import QUEUE, Granted, Limits, in_parts, limits_of, subscribe
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.texts import say
from connectors.times import NONE, SECOND

TIMEOUT_S = 10.0  # of a request
AHEAD = 7  # publish requests that a server always holds beyond one: it need not wait for our next one
WATCH_S = 0.2  # between looks at a connection's life
LEAVE_S = 2.0  # that saying goodbye may take: a server that hangs must not keep us
KNOCK_S = 3.0  # a socket that has not opened by then will not: the next attempt may find another way
SETTLE_S = 3.0  # a gap is over for all its tags by then, or for those that speak
GONE = (ConnectionError, TimeoutError, OSError, ua.UaError)


class OpcUaLine(Line):
    """One OPC UA server; see Line. Addresses are node ids, browse paths from Objects, or empty for a plant of ours.

    Attributes:
        decoded: how many notifications were decoded in columns, and how many by asyncua.
        untimed: values that came without a source time: the server's time stands for it.
        revived: so often a dead publish loop was started anew.
        namespaces: as the server had them at first; addresses of the tag list count by them.
    """

    needs_news = False  # a server says that it lives, and need not repeat what has not changed

    def __init__(self, url: str, tags: Sequence[Tag], login: Login, settings: Settings) -> None:
        super().__init__(url, tags, login, settings)
        self.decoded = Decoded()
        self.told: deque[tuple[RunReader, Sequence[Run | Rows]]] = deque()  # messages that wait for the next look
        self.untimed = self.revived = 0
        self.namespaces: list[str] = []

    def gather(self) -> None:
        """The messages since the last look in one go: what they cost is mostly by the call, not by the sample."""
        while self.told:
            reader, runs = self.told.popleft()
            whole = list(runs)
            while self.told and self.told[0][0] is reader:
                whole += self.told.popleft()[1]
            malformed, untimed = reader.malformed, reader.untimed
            self.put(reader.take(whole))
            self.malformed += reader.malformed - malformed
            self.untimed += reader.untimed - untimed

    def status(self) -> dict[str, Any]:
        """State and counts as JSON values."""
        return {**super().status(), "fast_share": round(self.decoded.fast_share, 4), "untimed": self.untimed,
                "revived": self.revived}  # fmt: skip

    async def read(self) -> None:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        client = Client(self.url, timeout=TIMEOUT_S, watchdog_intervall=TIMEOUT_S)
        reading = _Reading(self, client)
        try:
            await reading.open()
            await reading.watch()
        finally:
            for task in reading.ahead:
                task.cancel()
            await _leave(client)


class _Reading:
    """One connection."""

    def __init__(self, line: OpcUaLine, client: Client) -> None:
        self._line, self._client = line, client
        self._runs = RunReader(line.tags)
        self._limits = Limits()
        self.ahead: list[asyncio.Task[None]] = []  # publish requests beyond asyncua's own
        self._nodes: list[ua.NodeId] = []
        self._keeps: np.ndarray | None = None  # bool (k,): the server keeps history of the tag
        self._broke: str | None = None

    async def open(self) -> None:
        """Connect and subscribe every tag. Raises PartFailed, or InputError for tags that are not there."""
        line, client = self._line, self._client
        await _knock(line.url)
        line.note = await enter(client, line.url, line.login, Wish(line.settings.security, line.settings.insecure))
        client.connection_lost_callback = self._on_lost
        lane = Lane(client.uaclient.session, self._count)
        try:
            self._limits = await limits_of(client.uaclient.session)
            self._nodes = await self._found()
            await self._subscribe(lane, self._nodes)
        except GONE as error:
            raise PartFailed(
                say("{url} refused the subscription: {reason}.", url=line.url, reason=_reason(error))
            ) from None
        line.up()

    def _count(self, n: int) -> None:
        self._line.bytes += n

    async def watch(self) -> None:
        """Until the connection breaks or shows no life: raises PartFailed."""
        line = self._line
        dog = Watchdog(line, self._client.uaclient.session, self._nodes)
        while self._broke is None:
            await sleep(WATCH_S)
            line.gather()
            self._broke = self._broke or await dog.look()
            line.revived += dog.revived
            dog.revived = 0
            if self._broke is None:
                await self._fill_gap()
        line.lost(self._broke)  # told before saying goodbye, which may take its time
        raise PartFailed(self._broke)

    async def _fill_gap(self) -> None:
        """Ask once for the history of a gap that is over."""
        book = self._line.ledger
        gap = book.gaps[-1] if book.gaps else None
        if gap is None or gap.is_asked or gap.resumed == NONE:
            return
        if book.is_open and wall_s() - gap.resumed / SECOND < SETTLE_S:
            return
        gap.is_asked = True
        try:
            await self._fill(gap)
        except GONE:  # what is missing of it stays lost, and is counted so
            return

    async def _fill(self, gap: Gap) -> None:
        session = self._client.uaclient.session
        if self._keeps is None:
            self._keeps = await keeps_history(session, self._nodes, self._limits.items)
        async for hole, columns in history(session, self._nodes, gap, self._keeps):
            self._line.fill(gap, hole, columns)

    async def _on_lost(self, error: Exception) -> None:
        self._broke = self._broke or say("the connection broke ({reason})", reason=_reason(error))

    async def _found(self) -> list[ua.NodeId]:
        """The node of each tag; namespaces count as they did at first, in whatever order a restart put them."""
        names = await self._client.get_namespace_array()
        known = self._line.namespaces = self._line.namespaces or names
        self._line.is_simulated = NAMESPACE in names
        addresses = [_renumbered(_address(tag, names), known, names) for tag in self._line.tags]
        nodes: list[ua.NodeId | None] = [_node_id(address, names) for address in addresses]
        paths = [i for i, node in enumerate(nodes) if node is None and is_node(self._line.tags[i].address)]
        session = self._client.uaclient.session
        wanted = [_browse_path(addresses[i]) for i in paths]
        results = await in_parts(session.translate_browsepaths_to_nodeids, wanted, self._limits.paths)
        for i, result in zip(paths, results, strict=True):
            if result.StatusCode.is_good() and result.Targets:
                nodes[i] = result.Targets[0].TargetId
        missing = [tag for tag, node in zip(self._line.tags, nodes, strict=True) if node is None]
        if missing:
            raise _not_there(self._line.url, missing, [f"{tag.name} ({tag.address or tag.name})" for tag in missing])
        return [node for node in nodes if node is not None]

    async def _subscribe(self, lane: Lane, nodes: Sequence[ua.NodeId]) -> None:
        line, session = self._line, self._client.uaclient.session
        read_in_columns(session, lane, self._on_publish, self._on_end, line.decoded)
        granted = await subscribe(session, nodes, line.settings.publishing_ms, self._limits)
        self.ahead = ask_ahead(session, AHEAD)
        refused = [f"{line.tags[i].name} ({nodes[i].to_string()}: {why})" for i, why in granted.refused]
        if refused:
            raise _not_there(line.url, [line.tags[i] for i, _ in granted.refused], refused)
        if granted.short:
            line.note = " ".join(filter(None, (line.note, _short_queue(granted))))

    def _on_publish(self, published: Published) -> None:
        """A publish response without notifications is a sign of life."""
        self._line.heard()
        if published.runs:
            self._line.told.append((self._runs, published.runs))

    def _on_end(self, status: str) -> None:
        self._broke = say("the server dropped the subscription ({why})", why=status)


async def _knock(url: str) -> None:
    """Open a socket and close it. Raises PartFailed where none opens: a packet filter may keep silent for long."""
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(KNOCK_S):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 4840)
    except (OSError, ValueError) as error:
        raise PartFailed(say("No OPC UA server answers at {url} ({reason}).", url=url, reason=_reason(error))) from None
    writer.close()


async def _leave(client: Client) -> None:
    try:
        async with asyncio.timeout(LEAVE_S):
            await client.disconnect()
    except GONE:
        client.disconnect_socket()


def _address(tag: Tag, namespaces: Sequence[str]) -> str:
    """An empty address means the tag's own name, at a plant that testbed serves."""
    if tag.address:
        return tag.address
    return f"nsu={NAMESPACE};s={tag.name}" if NAMESPACE in namespaces else tag.name


def _renumbered(address: str, known: Sequence[str], names: Sequence[str]) -> str:
    """An address by the namespace numbers of now, whose numbers meant `known`.

    >>> _renumbered("ns=2;s=Level", ["ua", "own", "maker"], ["ua", "own", "other", "maker"])
    'ns=3;s=Level'
    >>> _renumbered("/Objects/2:Mould/2:Level", ["ua", "own", "maker"], ["ua", "own", "other", "maker"])
    '/Objects/3:Mould/3:Level'
    """
    if list(known) == list(names):
        return address

    def number(found: re.Match[str]) -> str:
        index = int(found[2])
        there = index < len(known) and known[index] in names
        return found[1] + (str(names.index(known[index])) if there else found[2]) + found[3]

    pattern = r"^(ns=)(\d+)(;)" if address.startswith("ns=") else r"(/)(\d+)(:)"
    return re.sub(pattern, number, address)


def _node_id(address: str, namespaces: Sequence[str]) -> ua.NodeId | None:
    """The node id an address writes out; None for a browse path, or where it is none."""
    named = re.match(r"^nsu=([^;]+);(.+)$", address)
    if named:
        if named[1] not in namespaces:
            return None
        address = f"ns={namespaces.index(named[1])};{named[2]}"
    try:
        return ua.NodeId.from_string(address) if re.match(r"^(ns=\d+;)?[isgb]=", address) else None
    except (ua.UaError, ValueError):
        return None


def _browse_path(address: str) -> ua.BrowsePath:
    """The path that an address such as '/Objects/2:Mould/2:Level' writes, from Objects on. '0:' may be left out."""
    steps = [step for step in address.split("/") if step]
    steps = steps[1:] if steps and steps[0].removeprefix("0:") == "Objects" else steps
    elements = []
    for step in steps:
        index, colon, name = step.partition(":")
        is_numbered = bool(colon) and index.isdigit()
        target = ua.QualifiedName(name, int(index)) if is_numbered else ua.QualifiedName(step, 0)
        elements.append(
            ua.RelativePathElement(
                ReferenceTypeId=ua.NodeId(ua.ObjectIds.HierarchicalReferences),
                IsInverse=False,
                IncludeSubtypes=True,
                TargetName=target,
            )
        )
    return ua.BrowsePath(ua.NodeId(ua.ObjectIds.ObjectsFolder), ua.RelativePath(elements))


def _short_queue(granted: Granted) -> str:
    return say(
        "For {n} tags the server keeps {queue} samples between two answers, not {asked}: what it drops is lost.",
        n=granted.short, queue=granted.queue, asked=QUEUE,
    )  # fmt: skip


def _not_there(url: str, tags: Sequence[Tag], told: Sequence[str]) -> NotThere:
    shown = ", ".join(told[:5]) + (" …" if len(told) > 5 else "")
    sentence = say(
        "{url} does not offer {n} tags of the list: {tags}. Write their address as the server has it.",
        url=url, n=len(told), tags=shown,
    )  # fmt: skip
    return NotThere(sentence, [tag.name for tag in tags], told)


def _reason(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
