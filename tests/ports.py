"""TCP ports of loopback for tests that name one beforehand: nobody else is given the same one meanwhile."""

from __future__ import annotations

import os
import socket
from itertools import count

from connectors.broker import LOOPBACK

FIRST, SPAN, WORKERS = 20_000, 1_500, 8  # below 32768, where systems begin to hand out ports by themselves
_taken = count()


def free_port() -> int:
    """One out of a span that this process of the tests has for itself."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    for n in _taken:
        port = FIRST + worker * SPAN + n % SPAN
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:  # somebody else's, or not long closed
                continue
            return port
    raise AssertionError
