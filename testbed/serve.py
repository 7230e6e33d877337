"""The plant on its protocols, for whoever wants to look: OPC UA, MQTT group messages, and plain topics a tag."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

from connectors.clock import now_ns
from connectors.errors import InputError, nearest
from connectors.items import Item
from connectors.texts import say
from connectors.times import SECOND
from connectors.truth import Truth
from testbed.caster import Caster
from testbed.engine import Engine
from testbed.library import load, names
from testbed.mill import Mill
from testbed.running import pace_of
from testbed.scenario import PlantSpec, Scenario
from testbed.testplant import TestPlantSpec

PLANTS: dict[str, PlantSpec] = {"caster": Caster(), "mill": Mill(), "testplant": TestPlantSpec()}
FOREVER_S = 10 * 365 * 86_400.0  # longer than anybody watches


async def serve(
    name: str, seed: int, speed: str, opcua_port: int, mqtt_port: int, tell: Callable[[str], None],
    truth: Path | None = None,
) -> None:  # fmt: skip
    """Serve a plant, or a scenario with its steps, from now on until cancelled.

    What really happens goes to the file `truth`, a line each, for whoever judges a watch; never onto the wire. Raises
    InputError for an unknown name or a file that cannot be written, PartFailed if a port is taken.
    """
    from connectors.broker import Broker
    from connectors.mqtt import MqttPublisher, topic_root
    from connectors.opcua_server import OpcUaServer

    pace = pace_of(speed)
    engine = Engine(_scenario(name), seed, start=now_ns() // SECOND * SECOND)
    answers = _Answers(engine, truth)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(OpcUaServer(engine.groups, opcua_port))
        broker = await stack.enter_async_context(Broker(port=mqtt_port))
        publisher = await stack.enter_async_context(MqttPublisher(engine.groups, broker.port, plain=True))
        root = topic_root(engine.groups).rsplit("/", 1)[0]
        tell(say("Plant '{name}', simulated, seed {seed}.", name=name, seed=seed))
        tell(say("OPC UA  {url}  (no security: loopback only)", url=server.url))
        tell(
            say(
                "MQTT    127.0.0.1:{port}  ({kind})  topics {root}/#",
                port=broker.port,
                kind=broker.kind,
                root=root,
            )
        )
        tell(say("Ctrl-C stops."))

        async def send(items: Sequence[Item]) -> None:
            await server.send(items)
            await publisher.send(items)
            engine.finished(engine.plant.present)  # nobody is waited for
            answers.write()

        await engine.produce(send, pace)


class _Answers:
    """The answer key as it grows, on the plant's side."""

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine, self._path = engine, path
        self._known: list[Truth] = []
        if path is not None:
            try:
                path.write_text("", encoding="utf-8")
            except OSError as error:
                reason = error.strerror or str(error)
                raise InputError(say("{path} cannot be written: {reason}.", path=path, reason=reason)) from None

    def write(self) -> None:
        """Write the file anew whenever there is more to tell."""
        if self._path is None or (truths := list(self._engine.truths())) == self._known:
            return
        self._known = truths
        beside = self._path.with_name(f".{self._path.name}")
        beside.write_text("".join(json.dumps(asdict(t), ensure_ascii=False) + "\n" for t in truths), encoding="utf-8")
        beside.replace(self._path)


def _scenario(name: str) -> Scenario:
    if name in PLANTS:
        return Scenario(name=name, plant=PLANTS[name], duration=FOREVER_S)
    try:
        return load(name)
    except InputError:
        hint = nearest(name, [*PLANTS, *names()])
        raise InputError(say("No plant or scenario is called '{name}'.{hint}", name=name, hint=hint)) from None
