"""OPC UA status codes as used here (OPC 10000-4, section 7.39): two severity bits on top, then the reason."""

from __future__ import annotations

import numpy as np

GOOD = 0x0000_0000
GOOD_NO_DATA = 0x00A5_0000  # no sample here: a hole in a dense batch
UNCERTAIN = 0x4000_0000
BAD = 0x8000_0000
BAD_SENSOR_FAILURE = 0x808C_0000
BAD_NO_COMMUNICATION = 0x8031_0000
BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000

NAMES = {
    GOOD: "Good",
    GOOD_NO_DATA: "GoodNoData",
    UNCERTAIN: "Uncertain",
    BAD: "Bad",
    BAD_SENSOR_FAILURE: "BadSensorFailure",
    BAD_NO_COMMUNICATION: "BadNoCommunication",
    BAD_WAITING_FOR_INITIAL_DATA: "BadWaitingForInitialData",
}


def is_bad(status: np.ndarray) -> np.ndarray:
    """True where the severity bits say Bad. `status` is uint32 of any shape."""
    return (status & np.uint32(0x8000_0000)) != 0


def is_sample(status: np.ndarray) -> np.ndarray:
    """True where there is a sample at all, good or bad. `status` is uint32 of any shape."""
    return status != np.uint32(GOOD_NO_DATA)
