"""Where a training in torch stands, in a file: written whole or not at all, and taken up by the same training alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch  # pyright: ignore[reportMissingImports]

from connectors.errors import InputError
from connectors.texts import say


def keep(path: Path | None, state: Mapping[str, Any]) -> None:
    """Beside and renamed: a stop leaves the last whole one. Nothing is kept where there is no path."""
    if path is not None:
        beside = path.with_name(path.name + ".new")
        torch.save(dict(state), beside)
        beside.replace(path)


def found(path: Path | None, is_ours: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    """The state that was kept, None where there is none.

    Raises InputError if it is of another training, by `is_ours`, or no checkpoint at all.
    """
    if path is None or not path.exists():
        return None
    try:
        state = torch.load(path, weights_only=True)
        same = is_ours(state)
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, UnpicklingError):
        state, same = None, False
    if not same:
        raise InputError(
            say("{path} is a checkpoint of another training. Delete it to begin anew, or give the data, epochs and "
                "seed it was begun with.", path=path)
        )  # fmt: skip
    return state
