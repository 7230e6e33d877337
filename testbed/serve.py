"""The plant on its protocols, for whoever wants to look: OPC UA, MQTT group messages, and plain topics a tag."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.broker import LOOPBACK
from connectors.clock import now_ns
from connectors.errors import InputError, nearest
from connectors.home import home
from connectors.items import Item
from connectors.secrets import Login
from connectors.setpoints import Audit
from connectors.tags import unit_path
from connectors.texts import say
from connectors.times import SECOND
from connectors.writes import Desk
from testbed.caster import Caster
from testbed.coldmill import ColdMill
from testbed.engine import Engine
from testbed.hotmill import HotMill
from testbed.library import load, names
from testbed.mill import Mill
from testbed.plant import setpoints
from testbed.running import pace_of
from testbed.runout import RunOutTable
from testbed.scenario import PlantSpec, Scenario
from testbed.served_record import ServedRecord
from testbed.testplant import TestPlantSpec
from testbed.works import Works

if TYPE_CHECKING:
    from connectors.broker import Broker
    from connectors.opcua_server import OpcUaServer
    from connectors.sparkplug_setpoints import SparkplugPlant

OPEN_PORT, SECURE_PORT = 1883, 8883
LAST_PORT = 65_535
PLANTS: dict[str, PlantSpec] = {
    "caster": Caster(),
    "coldmill": ColdMill(),
    "hotmill": HotMill(),
    "mill": Mill(),
    "runout": RunOutTable(),
    "testplant": TestPlantSpec(),
    "works": Works(),
}
FOREVER_S = 10 * 365 * 86_400.0  # longer than anybody watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Where a plant is served, and who may come in.

    Attributes:
        host: address to listen on; beyond loopback only with certificates and users, unless `insecure` is said.
        opcua_port, mqtt_port: of the two servers; 0 takes a free one, None the usual one.
        insecure: anybody may come in, from anywhere.
        secure: certificates and users on loopback, too.
        mutual: clients of the broker must show a trusted certificate as well.
        sparkplug: the plant is Sparkplug B edge nodes on the broker, too.
        out: folder for audit.jsonl and the record; None keeps the audit in the user data directory.
    """

    host: str = LOOPBACK
    opcua_port: int = 4840
    mqtt_port: int | None = None
    insecure: bool = False
    secure: bool = False
    mutual: bool = False
    sparkplug: bool = False
    out: Path | None = None

    def __post_init__(self) -> None:
        for name, port in (("--opcua-port", self.opcua_port), ("--mqtt-port", self.mqtt_port)):
            if port is not None and not 0 <= port <= LAST_PORT:
                raise InputError(
                    say("{name} takes a port from 0 to {last}, but got {port}.", name=name, last=LAST_PORT, port=port)
                )

    @property
    def is_guarded(self) -> bool:
        """Whether certificates and users are asked for. Raises InputError for a host that is no address."""
        try:
            near = self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            raise InputError(
                say("--host takes an address of this machine such as 0.0.0.0, but got '{host}'.", host=self.host)
            ) from None
        if self.insecure and (self.secure or self.mutual):
            raise InputError(say("--insecure and --secure exclude each other. Say one."))
        return not self.insecure and (self.secure or self.mutual or not near)


