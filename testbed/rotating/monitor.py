"""What an envelope model looks at: every accelerometer, at the frequencies of the rings of its own bearing.

A spall on a rolling element is spread over sidebands of the cage's turns and does not stand out; it is not looked for.
"""

from __future__ import annotations

from testbed.rotating.condition import ENVELOPE_HZ
from testbed.rotating.machines import MACHINES
from testbed.rotating.tags import EVERY_S, UNIT, accelerometer
from testbed.rotating.waveform import LENGTH, RATE, rate

_POINTS = [(machine, end) for machine in MACHINES for end in machine.ends]

ENVELOPE = {
    "signals": tuple(accelerometer(m.code, end) for m, end in _POINTS),
    "speeds": tuple(f"{UNIT}/{m.code}/RPM" for m, _ in _POINTS),
    "orders": tuple((("BPFO", rate(m, "outer_race")), ("BPFI", rate(m, "inner_race"))) for m, _ in _POINTS),
    "full": tuple(m.rpm for m, _ in _POINTS),
    "rate_hz": RATE,
    "length": LENGTH,
    "stride_s": float(EVERY_S),
    "band": ENVELOPE_HZ,
}
