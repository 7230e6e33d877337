"""Oracle of the descaler: knows that a header may be blocked, not which, when or how much. Reads tags alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

LEARN = 300  # samples of 0.1 s that are taken for normal
LOW = 0.975  # of a header's usual flow: a nozzle in forty
LASTS = 100  # samples


def blocked_descaler(signals: Mapping[str, np.ndarray]) -> bool:
    """Whether any header's flow stays below its usual value for 10 s; `signals` holds values (n,) by short name."""
    flows = np.stack([values for name, values in signals.items() if name.startswith("DESC_HDR")])
    usual = np.median(flows[:, :LEARN], axis=1, keepdims=True)
    low = (flows[:, LEARN:] < LOW * usual).astype(float)
    return bool(any(np.convolve(row, np.ones(LASTS), "valid").max() >= LASTS - 0.5 for row in low))
