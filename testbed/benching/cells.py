"""Finished cells of a bench, kept on disk as they come: what was interrupted goes on where it stopped.

A cell is one piece of work, such as one file of a set or one model on one seed. It is found again by a hash of what it
was made of: the piece, the bytes of every file it names, the versions, and the code. Another model file, another file
of data or a changed line of code makes another cell. Cells are JSON; reading one runs no code.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.texts import say
from edge.card import pack, unpack
from edge.versions import versions

FOLDER = "cells"
FORMAT = "testbed.cell/1"
PACKAGES = ("anomaly", "connectors", "edge", "scenarios", "testbed", "vision")  # whose code makes the cells


class Cells:
    """Cells in a folder. Enter what was made with `keep`, ask for it with `find`.

    Raises InputError if the folder holds anything but cells of an unfinished bench.
    """

    def __init__(self, out: Path) -> None:
        self._folder = out / FOLDER
        others = sorted(path.name for path in out.iterdir() if path.name != FOLDER) if out.is_dir() else []
        if others or (out.exists() and not out.is_dir()):
            raise InputError(
                say("{folder} is not empty. Give --out a folder that is absent or empty, or that of a bench that was "
                    "interrupted.", folder=out)
            )  # fmt: skip
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(say("{folder} cannot be written: {reason}.", folder=out, reason=reason)) from None

    def find(self, work: Any) -> Any | None:
        """What was made of a piece of work before, None if nothing was, or only half of it."""
        try:
            told = json.loads((self._folder / f"{key_of(work)}.json").read_text(encoding="utf-8"))
            return decoded(told["made"]) if told["format"] == FORMAT else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, work: Any, made: Any) -> None:
        """Write what was made of a piece of work, beside and renamed."""
        path = self._folder / f"{key_of(work)}.json"
        beside = path.with_suffix(".part")
        told = {"format": FORMAT, "work": repr(work)[:400], "made": encoded(made)}
        beside.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        beside.replace(path)

    def clear(self) -> None:
        """Take the cells away: the bench is finished."""
        for path in self._folder.iterdir():
            path.unlink()
        self._folder.rmdir()


def key_of(work: Any) -> str:
    """A hash of a piece of work, a dataclass, of the files it names, of the versions and the code."""
    digest = hashlib.sha256(json.dumps([repr(work), sorted(versions().items()), _code()]).encode())
    for path in sorted(set(_files(work))):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def _code() -> str:
    """A hash of every source file's name, size and time of change."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
            for path in sorted(Path(folder).rglob("*.py")):
                found = path.stat()
                digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _files(work: Any) -> Iterator[Path]:
    """Every file that a piece of work names: paths, and names of models."""
    from edge.library import listed

    shelf = listed()
    for value in _leaves(work):
        if isinstance(value, Path) and value.is_file():
            yield value
        elif isinstance(value, str):
            for name in (value, *value.split("+")):
                yield from (path for known, path in shelf.items() if f"-{known}".endswith(f"-{name}"))
                if name.endswith((".onnx", ".py")) and Path(name).is_file():
                    yield Path(name)


def _leaves(value: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for entry in dataclasses.fields(value):
            yield from _leaves(getattr(value, entry.name))
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _leaves(part)
    elif isinstance(value, Mapping):
        yield from _leaves(list(value.items()))
    else:
        yield value


def encoded(value: Any) -> Any:
    """As JSON: a dataclass as its name and fields, a tuple as such."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {entry.name: encoded(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
        return {"is": _name(type(value)), "of": fields}
    if isinstance(value, tuple | list):
        return {"is": "tuple" if isinstance(value, tuple) else "list", "of": [encoded(part) for part in value]}
    if isinstance(value, Mapping):
        return {"is": "dict", "of": [[encoded(k), encoded(v)] for k, v in value.items()]}
    if isinstance(value, np.ndarray):
        return {"is": "array", "of": pack(value)}
    if isinstance(value, bytes):
        return {"is": "bytes", "of": base64.b64encode(value).decode("ascii")}
    return value.item() if isinstance(value, np.generic) else value


def decoded(told: Any) -> Any:
    """What `encoded` encoded. Raises KeyError for a class that no cell holds."""
    if not isinstance(told, dict):
        return told
    kind, of = told["is"], told["of"]
    if kind == "tuple":
        return tuple(decoded(part) for part in of)
    if kind == "list":
        return [decoded(part) for part in of]
    if kind == "dict":
        return {decoded(k): decoded(v) for k, v in of}
    if kind == "array":
        return unpack(of).copy()
    if kind == "bytes":
        return base64.b64decode(of)
    return _held()[kind](**{name: decoded(part) for name, part in of.items()})


@cache
def _held() -> dict[str, type]:
    """The classes that cells may hold, by name."""
    from anomaly.batadal import Batadal
    from anomaly.metrics import Points, Stretches
    from anomaly.nab import Nab
    from connectors.truth import Truth
    from testbed.benching import outcome, scenarios

    classes = (Batadal, Nab, Points, Stretches, Truth, outcome.Moved, outcome.Outcome, scenarios.Outcome)
    return {_name(cls): cls for cls in classes}


def _name(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
