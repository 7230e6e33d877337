"""Which file a model's name means, and how it is bound to a plant."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.tags import Group
from connectors.texts import say
from edge.model import SHIPPED, Bound, OnnxModel
from edge.rules import Rules
from edge.session import read_model


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model of a run: bound, and what the record says of it."""

    bound: Bound
    about: dict[str, Any]


def folders() -> list[Path]:
    """Where models are looked for: the user's own, then the shipped ones."""
    import platformdirs

    home = os.environ.get("TESTBED_HOME") or platformdirs.user_data_dir("testbed", appauthor=False)
    return [Path(home) / "models", SHIPPED]


def listed() -> dict[str, Path]:
    """Every model with a name; a user's own stands before a shipped one of the same name."""
    found: dict[str, Path] = {}
    for folder in reversed(folders()):
        found.update({path.stem: path for path in sorted(folder.glob("*.onnx"))})
    return dict(sorted(found.items()))


def find(name: str, plant: str = "") -> Path:
    """The file that `name` means: a path, a model's name, or the plant's model of that kind.

    Raises InputError with the nearest name.
    """
    known = listed()
    for candidate in (name, f"{plant}-{name}"):
        if candidate in known:
            return known[candidate]
    path = Path(name)
    if path.suffix == ".onnx" or path.exists():
        return path
    names = [n.removeprefix(f"{plant}-") for n in known]
    raise InputError(say("No model is called '{name}'.{hint}", name=name, hint=nearest(name, [*names, "rules"])))


def choose(names: Sequence[str], groups: Sequence[Group], plant: str = "") -> list[Chosen]:
    """The models called `names`, bound to `groups`. Raises InputError naming what does not fit."""
    chosen: list[Chosen] = []
    taken: set[str] = set()
    for name in names:
        if name == "rules":
            model: Bound = Rules(groups)
            about: dict[str, Any] = {"name": "rules", "kind": "rules"}
        else:
            path = find(name, plant)
            data = read_model(path)
            onnx = OnnxModel(data, path.name)
            label = onnx.card.name if onnx.card.name not in taken else path.stem
            model = onnx.bind(groups, label)
            about = {
                "name": label,
                "kind": onnx.card.kind,
                "file": path.name,
                "sha256": hashlib.sha256(data).hexdigest(),
                "providers": list(onnx.session.providers),
                "card": {k: v for k, v in onnx.card.raw.items() if k != "golden"},
            }
        if model.name in taken:
            raise InputError(say("Two models are called '{name}'. Name each once.", name=model.name))
        taken.add(model.name)
        chosen.append(Chosen(model, about))
    return chosen
