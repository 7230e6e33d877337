"""What an OPC UA server kept while nothing came from it: raw history of tags that a gap has cut (Part 11, 6.5.3)."""

# asyncua types its generated structures as wrappers of int and str, and re-exports without saying so.
# pyright: reportArgumentType=false, reportPrivateImportUsage=false, reportAttributeAccessIssue=false
from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
from asyncua import ua

from connectors.ledger import Gap, Hole
from connectors.readings import Columns
from connectors.status import BAD
from connectors.times import of_datetime, to_datetime

READ_BIT = ua.AccessLevel.HistoryRead
ANSWER_S = 10.0
GONE = (ConnectionError, TimeoutError, OSError, ua.UaError)


async def keeps_history(session: Any, nodes: Sequence[ua.NodeId], at_once: int) -> np.ndarray:
    """Whether the server keeps history of each node and lets us read it: bool (k,)."""
    kept: list[bool] = []
    for at in range(0, len(nodes), at_once):
        told = await session.read_attributes(list(nodes[at : at + at_once]), ua.AttributeIds.UserAccessLevel)
        kept += [isinstance(v.Value and v.Value.Value, int) and bool(v.Value.Value & 1 << READ_BIT) for v in told]
    return np.array(kept, bool)


async def history(
    session: Any, nodes: Sequence[ua.NodeId], gap: Gap, keeps: np.ndarray
) -> AsyncIterator[tuple[Hole, Columns]]:
    """What history holds where samples are missing.

    A tag whose history is refused is passed over: what is missing of it stays lost.
    """
    for hole in gap.holes:
        if not keeps[hole.column] or hole.end < hole.start:
            continue
        try:
            async with asyncio.timeout(ANSWER_S):
                values = await _raw(session, nodes[hole.column], hole.start, hole.end)
        except GONE:
            continue
        columns = _columns(hole.column, values)
        if len(columns):
            yield hole, columns


async def _raw(session: Any, node: ua.NodeId, start: int, end: int) -> list[ua.DataValue]:
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False, StartTime=to_datetime(start), EndTime=to_datetime(end), NumValuesPerNode=0,
        ReturnBounds=False,
    )  # fmt: skip
    found: list[ua.DataValue] = []
    point: bytes | None = None
    while True:
        asked = ua.HistoryReadValueId(NodeId=node, IndexRange="", ContinuationPoint=point)
        (result,) = await session.history_read(
            ua.HistoryReadParameters(
                HistoryReadDetails=details, TimestampsToReturn=ua.TimestampsToReturn.Both,
                ReleaseContinuationPoints=False, NodesToRead=[asked],
            )
        )  # fmt: skip
        result.StatusCode.check()
        found += getattr(result.HistoryData, "DataValues", None) or []
        if not result.ContinuationPoint or result.ContinuationPoint == point:
            return found
        point = result.ContinuationPoint


def _columns(i: int, values: Sequence[ua.DataValue]) -> Columns:
    """Numbers with a source time, by time; texts and arrays are passed over."""
    rows: list[tuple[int, float, int]] = []
    for data in values:
        value = None if data.Value is None else data.Value.Value
        moment = data.SourceTimestamp or data.ServerTimestamp
        status = 0 if data.StatusCode is None else data.StatusCode.value
        if moment is None or not (value is None or isinstance(value, bool | int | float)):
            continue
        number = math.nan if value is None or status & BAD else float(value)
        if not math.isfinite(number):
            number, status = math.nan, status if status & BAD else BAD
        rows.append((of_datetime(moment), number, status))
    rows = list({row[0]: row for row in rows}.values())
    rows.sort()
    time, number, status = zip(*rows, strict=True) if rows else ((), (), ())
    return Columns(
        np.full(len(rows), i, np.int32), np.array(time, np.int64), np.array(number, np.float64),
        np.array(status, np.uint32),
    )  # fmt: skip
