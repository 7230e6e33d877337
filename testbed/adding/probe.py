"""What a graph gives for zeros: shapes that exporters state are not always those that come."""

from __future__ import annotations

import numpy as np

from connectors.errors import InputError
from edge.feeding import DTYPES, constant
from testbed.adding.draft import Draft

OPEN = 16  # rows of time, or numbers, in a trial of a graph that leaves them open


def probed(draft: Draft, size: int = OPEN) -> dict[str, np.ndarray]:
    """What the graph gives for zeros, by output, with `size` where an axis is open; nothing if it cannot be run so."""
    feeds = {}
    for port in draft.fed:
        shape = [n if isinstance(n, int) else 1 if axis == 0 else size for axis, n in enumerate(port.shape)]
        feeds[port.name] = np.zeros(shape, DTYPES[port.type])
    for name, value in draft.constants.items():
        session = draft.graph.session
        feeds[name] = constant(value, session.types[name], session.inputs[name])
    try:
        return draft.graph.session.run(feeds)
    except InputError:
        return {}
