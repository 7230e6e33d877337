"""Where PyTorch comes in: a module that needs it, or one sentence that says how to get it."""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from connectors.errors import InputError
from connectors.texts import say


def with_torch(module: str) -> Any:
    """The module, which knows PyTorch. Raises InputError where that is not installed."""
    needs_torch()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin beside other work take 75 times as long
    return import_module(module)


def needs_torch() -> None:
    """Raises InputError where PyTorch is not installed: told before data are read."""
    if find_spec("torch") is None:
        raise InputError(
            say("This model is learned with PyTorch, which is not installed: pip install 'steel-testbed[train]'.")
        )
