"""The kinds of model of signals: what each must be able to do, and how one is begun on a plant's tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from anomaly.balance import Balance, BalanceView
from anomaly.chatter import Chatter
from anomaly.convae import Convae
from anomaly.crack import Crack
from anomaly.drift_follow import DriftFollow
from anomaly.envelope import Envelope, EnvelopeView
from anomaly.graph import Graph
from anomaly.mspc import MEMORY, Mspc
from anomaly.spectrum import Spectrum, View, view_of
from anomaly.sticker import Sticker
from anomaly.subsequence import Subsequence
from anomaly.tone import Tone
from anomaly.var_residual import VarResidual
from anomaly.weld import Weld
from anomaly.with_torch import needs_torch
from connectors.errors import InputError, nearest
from connectors.tags import Group
from connectors.texts import say


class Model(Protocol):
    """A model under construction: keep what matters of each run, fit it, take its file, calibrate, take it again.

    Attributes:
        level: the score that is the alarm level.
        notes: more for the card.
    """

    level: float
    notes: dict[str, Any]

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the tags of its window, in order."""
        ...

    def kept(self, run: np.ndarray) -> np.ndarray:
        """What fitting needs of a run of shape (n, channels)."""
        ...

    def fit(self, runs: Sequence[np.ndarray], /) -> None:
        """Learn what is normal from what was kept. Raises InputError on too little data."""
        ...

    def graph(self) -> Graph: ...

    def card(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Signals:
    """The scalar tags that a general model reads, and the rate it reads them at."""

    channels: tuple[str, ...]
    rate_hz: float

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Signals:
        """All scalar tags at the slowest of their rates."""
        tags = [tag for group in groups for tag in group.tags if group.kind == "scalars"]
        rate = min((tag.rate_hz for tag in tags if tag.rate_hz is not None), default=1.0)
        return cls(tuple(tag.name for tag in tags), rate)


Look = View | EnvelopeView | BalanceView
Begin = Callable[[Sequence[Group], Look | None], Model]


def _balance(groups: Sequence[Group], view: Look | None) -> Model:
    if not isinstance(view, BalanceView):
        raise InputError(
            say("balance needs to know which tags must agree, which only a unit brings along. Train it on "
                "scenario:cyber-quiet.")
        )  # fmt: skip
    return Balance(view)


def _drift_follow(groups: Sequence[Group], view: Look | None) -> Model:
    signals = Signals.of(groups)
    return DriftFollow(signals.channels, signals.rate_hz)


def _envelope(groups: Sequence[Group], view: Look | None) -> Model:
    if not isinstance(view, EnvelopeView):
        raise InputError(
            say("envelope needs to know each bearing's geometry, which only a unit that describes its machines brings "
                "along. Train it on scenario:rot-quiet.")
        )  # fmt: skip
    return Envelope(view)


def _mspc(groups: Sequence[Group], view: Look | None) -> Model:
    signals = Signals.of(groups)
    return Mspc(signals.channels, signals.rate_hz, 1.0 / signals.rate_hz, MEMORY)


def _chatter(groups: Sequence[Group], view: Look | None) -> Model:
    return Chatter.of(groups)


def _convae(groups: Sequence[Group], view: Look | None) -> Model:
    needs_torch()
    signals = Signals.of(groups)
    return Convae(signals.channels, signals.rate_hz)


def _tone(groups: Sequence[Group], view: Look | None) -> Model:
    return Tone.of(groups)


def _weld(groups: Sequence[Group], view: Look | None) -> Model:
    return Weld.of(groups)


def _spectrum(groups: Sequence[Group], view: Look | None) -> Model:
    return Spectrum(view if isinstance(view, View) else view_of(groups))


def _sticker(groups: Sequence[Group], view: Look | None) -> Model:
    return Sticker.of(groups)


def _crack(groups: Sequence[Group], view: Look | None) -> Model:
    return Crack.of(groups)


def _subsequence(groups: Sequence[Group], view: Look | None) -> Model:
    signals = Signals.of(groups)
    return Subsequence(signals.channels, signals.rate_hz)


def _var_residual(groups: Sequence[Group], view: Look | None) -> Model:
    signals = Signals.of(groups)
    return VarResidual(signals.channels, signals.rate_hz)


_BEGIN: dict[str, Begin] = {
    "balance": _balance,
    "chatter": _chatter,
    "convae": _convae,
    "crack": _crack,
    "drift-follow": _drift_follow,
    "envelope": _envelope,
    "mspc": _mspc,
    "spectrum": _spectrum,
    "sticker": _sticker,
    "subsequence": _subsequence,
    "tone": _tone,
    "var-residual": _var_residual,
    "weld": _weld,
}
KINDS = tuple(_BEGIN)


def begin(kind: str, groups: Sequence[Group], view: Look | None) -> Model:
    """A model of `kind` on these groups. Raises InputError if there is no such kind, or it finds no tags to read."""
    if kind not in _BEGIN:
        raise InputError(say("No model kind is called '{kind}'.", kind=kind) + nearest(kind, KINDS))
    return _BEGIN[kind](groups, view)
