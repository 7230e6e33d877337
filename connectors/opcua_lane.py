"""A lane for publish requests and their answers on asyncua's channel, which costs a tenth of the way through it.

On a channel without security a request is packed here, and an answer in one chunk is cut out of the stream here.
Whatever else comes, chunk by chunk, is handed to asyncua in its order: other answers, answers in several chunks, a
renewed token, a number that is not the next one, every frame of a secured channel.

Layouts: OPC 10000-6 (Mappings), 6.7.2 MessageChunk; OPC 10000-4, 7.32 RequestHeader and 5.14.5 Publish.
"""

# asyncua re-exports without saying so.
# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Sequence
from typing import Any

from asyncua import ua
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.ua.ua_binary import nodeid_to_binary

from connectors.clock import now_ns

_FRAME = struct.Struct("<4sIIIII")  # type and chunk, size, channel, token, sequence number, request
_SIZE, _COUNT, _ACKNOWLEDGED = (struct.Struct(form) for form in ("<I", "<i", "<II"))
_HEADER = struct.Struct("<qIIiI3s")  # timestamp, handle, diagnostics, no audit entry, no time limit, nothing more
_PUBLISH_REQUEST = b"\1\0" + struct.pack("<H", 826)  # identifier of its binary encoding, OPC 10000-6 annex A
_LEAST = 16  # bytes: no frame is shorter
_SMALL = 1_024  # bytes of a request that fits into one chunk anywhere
_LAST = 2**32 - 1  # sequence number
_EPOCH = 116_444_736_000_000_000  # ticks of 100 ns from 1601 to 1970


class Lane:
    """Publish requests and their answers on one connection of asyncua's.

    Attributes:
        direct: answers cut out here.
        handed: frames that asyncua was given.
    """

    def __init__(self, session: Any, count: Callable[[int], None]) -> None:
        """From now on `count` is told the size of everything that arrives."""
        self.direct = self.handed = 0
        self._protocol = session._client.protocol
        self._count = count
        self._due: list[tuple[Sequence[ua.SubscriptionAcknowledgement], asyncio.Future[Any]]] = []  # not sent yet
        self._open: set[int] = set()  # numbers of requests that wait for an answer
        self._token: tuple[Any, bytes] = (None, b"")  # the session's, and its bytes
        self._protocol.data_received = self.take

    async def publish(self, acknowledgements: Sequence[ua.SubscriptionAcknowledgement]) -> bytes:
        """The body of the answer. What is asked for in one turn of the loop leaves in one piece."""
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        if not self._due:
            loop.call_soon(self._send)
        self._due.append((acknowledgements, answer))
        body = await answer
        return body if isinstance(body, bytes) else bytes(body)  # asyncua's buffer, where the answer came its way

    # -- out ---------------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        due, self._due = self._due, []
        messages: list[bytes] = []
        for acknowledgements, answer in due:
            if answer.done():
                continue
            try:
                messages.append(self._message(acknowledgements, answer))
            except Exception as error:  # told to who waits for the answer
                answer.set_exception(error)
        if messages:
            self._protocol.transport.write(b"".join(messages))

    def _message(
        self, acknowledgements: Sequence[ua.SubscriptionAcknowledgement], answer: asyncio.Future[Any]
    ) -> bytes:
        """A request as it goes out; its answer is waited for from now on."""
        protocol = self._protocol
        if protocol.transport is None:
            raise ConnectionError("Connection is not open")
        protocol.revolve_security_token()
        body = self.body(acknowledgements)
        number = protocol._request_id + 1
        message = framed(protocol._connection, body, number)
        protocol._request_id = number
        protocol._callbackmap[number] = answer
        self._open.add(number)
        return message

    def body(self, acknowledgements: Sequence[ua.SubscriptionAcknowledgement]) -> bytes:
        """A PublishRequest under the next handle."""
        protocol = self._protocol
        if self._token[0] is not protocol.authentication_token:
            token = protocol.authentication_token
            self._token = token, nodeid_to_binary(token)
        protocol._request_handle += 1
        return b"".join([
            _PUBLISH_REQUEST,
            self._token[1],
            _HEADER.pack(now_ns() // 100 + _EPOCH, protocol._request_handle, 0, -1, 0, b"\0\0\0"),
            _COUNT.pack(len(acknowledgements)),
            *(_ACKNOWLEDGED.pack(one.SubscriptionId, one.SequenceNumber) for one in acknowledgements),
        ])  # fmt: skip

    # -- in ----------------------------------------------------------------------------------------------------------

    def take(self, data: bytes) -> None:
        """Bytes have come."""
        self._count(len(data))
        protocol, at = self._protocol, 0
        if protocol.receive_buffer:
            data, protocol.receive_buffer = protocol.receive_buffer + data, None
        while at < len(data):
            size = _SIZE.unpack_from(data, at + 4)[0] if len(data) - at >= 8 else _LEAST
            if at + size > len(data):
                protocol.receive_buffer = data[at:]
                break
            if not self._cut_out(data, at, size):
                self.handed += 1
                protocol._process_received_data(data[at : at + size] if size >= _LEAST else data[at:])
                if size < _LEAST or protocol.transport is None or protocol.transport.is_closing():
                    return
            at += size

    def _cut_out(self, data: bytes, at: int, size: int) -> bool:
        """Whether the frame is the next one, and all of an answer to one of our requests."""
        if size < _FRAME.size:
            return False
        kind, _, channel, token, sequence, request = _FRAME.unpack_from(data, at)
        connection = self._protocol._connection
        if (
            kind != b"MSGF"
            or request not in self._open
            or not is_plain(connection)
            or connection._incoming_parts
            or (channel, token) != (connection.security_token.ChannelId, connection.security_token.TokenId)
            or connection._peer_sequence_number is None
            or sequence != connection._peer_sequence_number + 1
            or size > connection._limits.max_recv_buffer
            or not connection._limits.is_msg_size_within_limit(size - _FRAME.size)
        ):
            return False
        connection._peer_sequence_number = sequence
        self._open.discard(request)
        self.direct += 1
        self._protocol._call_callback(request, data[at + _FRAME.size : at + size])
        return True


def is_plain(connection: Any) -> bool:
    """Whether nothing on this channel is signed or encrypted."""
    return isinstance(connection.security_policy, SecurityPolicyNone)


def framed(connection: Any, body: bytes, request: int) -> bytes:
    """A message of this body under the channel's next sequence number."""
    if not is_plain(connection) or len(body) > _SMALL:
        return connection.message_to_binary(body, request_id=request)
    connection._sequence_number = connection._sequence_number % _LAST + 1
    token = connection.security_token
    head = _FRAME.pack(
        b"MSGF", _FRAME.size + len(body), token.ChannelId, token.TokenId, connection._sequence_number, request
    )
    return head + body