async def serve(
    name: str, seed: int, speed: str, doors: Doors, tell: Callable[[str], None], truth: Path | None = None,
) -> None:  # fmt: skip
    """Serve a plant, or a scenario with its steps, from now on until cancelled.

    What really happens goes to the file `truth`, a line each, for whoever judges a watch; never onto the wire. Raises
    InputError for an unknown name, a file that cannot be written, or a missing certificate or user, PartFailed if a
    port is taken.
    """
    from connectors.certs import Store
    from connectors.mqtt import MqttPublisher, MqttTopics
    from connectors.mqtt_setpoints import MqttSetPoints
    from connectors.sparkplug_setpoints import SparkplugPlant

    pace = pace_of(speed)
    is_guarded = doors.is_guarded
    engine = Engine(scenario_of(name), seed, start=now_ns() // SECOND * SECOND)
    record = ServedRecord(engine, name, doors.out, truth)
    engine.noted = record.write  # before it acts
    desk = _desk(engine, doors.out, tell)
    unit = unit_path(tag.name for group in engine.groups for tag in group.tags)
    async with AsyncExitStack() as stack:
        server, broker, login = await _open(stack, engine, doors, is_guarded, desk, unit, tell)
        publisher = MqttPublisher(engine.groups, broker.inner_port, plain=True, login=login)
        await stack.enter_async_context(publisher)
        topics = MqttTopics(MqttSetPoints.filters(unit), LOOPBACK, broker.inner_port, login or Login())
        writes = MqttSetPoints(await stack.enter_async_context(topics), unit, desk)
        nodes = None
        if doors.sparkplug:
            nodes = await stack.enter_async_context(SparkplugPlant(engine.groups, broker.inner_port, desk, login))
        tell(say("Plant '{name}', simulated, seed {seed}.", name=name, seed=seed))
        for line in [*_where(server, broker, doors, is_guarded, unit), *_nodes(nodes)]:
            tell(line)
        for warning in Store().warnings() if is_guarded else ():
            tell(warning)
        tell(say("Ctrl-C stops."))

        async def send(items: Sequence[Item]) -> None:
            await server.send(items)
            await publisher.send(items)
            if nodes is not None:
                await nodes.send(items, engine.plant.present)
            writes.take()
            broker.refresh()
            await server.show_setpoints(engine.plant.present)
            engine.finished(engine.plant.present)  # nobody is waited for
            record.write()

        try:
            await engine.produce(send, pace)
        finally:
            record.close()


async def _open(
    stack: AsyncExitStack, engine: Engine, doors: Doors, is_guarded: bool, desk: Desk, unit: str,
    tell: Callable[[str], None],
) -> tuple[OpcUaServer, Broker, Login | None]:  # fmt: skip
    """Server and broker, and how the plant itself gets into the broker."""
    from connectors.broker import Broker
    from connectors.broker_guard import BrokerGuard
    from connectors.mqtt_setpoints import pattern
    from connectors.opcua_guard import Guard
    from connectors.opcua_server import OpcUaServer
    from connectors.sparkplug_setpoints import COMMANDS

    guard = broker_guard = None
    if is_guarded:
        guard = Guard(tell)
        guard.check()
        broker_guard = BrokerGuard(tell, (pattern(unit), *(COMMANDS if doors.sparkplug else ())), doors.mutual)
    port = doors.mqtt_port if doors.mqtt_port is not None else SECURE_PORT if is_guarded else OPEN_PORT
    broker = Broker(port=port, host=doors.host, guard=broker_guard)
    server = OpcUaServer(engine.groups, doors.opcua_port, doors.host, guard, desk)
    await stack.enter_async_context(server)
    await stack.enter_async_context(broker)
    return server, broker, None if broker_guard is None else broker_guard.login


def _where(server: OpcUaServer, broker: Broker, doors: Doors, is_guarded: bool, unit: str) -> list[str]:
    """Where both listen, and what is asked of whoever comes."""
    near = doors.host in (LOOPBACK, "localhost", "::1")
    asked = say("no security: loopback only") if near else say("NO SECURITY: anybody on the network may come in")
    scheme, kind = ("mqtts", broker.kind) if is_guarded else ("mqtt", broker.kind)
    if is_guarded:
        asked = say("certificates and users")
    lines = [
        say("OPC UA  {url}  ({asked})", url=server.url, asked=asked),
        say("MQTT    {scheme}://{host}:{port}  ({kind})  topics {root}/#", scheme=scheme, host=doors.host,
            port=broker.port, kind=kind, root=unit),
    ]  # fmt: skip
    return lines


def _nodes(nodes: SparkplugPlant | None) -> list[str]:
    """Where the edge nodes are, if there are any."""
    return (
        [] if nodes is None else [say("Sparkplug B  {root}/#  on the same broker", root=root) for root in nodes.roots]
    )


def _desk(engine: Engine, out: Path | None, tell: Callable[[str], None]) -> Desk:
    known = {tag.name: tag for group in engine.groups for tag in group.tags}
    audit = Audit((out or home()) / "audit.jsonl")
    plant: Any = engine.plant
    return Desk(
        setpoints(plant), engine.check_set_point, engine.set_point, lambda name: plant.setting(name), audit, tell, known
    )


def scenario_of(name: str) -> Scenario:
    """The scenario `name`, or a plant with nothing happening. Raises InputError if there is neither."""
    if name in PLANTS:
        return Scenario(name=name, plant=PLANTS[name], duration=FOREVER_S)
    try:
        return load(name)
    except InputError:
        hint = nearest(name, [*PLANTS, *names()])
        raise InputError(say("No plant or scenario is called '{name}'.{hint}", name=name, hint=hint)) from None
