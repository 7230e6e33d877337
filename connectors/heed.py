"""Heeds a cancellation that a library has lost."""

from __future__ import annotations

import asyncio


def heed() -> None:
    """Raise CancelledError if this task has been cancelled and goes on all the same; to be called after a library.

    asyncio.wait_for loses a cancellation that comes as what it waits for is done (Python 3.11), and asyncua waits so
    for a connection; its disconnect swallows one while it ends its own tasks. A Ctrl-C would then hang.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
