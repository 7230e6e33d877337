"""Which file a model's name means, and how it is bound to a plant."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.errors import InputError, nearest
from connectors.tags import Group
from connectors.texts import say
from edge.card import readable
from edge.model import SHIPPED, Bound, OnnxModel, loaded
from edge.network_rules import NetworkRules
from edge.rules import Rules
from edge.surface import PLACE, Inspector, Namer

RULES = {"rules": Rules, "network": NetworkRules}  # what no file holds


@dataclass(frozen=True, slots=True)
class Chosen:
    """A model of a run: bound, what the record says of it and of the models that only help it, and its whole card."""

    bound: Bound
    about: dict[str, Any]
    helpers: tuple[dict[str, Any], ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


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
    raise InputError(say("No model is called '{name}'.{hint}", name=name, hint=nearest(name, [*names, *RULES])))


def named(models: Sequence[str] | str) -> list[str]:
    """Models as a list; one string holds names separated by commas, as on the command line.

    >>> named("mspc, rules")
    ['mspc', 'rules']
    """
    return [part.strip() for part in models.split(",") if part.strip()] if isinstance(models, str) else list(models)


def choose(names: Sequence[str], groups: Sequence[Group], plant: str = "") -> list[Chosen]:
    """The models called `names`, bound to `groups`; a classifier beside a strip inspection names what that one finds.

    Raises InputError naming what does not fit.
    """
    loaded: list[tuple[str, OnnxModel | None, dict[str, Any]]] = []
    for name in names:
        model, about = (None, {"name": name, "kind": name}) if name in RULES else _loaded(name, plant)
        label = about["name"]
        if label in (taken for taken, _, _ in loaded):
            label = about["name"] = Path(about.get("file", name)).stem
        if label in (taken for taken, _, _ in loaded):
            raise InputError(say("Two models are called '{name}'. Name each once.", name=label))
        loaded.append((label, model, about))
    inspects = any(model is not None and model.card.place == PLACE for _, model, _ in loaded)
    namers = [entry for entry in loaded if inspects and entry[1] is not None and entry[1].card.task == "classify"]
    if len(namers) > 1:
        raise InputError(say("A strip inspection takes one classifier, but got {names}.",
                             names=", ".join(name for name, _, _ in namers)))  # fmt: skip
    chosen: list[Chosen] = []
    for label, model, about in loaded:
        if model is None:
            chosen.append(Chosen(RULES[about["kind"]](groups), about))
        elif model.card.place == PLACE:
            namer = namers[0][1] if namers else None
            inspector = Inspector(model, groups, label, None if namer is None else Namer(namer))
            chosen.append(Chosen(inspector, about, tuple(about for _, _, about in namers)))
        elif (label, model, about) not in namers:
            chosen.append(Chosen(model.bind(groups, label), about, card=model.card.raw))
    return chosen


def _loaded(name: str, plant: str) -> tuple[OnnxModel, dict[str, Any]]:
    """A model file, checked, and what the record says of it."""
    path = find(name, plant)
    onnx, data = loaded(path)
    about = {
        "name": onnx.card.name,
        "kind": onnx.card.kind,
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "providers": list(onnx.session.providers),
        "card": readable(onnx.card.raw),
    }
    return onnx, about
