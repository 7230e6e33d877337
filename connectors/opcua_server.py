"""The plant as an OPC UA server: tags by their ISA-95 path, units, ranges, and a mark a group."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from asyncua import ua

from connectors.broker import LOOPBACK
from connectors.clock import now_ns
from connectors.errors import PartFailed
from connectors.items import Batch, Context, Frame, Item, Mark, block_times
from connectors.message import encode
from connectors.opcua_guard import Guard, GuardedServer
from connectors.opcua_setpoints import INPUTS, OUTPUTS, Writes
from connectors.status import BAD_WAITING_FOR_INITIAL_DATA, is_sample
from connectors.tags import Group, Tag
from connectors.texts import say
from connectors.times import END, to_datetime
from connectors.units import symbol, unece_id
from connectors.writes import Desk

NAMESPACE = "urn:steel-testbed:plant"
MARK = "_MARK"  # a variable beside each group's tags, Int64[2]: samples sent so far, 1 if the group has ended
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"

_TYPES = {
    "scalars": ua.VariantType.Double,
    "blocks": ua.VariantType.Double,
    "frames": ua.VariantType.ByteString,
    "texts": ua.VariantType.String,
}


class OpcUaServer:
    """Serves groups on opc.tcp://127.0.0.1:port. Enter it, then `send` the items of each tick.

    A scalar is one write a sample, a block one array write a tag and stretch of equal status (SourceTimestamp of the
    first sample), a frame one ByteString a camera, a mark one write a group. With a guard only trusted clients of known
    users come in. Raises PartFailed if the port is taken, InputError if the guard misses something.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        port: int = 0,
        host: str = LOOPBACK,
        guard: Guard | None = None,
        desk: Desk | None = None,
    ) -> None:
        self.groups = tuple(groups)
        self.host = host
        self.port = port
        self._server = GuardedServer(guard)
        self._desk = desk
        self._shown: dict[str, float] = {}
        self._nodes: dict[str, ua.NodeId] = {}
        self._kind = {group.name: group.kind for group in groups}
        self._of = {group.name: group for group in groups}

    @property
    def url(self) -> str:
        return f"opc.tcp://{self.host}:{self.port}/"

    async def __aenter__(self) -> OpcUaServer:
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        await self._server.init()
        self._server.set_endpoint(f"opc.tcp://{self.host}:{self.port}/")
        self._server.set_server_name("testbed plant")
        await self._server.secure()
        index = await self._server.register_namespace(NAMESPACE)
        for group in self.groups:
            for tag in group.tags:
                await self._add_tag(index, tag, group.kind)
            await self._add_mark(index, group)
        if self._desk is not None and self._desk.tags:
            await self._add_setpoints(index, self._desk)
        try:
            await self._server.start()
        except OSError as error:
            raise PartFailed(
                say(
                    "The OPC UA server cannot listen on {host}:{port} ({reason}).",
                    host=self.host,
                    port=self.port,
                    reason=error.strerror,
                )
            ) from None
        self.port = self._server.bserver.port  # pyright: ignore[reportOptionalMemberAccess]
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Also ends what a client whose connection broke has left: its session would live on for an hour."""
        inner = self._server.iserver
        if inner.time_task is not None:  # stop() would wait for its next second
            inner.time_task.cancel()
            await asyncio.gather(inner.time_task, return_exceptions=True)
            inner.time_task = None
        for session in list(inner._external_sessions.values()):
            await session.close_session(True)
        for transport in list(inner.asyncio_transports):
            transport.close()
        await asyncio.sleep(0)  # their loss is noticed before stop() awaits what it leaves to do
        await self._server.stop()

    async def _add_setpoints(self, index: int, desk: Desk) -> None:
        writes = Writes(desk, index)
        self._server.on_write(writes.on_write)
        folders: dict[str, ua.NodeId] = {}
        for tag in desk.tags.values():
            *levels, _ = tag.name.split("/")
            folders["/".join(levels)] = await self._folder(index, levels)
            await self._add_tag(index, tag, "scalars")
        for path, folder in folders.items():
            method = ua.NodeId(f"{path}/Write", index)
            await self._server.get_node(folder).add_method(
                method, ua.QualifiedName("Write", index), writes.on_call, INPUTS, OUTPUTS
            )
        await self.show_setpoints(now_ns())

    async def show_setpoints(self, time: int) -> None:
        """Write what the set-points stand at, as of `time` in ns, where that has changed."""
        if self._desk is None:
            return
        for name in self._desk.tags:
            value = self._desk.value(name)
            if value != self._shown.get(name):
                self._shown[name] = value
                await self._write(self._nodes[name], _data(ua.Variant(value, ua.VariantType.Double), time))

    async def _folder(self, index: int, levels: Sequence[str]) -> ua.NodeId:
        """The folder of this path, made where it is missing."""
        path = "/".join(levels)
        if path in self._nodes:
            return self._nodes[path]
        if not levels:
            return self._server.nodes.objects.nodeid
        parent = self._server.get_node(await self._folder(index, levels[:-1]))
        folder = await parent.add_folder(ua.NodeId(path, index), ua.QualifiedName(levels[-1], index))
        self._nodes[path] = folder.nodeid
        return folder.nodeid

    async def _add_tag(self, index: int, tag: Tag, kind: str) -> None:
        *levels, name = tag.name.split("/")
        folder = await self._folder(index, levels)
        initial = {"scalars": 0.0, "blocks": [0.0], "frames": b"", "texts": ""}[kind]
        type_id = ua.ObjectIds.BaseDataVariableType
        if kind in ("scalars", "blocks"):
            type_id = ua.ObjectIds.AnalogUnitType if tag.eu_range is None else ua.ObjectIds.AnalogItemType
        value = ua.Variant(initial, _TYPES[kind])
        nodeid = ua.NodeId(tag.name, index)
        await self._add_variable(folder, nodeid, ua.QualifiedName(name, index), value, type_id, tag)
        if kind in ("scalars", "blocks"):
            await self._describe(self._server.get_node(nodeid), tag)
        await self._write(nodeid, _waiting())
        self._nodes[tag.name] = nodeid

    async def _add_variable(
        self,
        folder: ua.NodeId,
        nodeid: ua.NodeId,
        name: ua.QualifiedName,
        value: ua.Variant,
        type_id: int,
        tag: Tag,
    ) -> None:
        """What asyncua's add_variable does, which knows only one type of variable."""
        attributes = ua.VariableAttributes()
        attributes.DisplayName = attributes.Description = ua.LocalizedText(name.Name)
        attributes.Value, attributes.DataType = value, ua.NodeId(value.VariantType.value)
        attributes.ValueRank = ua.ValueRank.OneDimension if value.is_array else ua.ValueRank.Scalar
        attributes.AccessLevel = attributes.UserAccessLevel = ua.AccessLevel.CurrentRead.mask
        if tag.writable:
            attributes.AccessLevel = attributes.UserAccessLevel = (
                ua.AccessLevel.CurrentRead.mask | ua.AccessLevel.CurrentWrite.mask
            )
        attributes.MinimumSamplingInterval = 0.0 if tag.rate_hz is None else 1e3 / tag.rate_hz
        item = ua.AddNodesItem()
        item.RequestedNewNodeId, item.BrowseName, item.NodeClass = nodeid, name, ua.NodeClass.Variable
        item.ParentNodeId, item.ReferenceTypeId = folder, ua.NodeId(ua.ObjectIds.HasComponent)
        item.TypeDefinition, item.NodeAttributes = ua.NodeId(type_id), attributes
        (result,) = await self._server.iserver.isession.add_nodes([item])
        result.StatusCode.check()

    async def _describe(self, node: object, tag: Tag) -> None:
        """EngineeringUnits and ranges as properties (OPC 10000-8)."""
        text = ua.LocalizedText(symbol(tag.unit))
        unit = ua.EUInformation(UNECE, unece_id(tag.unit), text, ua.LocalizedText(tag.unit))
        await node.add_property(0, "EngineeringUnits", unit)  # pyright: ignore[reportAttributeAccessIssue]
        for name, limits in (("EURange", tag.eu_range), ("InstrumentRange", tag.instrument_range)):
            if limits is not None:
                await node.add_property(0, name, ua.Range(*limits))  # pyright: ignore[reportAttributeAccessIssue]

    async def _add_mark(self, index: int, group: Group) -> None:
        *levels, _ = group.tags[0].name.split("/")
        folder = self._server.get_node(await self._folder(index, levels))
        name = f"{group.name}/{MARK}"
        node = await folder.add_variable(
            ua.NodeId(name, index), ua.QualifiedName(f"{group.name}{MARK}", index), [0, 0], ua.VariantType.Int64
        )
        await self._write(node.nodeid, _waiting())
        self._nodes[name] = node.nodeid

    async def send(self, items: Sequence[Item]) -> None:
        """Write the items of one tick, in order."""
        for item in items:
            match item:
                case Batch():
                    await self._send_batch(item)
                case Frame():
                    group = self._of[item.group]
                    data = encode(group, 0, [item], Mark(item.group, item.time))
                    value = ua.Variant(data, ua.VariantType.ByteString)
                    await self._write(self._nodes[item.tag.name], _data(value, item.time))
                case Context():
                    value = ua.Variant(item.text, ua.VariantType.String)
                    await self._write(self._nodes[item.tag.name], _data(value, item.time))
                case Mark():
                    await self._send_mark(item, items)

    async def _send_mark(self, mark: Mark, items: Iterable[Item]) -> None:
        """The END mark repeats the group's last time with the end flag set."""
        time = mark.time
        if time == END:
            times = [m.time for m in items if isinstance(m, Mark) and m.group == mark.group and m.time != END]
            time = max(times)
        value = ua.Variant([mark.count or 0, int(mark.time == END)], ua.VariantType.Int64)
        await self._write(self._nodes[f"{mark.group}/{MARK}"], _data(value, time))

    async def _send_batch(self, batch: Batch) -> None:
        nodes = [self._nodes[tag.name] for tag in batch.tags]
        if self._kind[batch.group] == "blocks":
            for column, node in enumerate(nodes):
                for first, last in _runs(batch.status[:, column]):
                    _check_spacing(batch.tags[column], batch.time[first:last])
                    values = batch.values[first:last, column].tolist()
                    status = int(batch.status[first, column])
                    value = ua.Variant(values, ua.VariantType.Double)
                    await self._write(node, _data(value, int(batch.time[first]), status))
            return
        rows = zip(batch.time.tolist(), batch.values.tolist(), batch.status.tolist(), strict=True)
        samples = is_sample(batch.status).tolist()
        for (time, values, statuses), present in zip(rows, samples, strict=True):
            moment = to_datetime(time)
            for node, number, status, is_there in zip(nodes, values, statuses, present, strict=True):
                if is_there:
                    value = ua.Variant(number, ua.VariantType.Double)
                    code = ua.StatusCode(status)
                    await self._write(node, ua.DataValue(value, code, moment))

    async def _write(self, node: ua.NodeId, value: ua.DataValue) -> None:
        status = await self._server.iserver.aspace.write_attribute_value(node, ua.AttributeIds.Value, value)
        if not status.is_good():
            raise PartFailed(
                say("The OPC UA server refused a value of {node}: {status}.", node=node.Identifier, status=status.name)
            )


