"""An OPC UA server that is not ours: its nodes by id or browse path, whatever stack it is made with."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any

from asyncua import Client, ua

from connectors.addresses import is_node
from connectors.clock import sleep
from connectors.errors import InputError, PartFailed
from connectors.live import TICK_S, Line, Settings
from connectors.opcua_columns import Decoded, read_in_columns
from connectors.opcua_enter import Wish, enter
from connectors.opcua_publish import Published
from connectors.opcua_runs import RunReader
from connectors.opcua_server import NAMESPACE
from connectors.opcua_subscribe import QUEUE, Granted, Limits, in_parts, limits_of, subscribe
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.texts import say

TIMEOUT_S = 10.0  # of a request
LEAVE_S = 2.0  # that saying goodbye may take: a server that hangs must not keep us
DEAD = 2.0  # times the patience without a sign of life, and the connection is opened anew
GONE = (ConnectionError, TimeoutError, OSError, ua.UaError)


class OpcUaLine(Line):
    """One OPC UA server; see Line. Addresses are node ids, browse paths from Objects, or empty for a plant of ours.

    Attributes:
        decoded: how many notifications were decoded in columns, and how many by asyncua.
        untimed: values that came without a source time: the server's time stands for it.
    """

    def __init__(self, url: str, tags: Sequence[Tag], login: Login, settings: Settings) -> None:
        super().__init__(url, tags, login, settings)
        self.decoded = Decoded()
        self.untimed = 0

    def status(self) -> dict[str, Any]:
        """State and counts as JSON values."""
        return {**super().status(), "fast_share": round(self.decoded.fast_share, 4), "untimed": self.untimed}

    async def read(self) -> None:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        client = Client(self.url, timeout=TIMEOUT_S, watchdog_intervall=TIMEOUT_S)
        reading = _Reading(self, client)
        try:
            await reading.open()
            await reading.watch()
        finally:
            await _leave(client)


class _Reading:
    """One connection."""

    def __init__(self, line: OpcUaLine, client: Client) -> None:
        self._line, self._client = line, client
        self._runs = RunReader(line.tags)
        self._limits = Limits()
        self._broke: str | None = None

    async def open(self) -> None:
        """Connect and subscribe every tag. Raises PartFailed, or InputError for tags that are not there."""
        line, client = self._line, self._client
        line.note = await enter(client, line.url, line.login, Wish(line.settings.security, line.settings.insecure))
        client.connection_lost_callback = self._on_lost
        self._count_bytes()
        try:
            self._limits = await limits_of(client.uaclient.session)
            nodes = await self._nodes()
            await self._subscribe(nodes)
        except GONE as error:
            raise PartFailed(
                say("{url} refused the subscription: {reason}.", url=line.url, reason=_reason(error))
            ) from None
        line.up()

    def _count_bytes(self) -> None:
        protocol: Any = self._client.uaclient.protocol
        received = protocol.data_received

        def counted(data: bytes) -> None:
            self._line.bytes += len(data)
            received(data)

        protocol.data_received = counted

    async def watch(self) -> None:
        """Until the connection breaks or shows no life: raises PartFailed."""
        line = self._line
        while self._broke is None:
            await sleep(TICK_S)
            if line.silent_s > DEAD * line.settings.patience_s:
                self._broke = say("no sign of life for {s} s", s=f"{line.silent_s:.0f}")
        line.lost(self._broke)  # told before saying goodbye, which may take its time
        raise PartFailed(self._broke)

    async def _on_lost(self, error: Exception) -> None:
        self._broke = self._broke or say("the connection broke ({reason})", reason=_reason(error))

    async def _nodes(self) -> list[ua.NodeId]:
        """The node of each tag."""
        names = await self._client.get_namespace_array()
        self._line.is_simulated = NAMESPACE in names
        nodes: list[ua.NodeId | None] = [_node_id(_address(tag, names), names) for tag in self._line.tags]
        paths = [i for i, node in enumerate(nodes) if node is None and is_node(self._line.tags[i].address)]
        session = self._client.uaclient.session
        wanted = [_browse_path(self._line.tags[i].address) for i in paths]
        results = await in_parts(session.translate_browsepaths_to_nodeids, wanted, self._limits.paths)
        for i, result in zip(paths, results, strict=True):
            if result.StatusCode.is_good() and result.Targets:
                nodes[i] = result.Targets[0].TargetId
        missing = [tag for tag, node in zip(self._line.tags, nodes, strict=True) if node is None]
        if missing:
            raise _not_there(self._line.url, [f"{tag.name} ({tag.address or tag.name})" for tag in missing])
        return [node for node in nodes if node is not None]

    async def _subscribe(self, nodes: Sequence[ua.NodeId]) -> None:
        line, session = self._line, self._client.uaclient.session
        read_in_columns(session, self._on_publish, self._on_end, line.decoded)
        granted = await subscribe(session, nodes, line.settings.publishing_ms, self._limits)
        refused = [f"{line.tags[i].name} ({nodes[i].to_string()}: {why})" for i, why in granted.refused]
        if refused:
            raise _not_there(line.url, refused)
        if granted.short:
            line.note = " ".join(filter(None, (line.note, _short_queue(granted))))

    def _on_publish(self, published: Published) -> None:
        """A publish response without notifications is a sign of life."""
        runs = self._runs
        malformed, untimed = runs.malformed, runs.untimed
        self._line.put(runs.take(published.runs))
        self._line.malformed += runs.malformed - malformed
        self._line.untimed += runs.untimed - untimed

    def _on_end(self, status: str) -> None:
        self._broke = say("the server dropped the subscription ({why})", why=status)


async def _leave(client: Client) -> None:
    try:
        await asyncio.wait_for(client.disconnect(), LEAVE_S)
    except GONE:
        client.disconnect_socket()


def _address(tag: Tag, namespaces: Sequence[str]) -> str:
    """An empty address means the tag's own name, at a plant that testbed serves."""
    if tag.address:
        return tag.address
    return f"nsu={NAMESPACE};s={tag.name}" if NAMESPACE in namespaces else tag.name


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


def _not_there(url: str, names: Sequence[str]) -> InputError:
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return InputError(
        say(
            "{url} does not offer {n} tags of the list: {tags}. Write their address as the server has it.",
            url=url, n=len(names), tags=shown,
        )
    )  # fmt: skip


def _reason(error: BaseException) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__
