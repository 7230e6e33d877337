"""From true values to what the mill hands out: noise, quantum, and rows kept until their time has come."""

from __future__ import annotations

import copy

import numpy as np

from connectors.items import Batch, Context, Item
from connectors.tags import Group
from testbed.coldmill import tags
from testbed.sensors import Sensors

FAST = (tags.VIB, tags.GAP)
SLOW = (tags.DRIVE, tags.EMULSION)


class Outlet:
    """Sensors of all groups, and the rows they have measured that are not out yet."""

    def __init__(self, seed: int) -> None:
        self._sensors = {
            group.name: Sensors.of(seed, group, tags.sensors(group), 1.0 / float(group.tags[0].rate_hz or 1.0))
            for group in (*FAST, *SLOW)
        }
        self._true: dict[str, list[np.ndarray]] = {group.name: [] for group in FAST}  # blocks not measured yet
        self._rows: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # group: time int64 (n,), values (n, k)
        self._texts: list[Context] = []

    def block(self, vib: np.ndarray, gap: np.ndarray) -> None:
        """True values of 20 ms, (100, 5) and (20, 15)."""
        self._true["vib"].append(vib)
        self._true["gap"].append(gap)

    def row(self, group: Group, time: int, true: np.ndarray) -> None:
        """True values of one moment, (k,)."""
        self._keep(group.name, np.array([time]), self._sensors[group.name].measure(true)[None])

    def text(self, tag: int, time: int, text: str) -> None:
        """A paper of the coil, by its index in the group."""
        self._texts.append(Context(tags.COIL.tags[tag], time, text))

    def measure(self, end: int) -> None:
        """Noise and quantum on all blocks, the last of which ends at `end` (ns)."""
        for group in FAST:
            blocks = self._true[group.name]
            if blocks:
                true = np.concatenate(blocks)
                blocks.clear()
                name, period = group.name, round(1e9 / float(group.tags[0].rate_hz or 1.0))
                time = end - period * np.arange(len(true) - 1, -1, -1, dtype=np.int64)
                self._keep(name, time, self._sensors[name].measure_rows(true))

    def _keep(self, name: str, time: np.ndarray, values: np.ndarray) -> None:
        before = self._rows.get(name)
        if before is not None and len(before[0]):
            time, values = np.concatenate([before[0], time]), np.concatenate([before[1], values])
        self._rows[name] = (time, values)

    def hand_out(self, until: int) -> list[Item]:
        """Everything measured at or before `until`, group by group."""
        items: list[Item] = []
        for group in (*FAST, *SLOW):
            time, values = self._rows.get(group.name, (np.empty(0, np.int64), np.empty((0, len(group.tags)))))
            n = int(np.searchsorted(time, until, side="right"))
            if n:
                items.append(Batch(group.tags, time[:n], values[:n], np.zeros((n, len(group.tags)), np.uint32)))
                self._rows[group.name] = (time[n:], values[n:])
        items += [text for text in self._texts if text.time <= until]
        self._texts = [text for text in self._texts if text.time > until]
        return items

    def copy(self) -> Outlet:
        twin = copy.copy(self)
        twin._sensors = {name: sensors.copy() for name, sensors in self._sensors.items()}
        twin._true = {name: list(blocks) for name, blocks in self._true.items()}
        twin._rows, twin._texts = dict(self._rows), list(self._texts)
        return twin
