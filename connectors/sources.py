"""Opens a source by its address: a file, a folder of pictures, a served plant, or one's own connector."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from connectors.errors import InputError, nearest
from connectors.items import Item, Mark, weight
from connectors.tags import Group, Tag, grouped
from connectors.texts import say
from connectors.times import END

SCHEMES = ("opc.tcp", "mqtt")
FILES = (".csv", ".parquet", ".xlsx")


class Source(Protocol):
    """Enter it, iterate its items, leave it. `bytes` counts what arrived."""

    groups: tuple[Group, ...]
    bytes: int

    async def __aenter__(self) -> Any: ...

    async def __aexit__(self, *exc: object) -> None: ...

    def __aiter__(self) -> AsyncIterator[Item]: ...


def open_source(
    address: str | Path,
    tags: str | Path | Sequence[Tag] | None = None,
    connector: str | None = None,
    **options: Any,
) -> Source:
    """The source at `address`.

    Args:
        address: a CSV, Parquet or Excel file, a folder of pictures, 'opc.tcp://host:port', 'mqtt://host:port'.
        tags: a tag list or its path; a served plant needs one, a file can do without.
        connector: 'package.module:function', an async generator of items called with address and tags.
        options: handed to the source: sheet, zone, drop of a file; rate_hz of a folder.

    Raises InputError if no connector fits, naming those there are.
    """
    from connectors.tag_list import read_tag_list

    listed = read_tag_list(tags) if isinstance(tags, str | Path) else tuple(tags or ())
    text = str(address)
    if connector is not None:
        return GeneratorSource(_function(connector), text, listed)
    scheme, colon, _ = text.partition("://")
    if colon:
        return _served(scheme, text, listed)
    path = Path(text)
    if path.is_dir():
        from connectors.images import ImageFolder

        return ImageFolder(path, **options)
    if path.suffix.lower() in FILES:
        from connectors.files import FileSource

        return FileSource(path, listed or None, **options)
    raise _no_connector(text)


def _served(scheme: str, address: str, tags: Sequence[Tag]) -> Source:
    if scheme not in SCHEMES:
        raise _no_connector(address)
    if not tags:
        raise InputError(say("{address} needs a tag list: say tags='my_tags.csv'.", address=address))
    groups = grouped(tags)
    if scheme == "opc.tcp":
        from connectors.opcua import OpcUaSource

        return OpcUaSource(groups, address)
    from connectors.mqtt import MqttSource

    host, _, port = address.removeprefix("mqtt://").rstrip("/").partition(":")
    if not (port or "1883").isdigit():
        raise InputError(say("{address} is no broker's address. Write it like mqtt://host:1883.", address=address))
    return MqttSource(groups, int(port or 1883), host)


class GeneratorSource:
    """A connector written as one async generator; its groups' ends are added where it does not say them."""

    def __init__(
        self, function: Callable[[str, Sequence[Tag]], AsyncIterator[Item]], address: str, tags: Sequence[Tag]
    ) -> None:
        self.groups = grouped(tags)
        self.bytes = 0
        self._open = lambda: function(address, tags)

    async def __aenter__(self) -> GeneratorSource:
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None

    async def __aiter__(self) -> AsyncIterator[Item]:
        running = {group.name for group in self.groups}
        async with aclosing(self._open()) as items:  # pyright: ignore[reportArgumentType]
            async for item in items:
                self.bytes += weight(item)
                if isinstance(item, Mark) and item.time == END:
                    running.discard(item.group)
                yield item
        for name in sorted(running):
            yield Mark(name, END)


def _function(path: str) -> Callable[[str, Sequence[Tag]], AsyncIterator[Item]]:
    module, colon, name = path.partition(":")
    try:
        if not colon:
            raise AttributeError(path)
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(
            say(
                "connector='{path}' cannot be loaded ({error}). Write it like 'package.module:function'.",
                path=path,
                error=error,
            )
        ) from None


def _no_connector(address: str) -> InputError:
    known = ", ".join((*FILES, *(f"{scheme}://" for scheme in SCHEMES)))
    hint = nearest(address.partition("://")[0], SCHEMES) if "://" in address else ""
    return InputError(
        say(
            "No connector for '{address}'.{hint} Known: {known}, a folder of pictures. "
            "For your own, say connector='package.module:function'.",
            address=address,
            known=known,
            hint=hint,
        )
    )
