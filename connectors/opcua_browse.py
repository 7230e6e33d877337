"""The address space of any OPC UA server as tags: browse paths, node ids by namespace URI, units, ranges, rates."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncua import Client, ua

from connectors.browsed import Found, level, ucum, unique, with_groups
from connectors.errors import PartFailed
from connectors.opcua_enter import GONE, Wish, enter, reason_of
from connectors.opcua_look import rates_of
from connectors.opcua_server import MARK, NAMESPACE, UNECE
from connectors.secrets import Login
from connectors.tags import Tag
from connectors.texts import say

TIMEOUT_S = 15.0  # of a request
LEAVE_S = 2.0
AT_ONCE = 100  # nodes in one request where the server sets no limit
REFERENCES = 1_000  # of one node in one answer; the rest by continuation points
MOST = 200_000  # nodes, after which a server is taken to go round in circles
READ_AT_ONCE = 500
NUMBERS = {*range(1, 12), 26, 27, 28, 29}  # Boolean … Double, Number, Integer, UInteger, Enumeration
TEXTS = {12, 21}  # String, LocalizedText
IDENTIFICATION = ("http://opcfoundation.org/UA/Machinery/", "http://opcfoundation.org/UA/DI/")
PROPERTIES = ("EngineeringUnits", "EURange", "InstrumentRange")

Progress = Callable[[int, int], None]
Part = TypeVar("Part")


@dataclass(slots=True)
class _Node:
    """A node on the way: its id, its path below Objects, and what kind it is."""

    id: ua.NodeId
    path: tuple[str, ...]
    is_variable: bool = False
    is_array: bool = False
    properties: dict[str, ua.NodeId] | None = None


async def browse_opcua(
    url: str, login: Login, wish: Wish, seconds: float = 0.0, progress: Progress = lambda done, of: None
) -> Found:
    """Every variable below Objects that a tag can hold, but for the server's own.

    Rates are what is seen in `seconds`; with 0, what the server offers as sampling interval. `progress` is told how
    many nodes are done, and how many are known. Raises PartFailed if the server is not there or breaks off, InputError
    if it does not let us in for want of something.
    """
    client = Client(url, timeout=TIMEOUT_S)
    try:
        note = await enter(client, url, login, wish)
        found = await _Browser(client, seconds, progress).find()
        found.notes += [note] if note else []
        return found
    except GONE as error:
        raise PartFailed(
            say("{url} broke off while it was browsed ({reason}).", url=url, reason=reason_of(error))
        ) from None
    finally:
        try:
            async with asyncio.timeout(LEAVE_S):
                await client.disconnect()
        except GONE:
            client.disconnect_socket()


class _Browser:
    """One walk through a server."""

    def __init__(self, client: Client, seconds: float, progress: Progress) -> None:
        self._client, self._session = client, client.uaclient.session
        self._seconds = seconds
        self._progress = progress
        self._namespaces: list[str] = []
        self._browse_at_once, self._read_at_once = AT_ONCE, READ_AT_ONCE
        self._found = Found()
        self._variables: list[_Node] = []
        self._nameplates: list[_Node] = []

    async def find(self) -> Found:
        self._namespaces = await self._client.get_namespace_array()
        await self._ask_limits()
        await self._walk()
        await self._describe()
        await self._machines()
        self._found.tags = with_groups(unique(self._found.tags))
        return self._found

    async def _ask_limits(self) -> None:
        """The server's limits, 0 or nothing meaning none."""
        limits = "Server_ServerCapabilities_OperationLimits_"
        ids = [getattr(ua.ObjectIds, f"{limits}{name}") for name in ("MaxNodesPerBrowse", "MaxNodesPerRead")]
        told = await self._values([ua.NodeId(i) for i in ids])
        browse, read = (int(value) if isinstance(value, int) and value > 0 else 0 for value in told)
        self._browse_at_once = min(AT_ONCE, browse) if browse else AT_ONCE
        self._read_at_once = min(READ_AT_ONCE, read) if read else READ_AT_ONCE

    # -- the walk ----------------------------------------------------------------------------------------------

    async def _walk(self) -> None:
        """Breadth first, each node once: the shortest path to it is its name."""
        level_now = [_Node(ua.NodeId(ua.ObjectIds.ObjectsFolder), ())]
        seen = {level_now[0].id, ua.NodeId(ua.ObjectIds.Server)}
        done = 0
        while level_now:
            below: list[_Node] = []
            for part in _parts(level_now, self._browse_at_once):
                answers = await self._references([node.id for node in part])
                for node, references in zip(part, answers, strict=True):
                    below += self._children(node, references, seen)
                done += len(part)
                self._progress(done, len(seen))
                if len(seen) > MOST:
                    self._found.notes.append(say("Only the first {n} nodes were looked at.", n=MOST))
                    return
            level_now = below

    def _children(self, node: _Node, references: Sequence[Any], seen: set[ua.NodeId]) -> list[_Node]:
        children = []
        for reference in references:
            target, name = reference.NodeId, reference.BrowseName
            if not isinstance(target, ua.NodeId) or getattr(target, "ServerIndex", 0):
                continue
            target = ua.NodeId(target.Identifier, target.NamespaceIndex, target.NodeIdType)
            is_property = reference.ReferenceTypeId == ua.NodeId(ua.ObjectIds.HasProperty)
            if is_property:
                node.properties = node.properties or {}
                node.properties[name.Name or ""] = target
                continue
            if target in seen or reference.NodeClass not in (ua.NodeClass.Object, ua.NodeClass.Variable):
                continue
            seen.add(target)
            child = _Node(target, (*node.path, level(name.Name or "")), reference.NodeClass == ua.NodeClass.Variable)
            children.append(child)
            if child.is_variable:
                self._variables.append(child)
            elif name.Name == "Identification" and self._uri(name.NamespaceIndex) in IDENTIFICATION:
                self._nameplates.append(child)
        return children

    async def _references(self, nodes: Sequence[ua.NodeId]) -> list[list[Any]]:
        """The references of each node; what does not fit into one answer is asked for again."""
        asked = [
            ua.BrowseDescription(
                NodeId=node, BrowseDirection=ua.BrowseDirection.Forward,
                ReferenceTypeId=ua.NodeId(ua.ObjectIds.HierarchicalReferences), IncludeSubtypes=True, NodeClassMask=0,
                ResultMask=ua.BrowseResultMask.All,
            )
            for node in nodes
        ]  # fmt: skip
        parameters = ua.BrowseParameters(RequestedMaxReferencesPerNode=REFERENCES, NodesToBrowse=asked)
        results = await self._session.browse(parameters)
        found = [list(result.References or ()) for result in results]
        waiting = [(i, result.ContinuationPoint) for i, result in enumerate(results) if result.ContinuationPoint]
        while waiting:
            points = [point for _, point in waiting]
            more = await self._session.browse_next(ua.BrowseNextParameters(False, points))
            for (i, _), result in zip(waiting, more, strict=True):
                found[i] += result.References or ()
            waiting = [(i, r.ContinuationPoint) for (i, _), r in zip(waiting, more, strict=True) if r.ContinuationPoint]
        return found

    # -- what the variables are --------------------------------------------------------------------------------

    async def _describe(self) -> None:
        """Types, rights, sampling intervals, units and ranges of the variables; those that fit become tags."""
        ids = ua.AttributeIds
        wanted = [ids.DataType, ids.ValueRank, ids.UserAccessLevel, ids.MinimumSamplingInterval]
        asked = [(node.id, attribute) for node in self._variables for attribute in wanted]
        told = await self._read(asked)
        kinds = await self._builtin({value for value in told[:: len(wanted)] if isinstance(value, ua.NodeId)})
        fits: list[tuple[_Node, bool, float | None]] = []
        for i, node in enumerate(self._variables):
            data_type, rank, access, interval = told[i * len(wanted) : (i + 1) * len(wanted)]
            node.is_array = isinstance(rank, int) and rank in (0, 1)  # of one or more, or of one dimension
            why_not = self._unfit(node, kinds.get(data_type), rank, access)
            if why_not:
                self._found.left_out[why_not] += 1
                continue
            rate = 1e3 / interval if isinstance(interval, int | float) and interval > 0 else None
            fits.append((node, bool((access or 0) & ua.AccessLevel.CurrentWrite.mask), rate))
        await self._add_tags(fits)

    def _unfit(self, node: _Node, kind: int | None, rank: Any, access: Any) -> str:
        """Why no tag can hold a variable; '' if one can."""
        if self._uri(node.id.NamespaceIndex) == NAMESPACE and str(node.id.Identifier).endswith(f"/{MARK}"):
            return say("marks")
        if isinstance(access, int) and not access & ua.AccessLevel.CurrentRead.mask:
            return say("unreadable")
        if isinstance(rank, int) and rank >= 0 and not (node.is_array and kind in NUMBERS and self._seconds > 0):
            return say("arrays")
        return "" if kind in NUMBERS or kind in TEXTS else say("other types")

    async def _builtin(self, types: set[ua.NodeId]) -> dict[ua.NodeId, int]:
        """The type of namespace 0 that each data type descends from, by its number."""
        found = {t: t.Identifier for t in types if t.NamespaceIndex == 0 and t.Identifier in NUMBERS | TEXTS}
        open_ = {t: t for t in types - found.keys()}
        for _ in range(10):  # no hierarchy of types is deeper
            if not open_:
                break
            parents = await self._parents(list(open_.values()))
            now = {t: p for t, p in zip(open_, parents, strict=True) if p is not None}
            found |= {
                t: p.Identifier for t, p in now.items() if p.NamespaceIndex == 0 and p.Identifier in NUMBERS | TEXTS
            }
            open_ = {t: p for t, p in now.items() if t not in found}
        return found  # pyright: ignore[reportReturnType]

    async def _parents(self, types: Sequence[ua.NodeId]) -> list[ua.NodeId | None]:
        parents: list[ua.NodeId | None] = []
        for part in _parts(types, self._browse_at_once):
            asked = [
                ua.BrowseDescription(node, ua.BrowseDirection.Inverse, ua.NodeId(ua.ObjectIds.HasSubtype), True, 0, 0)
                for node in part
            ]
            results = await self._session.browse(ua.BrowseParameters(NodesToBrowse=asked))
            parents += [result.References[0].NodeId if result.References else None for result in results]
        return parents

    async def _add_tags(self, fits: Sequence[tuple[_Node, bool, float | None]]) -> None:
        asked = [(i, name, node.properties[name]) for i, (node, _, _) in enumerate(fits) if node.properties
                 for name in PROPERTIES if name in node.properties]  # fmt: skip
        values = await self._values([node for _, _, node in asked])
        told = {(i, name): value for (i, name, _), value in zip(asked, values, strict=True)}
        rates = [rate for _, _, rate in fits]
        if self._seconds > 0:
            rates = await rates_of(self._client, [node.id for node, _, _ in fits], rates, self._seconds)
        for i, (node, is_writable, _) in enumerate(fits):
            rate = rates[i]
            if node.is_array and rate is None:  # how far apart its samples are is not known
                self._found.left_out[say("arrays")] += 1
                continue
            self._found.tags.append(
                Tag(
                    name="/".join(node.path),
                    unit=_unit(told.get((i, "EngineeringUnits"))),
                    eu_range=_range(told.get((i, "EURange"))) or _range(told.get((i, "InstrumentRange"))),
                    rate_hz=None if rate is None else float(f"{rate:.6g}"),
                    address=self._address(node.id),
                    writable=is_writable,
                )
            )

    def _address(self, node: ua.NodeId) -> str:
        """The node id with its namespace by URI, so that it fits when the server numbers them anew."""
        if node.NamespaceIndex == 0:
            return node.to_string()
        short = ua.NodeId(node.Identifier, 0, node.NodeIdType).to_string().removeprefix("ns=0;")
        uri = self._uri(node.NamespaceIndex)
        return f"nsu={uri};{short}" if uri and ";" not in uri else f"ns={node.NamespaceIndex};{short}"

    def _uri(self, index: int) -> str:
        return self._namespaces[index] if index < len(self._namespaces) else ""

    # -- nameplates, and reading ---------------------------------------------------------------------------------

    async def _machines(self) -> None:
        """OPC 40001-1: what a machine says of itself."""
        for plate in self._nameplates:
            properties = plate.properties or {}
            values = await self._values(list(properties.values()))
            lines = [(name, _shown(value)) for name, value in zip(properties, values, strict=True)]
            name = "/".join(plate.path[:-1])
            self._found.machines.append((name, [(key, value) for key, value in lines if value]))

    async def _values(self, nodes: Sequence[ua.NodeId]) -> list[Any]:
        return await self._read([(node, ua.AttributeIds.Value) for node in nodes])

    async def _read(self, asked: Sequence[tuple[ua.NodeId, ua.AttributeIds]]) -> list[Any]:
        """Values of attributes; None where the server gives none."""
        values: list[Any] = []
        for part in _parts(asked, self._read_at_once):
            ids = [ua.ReadValueId(NodeId=node, AttributeId=attribute) for node, attribute in part]
            results = await self._session.read(ua.ReadParameters(NodesToRead=ids))
            for result in results:
                is_good = result.StatusCode is None or result.StatusCode.is_good()
                values.append(result.Value.Value if is_good and result.Value is not None else None)
        return values


def _parts(items: Sequence[Part], size: int) -> Iterator[Sequence[Part]]:
    for at in range(0, len(items), size):
        yield items[at : at + size]


def _unit(told: Any) -> str:
    if not isinstance(told, ua.EUInformation):
        return "1"
    return ucum((told.DisplayName.Text or ""), told.UnitId, (told.NamespaceUri or "") == UNECE)


def _range(told: Any) -> tuple[float, float] | None:
    if not isinstance(told, ua.Range):
        return None
    return (float(told.Low), float(told.High)) if told.Low < told.High else None


def _shown(value: Any) -> str:
    text = getattr(value, "Text", value)
    return "" if text is None else str(text)[:200]
