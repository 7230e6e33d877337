"""Pieces of work on the machines of a Ray cluster; the only file that knows Ray (extra `scale`).

Every machine needs this release, and models and data at the same paths, such as on a shared folder.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from connectors.errors import InputError, PartFailed
from connectors.texts import say

PATIENCE_S = 300  # for a cluster to start on a busy machine
ANSWER_S = 10.0  # for a cluster to take a connection
HERE = ("local", "auto")  # addresses that start a cluster of this machine alone, for the time of the bench
Work = TypeVar("Work")
Done = TypeVar("Done")


def made_on_ray(function: Callable[[Work], Done], work: Sequence[Work], address: str) -> Iterator[Done]:
    """What `function` makes of each piece, in order. A piece is one task; Ray spreads them.

    Raises InputError where Ray is not installed or nothing answers at `address`, PartFailed where a machine is lost.
    """
    if address in HERE:
        os.environ.setdefault("RAY_raylet_start_wait_time_s", f"{PATIENCE_S}")
        os.environ.setdefault("RAY_agent_register_timeout_ms", f"{1000 * PATIENCE_S}")
    ray = _ray()
    where = {"address": "local", "include_dashboard": False} if address in HERE else {"address": address}
    try:
        if ":" in address and "://" not in address:  # Ray itself asks for minutes
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), ANSWER_S).close()
        ray.init(**where, log_to_driver=False, logging_level="error")
    except Exception as error:  # Ray has no class of its own for a cluster that does not answer
        ray.shutdown()
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(
            say("No Ray cluster answers at {address}: {reason}. --ray local starts one on this machine.",
                address=address, reason=first)
        ) from None  # fmt: skip
    try:
        task = ray.remote(num_cpus=1, max_retries=2)(function)
        yield from _in_order(ray, [task.remote(piece) for piece in work])
    finally:
        ray.shutdown()


def _in_order(ray: Any, running: Sequence[Any]) -> Iterator[Any]:
    for one in running:
        try:
            yield ray.get(one)
        except ray.exceptions.RayTaskError as error:
            cause = error.as_instanceof_cause()
            if isinstance(cause, InputError | PartFailed):
                raise type(cause)(str(cause)) from None
            raise
        except ray.exceptions.RayError as error:
            raise PartFailed(say("A machine of the Ray cluster was lost: {reason}.", reason=error)) from None


def _ray() -> Any:
    try:
        import ray  # pyright: ignore[reportMissingImports]
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise InputError(say("Ray is not installed: pip install 'steel-testbed[scale]'.")) from None
    return ray
