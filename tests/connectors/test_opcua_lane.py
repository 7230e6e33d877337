"""A lane of its own says and hears what asyncua says and hears, and leaves to it whatever is not plain."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import random
import struct
from datetime import UTC, datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.connection import SecureConnection, TransportLimits
from asyncua.crypto.security_policies import SecurityPolicyNone
from asyncua.ua.ua_binary import struct_to_binary

from connectors import opcua_lane
from connectors.opcua_lane import Lane, framed

MOMENT = datetime(2026, 11, 20, 6, 30, 0, 125000, UTC)
CHANNEL, TOKEN = 7, 3


class Wire:
    """What asyncua writes to."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


def connection() -> SecureConnection:
    made = SecureConnection(SecurityPolicyNone(), TransportLimits(65535, 65535, 0, 0))
    made.security_token = ua.ChannelSecurityToken(CHANNEL, TOKEN, MOMENT, 3_600_000)
    return made


def protocol() -> tuple[Any, Wire]:
    made: Any = UASocketProtocol(10.0)
    wire = Wire()
    made.connection_made(wire)
    made._connection = connection()
    made._connection._peer_sequence_number = 1
    made.authentication_token = ua.NodeId(b"secret of the session", 1, ua.NodeIdType.ByteString)
    return made, wire


def lane_at(made: Any) -> tuple[Lane, list[int]]:
    counted: list[int] = []
    session = SimpleNamespace(_client=SimpleNamespace(protocol=made))
    return Lane(session, counted.append), counted


def acknowledged(*numbers: int) -> list[ua.SubscriptionAcknowledgement]:
    return [ua.SubscriptionAcknowledgement(9, number) for number in numbers]


def frame(body: bytes, sequence: int, request: int, chunk: bytes = b"F", token: int = TOKEN) -> bytes:
    return struct.pack("<3scIIIII", b"MSG", chunk, 24 + len(body), CHANNEL, token, sequence, request) + body


async def turn() -> None:
    """Let the loop run what is due."""
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.mark.parametrize("numbers", [(), (1,), (4_294_967_295, 7, 8)])
@pytest.mark.parametrize(
    "token",
    [ua.NodeId(), ua.NodeId(300_000, 2), ua.NodeId("named", 5), ua.NodeId(b"x" * 32, 0, ua.NodeIdType.ByteString)],
)
def test_a_request_is_the_one_that_asyncua_writes(numbers, token, monkeypatch):
    monkeypatch.setattr(opcua_lane, "now_ns", lambda: round(MOMENT.timestamp() * 1_000_000) * 1_000)
    made, _ = protocol()
    made.authentication_token = token
    lane, _ = lane_at(made)
    request = ua.PublishRequest()
    request.RequestHeader = ua.RequestHeader(token, MOMENT, 1)
    request.Parameters.SubscriptionAcknowledgements = acknowledged(*numbers)
    assert lane.body(acknowledged(*numbers)) == struct_to_binary(request)


def test_a_message_is_the_one_that_asyncua_writes():
    for sequence in (0, 41, 2**32 - 2, 2**32 - 1):
        ours, theirs = connection(), connection()
        ours._sequence_number = theirs._sequence_number = sequence
        for request, size in ((1, 60), (2, 0x1000), (3, 200_000)):
            body = bytes(size)
            assert framed(ours, body, request) == theirs.message_to_binary(body, request_id=request)
        assert ours._sequence_number == theirs._sequence_number


def test_requests_of_one_turn_leave_in_one_piece_and_each_gets_its_own_answer():
    async def asked() -> None:
        made, wire = protocol()
        lane, counted = lane_at(made)
        waiting = [asyncio.create_task(lane.publish(acknowledged(n))) for n in range(3)]
        await turn()
        assert len(wire.sent) == 1
        stream = frame(b"second", 2, 2) + frame(b"first", 3, 1) + frame(b"third", 4, 3)
        made.data_received(stream)
        assert await asyncio.gather(*waiting) == [b"first", b"second", b"third"]
        assert (lane.direct, lane.handed, counted) == (3, 0, [len(stream)])

    asyncio.run(asked())


def test_however_the_stream_is_cut_and_whatever_stands_in_it_every_answer_comes_whole():
    """Answers in one chunk and in several, and those to asyncua's own requests, cut anywhere."""

    async def cut(seed: int) -> tuple[int, int]:
        rng = random.Random(seed)
        made, _ = protocol()
        lane, _ = lane_at(made)
        ours = [asyncio.create_task(lane.publish([])) for _ in range(20)]
        await turn()
        theirs = [made._send_request(ua.ReadRequest()) for _ in range(5)]
        bodies = {number: rng.randbytes(rng.randrange(10, 400)) for number in range(1, 26)}
        stream, sequence = b"", 1
        for number in rng.sample(sorted(bodies), 25):
            cuts = sorted(rng.sample(range(1, len(bodies[number])), rng.choice((0, 0, 0, 2))))
            edges = [0, *cuts, len(bodies[number])]
            for begin, end in pairwise(edges):
                sequence += 1
                chunk = b"F" if end == edges[-1] else b"C"
                stream += frame(bodies[number][begin:end], sequence, number, chunk)
        while stream:
            n = rng.randrange(1, 300)
            made.data_received(stream[:n])
            stream = stream[n:]
        assert await asyncio.gather(*ours) == [bodies[number] for number in range(1, 21)]
        assert [bytes(future.result()) for future in theirs] == [bodies[number] for number in range(21, 26)]
        assert made._connection._peer_sequence_number == sequence
        return lane.direct, lane.handed

    told = [asyncio.run(cut(seed)) for seed in range(1, 21)]
    assert all(direct and handed for direct, handed in told)


@pytest.mark.parametrize(
    "wrong",
    [
        frame(b"body", 5, 1),
        frame(b"body", 2, 1, token=TOKEN + 1),
        frame(b"body", 2, 99),
        struct.pack("<4sI", b"MSGF", 3) + b"garbage",
        struct.pack("<4sI", b"MSGF", 20) + bytes(12),
        struct.pack("<4sI", b"XYZF", 40) + bytes(32),
    ],
    ids=["a number left out", "a token nobody gave", "no such request", "no size", "too short", "no such type"],
)
def test_what_asyncua_ends_a_connection_for_ends_it_here_too(wrong):
    async def received() -> bool:
        made, wire = protocol()
        lane, _ = lane_at(made)
        waiting = asyncio.create_task(lane.publish([]))
        await turn()
        made.data_received(wrong)
        waiting.cancel()
        return wire.is_closed

    async def by_asyncua() -> bool:
        made, wire = protocol()
        waiting = made._send_request(ua.PublishRequest())
        made.data_received(wrong)
        waiting.cancel()
        return wire.is_closed

    assert asyncio.run(received()) is asyncio.run(by_asyncua()) is True


def test_asking_on_a_closed_connection_fails_at_once():
    async def asked() -> None:
        made, _ = protocol()
        lane, _ = lane_at(made)
        made.transport = None
        with pytest.raises(ConnectionError):
            await lane.publish([])

    asyncio.run(asked())
