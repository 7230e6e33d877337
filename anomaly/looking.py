"""What a model would look at, window by window as the runtime cuts them: for signals that come with gaps between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from connectors.items import Frame, Item
from connectors.results import Result
from connectors.tags import Group
from edge.alarm import AlarmSpec
from edge.pipeline import Pipeline
from edge.window import Window, WindowSpec


def look(
    bundles: Iterable[Sequence[Item]], groups: Sequence[Group], spec: WindowSpec, take: Callable[[np.ndarray], None]
) -> None:
    """Give `take` each window of a run that may be scored, float64 (length, channels), to be copied if it is kept."""
    pipeline = Pipeline(groups, [_Looker(spec, take)])
    names = {group.name for group in groups}
    for bundle in bundles:
        pipeline.feed([item for item in bundle if item.group in names])


class _Looker:
    """Stands in a pipeline where the model will stand."""

    name, condition, severity, place, advice, unit = "looker", "machine", 1, "unit", "", ""
    cameras: tuple[str, ...] = ()

    def __init__(self, spec: WindowSpec, take: Callable[[np.ndarray], None]) -> None:
        self.alarm = AlarmSpec()
        self.windows: tuple[WindowSpec, ...] = (spec,)
        self._take = take

    def score(self, windows: Sequence[Window]) -> Result:
        self._take(windows[0].values)
        return Result(self.name, windows[0].end, 0.0)

    def score_frame(self, frame: Frame) -> Result:
        raise TypeError("A window is of signals, not of pictures.")
