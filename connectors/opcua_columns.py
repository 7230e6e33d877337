"""Makes an asyncua session hand over its publish responses in columns, and counts what it could not."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary

from connectors.opcua_lane import Lane
from connectors.opcua_publish import Published, Run, decode_publish
from connectors.times import NONE, of_datetime


@dataclass(slots=True)
class Decoded:
    """Notifications that were decoded in columns (`fast`), and those that asyncua decoded (`slow`)."""

    fast: int = 0
    slow: int = 0

    @property
    def fast_share(self) -> float:
        """Share decoded in columns; 1.0 while nothing has come."""
        whole = self.fast + self.slow
        return self.fast / whole if whole else 1.0


def read_in_columns(
    session: Any,
    lane: Lane,
    receive: Callable[[Published], None],
    ended: Callable[[str], None],
    counts: Decoded | None = None,
) -> Decoded:
    """From now on `receive` is given every publish response of this session, in order, keep-alives included.

    asyncua still says when to ask and what to acknowledge; its own callbacks are not called. `ended` is told the status
    with which the server drops a subscription. Neither may raise. `counts` go on where they were.
    """
    counts = counts or Decoded()

    async def publish(acknowledgements: list[ua.SubscriptionAcknowledgement]) -> Any:
        body = await lane.publish(acknowledgements)
        published = decode_publish(body)
        if published is not None:
            counts.fast += sum(len(run) for run in published.runs)
            receive(published)
            return _acknowledged(published)
        session._client.protocol.check_answer(Buffer(body), " in response to PublishRequest")
        response = struct_from_binary(ua.PublishResponse, Buffer(body))
        if response.ResponseHeader.ServiceResult.is_good():
            published = _published(response.Parameters, ended)
            counts.slow += sum(len(run) for run in published.runs)
            receive(published)
            return _acknowledged(published)
        return response

    session.publish = publish
    return counts


def ask_ahead(session: Any, count: int) -> list[asyncio.Task[None]]:
    """So many publish loops beside asyncua's own. Answers come in order all the same: by one channel. Cancel them."""
    return [asyncio.create_task(session._publish_loop()) for _ in range(count)]


@dataclass(slots=True)
class _Message:
    SequenceNumber: int
    NotificationData: bool


@dataclass(slots=True)
class _Parameters:
    SubscriptionId: int
    NotificationMessage: _Message


@dataclass(slots=True)
class _Acknowledged:
    """As much of a response as lets asyncua's loop acknowledge the message, and nothing else in it to do."""

    Parameters: _Parameters


def _acknowledged(published: Published) -> _Acknowledged:
    return _Acknowledged(_Parameters(published.subscription, _Message(published.sequence, published.notifications > 0)))


def _published(result: ua.PublishResult, ended: Callable[[str], None]) -> Published:
    """The same from a response that asyncua decoded."""
    notifications = result.NotificationMessage.NotificationData or ()
    runs: list[Run] = []
    for notification in notifications:
        if isinstance(notification, ua.StatusChangeNotification):
            ended(notification.Status.name)
        elif isinstance(notification, ua.DataChangeNotification):
            runs.extend(_run(item) for item in notification.MonitoredItems)
    number = result.NotificationMessage.SequenceNumber
    return Published(result.SubscriptionId, number, len(notifications), tuple(runs))


def _run(item: ua.MonitoredItemNotification) -> Run:
    data = item.Value
    value = None if data.Value is None else data.Value.Value
    status = 0 if data.StatusCode is None else data.StatusCode.value
    times = (NONE if at is None else of_datetime(at) for at in (data.SourceTimestamp, data.ServerTimestamp))
    source, server = (np.array([at], np.int64) for at in times)
    values = _column(value)
    return Run(np.array([item.ClientHandle], np.uint32), np.array([status], np.uint32), source, server, values)


def _column(value: Any) -> np.ndarray | list[Any] | None:
    """A value as a run of one holds it; what is neither number nor text is a list with the object in it."""
    if value is None:
        return None
    if isinstance(value, ua.LocalizedText):
        return [value.Text]
    if isinstance(value, datetime):
        return np.array([of_datetime(value)], np.int64)
    if isinstance(value, bool | int | float):
        return np.array([value])
    if isinstance(value, list) and all(isinstance(one, bool | int | float) for one in value):
        return np.array([value])
    return [value]