def _data(value: ua.Variant, time: int, status: int = 0) -> ua.DataValue:
    return ua.DataValue(value, ua.StatusCode(status), to_datetime(time))


def _waiting() -> ua.DataValue:
    return ua.DataValue(ua.Variant(None, ua.VariantType.Null), ua.StatusCode(BAD_WAITING_FOR_INITIAL_DATA))


def _check_spacing(tag: Tag, time: np.ndarray) -> None:
    """An array node carries its first time only; the others follow from the rate, or would arrive changed."""
    if not np.array_equal(block_times(int(time[0]), tag.rate_hz or 1.0, len(time)), time):
        raise PartFailed(
            say(
                "{tag} cannot travel over OPC UA as a block of {rate:g} Hz: its samples are not that far apart, "
                "in whole microseconds. Use a rate that divides 1 MHz, or MQTT.",
                tag=tag.name,
                rate=tag.rate_hz,
            )
        )


def _runs(status: np.ndarray) -> Iterator[tuple[int, int]]:
    """(first, end) of each stretch of equal status that holds samples."""
    if not len(status):
        return
    edges = np.flatnonzero(status[1:] != status[:-1]) + 1
    for first, end in zip([0, *edges.tolist()], [*edges.tolist(), len(status)], strict=True):
        if is_sample(status[first : first + 1])[0]:
            yield first, end
