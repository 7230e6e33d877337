"""Between the true value and the measured one: lag, noise, quantisation, and the ways a sensor fails."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.tags import Group, Kind, Tag
from testbed.noise import Noise

FAILURES = ("step", "drift", "spikes", "frozen")


@dataclass(frozen=True, slots=True)
class Sensor:
    """How a tag is measured: lag in s, noise and quantum in the tag's unit."""

    lag: float
    noise: float
    quantum: float


Table = dict[str, tuple[str, tuple[float, float], Sensor]]  # short name: unit, normal range, sensor


def tag_group(unit: str, name: str, table: Table, rate_hz: float, kind: Kind = "scalars") -> Group:
    """The group of a unit's tags that a table lists, all at one rate."""
    tags = tuple(
        Tag(name=f"{unit}/{short}", unit=measured_in, eu_range=limits, rate_hz=rate_hz, group=name)
        for short, (measured_in, limits, _) in table.items()
    )
    return Group(name, tags, kind)


def sensors_of(group: Group, *tables: Table) -> tuple[Sensor, ...]:
    """The sensor of each tag of a group, in order, from the tables that list them."""
    listed = {short: sensor for table in tables for short, (_, _, sensor) in table.items()}
    return tuple(listed[tag.short] for tag in group.tags)


@dataclass(slots=True)
class Failure:
    """A failing sensor.

    'step': the contact's resistance rises, the reading drops by `size` at once. 'drift': the reading falls to
    `ambient` with a time constant of `size` s. 'spikes': one sample in four is off by up to `size`. 'frozen': the
    reading stays. `noise` drives the spikes.
    """

    mode: str
    size: float
    ambient: float
    noise: Noise
    age: float = 0.0
    held: float | None = None

    def distort(self, reading: float, dt: float) -> float:
        """The failing reading in place of the healthy one, `dt` s after the last."""
        self.age += dt
        if self.mode == "frozen":
            self.held = reading if self.held is None else self.held
            return self.held
        if self.mode == "drift":
            return self.ambient + (reading - self.ambient) * float(np.exp(-self.age / self.size))
        if self.mode == "step":
            return reading - self.size
        a, b = self.noise.take(2).ravel().tolist()
        return reading + (self.size * np.tanh(b) if abs(a) > 1.15 else 0.0)

    def copy(self) -> Failure:
        return Failure(self.mode, self.size, self.ambient, self.noise.copy(), self.age, self.held)


class Sensors:
    """The sensors of one group, sampled every `dt` s.

    Args:
        seed, names: one noise stream a sensor.
        lag: s, float64 (k,), first-order.
        noise: standard deviation, float64 (k,).
        quantum: measured values are whole multiples of it, float64 (k,).
    """

    def __init__(
        self,
        seed: int,
        names: Sequence[str],
        dt: float,
        lag: np.ndarray,
        noise: np.ndarray,
        quantum: np.ndarray,
    ) -> None:
        self.dt = dt
        self._noise = Noise(seed, names)
        self._keep = np.where(lag > 0, np.exp(-dt / np.maximum(lag, 1e-9)), 0.0)
        self._is_direct = not self._keep.any()
        self._sigma, self._quantum = noise, quantum
        self._state: np.ndarray | None = None
        self.failures: dict[int, Failure] = {}

    @classmethod
    def of(cls, seed: int, group: Group, sensors: Sequence[Sensor], dt: float) -> Sensors:
        """One sensor for each tag of a group."""
        lag, noise, quantum = (np.array([getattr(s, what) for s in sensors]) for what in ("lag", "noise", "quantum"))
        return cls(seed, [tag.name for tag in group.tags], dt, lag, noise, quantum)

    def measure(self, true: np.ndarray) -> np.ndarray:
        """Measured values of one sample, float64 (k,), from the true ones."""
        return self.measure_rows(true[None])[0]

    def measure_rows(self, true: np.ndarray) -> np.ndarray:
        """Measured values of n samples running, float64 (n, k), from the true ones, which are left as they are.

        The same to the last bit as n calls of `measure`, however the samples are cut.
        """
        reading = self._lagged(true) + self._sigma * self._noise.take(len(true))
        for index, failure in self.failures.items():
            reading[:, index] = [failure.distort(value, self.dt) for value in reading[:, index].tolist()]
        return np.rint(reading / self._quantum) * self._quantum

    def _lagged(self, true: np.ndarray) -> np.ndarray:
        """What the sensing elements have followed to, float64 (n, k)."""
        if self._is_direct or not len(true):
            return true
        state = np.empty_like(true)
        last = true[0] if self._state is None else self._state
        for row, now in zip(state, true, strict=True):
            np.subtract(last, now, out=row)
            np.multiply(row, self._keep, out=row)
            np.add(row, now, out=row)
            last = row
        self._state = state[-1].copy()
        return state

    def copy(self) -> Sensors:
        twin = copy.copy(self)
        twin._noise = self._noise.copy()
        twin.failures = {i: failure.copy() for i, failure in self.failures.items()}
        return twin
