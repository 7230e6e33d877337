"""A lane for what comes most over MQTT: messages of QoS 0, read many at a time. All else takes paho's way, in order.

paho reads a packet in four calls to the system and waits anew for each; here one call reads all that is there.
"""

# paho re-exports its enumerations without saying so
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho

AHEAD = 1 << 16  # bytes of one read
PLAIN = (0x30, 0x31)  # PUBLISH of QoS 0, its last bit RETAIN (MQTT 3.1.1, 3.3.1)
WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

Heard = tuple[str, bytes, bool]  # topic, payload, whether the broker had kept it


class _Ahead:
    """A socket that reads ahead: paho's small reads come out of `data` from `at` on."""

    def __init__(self, link: Any) -> None:
        self.link, self.data, self.at = link, b"", 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.link, name)

    def pending(self) -> int:
        """Bytes that TLS has decoded and `select` does not see; what is read ahead is never left whole."""
        return self.link.pending() if isinstance(self.link, ssl.SSLSocket) else 0

    def fill(self) -> bool:
        """Read what is there behind what is left. False at the end of the connection."""
        came = self.link.recv(AHEAD)
        self.data, self.at = self.data[self.at :] + came, 0
        return bool(came)

    def recv(self, size: int) -> bytes:
        if self.at == len(self.data) and not self.fill():
            return b""
        taken = self.data[self.at : self.at + size]
        self.at += len(taken)
        return taken


class LaneClient(paho.Client):
    """A paho client whose messages go to `heard` in lists, in its own thread and in the order they came."""

    heard: Callable[[list[Heard]], None]

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.heard = lambda messages: None
        self.on_message = lambda client, userdata, message: self.heard(
            [(message.topic, bytes(message.payload), message.retain)]
        )
        self._extra = 1 if self._protocol == paho.MQTTv5 else 0  # bytes that say there are no properties

    def _create_socket(self) -> Any:
        return _Ahead(super()._create_socket())

    def loop_read(self, max_packets: int = 1) -> paho.MQTTErrorCode:
        """Read what is there: whole packets are done with when it returns."""
        link: Any = self._sock
        if link is None:
            return paho.MQTT_ERR_NO_CONN
        if not self._in_packet["command"]:  # else paho is in the middle of one, and reads on
            try:
                if not link.fill():
                    return self._loop_rc_handle(paho.MQTT_ERR_CONN_LOST)
            except WAITS as error:
                if isinstance(error, ssl.SSLWantWriteError):
                    self._call_socket_register_write()
                return paho.MQTT_ERR_SUCCESS
            except OSError:
                return self._loop_rc_handle(paho.MQTT_ERR_CONN_LOST)
            with self._msgtime_mutex:
                self._last_bytes_received = paho.time_func()
        while self._sock is not None:
            try:
                if not self._in_packet["command"] and not self._is_for_paho(link):
                    break
                code = self._packet_read()
            except UnicodeDecodeError:  # a topic that is no UTF-8: close the connection (MQTT 3.1.1, 1.5.3)
                code = paho.MQTT_ERR_PROTOCOL
            if code > 0:
                return self._loop_rc_handle(code)
            if code == paho.MQTT_ERR_AGAIN:
                break
        return paho.MQTT_ERR_SUCCESS

    def _is_for_paho(self, link: _Ahead) -> bool:
        """Hand over the plain messages that are whole. Whether another packet, or one over 16 KiB, comes next."""
        data, at, size, extra = link.data, link.at, len(link.data), self._extra
        taken: list[Heard] = []
        is_other = False
        try:
            while at + 3 < size:
                command, length, head = data[at], data[at + 1], at + 2
                if length > 127:
                    high, head = data[head], head + 1
                    length += (high - 1) << 7
                    is_other = high > 127
                end, topic = head + length, head + 2
                if not is_other and end > size:
                    break
                body = 0 if is_other or length < 2 else topic + (data[head] << 8 | data[head + 1])
                if command not in PLAIN or not body or body + extra > end or (extra and data[body]):
                    is_other = True
                    break
                taken.append((data[topic:body].decode(), data[body + extra : end], command == PLAIN[1]))
                at = end
            else:
                is_other = size - at > 1 and data[at] not in PLAIN  # acknowledgements may be of two or three bytes
        finally:
            link.at = at
            if taken:
                self.heard(taken)
        return is_other
