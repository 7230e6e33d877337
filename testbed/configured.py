"""`--config FILE.toml`, anywhere on the line: what a command would otherwise be told every time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.errors import InputError
from connectors.texts import say

OPTION = "--config"
LISTED = ("models",)  # given as a list there, and divided by commas on the line


def take(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, Any]]:
    """The arguments without `--config`, and defaults by command as click takes them.

    What stands on the line wins. The language of the file counts where neither the line nor TESTBED_LANG names one.
    Raises InputError naming every fault of the file.
    """
    rest, path = _taken(arguments)
    if path is None:
        return rest, {}
    from edge.config import read_config

    config = read_config(path)
    if "lang" in config.head and not environment.get("TESTBED_LANG"):
        rest = ["--lang", config.head["lang"], *rest]
    defaults = {name: {k: _told(k, v) for k, v in table.items()} for name, table in config.tables.items()}
    if config.secrets is not None:
        defaults.setdefault("watch", {})["secrets"] = str(config.secrets)
    return rest, defaults


def _told(name: str, value: Any) -> Any:
    return ",".join(value) if name in LISTED else value


def _taken(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    """The arguments before a bare `--` lose `--config X` and `--config=X`."""
    rest: list[str] = []
    found: Path | None = None
    left = list(arguments)
    while left and left[0] != "--":
        first = left.pop(0)
        if first == OPTION:
            if not left:
                raise InputError(say("{option} needs a value.", option=OPTION))
            found = Path(left.pop(0))
        elif first.startswith(f"{OPTION}="):
            found = Path(first.removeprefix(f"{OPTION}="))
        else:
            rest.append(first)
    return rest + left, found
