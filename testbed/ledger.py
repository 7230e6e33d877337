"""The ledger of scores: which model, at which threshold, was scored on which data, and when.

A line is written the first time a model is scored on something at a threshold. A threshold that comes after a line of
another one was chosen by somebody who could know that score, whether the card was edited, the model calibrated again to
another budget, or its card says so: tables and reports name the data. Each line holds the hash of one before it, so
that a line that was changed or taken out is noticed; who takes the whole ledger away, or its last lines, is not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from connectors.clock import now_ns
from connectors.texts import say
from connectors.times import text
from edge.foreign import KEY as FOREIGN
from edge.library import folders

FORMAT = "testbed.scored/1"
NAME = "scored.jsonl"
CHANGES = "threshold_changes"  # of the card: each by `testbed models threshold`
DIGITS = 6  # significant ones of a threshold


class Ledger:
    """The user's own ledger. Reading one that is not there gives an empty one.

    Attributes:
        trouble: why it says less than it should: it was altered, or cannot be read or written. Empty where it is whole.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or folders()[0].parent / NAME
        self._lines: list[dict[str, Any]] = []
        self._last = ""
        self.trouble = ""
        try:
            written = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            self._failed(error)
            return
        known = {""}
        for line in written:
            try:
                told = json.loads(line)
                is_whole = told["format"] == FORMAT and told["before"] in known
                self._lines.append({key: str(told[key]) for key in ("time", "family", "level", "data")})
            except (ValueError, KeyError, TypeError):
                is_whole = False
            if not is_whole:
                self.trouble = say("{path} was altered: what was scored before is not certain.", path=self._path)
            self._last = hashlib.sha256(line.encode()).hexdigest()
            known.add(self._last)

    def scored(self, card: Mapping[str, Any]) -> list[str]:
        """Data that the model was scored on, at any threshold, in the order of time."""
        mine = family(card)
        return list(dict.fromkeys(line["data"] for line in self._lines if line["family"] == mine))

    def changed_after(self, card: Mapping[str, Any]) -> list[str]:
        """Data that the model was scored on before it got the threshold that it has."""
        found = [str(data) for change in card.get(CHANGES, ()) for data in change.get("scored_on", ())]
        mine, now = family(card), level(card)
        for line in self._lines:
            if line["family"] == mine:
                if line["level"] == now:
                    break
                found.append(line["data"])
        return list(dict.fromkeys(found))

    def note(self, cards: Sequence[Mapping[str, Any]], data: str) -> None:
        """Write down that models were scored on this, those that were not yet."""
        for card in cards:
            told = {"family": family(card), "level": level(card), "data": data}
            if any(all(line[key] == value for key, value in told.items()) for line in self._lines):
                continue
            whole = {"format": FORMAT, "time": text(now_ns()), "model": str(card.get("name", "")), **told,
                     "before": self._last}  # fmt: skip
            line = json.dumps(whole, ensure_ascii=False)
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                with self._path.open("a", encoding="utf-8", newline="\n") as file:
                    file.write(line + "\n")
            except OSError as error:
                self._failed(error)
                return
            self._lines.append({"time": whole["time"], **told})
            self._last = hashlib.sha256(line.encode()).hexdigest()

    def _failed(self, error: OSError | UnicodeDecodeError) -> None:
        reason = getattr(error, "strerror", None) or str(error)
        self.trouble = say("{path} is not kept: {reason}. A threshold that changes after scores will not be noticed.",
                           path=self._path, reason=reason)  # fmt: skip


def family(card: Mapping[str, Any]) -> str:
    """A hash of what stays when only the threshold of a model changes: its file, or its kind, channels and data."""
    channels = [entry.get("channels", []) for entry in card.get("inputs", ())]
    data = [card.get(part, {}).get("data_sha256") for part in ("calibration", "training")]
    if FOREIGN in card:
        told = [card[FOREIGN].get("sha256")]
    elif any(data):
        told = [card.get("kind"), channels, data]
    else:
        told = [card.get("kind"), card.get("name"), channels, card.get("training", {})]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def level(card: Mapping[str, Any]) -> str:
    """What decides over an alarm, as one line."""
    outputs = [[entry[key] for key in ("gain", "offset") if key in entry] for entry in card.get("outputs", ())]
    told = [card.get("threshold"), card.get("confidence"), card.get("alarm", {}), [one for one in outputs if one]]
    return json.dumps(_short(told), sort_keys=True)


def _short(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _short(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_short(one) for one in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, int | float) and not isinstance(value, bool) else value
