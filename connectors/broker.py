"""An MQTT broker for this run: mosquitto when it is on PATH, else the embedded one. On loopback, unless guarded."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.clock import Stopwatch, sleep
from connectors.errors import InputError, PartFailed, nearest
from connectors.texts import say

if TYPE_CHECKING:
    from connectors.broker_guard import BrokerGuard

LOOPBACK = "127.0.0.1"
MAX_PAYLOAD = 8 * 1024 * 1024  # bytes; a 4 MB picture with room to spare
START_S = 15.0  # a broker that has not answered by then will not
ATTEMPTS = 5  # ports tried before giving up
KINDS = ("embedded", "mosquitto")

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
log_type error
log_dest stderr
"""

_EMBEDDED = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v4.1]
name = "v3.1.1"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = {payload}
max_inflight_count = 500
dynamic_filters = true
[v5.1]
name = "v5"
listen = "127.0.0.1:{port5}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {payload}
max_inflight_count = 500
"""


def broker_kind() -> str:
    """Which broker would be started: TESTBED_BROKER if set, else mosquitto if on PATH, else embedded.

    Raises InputError if TESTBED_BROKER names none, or names mosquitto and there is none.
    """
    wanted = os.environ.get("TESTBED_BROKER", "")
    found = _mosquitto() is not None
    if not wanted:
        return "mosquitto" if found else "embedded"
    if wanted not in KINDS:
        raise InputError(say("TESTBED_BROKER is '{wanted}'.", wanted=wanted) + nearest(wanted, KINDS))
    if wanted == "mosquitto" and not found:
        raise InputError(
            say("TESTBED_BROKER asks for mosquitto, but it is not on PATH. Install it, or set TESTBED_BROKER=embedded.")
        )
    return wanted


class Broker:
    """A broker that lives as long as the `async with` block.

    Attributes:
        kind: 'mosquitto' or 'embedded'.
        port: of the MQTT 3.1.1 listener.
        inner_port: of the listener on 127.0.0.1 that the plant itself uses; the same one without a guard.

    With a `guard` it listens on `host` with TLS and users, which takes mosquitto; with `host` alone it lets anybody in.
    """

    def __init__(
        self, kind: str | None = None, port: int = 0, host: str = LOOPBACK, guard: BrokerGuard | None = None
    ) -> None:
        self.kind = kind or broker_kind()
        self.port = self.inner_port = port
        self.host = host
        self._guard = guard
        self._wanted = port
        if guard is not None and self.kind != "mosquitto":
            raise InputError(
                say("Beyond this machine the broker has to be mosquitto: the embedded one would keep passwords in the "
                    "clear. Install mosquitto, or say --insecure to go without.")
            )  # fmt: skip
        self._stop: list[Any] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="testbed-broker-")

    async def __aenter__(self) -> Broker:
        if self._wanted and await _answers(self._wanted):  # a client could not tell it from the broker that is meant
            self._folder.cleanup()
            raise PartFailed(
                say("Another program listens on port {port} already. Stop it, or take another port; "
                    "0 takes a free one.", port=self._wanted)
            )  # fmt: skip
        start = self._start_mosquitto if self.kind == "mosquitto" else self._start_embedded
        for _ in range(ATTEMPTS):
            self.port = self._wanted or free_port()
            self.inner_port = self.port if self._guard is None else free_port()
            if await start():
                return self
            self._close()
            if self._wanted:
                break
        self._folder.cleanup()
        raise PartFailed(
            say(
                "The {kind} broker did not start on {host}:{port} within {span:.0f} s. Is the port taken? "
                "'TESTBED_BROKER={other}' starts the other one.",
                kind=self.kind,
                host=self.host,
                port=self.port,
                span=START_S,
                other="embedded" if self.kind == "mosquitto" else "mosquitto",
            )
        )

    async def __aexit__(self, *exc: object) -> None:
        await asyncio.to_thread(self._close)
        self._folder.cleanup()

    def refresh(self) -> None:
        """Take in users who have changed meanwhile; call it now and then. Certificates wait for the next start."""
        guard, process = self._guard, self._process
        if guard is None or process is None or os.name != "posix" or not guard.has_changed():
            return
        if guard.mutual and guard.trusts_others():
            guard.tell(say("MQTT: what 'testbed certs trust' was told is taken in when the plant is served anew."))
        try:
            guard.write(Path(self._folder.name))
        except InputError as error:  # nobody is left: those who are in stay in until it is started again
            guard.tell(str(error))
            return
        process.send_signal(signal.SIGHUP)

    def _close(self) -> None:
        while self._stop:
            self._stop.pop()()

    async def _start_mosquitto(self) -> bool:
        folder, guard = Path(self._folder.name), self._guard
        if guard is None:
            text = _MOSQUITTO.format(port=self.port, host=self.host)
        else:
            text = guard.configure(folder, self.host, self.port, self.inner_port)
        config = folder / "mosquitto.conf"
        config.write_text(text)
        program = _mosquitto()
        if program is None:
            return False
        log = subprocess.DEVNULL if guard is None else subprocess.PIPE
        process = self._process = subprocess.Popen([program, "-c", str(config)], stderr=log)
        self._stop.append(lambda: _end(process))
        if guard is not None and process.stderr is not None:
            reader = guard.listen(process.stderr)
            self._stop.insert(0, lambda: reader.join(1.0))  # after the end of what it reads
        watch = Stopwatch()
        while watch.seconds() < START_S and process.poll() is None:
            if await _answers(self.inner_port):
                return True
            await sleep(0.02)
        return False

    async def _start_embedded(self) -> bool:
        from iotcore import Broker as Embedded

        config = Path(self._folder.name) / "rumqttd.toml"
        config.write_text(_EMBEDDED.format(host=self.host, port=self.port, port5=free_port(), payload=MAX_PAYLOAD))
        broker = Embedded(config_path=str(config))
        try:
            await asyncio.to_thread(broker.start, START_S)
        except (OSError, RuntimeError):
            return False
        self._stop.append(broker.stop)
        return True


def free_port() -> int:
    """A TCP port of loopback that is free at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def _mosquitto() -> str | None:
    return shutil.which("mosquitto")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
