"""A graph that is not ours, behind the face of one that is: fed and read as its card says.

The card stands beside the file as `<name>.card.json`. Its inputs say layout, size, scale; its outputs say which role
each plays, and how its numbers become a score with 1.0 = alarm level.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from connectors.errors import InputError
from connectors.pictures import resized
from connectors.texts import say
from edge import feeding, reading
from edge.boxes import CONFIDENCE
from edge.card import Card
from edge.feeding import Placed
from edge.session import Session

KEY = "foreign"  # of the card: who wrote the file, and the SHA-256 it had when it was added
EVEN = 0.5  # share of classes that are not normal at which an alarm is raised: more likely than not


def sidecar(path: Path) -> Path:
    """Where the card of a file lies that carries none itself."""
    return path.with_name(f"{path.stem}.card.json")


def check_same(data: bytes, card: Card, name: str) -> None:
    """Raises InputError if a file is not the one its card was written for."""
    expected = card.raw[KEY].get("sha256")
    if expected != hashlib.sha256(data).hexdigest():
        raise InputError(
            say("{name} is not the file that was added: its SHA-256 differs from its card's. If you changed it, "
                "add it again.", name=name)
        )  # fmt: skip


class Foreign:
    """A session that takes what ours take and gives what ours give.

    Attributes:
        card: the card, with outputs named by their roles: score, map, label, boxes, contribution.
        inputs, types: of the face, by name: a picture uint8 (1, h, w, 1), a window float32 (1, length, channels).
        outputs: roles it gives.
    """

    def __init__(self, session: Session, card: Card) -> None:
        _check(card, session)
        self._session = session
        self._raw = card.raw
        self._given = {entry["role"]: entry for entry in card.raw["outputs"]}
        self._entries = {entry["name"]: entry for entry in card.raw["inputs"]}
        self._constants = {
            name: feeding.constant(value, session.types[name], session.inputs[name])
            for name, value in card.raw[KEY].get("constants", {}).items()
        }
        self._labels = tuple(card.raw.get("labels", ()))
        self._harmless = np.array([label in card.raw.get("harmless", ()) for label in self._labels], bool)
        self._is_picture = any(entry.kind == "image" for entry in card.inputs)
        self.name, self.providers, self.metadata = session.name, session.providers, session.metadata
        self.outputs = self._roles()
        self.card = replace(card, outputs={role: role for role in self.outputs})
        self.inputs: dict[str, tuple[Any, ...]] = {
            entry.name: self._shape(card.raw["inputs"][i], entry.length, len(entry.channels))
            for i, entry in enumerate(card.inputs)
        }
        self.types = {
            entry.name: "tensor(uint8)" if entry.kind == "image" else "tensor(float)" for entry in card.inputs
        }

    def _shape(self, entry: Mapping[str, Any], length: int, channels: int) -> tuple[Any, ...]:
        if entry["kind"] != "image":
            return 1, length, channels
        height, width = entry.get("size") or ("h", "w")
        return 1, height, width, 1

    def _roles(self) -> tuple[str, ...]:
        found = [role for role in ("map", "label", "boxes", "score") if role in self._given]
        return (*found, "contribution") if "reconstruction" in self._given else tuple(found)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """All outputs by role. Raises InputError when a feed does not fit the graph."""
        sent: dict[str, np.ndarray] = {}
        placed = Placed(1, 1)
        for name, value in feeds.items():
            entry = self._entries[name]
            if self._is_picture:
                sent[name], placed = feeding.picture(value, entry)
            else:
                sent[name] = feeding.window(value, entry)
        shown = {
            name: feeding.shaped(value, self._session.types[name], self._session.inputs[name])
            for name, value in sent.items()
        }
        return self._read(sent, self._session.run({**shown, **self._constants}), placed)

    def _read(
        self, sent: Mapping[str, np.ndarray], got: Mapping[str, np.ndarray], placed: Placed
    ) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for role, entry in self._given.items():
            match role:
                case "score" if "from" not in entry:
                    row = np.atleast_1d(got[entry["name"]])
                    row = row.reshape(len(row), -1)[0]
                    found["score"] = reading.straight(row[[entry.get("channel", 0)]], entry)
                case "map":
                    found["map"] = self._map(got[entry["name"]], entry, placed)
                case "label":
                    found["label"] = reading.shares(got[entry["name"]], self._labels, entry.get("decode", "shares"))
                case "boxes":
                    found["boxes"] = self._boxes(got, entry, placed)
                case "reconstruction":
                    found |= self._residual(sent, got[entry["name"]], entry)
        if "score" in self._given and "score" not in found:
            found["score"] = self._implied(self._given["score"]["from"], found)
        return {role: found[role] for role in self.outputs}

    def _implied(self, role: str, found: Mapping[str, np.ndarray]) -> np.ndarray:
        """A score where the graph gives none: of its boxes, of the highest place of its map, or of its classes."""
        if role == "boxes":
            return self._of_boxes(found["boxes"])
        return found["map"].max(keepdims=True).reshape(1) if role == "map" else self._of_shares(found["label"])

    def _map(self, values: np.ndarray, entry: Mapping[str, Any], placed: Placed) -> np.ndarray:
        """Anomaly of every pixel of the picture, float32 (1, h, w)."""
        planes = values[0].reshape(-1, *values.shape[-2:])
        heat = reading.straight(planes[int(entry.get("channel", 0))], entry)
        return resized(heat, placed.height, placed.width)[None]

    def _boxes(self, got: Mapping[str, np.ndarray], entry: Mapping[str, Any], placed: Placed) -> np.ndarray:
        """Places as our own detectors give them, float32 (1, p, 4 + classes): corners as shares of the picture."""
        raw = got[entry["name"]]
        if "scores" in entry:  # corners, confidences and classes in outputs of their own
            sure, label = got[entry["scores"]], got[entry["labels"]]
            first = [part[0] if part.ndim > n else part for part, n in ((raw, 2), (sure, 1), (label, 1))]
            raw = np.column_stack(first)[None]
        rows = reading.places(raw, max(1, len(self._labels)), entry.get("decode", "rows"))
        corners = rows[:, :4] * ([*placed.seen] * 2 if entry.get("units") == "share" else 1.0)
        rows[:, :4] = placed.back(corners) / ([placed.width, placed.height] * 2)
        return rows[None]

    def _of_boxes(self, places: np.ndarray) -> np.ndarray:
        """The surest box of a class that is not harmless, 1.0 = the confidence from which a box counts."""
        shares = places[0, :, 4:][:, ~self._harmless] if len(self._harmless) else places[0, :, 4:]
        return np.array([shares.max(initial=0.0) / self._raw.get("confidence", CONFIDENCE)], np.float32)

    def _of_shares(self, shares: np.ndarray) -> np.ndarray:
        return np.array([shares[0, ~self._harmless].sum() / EVEN], np.float32)

    def _residual(
        self, sent: Mapping[str, np.ndarray], got: np.ndarray, entry: Mapping[str, Any]
    ) -> dict[str, np.ndarray]:
        """Mean square of what the net could not reconstruct, of all channels and of each."""
        name = entry["of"]
        layout = self._entries[name]["layout"]
        off = feeding.back(got, layout).astype(np.float64) - feeding.back(sent[name], layout)
        each = (off**2).mean(axis=0)
        return {
            "score": reading.straight(np.array([each.mean()]), entry),
            "contribution": reading.straight(each, entry)[None],
        }


def _check(card: Card, session: Session) -> None:
    """Raises InputError naming what a card lacks that an adapter goes by."""
    faults: list[str] = []
    for entry in card.raw["inputs"]:
        layouts = feeding.PICTURE_LAYOUTS if entry["kind"] == "image" else feeding.SERIES_LAYOUTS
        if entry.get("layout") not in layouts:
            faults.append(say("The layout of input '{name}' must be one of {known}.",
                              name=entry["name"], known=", ".join(layouts)))  # fmt: skip
        if entry["kind"] != "image" and not entry.get("channels"):
            faults.append(say("Input '{name}' names no channels.", name=entry["name"]))
    for entry in card.raw["outputs"]:
        named = [entry[key] for key in ("name", "scores", "labels") if key in entry]
        faults += [say("The graph has no output '{name}'.", name=n) for n in named if n not in session.outputs]
        if entry["role"] == "score" and entry.get("from", "map") not in {one["role"] for one in card.raw["outputs"]}:
            if "from" in entry:
                faults.append(say("There is no output of role '{role}' to take a score from.", role=entry["from"]))
        if entry["role"] == "reconstruction" and entry.get("of") not in session.inputs:
            faults.append(say("Output '{name}' must say of which input it is, as 'of'.", name=entry["name"]))
        if entry["role"] in ("label", "boxes") and not card.raw.get("labels"):
            faults.append(say("The card names no 'labels'."))
    constants = card.raw[KEY].get("constants", {})
    fed = {entry["name"] for entry in card.raw["inputs"]} | set(constants)
    faults += [say("Nothing feeds input '{name}'.", name=n) for n in session.inputs if n not in fed]
    faults += [say("The graph has no input '{name}'.", name=n) for n in constants if n not in session.inputs]
    if faults:
        raise InputError(say("{origin}: its card does not fit:", origin=session.name) + " " + " ".join(faults))
