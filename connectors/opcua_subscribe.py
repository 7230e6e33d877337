"""Subscribing many nodes of any OPC UA server: within the limits it sets, and seeing what it grants."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from asyncua import ua

QUEUE = 1_000  # samples a monitored item may hold on the server; it may grant less
AT_ONCE = 500  # nodes in one request where the server sets no lower limit
ALIVE_S = 1.0  # a server with nothing to tell says so this often
_LIMITS = "Server_ServerCapabilities_"

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a server takes in one request, and in one subscription."""

    items: int = AT_ONCE
    paths: int = AT_ONCE
    subscription: int = 2**31


@dataclass(slots=True)
class Granted:
    """What became of the nodes.

    Attributes:
        subscriptions: their ids; more than one where the server limits their size.
        interval_ms: the longest publishing interval that was granted.
        queue: the least number of samples that the server keeps for a node between two answers.
        short: so many nodes got less than QUEUE.
        refused: (which node, why) of those that are not monitored.
    """

    subscriptions: list[int] = field(default_factory=list)
    interval_ms: float = 0.0
    queue: int = QUEUE
    short: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


async def limits_of(session: Any) -> Limits:
    """The server's own; where it tells none, ours."""
    names = (
        "OperationLimits_MaxMonitoredItemsPerCall",
        "OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds",
        "MaxMonitoredItemsPerSubscription",
    )
    nodes = [ua.NodeId(getattr(ua.ObjectIds, f"{_LIMITS}{name}")) for name in names]
    told = [
        value.Value.Value if value.Value else 0 for value in await session.read_attributes(nodes, ua.AttributeIds.Value)
    ]
    items, paths, subscription = (value if isinstance(value, int) and value > 0 else 2**31 for value in told)
    return Limits(min(items, AT_ONCE), min(paths, AT_ONCE), subscription)


async def in_parts(
    call: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]], asked: Sequence[Asked], at_once: int
) -> list[Answer]:
    """Answers to all that is asked, at most `at_once` a request, and less where the server finds that too many."""
    answers: list[Answer] = []
    while len(answers) < len(asked):
        part = asked[len(answers) : len(answers) + at_once]
        try:
            answers += await call(part)
        except ua.UaStatusCodeError as error:
            if error.code != ua.StatusCodes.BadTooManyOperations or len(part) == 1:
                raise
            at_once = len(part) // 2
    return answers


async def subscribe(session: Any, nodes: Sequence[ua.NodeId], interval_ms: float, limits: Limits) -> Granted:
    """Monitor the values of nodes under client handles 1, 2, 3 … Raises ua.UaError if a subscription is refused."""
    granted = Granted()
    for at in range(0, len(nodes), limits.subscription):
        members = range(at, min(at + limits.subscription, len(nodes)))
        made = await session.create_subscription(_parameters(interval_ms), lambda result: None)
        granted.subscriptions.append(made.SubscriptionId)
        granted.interval_ms = max(granted.interval_ms, made.RevisedPublishingInterval)

        async def monitor(
            requests: Sequence[ua.MonitoredItemCreateRequest], subscription: int = made.SubscriptionId
        ) -> list[ua.MonitoredItemCreateResult]:
            return await session.create_monitored_items(
                ua.CreateMonitoredItemsParameters(subscription, ua.TimestampsToReturn.Both, list(requests))
            )

        results = await in_parts(monitor, [_request(nodes[i], i + 1) for i in members], limits.items)
        for i, result in zip(members, results, strict=True):
            if not result.StatusCode.is_good():
                granted.refused.append((i, result.StatusCode.name))
            elif result.RevisedQueueSize < QUEUE:
                granted.short += 1
                granted.queue = min(granted.queue, result.RevisedQueueSize)
    return granted


def _parameters(interval_ms: float) -> ua.CreateSubscriptionParameters:
    alive = max(1, round(1e3 * ALIVE_S / interval_ms))
    return ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=interval_ms,
        RequestedLifetimeCount=60 * alive,
        RequestedMaxKeepAliveCount=alive,
        MaxNotificationsPerPublish=0,
        PublishingEnabled=True,
    )


def _request(node: ua.NodeId, handle: int) -> ua.MonitoredItemCreateRequest:
    """Every sample, also of a value that stays the same, as far as the server follows us."""
    return ua.MonitoredItemCreateRequest(
        ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value),
        ua.MonitoringMode.Reporting,
        ua.MonitoringParameters(
            ClientHandle=handle,
            SamplingInterval=0.0,  # whenever it changes; with any other, a server may pass samples over
            Filter=ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp),
            QueueSize=QUEUE,
            DiscardOldest=True,
        ),
    )
