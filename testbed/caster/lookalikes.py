"""What resembles a fault of the caster and is none: by name, with what it must not be taken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster import instruments, operators
from testbed.caster.passing import Passing
from testbed.drawn import nothing_left
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

AFTERMATH_S = 10.0  # s after the end in which its own traces still show: a contact that jumps back, a ramp

_MAKE = {
    "loose_thermocouple": instruments.loose_thermocouple,
    "speed_change": operators.speed_change,
    "powder_change": operators.powder_change,
    "tundish_change": operators.tundish_change,
    "ladle_change": operators.ladle_change,
    "slag_patch": operators.slag_patch,
    "air_gap": operators.air_gap,
    "tundish_low": operators.tundish_low,
    "width_change": operators.width_change,
    "stopper_jog": operators.stopper_jog,
    "level_setpoint": operators.level_setpoint,
    "level_sensor_spike": instruments.level_sensor_spike,
    "sensor_beat": instruments.sensor_beat,
    "stopper_dither": operators.stopper_dither,
    "position_drift": instruments.position_drift,
    "position_play": instruments.position_play,
    "zone_setpoint": operators.zone_setpoint,
    "pressure_drift": instruments.pressure_drift,
    "flow_meter_drift": instruments.flow_meter_drift,
    "pump_change": operators.pump_change,
    "water_setpoint": operators.water_setpoint,
}
KINDS = tuple(_MAKE)
PARAMETERS = (
    "duration", "mode", "change", "factor", "slow", "weight", "lift", "amplitude", "hertz", "shift", "dip", "length",
    "half_width", "height", "offset", "play",
)  # fmt: skip


def begin(
    plant: CasterPlant,
    name: str,
    where: str,
    params: Mapping[str, float | str],
    key: int,
    rng: np.random.Generator,
) -> tuple[Passing, Injection]:
    """Begin a look-alike. What script and place leave open is drawn."""
    left = dict(params)
    thing, where_path, expects, details = _MAKE[name](plant, where, left, rng)
    nothing_left(left, name, PARAMETERS)
    injection = Injection(
        key, name, where_path, "lookalike", expects=expects, forbids=("breakout",),
        duration_s=thing.duration + AFTERMATH_S, details=details,
    )  # fmt: skip
    return thing, injection
