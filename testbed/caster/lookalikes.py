"""What resembles a fault of the caster and is none: by name, with what it must not be taken for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from testbed.caster import instruments, operators, patches
from testbed.caster.passing import Passing
from testbed.drawn import nothing_left
from testbed.plant import Injection

if TYPE_CHECKING:
    from testbed.caster.unit import CasterPlant

AFTERMATH_S = 10.0  # s after the end in which its own traces still show: a contact that jumps back, a ramp

_MAKE = {
    "loose_thermocouple": instruments.LooseThermocouple.drawn,
    "speed_change": operators.SpeedChange.drawn,
    "powder_change": operators.PowderChange.drawn,
    "tundish_change": operators.TundishChange.drawn,
    "ladle_change": operators.LadleChange.drawn,
    "slag_patch": patches.SlagPatch.drawn,
    "air_gap": patches.AirGap.drawn,
    "tundish_low": operators.TundishLow.drawn,
    "width_change": operators.WidthChange.drawn,
    "stopper_jog": operators.StopperJog.drawn,
    "level_setpoint": operators.LevelSetPoint.drawn,
    "level_sensor_spike": instruments.LevelSensorSpike.drawn,
    "sensor_beat": instruments.SensorBeat.drawn,
    "stopper_dither": operators.StopperDither.drawn,
    "position_drift": instruments.PositionDrift.drawn,
    "position_play": instruments.PositionPlay.drawn,
    "zone_setpoint": operators.ZoneSetPoint.drawn,
    "pressure_drift": instruments.PressureDrift.drawn,
    "flow_meter_drift": instruments.FlowMeterDrift.drawn,
    "pump_change": operators.PumpChange.drawn,
    "water_setpoint": operators.WaterSetPoint.drawn,
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
