"""Runs picture models frame by frame, up to the watermark of what they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from connectors.items import Frame
from connectors.results import Result
from connectors.tags import Group
from connectors.times import END
from edge.merge import Chunk
from edge.model import Bound
from edge.surface import Inspector, Looked


class FrameRunner:
    """Scores one model picture by picture; of more than `keep` waiting ones the oldest are dropped."""

    def __init__(self, model: Bound, groups: Sequence[Group], keep: int | None) -> None:
        self.model = model
        self.groups = {g.name for g in groups if any(tag.name in model.cameras for tag in g.tags)}
        self.blind: list[tuple[int, int]] = []  # a picture that came can be scored
        self.dropped = 0
        self._keep = keep
        self._frames: list[Frame] = []

    def restart(self) -> None:
        """Time has jumped: what waits is of another age."""
        self._frames = []

    def add(self, chunk: Chunk) -> None:
        self._frames.extend(f for f in chunk.frames if f.tag.name in self.model.cameras)

    def results(self, watermark: int) -> Iterator[Result]:
        for frame in self._due(watermark):
            yield self.model.score_frame(frame)

    def _due(self, watermark: int) -> list[Frame]:
        """Frames up to `watermark` that have not been scored, by time and camera."""
        now = sorted((f for f in self._frames if f.time <= watermark), key=lambda f: (f.time, f.tag.name))
        self._frames = [f for f in self._frames if f.time > watermark]
        late = 0 if self._keep is None else max(0, len(now) - self._keep)
        self.dropped += late
        return now[late:]


class StripRunner(FrameRunner):
    """Inspects a strip frame after frame, with the last values of the tags the inspector follows."""

    def __init__(self, model: Inspector, groups: Sequence[Group], keep: int | None) -> None:
        super().__init__(model, groups, keep)
        wanted = set(model.follows)
        self._columns = {
            group.name: [(i, tag.name) for i, tag in enumerate(group.tags) if tag.name in wanted] for group in groups
        }
        self.groups |= {name for name, columns in self._columns.items() if columns}
        self._begin = model.begin
        self._inspection = model.begin()
        self.blind = self._inspection.blind
        self._is_over = False
        self._coming: list[tuple[int, str, float]] = []
        self._values: dict[str, float] = {}

    def restart(self) -> None:
        super().restart()
        before, self._inspection = self._inspection, self._begin()
        self._inspection.looked, self._inspection.blind = before.looked, before.blind
        self._coming, self._values, self._is_over = [], {}, False

    @property
    def looked(self) -> Looked:
        """How much was inspected so far."""
        return self._inspection.looked

    def add(self, chunk: Chunk) -> None:
        super().add(chunk)
        self._is_over |= chunk.mark == END and any(tag.name in self.model.cameras for tag in chunk.group.tags)
        for column, name in self._columns[chunk.group.name]:
            good = np.flatnonzero(~np.isnan(chunk.values[:, column]))
            self._coming += [(int(chunk.time[i]), name, float(chunk.values[i, column])) for i in good]

    def results(self, watermark: int) -> Iterator[Result]:
        for frame in self._due(watermark):
            self._follow(frame.time)
            yield from self._inspection.add(frame, self._values)
        self._follow(watermark)
        yield from self._inspection.settle(watermark, self._values)
        if self._is_over:
            yield from self._inspection.close(watermark, self._values)

    def _follow(self, time: int) -> None:
        """The last values at or before `time`."""
        self._coming.sort()
        while self._coming and self._coming[0][0] <= time:
            _, name, value = self._coming.pop(0)
            self._values[name] = value
