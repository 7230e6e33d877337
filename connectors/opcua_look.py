"""How often the variables of a server really speak: a look of a few seconds beats what a server says it could do."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from asyncua import Client, ua

from connectors.browsed import rate_of
from connectors.clock import Stopwatch, sleep
from connectors.times import of_datetime

INTERVAL_MS = 100.0
QUEUE = 1_000
PER_CALL = 500
MOST = 20_000  # variables that are looked at; the others are left without a rate
LOOK_S = 0.1
NEAR = 0.25  # share by which a rate may miss the one that is offered and still be it


async def rates_of(
    client: Client, nodes: Sequence[ua.NodeId], offered: Sequence[float | None], seconds: float
) -> list[float | None]:
    """Samples a second of each node by its source times; None for one that did not speak three times.

    Where that is close to `offered`, the rate the server names, it is that one. An array counts by its samples.
    """
    times: list[list[int]] = [[] for _ in nodes]
    lengths: list[list[int]] = [[] for _ in nodes]

    async def on_publish(result: ua.PublishResult) -> None:
        for notification in result.NotificationMessage.NotificationData or ():
            for item in getattr(notification, "MonitoredItems", None) or ():
                moment = item.Value.SourceTimestamp or item.Value.ServerTimestamp
                if moment is not None:
                    times[item.ClientHandle - 1].append(of_datetime(moment))
                    value = None if item.Value.Value is None else item.Value.Value.Value
                    lengths[item.ClientHandle - 1].append(len(value) if isinstance(value, list) else 1)

    session = client.uaclient.session
    parameters = ua.CreateSubscriptionParameters(
        RequestedPublishingInterval=INTERVAL_MS, RequestedLifetimeCount=600, RequestedMaxKeepAliveCount=20,
        MaxNotificationsPerPublish=0, PublishingEnabled=True,
    )  # fmt: skip
    made = await session.create_subscription(parameters, on_publish)
    trigger = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
    for at in range(0, min(len(nodes), MOST), PER_CALL):
        requests = [
            ua.MonitoredItemCreateRequest(
                ua.ReadValueId(NodeId=nodes[i], AttributeId=ua.AttributeIds.Value), ua.MonitoringMode.Reporting,
                ua.MonitoringParameters(ClientHandle=i + 1, SamplingInterval=0.0, Filter=trigger, QueueSize=QUEUE),
            )
            for i in range(at, min(at + PER_CALL, len(nodes), MOST))
        ]  # fmt: skip
        await session.create_monitored_items(
            ua.CreateMonitoredItemsParameters(made.SubscriptionId, ua.TimestampsToReturn.Both, requests)
        )
    watch = Stopwatch()
    while watch.seconds() < seconds:
        await sleep(LOOK_S)
    await session.delete_subscriptions([made.SubscriptionId])
    # the first notification tells what held before the look began
    return [
        _settled(rate_of(told[1:], median(many[1:] or [1])), like)
        for told, many, like in zip(times, lengths, offered, strict=True)
    ]


def _settled(measured: float | None, offered: float | None) -> float | None:
    if measured is not None and offered is not None and abs(measured - offered) <= NEAR * offered:
        return offered
    return measured
